"""The renewal calendar: which contracts with one supplier to bring together, and by when to act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.demand.renewals import Ending, Group, calendar
from accord.flows.demand.port import ContractLine, Demand, NotCounted
from accord.flows.demand.uncounted import Uncounted, grouped

WINDOW: Final = 90
"""Days within which contracts end near each other, unless another number is asked for."""
LONGEST: Final = 3_660
"""The most days that may be asked for."""
_ENDLESS = "contracts that say no end: they have no place in the calendar"
_NO_NOTICE = "contracts that say no day of notice: whether they are late is not known"


class MoveLine(msgspec.Struct, frozen=True, kw_only=True):
    """One contract of a group."""

    agency: str
    """Who buys."""
    contract: str
    """The agency's number of it."""
    product: str
    """What is bought."""
    ends: str
    """YYYY-MM-DD."""
    notice: str
    """YYYY-MM-DD until which notice can be given; empty: none is said."""
    notice_days: int | None
    """Days until then, from the report's day; below 0: it is past; None: none is said."""
    extend: int
    """Days by which it is extended to end with the others."""
    late: bool
    """Whether its day of notice is past."""


class GroupLine(msgspec.Struct, frozen=True, kw_only=True):
    """Contracts with one supplier that end near each other."""

    supplier: str
    """Key of its entity."""
    name: str
    """Name of the supplier."""
    aligned: str
    """YYYY-MM-DD on which they would all end: the last of their ends."""
    act_by: str
    """YYYY-MM-DD: the first day of notice still to come; empty: none is."""
    agencies: tuple[str, ...]
    """Whose contracts they are."""
    contracts: tuple[MoveLine, ...]
    """By end."""


class Renewals(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar."""

    day: str
    """YYYY-MM-DD from which on it looks ahead."""
    window: int
    """Days."""
    groups: tuple[GroupLine, ...]
    """The next to act on first."""
    not_counted: tuple[Uncounted, ...]
    """Contracts that it leaves out, or knows too little of, by reason."""


def renewals(found: Demand, window: int = WINDOW) -> Renewals:
    """The calendar of everything that has not ended on the report's day.

    Raises:
        Invalid: the window is below 0 or past the most.
    """
    if not 0 <= window <= LONGEST:
        raise Invalid(f"a window of {window:,} days: use a number from 0 to {LONGEST:,}")
    today = date.fromisoformat(found.day)
    lines = {
        f"{number}": line
        for number, line in enumerate(found.contracts)
        if line.fact.ends >= found.day and not line.disputed
    }
    groups = calendar((_ending(number, line) for number, line in lines.items()), today, window)
    return Renewals(
        day=found.day,
        window=window,
        groups=tuple(_group(one, found, lines, today) for one in groups),
        not_counted=grouped(_left_out(found)),
    )


def _ending(number: str, line: ContractLine) -> Ending:
    notice = date.fromisoformat(line.fact.notice) if line.fact.notice else None
    ends = date.fromisoformat(line.fact.ends)
    return Ending(number, line.supplier, line.fact.agency, ends, notice)


def _group(group: Group, found: Demand, lines: dict[str, ContractLine], today: date) -> GroupLine:
    return GroupLine(
        supplier=group.supplier,
        name=found.entities[group.supplier].name,
        aligned=group.aligned.isoformat(),
        act_by=group.act_by.isoformat() if group.act_by else "",
        agencies=group.agencies,
        contracts=tuple(
            MoveLine(
                agency=move.ending.agency,
                contract=lines[move.ending.contract].fact.contract,
                product=lines[move.ending.contract].fact.product,
                ends=move.ending.ends.isoformat(),
                notice=move.ending.notice.isoformat() if move.ending.notice else "",
                notice_days=(move.ending.notice - today).days if move.ending.notice else None,
                extend=move.days,
                late=move.late,
            )
            for move in group.moves
        ),
    )


def _left_out(found: Demand) -> Iterator[NotCounted]:
    for line in found.contracts:
        what = line.what
        if line.disputed:
            yield NotCounted(what, line.why)
        elif not line.fact.ends:
            yield NotCounted(what, _ENDLESS)
        elif line.fact.ends >= found.day and not line.fact.notice:
            yield NotCounted(what, _NO_NOTICE)


def rows(found: Renewals) -> Iterable[dict[str, object]]:
    """A row a contract, for a table."""
    for group in found.groups:
        for one in group.contracts:
            yield {
                "supplier": group.supplier, "name": group.name, "aligned": group.aligned,
                "act_by": group.act_by,
                **{name: getattr(one, name) for name in MoveLine.__struct_fields__},
            }  # fmt: skip


COLUMNS: Final = ("supplier", "name", "aligned", "act_by", *MoveLine.__struct_fields__)
