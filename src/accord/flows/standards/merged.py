"""Standards as a node has them: what is shipped, and what its people loaded in its place.

Law (loaded wins): a loaded catalogue takes the place of a shipped one of its name and version; a
loaded version of a baseline takes the place of the shipped one of its number, and of every one that
begins on its day or later, and ends those that began before. A shipped crosswalk gives way to a
loaded one of its title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec

from accord.assurance.baselines.timeline import in_force, timeline
from accord.assurance.crosswalks.carrying import Crosswalk
from accord.assurance.facts import Baseline, Catalogue, CatalogueItem, Requirement
from accord.assurance.model import SEPARATOR
from accord.core.errors import NotFound
from accord.flows.standards.port import Standards, Standing
from accord.flows.standards.shipped import shipped


class Library(msgspec.Struct, frozen=True, dict=True):
    """Standards of one moment."""

    standing: Standing
    shipped: frozenset[str] = frozenset()
    """Names of catalogues, and `name@version` of baselines, that came with accord."""

    @cached_property
    def items(self) -> Mapping[str, CatalogueItem]:
        """Every item by its whole name, `ssdf@1.1#PO.1.1`."""
        return {f"{one.catalogue}{SEPARATOR}{one.item}": one for one in self.standing.items}

    @cached_property
    def catalogues(self) -> Mapping[str, tuple[Catalogue, ...]]:
        """The documents of each catalogue, by its name."""
        found: dict[str, list[Catalogue]] = {}
        for one in self.standing.catalogues:
            found.setdefault(one.catalogue, []).append(one)
        return {name: tuple(found[name]) for name in sorted(found)}

    @cached_property
    def baselines(self) -> Mapping[str, tuple[Baseline, ...]]:
        """The versions of each baseline, by its name."""
        found: dict[str, list[Baseline]] = {}
        for one in self.standing.baselines:
            found.setdefault(one.baseline, []).append(one)
        return {name: tuple(found[name]) for name in sorted(found)}

    @cached_property
    def _requirements(self) -> Mapping[tuple[str, str], tuple[Requirement, ...]]:
        found: dict[tuple[str, str], list[Requirement]] = {}
        for one in self.standing.requirements:
            found.setdefault((one.baseline, one.version), []).append(one)
        return {key: tuple(kept) for key, kept in found.items()}

    @cached_property
    def crosswalk(self) -> Crosswalk:
        """Every mapping, ready to be asked."""
        return Crosswalk(self.standing.mappings)

    @cached_property
    def dangling(self) -> tuple[str, ...]:
        """Items that mappings name and their catalogues, which are here, do not have."""
        named = {end for one in self.standing.mappings for end in (one.source, one.target)}
        return tuple(sorted(end for end in named if self._lacks(end)))

    def _lacks(self, item: str) -> bool:
        return item.partition(SEPARATOR)[0] in self.catalogues and item not in self.items

    def baseline(self, name: str, at: str) -> Baseline:
        """The version of a baseline that holds at a `when()`.

        Raises:
            NotFound: there is no such baseline, or no version of it holds then.
            Overlap: two versions hold on one day.
        """
        versions = self.baselines.get(name)
        if not versions:
            raise NotFound(f"no baseline {name}; `accord baselines` lists what is here")
        found = in_force(versions, at)
        if found is None:
            days = ", ".join(f"{one.version} from {one.since[:10]}" for one in timeline(versions))
            raise NotFound(f"no version of {name} holds on {at[:10]}: there is {days}")
        return found

    def requirements(self, baseline: Baseline) -> tuple[Requirement, ...]:
        """The requirements of one version, in its order."""
        return self._requirements.get((baseline.baseline, baseline.version), ())

    def missing(self, requirements: Iterable[Requirement]) -> tuple[tuple[str, str], ...]:
        """Items that a baseline names and its catalogue, which is here, does not have.

        Each with the requirement that names it. Of a catalogue that is not here nothing is said.
        """
        return tuple(
            (one.requirement, item)
            for one in requirements
            for choice in one.items
            for item in choice
            if self._lacks(item)
        )

    def absent(self, requirements: Iterable[Requirement]) -> tuple[str, ...]:
        """Catalogues that a baseline names and that are not here."""
        named = {
            item.partition(SEPARATOR)[0]
            for one in requirements
            for choice in one.items
            for item in choice
        }
        return tuple(sorted(named - self.catalogues.keys()))


def library(standards: Standards, as_of: str = "") -> Library:
    """What counts at a `when()`; empty: now."""
    return merged(shipped(), standards.loaded(as_of))


def merged(ours: Standing, loaded: Standing) -> Library:
    """What is shipped, where nothing loaded takes its place, and what is loaded."""
    names = {one.catalogue for one in loaded.catalogues}
    begun: dict[str, str] = {}
    for one in loaded.baselines:
        begun[one.baseline] = min(begun.get(one.baseline, one.since), one.since)
    numbers = {(one.baseline, one.version) for one in loaded.baselines}
    titles = {one.crosswalk for one in loaded.mappings}
    kept = tuple(
        msgspec.structs.replace(one, until=_ended(one, begun.get(one.baseline, "")))
        for one in ours.baselines
        if one.baseline not in begun
        or ((one.baseline, one.version) not in numbers and one.since < begun[one.baseline])
    )
    versions = {(one.baseline, one.version) for one in kept}
    requirements = tuple(
        one for one in ours.requirements if (one.baseline, one.version) in versions
    )
    standing = Standing(
        catalogues=(*(o for o in ours.catalogues if o.catalogue not in names), *loaded.catalogues),
        items=(*(o for o in ours.items if o.catalogue not in names), *loaded.items),
        mappings=(*(o for o in ours.mappings if o.crosswalk not in titles), *loaded.mappings),
        baselines=(*kept, *loaded.baselines),
        requirements=(*requirements, *loaded.requirements),
        corrected=loaded.corrected,
    )
    came = {one.catalogue for one in ours.catalogues} - names
    came |= {f"{one.baseline}@{one.version}" for one in kept}
    return Library(standing, frozenset(came))


def _ended(one: Baseline, begun: str) -> str:
    """A loaded version ends the shipped one that it follows, whatever that says of its end."""
    return min(filter(None, (one.until, begun)), default="")
