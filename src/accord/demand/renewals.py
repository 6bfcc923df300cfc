"""Renewal calendar: contracts with one supplier that end near each other, and what to align.

Law (whole): each contract with an end is in exactly one group of its supplier.
Law (window): in a group no contract ends more than the window after the one before it, and none
of another group is that near.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec


class Ending(msgspec.Struct, frozen=True):
    """A contract, as far as its renewal goes."""

    contract: str
    supplier: str
    agency: str
    ends: date
    notice: date | None = None
    """The day until which notice can be given; None: not known."""


class Move(msgspec.Struct, frozen=True):
    """What one contract would do to end with the others."""

    ending: Ending
    days: int
    """By how many days it is extended; it is never shortened."""
    late: bool
    """Whether its day of notice is past: it may renew itself before anybody can speak."""


class Group(msgspec.Struct, frozen=True):
    """Contracts with one supplier that end near each other."""

    supplier: str
    aligned: date
    """The last of their ends: nobody buys twice, and nobody gives up what is paid."""
    act_by: date | None
    """The first day of notice that is still to come; None: none is."""
    moves: tuple[Move, ...]

    @property
    def agencies(self) -> tuple[str, ...]:
        """Whose contracts they are."""
        return tuple(sorted({move.ending.agency for move in self.moves}))


def calendar(endings: Iterable[Ending], today: date, window: int) -> list[Group]:
    """Groups of contracts that end within `window` days of each other, the next to act on first.

    Contracts that ended before today are left out; a group of one has nothing to align and is
    given all the same, since its notice counts.
    """
    by_supplier: dict[str, list[Ending]] = {}
    for one in endings:
        if one.ends >= today:
            by_supplier.setdefault(one.supplier, []).append(one)
    groups = [
        _group(supplier, near, today)
        for supplier, every in by_supplier.items()
        for near in _near(every, window)
    ]
    return sorted(groups, key=lambda one: (one.act_by or one.aligned, one.supplier, one.aligned))


def _near(endings: list[Ending], window: int) -> list[list[Ending]]:
    found: list[list[Ending]] = []
    for one in sorted(endings, key=lambda one: (one.ends, one.contract)):
        if found and (one.ends - found[-1][-1].ends).days <= window:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _group(supplier: str, near: list[Ending], today: date) -> Group:
    aligned = near[-1].ends
    ahead = [one.notice for one in near if one.notice and one.notice >= today]
    moves = tuple(
        Move(one, (aligned - one.ends).days, one.notice is not None and one.notice < today)
        for one in near
    )
    return Group(supplier, aligned, min(ahead, default=None), moves)
