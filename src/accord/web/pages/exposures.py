"""The ranked list of exposures, with its filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from accord.flows.listing import Choice, Facet, Listing, choose
from accord.supply.matching import ssvc
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.pages import parts

PARAMETERS = (*Choice.__struct_fields__, "page")
_CANDIDATES = 20
_VALUES = 60


class FilterLink(msgspec.Struct, frozen=True):
    """One value of a filter, as a link."""

    value: str
    """The value, as the filter takes it."""
    count: int
    """Rows that the list has after following the link."""
    href: str
    """Address of the list with this value, and the other filters as they are."""
    chosen: bool
    """Whether the list is limited to it now."""


class Filter(msgspec.Struct, frozen=True):
    """One filter, as links."""

    name: str
    """Name of the parameter."""
    label: str
    """Its name for a person."""
    chosen: str
    """The value in force; empty: none."""
    any: FilterLink
    """The list without this filter."""
    values: tuple[FilterLink, ...]
    """Values that leave rows."""
    more: int
    """Further values that are not listed; write them into the address."""


class Narrowed(msgspec.Struct, frozen=True):
    """A filter in force."""

    label: str
    """Its name for a person."""
    value: str
    """Its value."""
    href: str
    """Address of the list without it."""


class ExposuresPage(parts.Page, frozen=True, kw_only=True):
    """Who is exposed to what, in the order in which to act."""

    template: ClassVar[str] = "exposures.html"

    shares: tuple[parts.Share, ...]
    """How many open exposures each decision has, under the other filters."""
    filters: tuple[Filter, ...]
    """Every filter, each with what it would leave."""
    narrowed: tuple[Narrowed, ...]
    """The filters in force."""
    rows: tuple[parts.ExposureRow, ...]
    """Exposures of this page: what is open or, with a status, what has that status."""
    pages: parts.Pages
    """Where this page stands among the others."""
    candidates: tuple[parts.ExposureRow, ...]
    """The first 20 candidates under the same filters; empty where a status is chosen."""
    candidates_count: int
    """Candidates under the same filters; 0 where a status is chosen."""
    candidates_href: str
    """Address of all of them."""
    closed_count: int
    """Exposures that VEX or a person closed, under the same filters; 0 where a status is chosen."""
    fixed_href: str
    """Address of the list of those that are fixed."""
    not_affected_href: str
    """Address of the list of those that are not affected."""
    unevaluated_count: int | None
    """What could not be evaluated, over all documents; null while it is being counted."""
    unevaluated_href: str
    """Address of the list of it."""
    empty_node: bool
    """Whether the node has no exposures at all, whatever the filters."""
    all_href: str
    """Address of the list without filters."""


def page(desk: Desk, asked: Asked) -> ExposuresPage:
    """The list as asked for.

    Raises:
        Invalid: a filter names a value that does not exist.
        NotFound: past the last page.
    """
    query = {name: value for name, value in asked.query.items() if name != "page"}
    choice = Choice(**query)
    everything = desk.all(asked.moment)
    found = choose(everything, choice, _VALUES)
    gaps = desk.gaps_soon(asked.moment)
    links = asked.links
    return ExposuresPage(
        heading="Exposures",
        shares=_shares(found, asked),
        filters=tuple(_filter(facet, asked) for facet in found.facets),
        narrowed=tuple(_narrowed(name, value, asked) for name, value in query.items()),
        rows=tuple(parts.row(one, links) for one in parts.cut(found.rows, asked)),
        pages=parts.pages(asked, len(found.rows)),
        candidates=tuple(parts.row(one, links) for one in found.candidates[:_CANDIDATES]),
        candidates_count=len(found.candidates),
        candidates_href=asked.here(status="candidate", page=""),
        closed_count=found.closed,
        fixed_href=asked.here(status="fixed", page=""),
        not_affected_href=asked.here(status="not_affected", page=""),
        unevaluated_count=None if gaps is None else len(gaps),
        unevaluated_href=links.to("/unevaluated"),
        empty_node=not everything,
        all_href=links.to("/exposures"),
    )


def table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """Every exposure that passes the filters, whatever its status: the rows of the CSV.

    Raises:
        Invalid: a filter names a value that does not exist.
    """
    query = {name: value for name, value in asked.query.items() if name != "page"}
    return parts.table(desk.exposures.matching(Choice(**query), asked.moment))


def _shares(found: Listing, asked: Asked) -> tuple[parts.Share, ...]:
    facet = next(facet for facet in found.facets if facet.name == "decision")
    counts = {value.value: value.count for value in facet.values}
    return parts.shares(
        [(name, counts.get(name, 0), asked.here(decision=name, page="")) for name in ssvc.DECISIONS]
    )


def _filter(facet: Facet, asked: Asked) -> Filter:
    without = FilterLink(
        "", facet.any, asked.here(**{facet.name: "", "page": ""}), not facet.chosen
    )
    values = tuple(
        FilterLink(
            one.value, one.count, asked.here(**{facet.name: one.value, "page": ""}), one.chosen
        )
        for one in facet.values
    )
    label = facet.name.replace("_", " ")
    return Filter(facet.name, label, facet.chosen, without, values, facet.more)


def _narrowed(name: str, value: str, asked: Asked) -> Narrowed:
    return Narrowed(name.replace("_", " "), value, asked.here(**{name: "", "page": ""}))
