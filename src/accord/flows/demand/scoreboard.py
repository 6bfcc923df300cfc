"""The scoreboard from what this node knows: what it measures now, and a year before.

Law (not measured): where there is nothing to count over (no estate, no ask, nothing shared) a
measure has no value; nought is said only of what was looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from accord.core.times import when
from accord.demand.asks.joint import joint, tally
from accord.demand.scoreboard import Row, Value, scoreboard
from accord.flows.demand.asks.port import Asks
from accord.flows.demand.port import Purchases, Surveyed
from accord.flows.demand.view import resolved, said
from accord.flows.exchange.accounts.stats import Journey, Times, ranked, seconds, stats
from accord.flows.exposures import Exposures
from accord.supply.matching.exposures import OPEN, Exposure

PATIENCE = timedelta(days=14)
"""How long an exposure to act on may be open."""


class Desk(Protocol):
    """The parts of a node that know what is measured."""

    @property
    def accounts(self) -> Times:
        """When things were shared and applied."""

    @property
    def asks(self) -> Asks:
        """Where asks are kept."""

    @property
    def exposures(self) -> Exposures:
        """The ranked list."""

    @property
    def purchases(self) -> Purchases:
        """Contracts, and what is run."""

    @property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""


class Scores(msgspec.Struct, frozen=True):
    """The scoreboard of a moment."""

    at: str
    before: str
    """A year before."""
    rows: tuple[Row, ...]


def scores(desk: Desk, at: str, partners: Sequence[str]) -> Scores:
    """The scoreboard at a `when()`; `partners` are the others, by name."""
    begin = year_before(at)
    journeys = stats(desk.accounts, partners, 0).journeys
    now, before = (dict(_measured(desk, one, journeys)) for one in (at, begin))
    return Scores(at, begin, tuple(scoreboard(now, before)))


def year_before(at: str) -> str:
    """The same day and time of the year before; of 29 February, the day before."""
    rest = at[4:].replace("-02-29", "-02-28", 1)
    return f"{int(at[:4]) - 1:04}{rest}"


def _measured(desk: Desk, at: str, journeys: Iterable[Journey]) -> Iterator[tuple[str, Value]]:
    surveyed = desk.purchases.surveyed(at)
    yield from _shared(journeys, at)
    yield from _run(surveyed, desk.exposures.all(at), at)
    yield from _asked(desk, at)
    yield from _aligned(surveyed, at[:10])


def _shared(journeys: Iterable[Journey], at: str) -> Iterator[tuple[str, Value]]:
    """Of the year up to a moment, over all objects and partners."""
    begin = year_before(at)
    taken = sorted(
        one.making + length
        for one in journeys
        if one.audience and begin < one.released <= at and one.making is not None
        for length in one.applied.values()
        if length is not None and (passed := seconds(one.released, at)) and length <= passed
    )
    source = f"{len(taken):,} objects applied by partners in the year, by their cosignatures"
    for name, percent in (("median", 50), ("p95", 95)):
        if (value := ranked(taken, percent)) is not None:
            yield f"time-to-applied-{name}", Value(value, source)


def _run(
    surveyed: Surveyed, exposures: Collection[Exposure], at: str
) -> Iterator[tuple[str, Value]]:
    """What operators run: whether bills say what is in it, and what is open in it for long."""
    releases: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for one in surveyed.known.deployments:
        releases[one.operator].add((one.product.casefold(), one.release.casefold()))
    if not releases:
        return
    billed = sum(run <= surveyed.billed.keys() for run in releases.values())
    yield (
        "operators-with-current-bill",
        Value(
            billed / len(releases),
            f"{billed:,} of {len(releases):,} operators: a bill is here of every release they run",
        ),
    )
    day = when((datetime.fromisoformat(at) - PATIENCE).isoformat())
    late = [
        one
        for one in exposures
        if one.status in OPEN and one.decision == "act" and one.first_seen < day
    ]
    source = f"{len(exposures):,} exposures of {len(releases):,} operators"
    yield "act-open-over-14-days", Value(len(late), source)


def _asked(desk: Desk, at: str) -> Iterator[tuple[str, Value]]:
    """Joint asks, by the dates of what was said and done."""
    known = [one for one in desk.asks.said() if one.fact.at <= at]
    if not known:
        return
    found = tally(joint(known, [one for one in desk.asks.steps() if one.at <= at], desk.me), at)
    yield "asks-agreed", Value(found.agreed, "consents of the partners that are known here")
    late = f"{found.overdue:,} are past their day"
    yield (
        "asks-answered",
        Value(found.answered, f"answers here, {found.answered_in_time:,} in time; {late}"),
    )
    yield (
        "asks-fixed",
        Value(found.fixed, f"fixes seen here; {found.verdicts_changed:,} verdicts came to be met"),
    )


def _aligned(surveyed: Surveyed, day: str) -> Iterator[tuple[str, Value]]:
    """Contracts that run on a day and end on one with another of their supplier."""
    contracts = [one.fact for one in surveyed.known.contracts]
    running = [one for one in contracts if one.ends and (one.starts or day) <= day <= one.ends]
    if not running:
        return
    suppliers = resolved(surveyed.known)
    ends: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for one in running:
        key = suppliers.said[said(one)][0]
        ends[key, one.ends].add((one.agency, one.contract))
    aligned = sum(len(some) for some in ends.values() if len(some) > 1)
    total = sum(len(some) for some in ends.values())
    source = f"{total:,} contracts here that run and have an end"
    yield "contracts-aligned", Value(aligned, source)
