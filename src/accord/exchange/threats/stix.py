"""STIX 2.0 and 2.1 bundles: who exploits which vulnerability, and where that was seen.

Law (nothing is dropped in silence): an object that breaks the format is refused, a relationship
or sighting that cannot be followed within the bundle is not evaluated. Objects without bearing
on vulnerabilities (attack patterns by themselves, courses of action, observables) give no fact;
the document keeps them.

Source: STIX 2.1, sections 3 to 5 and 8; STIX 2.0, parts 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_strict
from accord.core.limits import LIMITS
from accord.core.reading import Fact, NotEvaluated, Reading, Refused
from accord.exchange.threats.facts import Actor, Exploits, Sighting
from accord.exchange.threats.links import Link, Links, bears
from accord.exchange.threats.objects import ACTORS, Thing, check, identifier, vulnerabilities

_OUTSIDE = "points outside the bundle"
_UNTIED = "tied to no vulnerability"
_REVOKED = "revoked"
_MOST_SEEN = 999_999_999


def read(data: bytes) -> Reading:
    """A bundle. One that holds a single object is an edition of that object.

    Raises:
        Invalid: not a bundle, or of a version other than 2.0 and 2.1.
        Unreadable: not JSON, or a key stands twice in one object.
        TooLarge: past a bound.

    """
    bundle, version = _bundle(decode_strict(data))
    objects = bundle.get("objects", [])
    if not isinstance(objects, list):
        raise Invalid("a list is expected", "/objects")
    if len(objects) > LIMITS.items:
        raise TooLarge(f"{len(objects):,} objects; the limit is {LIMITS.items:,}", "/objects")
    reading = Reading(f"STIX {version} bundle", "", "", bundle["id"], [], [], [])
    things = _things(objects, reading.refused)
    if len(objects) == 1 and things:
        only = things[0]
        reading.subject, reading.edition = f"stix:{only.id}", only.modified
        reading.title = _title(only)
    _Bundle(things, reading).read()
    return reading


def _bundle(value: Any) -> tuple[dict[str, Any], str]:  # noqa: ANN401 - JSON is any value
    """The bundle and its version: 2.0 states it on the bundle, 2.1 on each object."""
    if not isinstance(value, dict) or value.get("type") != "bundle":
        raise Invalid('not a STIX bundle: `"type": "bundle"` is expected', "/type")
    if not identifier(value.get("id"), "/id").startswith("bundle--"):
        raise Invalid("the identifier of a bundle is expected (`bundle--UUID`)", "/id")
    version = value.get("spec_version", "2.1")
    if version not in ("2.0", "2.1"):
        raise Invalid("only STIX 2.0 and 2.1 are read", "/spec_version")
    return value, version


def _things(objects: list[Any], refused: list[Refused]) -> list[Thing]:
    """Well-formed objects, in order. Of two that claim the same version, the first is kept."""
    found: list[Thing] = []
    versions: dict[tuple[str, str], Thing] = {}
    for index, value in enumerate(objects):
        try:
            thing = check(value, f"/objects/{index}")
        except Invalid as wrong:
            refused.append(Refused(f"/objects/{index}", wrong.reason))
            continue
        same = versions.setdefault((thing.id, thing.modified), thing)
        if same is thing:
            found.append(thing)
        elif same.content != thing.content:
            reason = f"differs from {same.place}, which has the same identifier and `modified`"
            refused.append(Refused(thing.place, reason))
    return found


def _title(thing: Thing) -> str:
    name = thing.content.get("name")
    return f"{thing.type} {name}" if isinstance(name, str) and name else thing.id


class _Bundle:
    """One bundle on its way to facts."""

    def __init__(self, things: list[Thing], reading: Reading) -> None:
        self._all = things
        self._reading = reading
        self._newest: dict[str, Thing] = {}
        self._names: dict[str, tuple[str, ...]] = {}

    def read(self) -> None:
        """Facts in the order of actors, exploits, sightings."""
        for thing in self._all:
            if self._sound(thing):
                known = self._newest.setdefault(thing.id, thing)
                if known.modified < thing.modified:
                    self._newest[thing.id] = thing
        for thing in self._newest.values():
            if thing.type == "vulnerability":
                self._names[thing.id] = vulnerabilities(thing)
        links = Links(self._links(), self._newest)
        for thing in self._newest.values():
            if thing.type in ACTORS:
                self._keep(thing, self._exploits(thing, links))
        for thing in self._newest.values():
            if thing.type == "sighting":
                self._keep(thing, self._sightings(thing, links))

    def _sound(self, thing: Thing) -> bool:
        """Whether the object also keeps the rules of its own type; an actor becomes a fact here."""
        before = len(self._reading.refused)
        if thing.type in ACTORS:
            self._keep(thing, self._actor(thing))
        elif thing.type == "vulnerability":
            self._keep(thing, self._nothing(thing))
        return len(self._reading.refused) == before

    def _nothing(self, thing: Thing) -> Iterator[Fact]:
        """A vulnerability gives no fact of its own, but its names must be readable."""
        vulnerabilities(thing)
        yield from ()

    def _keep(self, thing: Thing, facts: Iterator[Fact]) -> None:
        try:
            self._reading.facts += facts
        except TooLarge:
            raise
        except Invalid as wrong:
            # The place is the object; the nearer place within it goes before the reason.
            inner = wrong.place.removeprefix(thing.place)
            reason = f"{inner}: {wrong.reason}" if inner else wrong.reason
            self._reading.refused.append(Refused(thing.place, reason))

    def _skip(self, thing: Thing, reason: str, name: str = "") -> None:
        self._reading.not_evaluated.append(NotEvaluated(thing.place, reason, thing.id, name))

    def _actor(self, thing: Thing) -> Iterator[Actor]:
        name = thing.text("name")
        if not name:
            raise Invalid("`name` is missing", f"{thing.place}/name")
        aliases = (*thing.texts("aliases"), *thing.texts("x_mitre_aliases"))
        others = tuple(alias for alias in dict.fromkeys(aliases) if alias != name)
        yield Actor(thing.id, name, thing.type, others, thing.modified, thing.revoked)

    def _links(self) -> Iterator[Link]:
        """Relationships that stand, between objects of this bundle that stand."""
        for thing in self._newest.values():
            if thing.type != "relationship":
                continue
            try:
                source, target = thing.ref("source_ref"), thing.ref("target_ref")
                kind = thing.text("relationship_type")
                if not kind:
                    raise Invalid("missing", f"{thing.place}/relationship_type")  # noqa: TRY301
            except Invalid as wrong:
                inner = wrong.place.removeprefix(thing.place)
                self._reading.refused.append(Refused(thing.place, f"{inner}: {wrong.reason}"))
                continue
            if not bears(kind, source, target):
                continue
            why = self._obstacle(thing, source, target)
            if why:
                self._skip(thing, why, kind)
            else:
                yield Link(kind, source, target, thing.modified, thing.place)

    def _obstacle(self, thing: Thing, *ends: str) -> str:
        """Why a relationship or sighting cannot be followed; empty where it can."""
        if thing.revoked:
            return _REVOKED
        found = [self._newest.get(end) for end in ends]
        if None in found:
            return _OUTSIDE
        return _REVOKED if any(end.revoked for end in found if end) else ""

    def _exploits(self, actor: Thing, links: Links) -> Iterator[Exploits]:
        for path in links.of(actor.id):
            names = self._names[path.vulnerability]
            links.count(len(names))
            for name in names:
                yield Exploits(
                    name, actor.text("name"), actor.id, path.chain, path.modified, path.place
                )

    def _sightings(self, thing: Thing, links: Links) -> Iterator[Sighting]:
        sighted = thing.ref("sighting_of_ref")
        why = self._obstacle(thing, sighted)
        # A revoked sighting is a fact too: it takes back the earlier version elsewhere.
        if why and not (thing.revoked and sighted in self._newest):
            self._skip(thing, why, sighted)
            return
        count = _count(thing)
        tied = links.tied(sighted)
        if not tied or count == 0:
            self._skip(thing, "seen zero times" if tied else _UNTIED, sighted)
            return
        first, last, seen_by = (
            thing.time("first_seen"),
            thing.time("last_seen"),
            self._seen_by(thing),
        )
        for end in tied:
            names = self._names[end]
            links.count(len(names))
            for name in names:
                yield Sighting(
                    name, thing.id, seen_by, first, last, count,
                    thing.modified, thing.revoked, thing.place,
                )  # fmt: skip

    def _seen_by(self, thing: Thing) -> str:
        """Names of the identities that saw it; their identifiers where they are not here."""
        refs = thing.texts("where_sighted_refs") or (thing.text("created_by_ref"),)
        return ", ".join(self._name(ref) for ref in refs if ref)

    def _name(self, ref: str) -> str:
        thing = self._newest.get(ref)
        return (thing.text("name") if thing else "") or ref


def _count(thing: Thing) -> int:
    """Times seen (STIX 2.1, section 5.2.1: 0 to 999,999,999; once where it is not said)."""
    count = thing.content.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= _MOST_SEEN:
        raise Invalid("a whole number from 0 to 999,999,999 is expected", f"{thing.place}/count")
    return count
