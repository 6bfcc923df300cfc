"""The yearly report on what is bought: what hangs on whom, when to renew, what evidence saves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import ClassVar

import msgspec

from accord.core.errors import Invalid
from accord.demand.concentration import HIGH
from accord.flows.demand import flat
from accord.flows.demand.renewals import WINDOW, MoveLine, Renewals
from accord.flows.demand.report import Report, report
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.pages import parts

PARAMETERS = ("currency", "window")
_SHOWN = 40
_NUMBER = 6
"""Digits of the longest number that a window may be written with."""


class Span(msgspec.Struct, frozen=True):
    """A contract on the line of time that all of them share. Places are percent of its length."""

    start: float
    """Where the day of notice stands, or today where it is past or not said."""
    width: float
    """How far it is from there to the end."""


class DemandPage(parts.Page, frozen=True, kw_only=True):
    """What hangs on whom, with what is bought."""

    template: ClassVar[str] = "demand.html"

    report: Report
    """The whole of it."""
    bound: int
    """The index above which a market is highly concentrated."""
    shown: int
    """Lines of each table on the page; the data has all of them."""
    spans: tuple[tuple[Span, ...], ...]
    """Of each group of the renewal calendar, its contracts as they lie in time."""
    until: str
    """YYYY-MM-DD with which the line of time ends; empty: nothing is to be renewed."""


def page(desk: Desk, asked: Asked) -> DemandPage:
    """The report as asked for.

    Raises:
        Invalid: no such currency, or a window that is none.
    """
    found = _found(desk, asked)
    shown = found.renewals.groups[:_SHOWN]
    until = max((one.aligned for one in shown), default="")
    return DemandPage(
        heading="Demand",
        report=found,
        bound=HIGH,
        shown=_SHOWN,
        spans=tuple(tuple(_spans(one.contracts, found.renewals, until)) for one in shown),
        until=until,
    )


def table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """A row for each figure: the rows of the CSV.

    Raises:
        Invalid: no such currency, or a window that is none.
    """
    return flat.COLUMNS, flat.rows(_found(desk, asked))


def _found(desk: Desk, asked: Asked) -> Report:
    text = asked.query.get("window", f"{WINDOW}")
    if not (text.isascii() and text.isdigit() and len(text) <= _NUMBER):
        raise Invalid(f"{text[:60]!r} is no number of days, such as {WINDOW}")
    return report(
        desk.node, desk.all(asked.moment), asked.moment, asked.query.get("currency", ""), int(text)
    )


def _spans(contracts: Iterable[MoveLine], found: Renewals, until: str) -> Iterator[Span]:
    whole = _days(found.day, until) or 1
    for one in contracts:
        begins = 100 * _days(found.day, max(one.notice, found.day)) / whole
        ends = 100 * _days(found.day, one.ends) / whole
        # Whoever may give notice past the end stands at the end.
        start = min(begins, ends)
        yield Span(round(start, 3), round(ends - start, 3))


def _days(start: str, end: str) -> int:
    return (date.fromisoformat(end) - date.fromisoformat(start)).days
