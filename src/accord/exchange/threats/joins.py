"""Objects joined across documents: who exploits which vulnerability, and who saw that.

Law (order): the answer depends on the objects alone, never on which documents hold them or on the
order in which they came.
Law (origin): of each identifier the newest version within its origin counts. A partner's version
never takes the place of another's; a relationship may lead to an object of another origin. What
one of them revokes is void for that origin alone, while any other still says it.
Law (final): an object that was revoked stays revoked, within its origin (STIX 2.1, section 3.6).
Law (nothing is dropped in silence): a relationship or sighting that cannot be followed is a
problem, with its reason, for as long as it cannot.

Source: STIX 2.1, section 5 and the relationship tables of section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from accord.core.limits import LIMITS
from accord.exchange.threats.links import DIRECT, MADE_BY, VIA, type_of
from accord.exchange.threats.objects import ACTORS

NOT_HERE = "points to what is not here"
REVOKED = "revoked"
UNTIED = "tied to no vulnerability"
NEVER_SEEN = "seen zero times"
TOO_MANY = "too many ways to follow"
_LONGEST = 3
"""Relationships of the longest way that is followed."""
MOST = LIMITS.items
"""Steps along the relationships, and the facts that follow, for each origin; the rest is told as a
problem: nobody makes everybody's pages slow by what it sends, or hides what others say."""


class Place(NamedTuple):
    """Where something is said."""

    document: int
    place: str


class Held(NamedTuple):
    """One version of an object, as a document holds it."""

    object: str
    version: str
    name: str
    revoked: bool
    relation: str | None
    source: str | None
    target: str | None
    origin: str
    """The partner that sealed the document; empty: this node's own people gave it."""
    digest: str
    """Of the document: between equal versions it decides, so that no order of loading does."""
    where: Place
    counts: bool = True
    """Whether the document counts; one that does not can still say that the object is revoked."""


class Seen(NamedTuple):
    """What a version of a sighting says."""

    sighted: str
    seen_by: tuple[str, ...]
    first_seen: str
    last_seen: str
    times: int


class Exploits(msgspec.Struct, frozen=True):
    """A source says that an actor exploits, or targets, a vulnerability."""

    vulnerability: str
    """Name, normally a CVE identifier, upper case."""
    actor: str
    """Name of the actor."""
    actor_id: str
    relation: str
    """The relationship's type, or each step in words: `uses Poison Ivy, exploits`."""
    origin: str
    """Of the relationship that names the vulnerability."""
    where: Place
    """That of the relationship that names the vulnerability."""
    via: tuple[Place, ...] = ()
    """The other relationships on the way, from the actor on."""


class Sighting(msgspec.Struct, frozen=True):
    """Somebody saw exploitation of a vulnerability, or of what indicates it."""

    vulnerability: str
    id: str
    """Identifier of the sighting."""
    seen_by: str
    """Who saw it, as the objects name the identities."""
    first_seen: str
    last_seen: str
    count: int
    modified: str
    origin: str
    where: Place
    via: tuple[Place, ...] = ()
    """The relationships from what was seen to the vulnerability."""


class Problem(NamedTuple):
    """What cannot be followed, and why."""

    where: Place
    reason: str
    object: str
    name: str


class _Step(NamedTuple):
    """A way from an object on towards a vulnerability."""

    words: tuple[str, ...]
    links: tuple[Held, ...]


