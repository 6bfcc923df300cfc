"""Time to share: from an object's making to its release, and on until each partner has it applied.

What this node gives is measured by its own clock at both ends: from the entry in the log to the
arrival of the partner's word. What it takes is measured from when the originator sealed it, by that
clock, to when it was applied here: where the clocks disagree so far that the time would be
negative, it is unknown, and said to be.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

_HIGH = 95
_PERCENT = 100


class Release(msgspec.Struct, frozen=True):
    """An envelope in a log of this node."""

    audience: str
    number: int
    object: str
    version: str
    created: str
    """`when()` the object was made, by its own word; or empty."""
    released: str
    """`when()` it came into the log."""


class Word(msgspec.Struct, frozen=True):
    """A partner's word that it applied a log."""

    audience: str
    partner: str
    size: int
    received: str
    quarantined: str
    """JSON list of [index, reason]."""


class Arrival(msgspec.Struct, frozen=True):
    """An envelope that was taken from a partner's log."""

    partner: str
    """Whose log it was."""
    object: str
    version: str
    created: str
    issued: str
    """`when()` its originator sealed it."""
    applied: str


class Times(Protocol):
    """What is kept of when things happened."""

    def releases(self) -> Iterator[Release]:
        """Every envelope in every log of this node, in the order of the logs."""
        ...

    def words(self) -> Sequence[Word]:
        """Every word of every partner, by audience, partner and size."""
        ...

    def members(self, everyone: Sequence[str]) -> dict[str, frozenset[str]]:
        """The partners of today of each audience, by its name.

        `everyone` is who an audience of all partners is.
        """
        ...

    def arrivals(self) -> Iterator[Arrival]:
        """Every envelope that was applied here."""
        ...


class Spread(msgspec.Struct, frozen=True):
    """How long it takes with one partner."""

    partner: str
    way: Literal["to", "from"]
    objects: int
    """Released to it, or taken from it."""
    applied: int
    """Of these, applied for good, at a time that is known."""
    median: float | None
    """Seconds; None where nothing is known."""
    high: float | None
    """Seconds within which 95 of 100 were applied."""
    unknown: int
    """Applied at a time that the clocks do not tell."""


class Journey(msgspec.Struct, frozen=True):
    """One object on its way."""

    object: str
    version: str
    audience: str
    """Of this node; empty for what came from a partner."""
    partner: str
    """From whom it came; empty for what this node released."""
    created: str
    released: str
    making: float | None
    """Seconds from its making to its release; None where that is not known."""
    applied: dict[str, float | None]
    """Seconds from release until each partner (or, for what came, this node) had applied it; None:
    not yet, or the clocks do not tell."""


class Stats(msgspec.Struct, frozen=True):
    """Time to share, by partner and by object."""

    partners: tuple[Spread, ...]
    journeys: tuple[Journey, ...]
    """The newest first; empty where they were not asked for."""


def seconds(begin: str, end: str) -> float | None:
    """From one `when()` to another; None where one is missing or the clocks disagree."""
    if not begin or not end:
        return None
    taken = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
    return taken if taken >= 0 else None


def spread(
    partner: str, way: Literal["to", "from"], objects: int, taken: Sequence[float], unknown: int
) -> Spread:
    """Median and 95th percentile (nearest rank) of what is known."""
    ordered = sorted(taken)
    return Spread(
        partner, way, objects, len(ordered), ranked(ordered, _PERCENT // 2), ranked(ordered, _HIGH),
        unknown,
    )  # fmt: skip


def ranked(ordered: Sequence[float], percent: int) -> float | None:
    """The smallest value that at least so many of a hundred do not exceed."""
    return ordered[-(-len(ordered) * percent // _PERCENT) - 1] if ordered else None


def stats(times: Times, everyone: Sequence[str], limit: int | None = None) -> Stats:
    """Time to share. `everyone` is the other partners of today, by name.

    `limit` is how many objects are told one by one, the newest first, 0 for all; None: none.
    """
    given = _Given(times, everyone)
    journeys = [given.journey(release) for release in times.releases()]
    taken = list(times.arrivals())
    partners = [*given.spreads(), *_arrived(taken)]
    told: list[Journey] = []
    if limit is not None:
        told = sorted(
            [*journeys, *map(_journey, taken)], key=lambda one: one.released, reverse=True
        )
    return Stats(
        tuple(sorted(partners, key=lambda one: (one.partner, one.way))),
        tuple(told[:limit] if limit else told),
    )


class _Said(msgspec.Struct):
    """What one partner said of one log."""

    sizes: list[int] = []
    received: list[str] = []
    quarantined: set[int] = set()


class _Given:
    """What this node gave, with what its partners said of it."""

    def __init__(self, times: Times, everyone: Sequence[str]) -> None:
        self._members = times.members(everyone)
        self._said: dict[tuple[str, str], _Said] = {}
        self._taken: dict[str, list[float]] = {}
        self._counts: dict[str, int] = {}
        self._unknown: dict[str, int] = {}
        for word in times.words():
            said = self._said.setdefault((word.audience, word.partner), _Said())
            said.sizes.append(word.size)
            said.received.append(word.received)
            # The last word counts: what was quarantined once may have been taken since.
            said.quarantined = {number for number, _ in _quarantined(word.quarantined)}

    def journey(self, release: Release) -> Journey:
        """One release, and when each member had applied it."""
        applied: dict[str, float | None] = {}
        for partner in sorted(self._members.get(release.audience, ())):
            self._counts[partner] = self._counts.get(partner, 0) + 1
            received = self._applied(release, partner)
            applied[partner] = taken = seconds(release.released, received)
            if taken is not None:
                self._taken.setdefault(partner, []).append(taken)
            elif received:
                self._unknown[partner] = self._unknown.get(partner, 0) + 1
        return Journey(
            release.object, release.version, release.audience, "", release.created,
            release.released, seconds(release.created, release.released), applied,
        )  # fmt: skip

    def spreads(self) -> Iterator[Spread]:
        """How long each partner takes."""
        for partner, count in self._counts.items():
            unknown = self._unknown.get(partner, 0)
            yield spread(partner, "to", count, self._taken.get(partner, []), unknown)

    def _applied(self, release: Release, partner: str) -> str:
        """When the partner's first word beyond an entry arrived, unless it does not use it."""
        said = self._said.get((release.audience, partner))
        if said is None or release.number in said.quarantined:
            return ""
        at = bisect_right(said.sizes, release.number)
        return said.received[at] if at < len(said.received) else ""


def _quarantined(text: str) -> list[tuple[int, str]]:
    return msgspec.json.decode(text, type=list[tuple[int, str]]) if text else []


def _arrived(arrivals: Iterable[Arrival]) -> Iterator[Spread]:
    by_partner: dict[str, list[float | None]] = {}
    for one in arrivals:
        by_partner.setdefault(one.partner, []).append(seconds(one.issued, one.applied))
    for partner, found in by_partner.items():
        known = [taken for taken in found if taken is not None]
        yield spread(partner, "from", len(found), known, len(found) - len(known))


def _journey(one: Arrival) -> Journey:
    return Journey(
        one.object, one.version, "", one.partner, one.created, one.issued,
        seconds(one.created, one.issued), {"here": seconds(one.issued, one.applied)},
    )  # fmt: skip
