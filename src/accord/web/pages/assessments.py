"""The verdicts that stand: a release a row, a buyer a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from accord.flows.assessing.port import Event, Key, Standing
from accord.flows.assessing.standing import Chosen, Releases, choose, standing
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts

PARAMETERS = (*Chosen.__struct_fields__, "page")
_CHANGES = 20


class Cell(msgspec.Struct, frozen=True):
    """A buyer's verdict on a release."""

    buyer: str
    """Short name of the buyer."""
    verdict: str
    """`accept`, `accept with conditions`, `reject` or `cannot decide`; empty: none is kept."""
    until: str
    """YYYY-MM-DD on which it changes at the latest; empty: nothing ends."""
    at: str
    """YYYY-MM-DD on which it was made."""
    href: str
    """Address of the release, for this buyer alone; empty where a name is too long for one."""


class ReleaseRow(msgspec.Struct, frozen=True):
    """A release with its verdicts."""

    product: str
    """The product."""
    release: str
    """Its release; empty where it has none."""
    href: str
    """Address of its assessment; empty where a name is too long for one."""
    verdicts: tuple[Cell, ...]
    """One for each buyer of the page, in its order."""


class ChangeRow(msgspec.Struct, frozen=True):
    """A verdict that changed."""

    number: int
    """Its number."""
    at: str
    """YYYY-MM-DD on which it changed."""
    product: str
    """The product."""
    release: str
    """Its release."""
    buyer: str
    """Whose verdict."""
    before: str
    """What it was; empty: it is the first."""
    after: str
    """What it became."""
    why: str
    """Why."""
    href: str
    """Address of the release's assessment; empty where a name is too long for one."""


class Chooser(msgspec.Struct, frozen=True):
    """One filter, as links."""

    name: str
    """Name of the parameter."""
    chosen: str
    """The value in force; empty: none."""
    values: tuple[Choosing, ...]
    """Its values, and first, without a name, any."""


class Choosing(msgspec.Struct, frozen=True):
    """One value of a filter, as a link."""

    value: str
    """The value; empty: any."""
    count: int
    """Releases that the list has after following the link."""
    href: str
    """Address of the list with this value."""
    chosen: bool
    """Whether the list is limited to it now."""


class AssessmentsPage(parts.Page, frozen=True, kw_only=True):
    """The verdict of each buyer on each release."""

    template: ClassVar[str] = "assessments.html"

    filters: tuple[Chooser, ...]
    """Every filter, each with what it would leave."""
    buyers: tuple[str, ...]
    """The columns."""
    rows: tuple[ReleaseRow, ...]
    """Releases of this page, by name."""
    pages: parts.Pages
    """Where this page stands among the others."""
    changes: tuple[ChangeRow, ...]
    """The last 20 changes of verdicts, the newest first."""
    everything: int
    """Releases with verdicts, whatever the filters."""
    made: str
    """YYYY-MM-DD on which the newest verdict of the page was made; empty: there is none."""
    all_href: str
    """Address of the list without filters."""


def page(desk: Desk, asked: Asked) -> AssessmentsPage:
    """The list as asked for.

    Raises:
        Invalid: a filter names a value that does not exist.
        NotFound: past the last page.
    """
    found = _found(desk, asked)
    rows = parts.cut(found.rows, asked)
    ledger = desk.node.assessing.ledger
    return AssessmentsPage(
        heading="Assessments",
        filters=(
            _filter("verdict", found.by_verdict, asked),
            _filter("buyer", found.by_buyer, asked),
        ),
        buyers=found.buyers,
        rows=tuple(_row(key, by, found.buyers, asked.links) for key, by in rows),
        pages=parts.pages(asked, len(found.rows)),
        changes=tuple(
            _change(number, event, asked.links)
            for number, event in ledger.latest(_CHANGES, asked.moment)
        ),
        everything=found.everything,
        made=max((one.at[:10] for _, by in rows for one in by.values()), default=""),
        all_href=asked.links.to("/assessments"),
    )


def table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """A row for each verdict of the releases that pass the filters: the rows of the CSV.

    Raises:
        Invalid: a filter names a value that does not exist.
    """
    found = _found(desk, asked)
    columns = Standing.__struct_fields__
    return columns, (
        [getattr(by[buyer], name) for name in columns]
        for _, by in found.rows
        for buyer in found.buyers
        if buyer in by
    )


def _found(desk: Desk, asked: Asked) -> Releases:
    query = {name: value for name, value in asked.query.items() if name != "page"}
    return choose(standing(desk.node.assessing.ledger, asked.moment), Chosen(**query))


def _filter(name: str, counts: Sequence[tuple[str, int]], asked: Asked) -> Chooser:
    chosen = asked.query.get(name, "")
    return Chooser(
        name,
        chosen,
        tuple(
            Choosing(value, count, asked.here(**{name: value, "page": ""}), value == chosen)
            for value, count in counts
        ),
    )


def _row(key: Key, by: dict[str, Standing], buyers: Sequence[str], links: Links) -> ReleaseRow:
    href = links.assessment(*key)
    return ReleaseRow(*key, href, tuple(_cell(name, by.get(name), href) for name in buyers))


def _cell(buyer: str, one: Standing | None, href: str) -> Cell:
    if one is None:
        return Cell(buyer, "", "", "", "")
    narrowed = f"{href}{'&' if '?' in href else '?'}{Links().to('', **{'for': buyer})[1:]}"
    return Cell(buyer, one.verdict, one.until[:10], one.at[:10], narrowed if href else "")


def _change(number: int, event: Event, links: Links) -> ChangeRow:
    return ChangeRow(
        number, event.at[:10], event.product, event.release, event.buyer, event.before,
        event.after, event.why, links.assessment(event.product, event.release),
    )  # fmt: skip