class Joins:
    """The objects around some vulnerabilities, with the relationships that stand."""

    def __init__(
        self,
        held: Iterable[Held],
        names: Mapping[Place, tuple[str, ...]],
        seen: Mapping[Place, Seen],
        most: int = MOST,
    ) -> None:
        """`names` are those of vulnerability objects, `seen` the sightings, by their places."""
        self._names = names
        self._seen = seen
        self._most = most
        self._left: dict[str, int] = {}
        self._ties: dict[str, dict[str, tuple[Held, ...]]] = {}
        self._newest = _newest(held)
        self._problems: list[Problem] = []
        self._direct: dict[str, list[Held]] = {}
        self._from: dict[str, list[Held]] = {}
        self._indicated: dict[str, list[Held]] = {}
        self._back: dict[str, list[tuple[str, str, Held]]] = {}
        for thing in self._in_order():
            if thing.relation is not None:
                self._link(thing)

    def exploits(self, wanted: Collection[str] | None = None) -> Iterator[Exploits]:
        """Who exploits the vulnerabilities of these names, or all, each by a shortest way.

        There is one for each actor, name and origin of the relationship that says so.
        """
        for vulnerability in sorted(self._direct):
            for origin in sorted({link.origin for link in self._direct[vulnerability]}):
                names = self._called(vulnerability, origin, wanted)
                if names:
                    yield from self._exploits(vulnerability, origin, names)

    def sightings(self, wanted: Collection[str] | None = None) -> Iterator[Sighting]:
        """Sightings that speak of the vulnerabilities of these names, or of all."""
        for thing in self._in_order():
            seen = self._seen.get(thing.where)
            if seen is not None and self._stands(thing, seen.sighted, seen.sighted):
                yield from self._sightings(thing, seen, wanted)

    def problems(self) -> list[Problem]:
        """What cannot be followed, over everything that these joins hold."""
        for _ in self.exploits():
            pass
        for _ in self.sightings():
            pass
        return sorted(set(self._problems))

    def _in_order(self) -> Iterator[Held]:
        """The newest version of everything, by identifier; the node's own people's first."""
        for object_ in sorted(self._newest):
            yield from (found for _, found in sorted(self._newest[object_].items()))

    def _resolve(self, object_: str, origin: str) -> Held | None:
        """An object as one origin sees it: its own version, else the node's, else a partner's.

        Of others what stands goes before what is revoked: only its creator revokes an object
        (STIX 2.1, section 3.6), and each origin speaks for itself.
        """
        versions = self._newest.get(object_)
        if versions is None:
            return None
        own = versions.get(origin)
        return own or versions[min(versions, key=lambda name: (versions[name].revoked, name))]

    def _stands(self, thing: Held, name: str, *ends: str) -> bool:
        """Whether a relationship or sighting can be followed; if not, that is a problem."""
        found = [self._resolve(end, thing.origin) for end in ends]
        reason = REVOKED if thing.revoked else ""
        if not reason and None in found:
            reason = NOT_HERE
        if not reason and any(end.revoked for end in found if end):
            reason = REVOKED
        if reason:
            self._problems.append(Problem(thing.where, reason, thing.object, name))
        return not reason

    def _link(self, link: Held) -> None:
        kind, source, target = link.relation, link.source, link.target
        assert kind is not None
        assert source is not None
        assert target is not None
        if not self._stands(link, kind, source, target):
            return
        via_source, via_target = type_of(source) in VIA, type_of(target) in VIA
        if type_of(target) == "vulnerability" and kind in DIRECT and via_source:
            self._direct.setdefault(target, []).append(link)
            self._from.setdefault(source, []).append(link)
        elif kind == "indicates" and type_of(source) == "indicator":
            self._indicated.setdefault(source, []).append(link)
        elif kind == "uses" and via_target:
            step = f"uses {self._name(target, link.origin)}"
            self._back.setdefault(target, []).append((source, step, link))
        elif kind in MADE_BY and via_source:
            step = f"{self._name(source, link.origin)} {kind} it"
            self._back.setdefault(source, []).append((target, step, link))

    def _name(self, object_: str, origin: str) -> str:
        found = self._resolve(object_, origin)
        return (found.name if found else "") or object_

    def _called(
        self, vulnerability: str, origin: str, wanted: Collection[str] | None
    ) -> tuple[str, ...]:
        """Names of a vulnerability object, as one origin sees it; of these, those asked for."""
        found = self._resolve(vulnerability, origin)
        names = self._names.get(found.where, ()) if found else ()
        return names if wanted is None else tuple(name for name in names if name in wanted)

    def _exploits(
        self, vulnerability: str, origin: str, names: tuple[str, ...]
    ) -> Iterator[Exploits]:
        for actor, way in self._ways(vulnerability, origin):
            if type_of(actor) in ACTORS:
                *via, last = way.links
                if not self._afford(origin, len(names), last):
                    return
                for name in names:
                    yield Exploits(
                        name, self._name(actor, origin), actor, ", ".join(way.words), origin,
                        last.where, tuple(link.where for link in via),
                    )  # fmt: skip

    def _ways(self, vulnerability: str, origin: str) -> Iterator[tuple[str, _Step]]:
        """Everything from which the vulnerability is reached, the nearest first."""
        front: dict[str, _Step] = {}
        for link in self._direct[vulnerability]:
            if link.origin == origin:
                assert link.relation is not None
                assert link.source is not None
                _keep(front, link.source, _Step((link.relation,), (link,)))
        seen: set[str] = set()
        for _ in range(_LONGEST):
            yield from sorted(front.items())
            seen |= front.keys()
            front = self._before(front, seen, origin)

    def _before(
        self, front: Mapping[str, _Step], seen: Collection[str], origin: str
    ) -> dict[str, _Step]:
        """What is one relationship farther from the vulnerability, each by one way."""
        found: dict[str, _Step] = {}
        for there, way in front.items():
            before = self._back.get(there, ()) if type_of(there) in VIA else ()
            if not self._afford(origin, len(before), way.links[-1]):
                return {}
            for here, words, link in before:
                if here not in seen:
                    _keep(found, here, _Step((words, *way.words), (link, *way.links)))
        return found

    def _afford(self, origin: str, steps: int, of: Held) -> bool:
        """Count work on behalf of an origin; past its bound nothing more is done for it."""
        left = self._left[origin] = self._left.get(origin, self._most) - steps
        if left < 0:
            self._problems.append(Problem(of.where, TOO_MANY, of.object, ""))
        return left >= 0

    def _sightings(
        self, thing: Held, seen: Seen, wanted: Collection[str] | None
    ) -> Iterator[Sighting]:
        if seen.sighted not in self._ties:
            self._ties[seen.sighted] = self._tied(seen.sighted)
        tied = self._ties[seen.sighted]
        if not self._afford(thing.origin, len(tied), thing):
            return
        if not tied or seen.times == 0:
            reason = NEVER_SEEN if tied else UNTIED
            self._problems.append(Problem(thing.where, reason, thing.object, seen.sighted))
            return
        by = ", ".join(self._name(ref, thing.origin) for ref in seen.seen_by)
        said: set[str] = set()
        for vulnerability, links in tied.items():
            origin = links[-1].origin if links else thing.origin
            names = self._called(vulnerability, origin, wanted)
            if not self._afford(thing.origin, len(names), thing):
                return
            for name in names:
                if name not in said:
                    said.add(name)
                    yield Sighting(
                        name, thing.object, by, seen.first_seen, seen.last_seen, seen.times,
                        thing.version, thing.origin, thing.where,
                        tuple(link.where for link in links),
                    )  # fmt: skip

    def _tied(self, sighted: str) -> dict[str, tuple[Held, ...]]:
        """Vulnerability objects to which a sighting of this object speaks: itself, those that it
        exploits or targets, and for an indicator those of whatever it indicates.
        """
        if type_of(sighted) == "vulnerability":
            return {sighted: ()}
        found: dict[str, tuple[Held, ...]] = {}
        for link in self._from.get(sighted, ()):
            found.setdefault(str(link.target), (link,))
        for indicates in self._indicated.get(sighted, ()):
            indicated = str(indicates.target)
            if type_of(indicated) == "vulnerability":
                found.setdefault(indicated, (indicates,))
            for link in self._from.get(indicated, ()):
                found.setdefault(str(link.target), (indicates, link))
            if len(found) > self._most:
                break
        return found


def _keep(found: dict[str, _Step], object_: str, way: _Step) -> None:
    """Of two ways of one length what they are decides, not how they came."""
    known = found.setdefault(object_, way)
    if known is not way and _order(way) < _order(known):
        found[object_] = way


def _order(way: _Step) -> tuple[object, ...]:
    return (way.words, tuple((link.object, link.origin) for link in way.links))


def _newest(held: Iterable[Held]) -> dict[str, dict[str, Held]]:
    """Of each identifier and origin the version that counts; what is revoked stays so."""
    newest: dict[str, dict[str, Held]] = {}
    final: set[tuple[str, str]] = set()
    for one in held:
        if one.revoked:
            final.add((one.object, one.origin))
        if not one.counts:
            continue
        versions = newest.setdefault(one.object, {})
        known = versions.get(one.origin)
        if known is None or _weight(known) < _weight(one):
            versions[one.origin] = one
    for object_, origin in final:
        found = newest.get(object_, {}).get(origin)
        if found is not None:
            newest[object_][origin] = found._replace(revoked=True)
    return newest


def _weight(one: Held) -> tuple[str, bool, str, str]:
    return (one.version, one.revoked, one.digest, one.where.place)
