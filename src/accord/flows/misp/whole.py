"""The events of a feed for MISP: whose each is, and what of it does not go.

Law (no other's in place of ours): of an event that this node's own people gave, no edition of
anybody else is in a feed; of others' editions the first giver's by name counts.
Law (recalled parts): what was recalled is in no event, and no part of a recalled event is in a
feed.
Law (strictest word): what is marked more strictly elsewhere is in no event, and neither is what
names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator

import msgspec

from accord.core import json
from accord.core.errors import AccordError
from accord.exchange.misp import convert, events, feed
from accord.exchange.misp.definitions import EXTENSION
from accord.exchange.misp.events import Event
from accord.exchange.misp.feed import Thing
from accord.flows.exchange.answering.port import Kept
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.wanted import Holdings
from accord.flows.misp.elsewhere import Elsewhere
from accord.identity.markings import Marking

_Weight = tuple[bool, str]


class Going(msgspec.Struct, frozen=True):
    """What release lets go to everybody."""

    kept: Kept
    body: bytes
    """As it goes."""
    marking: Marking
    digests: frozenset[str]
    """SHA-256 of its envelope and of all that is in it, hexadecimal."""


class _Taken(msgspec.Struct, frozen=True):
    """The edition of an event that goes, unless another of it comes first."""

    event: Event
    gone: frozenset[str]
    """Places of what was recalled."""
    parts: tuple[tuple[str, str], ...]
    """Identifier and place of each of its attributes, those of its objects included."""
    weight: _Weight
    source: Going


class Whole:
    """Takes what was decided on, one after the other; then makes of it what goes."""

    def __init__(self, owner: Owner, holdings: Holdings, elsewhere: Elsewhere) -> None:
        self._owner = owner
        self._holdings = holdings
        self._elsewhere = elsewhere
        self._events: dict[str, _Taken] = {}
        self._made: dict[str, tuple[Thing, int]] = {}
        self.passed_over = 0
        """Parts and events that do not go."""
        self.stricter: dict[int, list[str]] = defaultdict(list)
        """Parts that do not go since they are marked more strictly elsewhere, by their source."""

    def take(self, source: Going) -> None:
        """The events of a document, as a partner or this node gave them."""
        try:
            for event in events.read(source.body):
                self._take(event, source)
        except AccordError:
            # It is counted, so that a person is told; the others go.
            self.passed_over += 1

    def _take(self, event: Event, source: Going) -> None:
        origin = source.kept.origin
        things = convert.convert(event).things
        gone = self._gone(event, things, origin)
        if self._ours(event, origin) or event.place in gone:
            self.passed_over += 1
            return
        weight = (origin != self._owner.me, origin)
        known = self._events.get(event.uuid)
        if known is not None and (
            known.weight < weight or (known.weight == weight and known.event.at >= event.at)
        ):
            return
        self.passed_over += len(event.refused) + len(gone)
        said = [
            (thing, place) for thing, place in things if _part(thing).get("part") == "attribute"
        ]
        self._elsewhere.ask((thing["id"], _pattern(thing)) for thing, _ in said)
        parts = tuple((str(thing["id"]), place) for thing, place in said)
        self._events[event.uuid] = _Taken(event, gone, parts, weight, source)

    def look_up(self) -> None:
        """Find out what is said elsewhere of everything that was taken, and make the events."""
        self._elsewhere.look_up()
        for name, one in self._events.items():
            places = {place: id_ for id_, place in one.parts if self._stricter(one.source, id_)}
            self.stricter[one.source.kept.id] += places.values()
            made = feed.readable(one.event, one.gone | places.keys())
            if places:
                words = _words(one.event, places)
                left = feed.silent(made, words) if any(feed.names(made)) else None
                if left is None:
                    # Nothing is left of it, or what it says itself names what may not go.
                    self.passed_over += 1
                    continue
                made = left
            self._made[name] = feed.narrowed(made, one.source.marking), one.source.kept.id

    def _stricter(self, source: Going, name: str) -> bool:
        return self._elsewhere.stricter(name, source.marking, source.digests)

    def ask(self, source: Going) -> None:
        """Let an object of STIX that is to go be looked up."""
        pattern = _pattern(json.decode_strict(source.body))
        self._elsewhere.ask([(source.kept.object, pattern)])

    def part(self, source: Going) -> list[Thing]:
        """The attributes of an object of STIX; none of what an event that was recalled held."""
        thing = json.decode_strict(source.body)
        of = str(_part(thing).get("event_uuid") or "").lower()
        try:
            gone = bool(of) and bool(
                self._recalled([f"misp:{of}", f"report--{of}"], source.kept.origin)
            )
            found = [] if gone else list(feed.attributes(thing))
        except AccordError:
            gone, found = True, []
        self.passed_over += gone
        if found and self._stricter(source, source.kept.object):
            self.stricter[source.kept.id].append(source.kept.object)
            return []
        return found

    def events(self) -> list[Thing]:
        """All of them; each names such others only as go too."""
        return [feed.related(made, self._made) for made, _ in self._made.values()]

    def sources(self) -> set[int]:
        """Numbers of what at least one event goes of."""
        return {source for _, source in self._made.values()}

    def _ours(self, event: Event, origin: str) -> bool:
        """Whether somebody else gives an event that this node's own people gave."""
        if origin == self._owner.me:
            return False
        places = self._holdings.places([f"report--{event.uuid}"])
        return any(not place.document.origin for place in places)

    def _gone(self, event: Event, things: list[tuple[Thing, str]], origin: str) -> frozenset[str]:
        """Places of what was recalled: attributes, objects, or for anything else the event."""
        made = {thing["id"]: place for thing, place in things}
        gone = self._recalled([f"misp:{event.uuid}", *made], origin)
        parts = list(_parts(event))
        return frozenset(
            next((one for one in parts if f"{made.get(name)}/".startswith(f"{one}/")), event.place)
            for name in gone
        )

    def _recalled(self, names: list[str], origin: str) -> set[str]:
        """Which of these this node or their giver took back for good."""
        known = self._owner.sharing.known(names)
        live = {copy.object for copy in known.copies}
        return {name for who, name in known.finals if who in {origin, self._owner.me}} - live


def _part(thing: Thing) -> Thing:
    """What an object of STIX says of the part of an event that it is."""
    extensions = thing.get("extensions")
    part = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
    return part if isinstance(part, dict) else {}


def _pattern(thing: Thing) -> str:
    stix = thing.get("type") == "indicator" and thing.get("pattern_type", "stix") == "stix"
    return str(thing.get("pattern")) if stix else ""


def _words(event: Event, places: Container[str]) -> Iterator[str]:
    """What names the parts at some places: their UUIDs, and values with what these are made of."""
    inside = (each for item in event.objects for each in item.attributes)
    for each in (*event.attributes, *inside):
        if each.place in places:
            yield from (each.uuid, each.text, *each.text.split("|"))


def _parts(event: Event) -> Iterator[str]:
    """Places of its attributes, those of its objects included, and then of its objects."""
    yield from (one.place for one in event.attributes)
    yield from (each.place for one in event.objects for each in one.attributes)
    yield from (one.place for one in event.objects)
