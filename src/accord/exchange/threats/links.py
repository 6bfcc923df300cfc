"""Who reaches which vulnerability through the relationships of one bundle.

Source: STIX 2.1, section 5.1 and the relationship tables of section 4. `exploits` is the
malware-to-vulnerability relationship, `targets` that of the others; both are followed from any
of them, because publishers mix them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from accord.core.errors import TooLarge
from accord.core.limits import LIMITS
from accord.exchange.threats.objects import ACTORS, Thing

BEARING = frozenset({"exploits", "targets", "uses", "indicates", "attributed-to", "authored-by"})
"""Types of relationship by which a vulnerability may be tied to an actor or an indicator."""

_DIRECT = frozenset({"exploits", "targets", "uses"})
_VIA = ACTORS | {"attack-pattern"}
_ENDS = _VIA | {"indicator", "vulnerability"}
_LONGEST = 3


class Link(NamedTuple):
    """One relationship, with what it runs between."""

    kind: str
    source: str
    target: str
    modified: str
    place: str


class Path(NamedTuple):
    """How an actor reaches a vulnerability."""

    vulnerability: str
    """Identifier of the vulnerability object."""
    chain: str
    """The relationship's type, or each step in words: `uses Poison Ivy, exploits`."""
    modified: str
    """The newest of the relationships on the way."""
    place: str
    """That of the relationship that names the vulnerability."""


def bears(kind: str, source: str, target: str) -> bool:
    """Whether a relationship of this type between these two could tie a vulnerability."""
    ends = {source.partition("--")[0], target.partition("--")[0]}
    return kind in BEARING and ends <= _ENDS


class Links:
    """The relationships of one bundle, by what they start from."""

    def __init__(self, links: Iterable[Link], things: Mapping[str, Thing]) -> None:
        self._things = things
        self._direct: dict[str, list[Link]] = {}
        self._onward: dict[str, list[tuple[str, str, Link]]] = {}
        self._indicated: dict[str, list[str]] = {}
        self._steps = 0
        for link in links:
            self._add(link)

    def _add(self, link: Link) -> None:
        source, target = self._things[link.source], self._things[link.target]
        if target.type == "vulnerability" and link.kind in _DIRECT and source.type in _VIA:
            self._direct.setdefault(source.id, []).append(link)
        elif link.kind == "indicates" and source.type == "indicator":
            self._indicated.setdefault(source.id, []).append(target.id)
        elif link.kind == "uses" and target.type in _VIA:
            self._onward.setdefault(source.id, []).append(
                (target.id, f"uses {_name(target)}", link)
            )
        elif link.kind in ("attributed-to", "authored-by") and source.type in _VIA:
            step = f"{_name(source)} {link.kind} it"
            self._onward.setdefault(target.id, []).append((source.id, step, link))

    def of(self, actor: str) -> list[Path]:
        """Every vulnerability that an actor reaches in at most three steps, each by a shortest way.

        Raises:
            TooLarge: the bundle's relationships branch without end.

        """
        found: dict[str, Path] = {}
        seen = {actor}
        front: list[tuple[str, tuple[str, ...], str]] = [(actor, (), "")]
        for _ in range(_LONGEST):
            following: list[tuple[str, tuple[str, ...], str]] = []
            for here, chain, newest in front:
                for link in self._direct.get(here, ()):
                    self.count()
                    words = ", ".join((*chain, link.kind))
                    path = Path(link.target, words, max(newest, link.modified), link.place)
                    found.setdefault(link.target, path)
                for there, step, link in self._onward.get(here, ()):
                    self.count()
                    if there not in seen:
                        seen.add(there)
                        following.append((there, (*chain, step), max(newest, link.modified)))
            front = following
        return list(found.values())

    def tied(self, sighted: str) -> list[str]:
        """Vulnerability objects to which a sighting of this object speaks: itself, those that it
        exploits or targets, and for an indicator those of whatever it indicates.
        """
        if self._things[sighted].type == "vulnerability":
            return [sighted]
        ends = [link.target for link in self._direct.get(sighted, ())]
        for indicated in dict.fromkeys(self._indicated.get(sighted, ())):
            if self._things[indicated].type == "vulnerability":
                ends.append(indicated)
            ends += [link.target for link in self._direct.get(indicated, ())]
        self.count(len(ends))
        return list(dict.fromkeys(ends))

    def count(self, steps: int = 1) -> None:
        """Count work that grows with the product of two lists.

        Raises:
            TooLarge: past the limit of items, counted over the whole bundle.

        """
        self._steps += steps
        if self._steps > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} steps along relationships", "/objects")


def _name(thing: Thing) -> str:
    name = thing.content.get("name")
    return name if isinstance(name, str) and name else thing.id
