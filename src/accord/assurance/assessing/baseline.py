"""A buyer's baseline, ready to be asked: requirements with every way in which one may be met.

Law (denial): whoever does not meet what an item includes does not meet the item; so a denial goes
the way that a claim does, backwards.
Law (ours to find): no claim about anything else is carried to an item that only this node finds, or
over one; it supports that at most. A denial still goes back the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import compress
from operator import not_
from typing import Protocol

import msgspec

from accord.assurance.model import Level


class Way(Protocol):
    """One way in which a claim about an item speaks of another: `Carried` of a crosswalk."""

    @property
    def item(self) -> str:
        """The item that is claimed."""

    @property
    def path(self) -> tuple[str, ...]:
        """Items from the claimed one to the wanted one; empty: it is the wanted one."""

    @property
    def satisfies(self) -> bool:
        """Whether the claim carries over; else it only supports."""

    @property
    def cap(self) -> Level:
        """The most that the claim is believed on arrival."""

    @property
    def onto_ours(self) -> bool:
        """Whether it leads from what others may claim to, or over, what only a node finds."""


class Carrying(Protocol):
    """A crosswalk, as far as an assessment asks it."""

    def sources(self, item: str) -> tuple[Way, ...]:
        """The other items whose claims speak of this one."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement of a baseline."""

    id: str
    title: str
    group: str = ""
    must: bool = True
    """False: a shortfall is a condition, or advice where it has no `grace`."""
    items: tuple[tuple[str, ...], ...]
    """Each is needed; any one of its alternatives will do."""
    accepts: frozenset[str] = frozenset()
    """Kinds of evidence that count; empty: any."""
    level: Level
    """The least that is enough."""
    days: int = 0
    """How long evidence stays good; 0: as long as it says of itself."""
    grace: int = 0
    """Days in which a shortfall may be made good; 0: none are given."""
    source: str = ""
    """The law or standard that asks for it."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What one buyer requires, in the version that is in effect."""

    name: str
    """The buyer's short name."""
    owner: str = ""
    version: str = ""
    since: str = ""
    """`when()` it takes effect; empty: from ever."""
    until: str = ""
    """`when()` it ends; empty: it has no end."""
    title: str = ""
    scope: tuple[str, ...] = ()
    """Types of product that it is for; empty: all."""
    needs: tuple[Need, ...] = ()

    def in_effect(self, now: str) -> bool:
        """Whether it counts at a `when()`."""
        return self.since <= now and (not self.until or now < self.until)


class Reach(msgspec.Struct, frozen=True):
    """An item whose claims speak of a wanted one."""

    item: str
    cap: Level
    way: Way | None = None
    """None: it is the wanted one."""

    @property
    def path(self) -> tuple[str, ...]:
        """Items from the claimed one to the wanted one; empty: it is the wanted one."""
        return () if self.way is None else self.way.path


class Table:
    """For every item that some baselines want: whose claims satisfy, support or deny it.

    Put together once, and asked for every release.
    """

    def __init__(self, baselines: Iterable[Baseline], crosswalk: Carrying) -> None:
        self.baselines = tuple(baselines)
        self._crosswalk = crosswalk
        self.satisfying: dict[str, tuple[Reach, ...]] = {}
        self.supporting: dict[str, tuple[Reach, ...]] = {}
        wanted = {
            item
            for baseline in self.baselines
            for need in baseline.needs
            for alternatives in need.items
            for item in alternatives
        }
        for item in sorted(wanted):
            itself = Reach(item, Level.VERIFIED)
            ways = [way for way in crosswalk.sources(item) if way.item != item]
            carries = [way.satisfies and not way.onto_ours for way in ways]
            reaches = [Reach(way.item, way.cap, way) for way in ways]
            self.satisfying[item] = (itself, *compress(reaches, carries))
            self.supporting[item] = tuple(compress(reaches, map(not_, carries)))
        self._denied: dict[str, frozenset[str]] = {}

    def denied_by(self, item: str) -> frozenset[str]:
        """The items that nobody can meet who does not meet this one."""
        found = self._denied.get(item)
        if found is None:
            ways = self._crosswalk.sources(item)
            found = frozenset({item, *(way.item for way in ways if way.satisfies)})
            self._denied[item] = found
        return found

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of evidence that any requirement names, and none."""
        named = {kind for one in self.baselines for need in one.needs for kind in need.accepts}
        return ("", *sorted(named))

    @cached_property
    def wanting(self) -> Mapping[str, tuple[tuple[Baseline, Need], ...]]:
        """The requirements that a claim about an item may change, by item."""
        found: dict[str, list[tuple[Baseline, Need]]] = {}
        for baseline in self.baselines:
            for need in baseline.needs:
                names = {
                    reach.item
                    for alternatives in need.items
                    for item in alternatives
                    for reach in self.satisfying[item]
                }
                for name in names:
                    found.setdefault(name, []).append((baseline, need))
        return {name: tuple(needs) for name, needs in found.items()}
