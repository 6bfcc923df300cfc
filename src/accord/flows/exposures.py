"""The ranked list, filtered."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from accord.core.errors import Invalid, NotFound
from accord.flows.ports import Views
from accord.supply.matching import ssvc
from accord.supply.matching.exposures import OPEN, STATUSES, Exposure, assemble


class Filters(msgspec.Struct, frozen=True):
    """What to keep of the list; empty keeps all. Names compare without case, words in full."""

    operator: str = ""
    sector: str = ""
    country: str = ""
    decision: str = ""
    advisory: str = ""
    """An advisory's identifier or any name of the vulnerability."""
    component: str = ""
    """A component's name, its package URL, or a part of either."""
    supplier: str = ""
    product: str = ""
    status: str = ""

    def check(self) -> Filters:
        """The filters themselves.

        Raises:
            Invalid: a decision or status that does not exist.
        """
        _among("decision", self.decision, ssvc.DECISIONS)
        _among("status", self.status, STATUSES)
        return self

    def keep(self, exposure: Exposure) -> bool:
        """Whether an exposure passes every filter."""
        return (
            _part(self.operator, exposure.operator)
            and _same(self.sector, exposure.sector)
            and _same(self.country, exposure.country)
            and _same(self.decision, exposure.decision)
            and _same(self.status, exposure.status)
            and _part(self.supplier, exposure.supplier)
            and _part(self.product, exposure.product)
            and (_part(self.component, exposure.component) or _part(self.component, exposure.purl))
            and self._names(exposure)
        )

    def _names(self, exposure: Exposure) -> bool:
        names = (exposure.advisory, *exposure.aliases, *exposure.advisories)
        return not self.advisory or self.advisory.lower() in {name.lower() for name in names}


def _among(name: str, value: str, allowed: Iterable[str]) -> None:
    if value and value not in allowed:
        raise Invalid(f"{value!r} is not a {name}: use one of {', '.join(allowed)}")


def _same(wanted: str, value: str) -> bool:
    return not wanted or wanted.casefold() == value.casefold()


def _part(wanted: str, value: str) -> bool:
    return not wanted or wanted.casefold() in value.casefold()


class Exposures:
    """The list, kept until something is taken in: pages and commands ask for it again and again."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._kept: tuple[int, list[Exposure]] | None = None

    def all(self, as_of: str = "") -> list[Exposure]:
        """Every exposure, in the order in which to act."""
        if as_of:
            with self._views.view(as_of) as view:
                return assemble(view.known())
        generation = self._views.generation()
        if self._kept is None or self._kept[0] != generation:
            with self._views.view() as view:
                self._kept = (generation, assemble(view.known()))
        return self._kept[1]

    def matching(self, filters: Filters, as_of: str = "") -> list[Exposure]:
        """Those that pass the filters.

        Raises:
            Invalid: a filter names a decision or status that does not exist.
        """
        filters.check()
        return [exposure for exposure in self.all(as_of) if filters.keep(exposure)]

    def one(self, name: str, as_of: str = "") -> Exposure:
        """An exposure by its identifier or the beginning of one.

        Raises:
            NotFound: none, or several, begin so.
        """
        found = [exposure for exposure in self.all(as_of) if exposure.id.startswith(name.lower())]
        if len(found) == 1:
            return found[0]
        if not name or not found:
            raise NotFound(f"no exposure {name!r}; `accord exposures` lists them by ID")
        raise NotFound(f"{len(found)} exposures begin with {name!r}; give more of the ID")


def to_act_on(exposures: Iterable[Exposure], decision: str) -> bool:
    """Whether any open exposure is at least as pressing as a decision."""
    worst = ssvc.DECISIONS.index(decision)
    return any(e.status in OPEN and ssvc.DECISIONS.index(e.decision) <= worst for e in exposures)
