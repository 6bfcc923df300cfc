"""Which items' claims carry over to which others, and how far.

Law (satisfies): along *equal*, *equivalent* and *superset*, read from source to target, a verdict
carries over: whoever satisfies the source satisfies the target.
Law (supports): *subset* and *intersects* only support; no path that holds one satisfies.
Law (never raises): what is carried is believed at most as far as the claim itself, and at most as
far as the least sure mapping on its path allows.
Law (shorter wins): of several paths from one item the shortest decides; a longer one never beats
it, and where they are equally long, what satisfies counts, then what is capped least.
Law (loops): a mapping in a loop of carrying ones only supports; no claim comes back to itself.

A mapping that its author holds for less likely than not only supports. One below four in five
carries a claim as a third party's word at most. One that does not say is taken at its word.
Mappings are never turned round: an author says in which direction one was judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from accord.assurance.crosswalks.loops import loops
from accord.assurance.crosswalks.relations import EQUAL, INTERSECTS, SATISFYING, chain
from accord.assurance.facts import Mapping
from accord.assurance.model import Level

LIKELY: Final = 0.5
"""Confidence below which a mapping only supports."""
SURE: Final = 0.8
"""Confidence below which it carries a third party's word at most."""

_State = tuple[str, str, Level]
"""An item, how it relates to the wanted one, and the least cap on the way."""


class Carried(msgspec.Struct, frozen=True):
    """One item whose claims bear on the wanted one."""

    item: str
    path: tuple[str, ...]
    """From this item to the wanted one, both included."""
    relationship: Literal["satisfies", "supports"]
    cap: Level
    """How far a claim on this item is believed of the wanted one, at most."""

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
        layer: dict[_State, tuple[str, ...]] = {(wanted, EQUAL, max(Level)): (wanted,)}
        while layer:
            further: dict[_State, tuple[str, ...]] = {}
            for (item, relation, cap), path in layer.items():
                for source, step, sure in self._into.get(item, ()):
                    whole = chain(step, relation)
                    state = (source, whole, min(cap, sure))
                    if not whole or source == wanted or state in seen or source in path:
                        continue
                    longer = (source, *path)
                    further[state] = min(further.get(state, longer), longer)
            seen.update(further)
            _keep_best(best, further)
            layer = further
        return tuple(
            sorted(best.values(), key=lambda one: (one.relationship, len(one.path), one.item))
        )


def _worth(mapping: Mapping, *, turning: bool) -> tuple[str, Level]:
    """What a mapping counts for, and how far it lets a claim be believed."""
    sure = 1.0 if mapping.confidence is None else mapping.confidence
    weak = mapping.relationship in SATISFYING and (turning or sure < LIKELY)
    cap = max(Level) if sure >= SURE else Level.THIRD_PARTY
    return (INTERSECTS if weak else mapping.relationship), cap


def _keep_best(best: dict[str, Carried], layer: dict[_State, tuple[str, ...]]) -> None:
    """What is new in a layer: an item that a shorter path has brought stays as it is."""
    news: dict[str, Carried] = {}
    for (item, relation, cap), path in layer.items():
        if item in best:
            continue
        one = Carried(item, path, "satisfies" if relation in SATISFYING else "supports", cap)
        other = news.get(item)
        if other is None or _order(one) < _order(other):
            news[item] = one
    best.update(news)


def _order(one: Carried) -> tuple[bool, int, tuple[str, ...]]:
    return (one.relationship != "satisfies", -one.cap, one.path)
