"""Which items' claims carry over to which others, and how far.

Law (satisfies): along *equal*, *equivalent* and *superset*, read from source to target, a verdict
carries over: whoever satisfies the source satisfies the target.
Law (supports): *subset* and *intersects* only support; no path that holds one satisfies.
Law (never raises): what is carried is believed at most as far as the claim itself, and at most as
far as the least sure mapping on its path allows.
Law (shorter wins): of several paths from one item the shortest decides; a longer one never beats
it, and where they are equally long, what satisfies counts, then what is capped least.
Law (loops): a mapping in a loop of carrying ones only supports; no claim comes back to itself.

Law (no loop helps): whatever a path with an item twice reaches, one without that loop reaches too,
and it is shorter; so paths need not be looked through for it, and length costs no more than length.

A mapping that its author holds for less likely than not only supports. One below four in five
carries a claim as a third party's word at most. One that does not say is taken at its word.
Mappings are never turned round: an author says in which direction one was judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Mapping_
from operator import eq
from typing import Final, Literal

import msgspec

from accord.assurance.crosswalks.loops import loops
from accord.assurance.crosswalks.relations import EQUAL, INTERSECTS, SATISFYING, chain
from accord.assurance.facts import Mapping
from accord.assurance.model import OURS_TO_FIND, Level

LIKELY: Final = 0.5
"""Confidence below which a mapping only supports."""
SURE: Final = 0.8
"""Confidence below which it carries a third party's word at most."""

_State = tuple[str, str, Level]
"""An item, how it relates to the wanted one, and the least cap on the way."""


class _Step:
    """An item on the way to the wanted one; many ways share what is left of theirs."""

    __slots__ = ("item", "length", "onto", "rank", "rest")

    def __init__(self, item: str, rest: _Step | None, rank: int) -> None:
        self.item = item
        self.rest = rest
        self.length: int = 1 if rest is None else rest.length + 1
        ours = item.startswith(OURS_TO_FIND)
        self.onto: bool = ours or (rest is not None and rest.onto)
        """Whether it, or anything from here on, is what only a node finds."""
        self.rank = rank
        """Its place among all ways of its length, in the order of their items."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Step) or self.length != other.length:
            return False
        return all(map(eq, self.items(), other.items()))

    def __hash__(self) -> int:
        return hash((self.item, self.length))

    def items(self) -> Iterator[str]:
        """What leads to the wanted one, from here on."""
        step: _Step | None = self
        while step is not None:
            yield step.item
            step = step.rest


class Carried(msgspec.Struct, frozen=True):
    """One item whose claims bear on the wanted one."""

    item: str
    way: _Step
    relationship: Literal["satisfies", "supports"]
    cap: Level
    """How far a claim on this item is believed of the wanted one, at most."""

    @property
    def path(self) -> tuple[str, ...]:
        """From this item to the wanted one, both included; put together when asked."""
        return tuple(self.way.items())

    @property
    def onto_ours(self) -> bool:
        """Whether it leads from what others may claim to, or over, what only a node finds."""
        return self.way.onto and not self.item.startswith(OURS_TO_FIND)

    @property
    def satisfies(self) -> bool:
        """Whether a verdict carries over; else it only supports."""
        return self.relationship == "satisfies"

    def level(self, claimed: Level) -> Level:
        """How far a claim of this level is believed once carried."""
        return min(self.cap, claimed)


class Crosswalk:
    """Every mapping that a node has, asked item by item; each answer is made once."""

    def __init__(self, mappings: Iterable[Mapping]) -> None:
        """`mappings` are of any number of collections, in any order."""
        given = list(mappings)
        self.loops = loops(given)
        """Mappings that would carry a claim back to itself: they only support."""
        turning = {(one.source, one.target) for one in self.loops}
        self._into: dict[str, set[_State]] = {}
        for one in given:
            if one.source != one.target:
                relation, cap = _worth(one, turning=(one.source, one.target) in turning)
                self._into.setdefault(one.target, set()).add((one.source, relation, cap))
        self._answers: dict[str, tuple[Carried, ...]] = {}

    def sources(self, item: str) -> tuple[Carried, ...]:
        """What bears on an item: what satisfies first, then by length of path, then by name."""
        answer = self._answers.get(item)
        if answer is None:
            answer = self._answers[item] = self._walk(item)
        return answer

    def _walk(self, wanted: str) -> tuple[Carried, ...]:
        """Backwards from the wanted item, one step at a time."""
        seen: set[_State] = set()
        best: dict[str, Carried] = {}
        layer: dict[_State, _Step] = {(wanted, EQUAL, max(Level)): _Step(wanted, None, 0)}
        while layer:
            further: dict[_State, _Step] = {}
            for (item, relation, cap), way in layer.items():
                for source, step, sure in self._into.get(item, ()):
                    whole = chain(step, relation)
                    state = (source, whole, min(cap, sure))
                    if not whole or source == wanted or state in seen:
                        continue
                    other = further.get(state)
                    if other is None or way.rank < other.rank:
                        further[state] = way
            seen.update(further)
            layer = _lengthened(further)
            _keep_best(best, layer)
        return tuple(
            sorted(best.values(), key=lambda one: (one.relationship, one.way.length, one.item))
        )


def _lengthened(found: Mapping_[_State, _Step]) -> dict[_State, _Step]:
    """Each state with the way that begins at its item, `found` with the rest of that way.

    Of ways of one length, their order is that of their first items, then of what is left.
    """
    begins = {(item, rest.rank): rest for (item, _, _), rest in found.items()}
    ways = {
        begin: _Step(begin[0], begins[begin], rank) for rank, begin in enumerate(sorted(begins))
    }
    return {state: ways[state[0], rest.rank] for state, rest in found.items()}


def _worth(mapping: Mapping, *, turning: bool) -> tuple[str, Level]:
    """What a mapping counts for, and how far it lets a claim be believed."""
    sure = 1.0 if mapping.confidence is None else mapping.confidence
    weak = mapping.relationship in SATISFYING and (turning or sure < LIKELY)
    cap = max(Level) if sure >= SURE else Level.THIRD_PARTY
    return (INTERSECTS if weak else mapping.relationship), cap


def _keep_best(best: dict[str, Carried], layer: Mapping_[_State, _Step]) -> None:
    """What is new in a layer: an item that a shorter path has brought stays as it is."""
    news: dict[str, Carried] = {}
    for (item, relation, cap), way in layer.items():
        if item in best:
            continue
        one = Carried(item, way, "satisfies" if relation in SATISFYING else "supports", cap)
        other = news.get(item)
        if other is None or _order(one) < _order(other):
            news[item] = one
    best.update(news)


def _order(one: Carried) -> tuple[bool, int, int]:
    return (one.relationship != "satisfies", -one.cap, one.way.rank)
