"""The events of a feed for MISP: whose each is, and what of it does not go.

Law (no other's in place of ours): of an event that this node's own people gave, no edition of
anybody else is in a feed; of others' editions the first giver's by name counts.
Law (recalled parts): what was recalled is in no event, and no part of a recalled event is in a
feed.
"""

from __future__ import annotations

from collections.abc import Iterator

from accord.core import json
from accord.core.errors import AccordError
from accord.exchange.misp import convert, events, feed
from accord.exchange.misp.definitions import EXTENSION
from accord.exchange.misp.events import Event
from accord.exchange.misp.feed import Thing
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.wanted import Holdings
from accord.identity.markings import Marking

_Weight = tuple[bool, str]


class Whole:
    """Takes what was decided on, one after the other."""

    def __init__(self, owner: Owner, holdings: Holdings) -> None:
        self._owner = owner
        self._holdings = holdings
        self._events: dict[str, tuple[_Weight, str, Thing, int]] = {}
        self.passed_over = 0
        """Parts and events that do not go."""

    def take(self, body: bytes, marking: Marking, origin: str, source: int) -> None:
        """The events of a document, under a marking, as a partner or this node gave them.

        `source` is the number of what was decided on.
        """
        try:
            for event in events.read(body):
                self._take(event, marking, origin, source)
        except AccordError:
            # It is counted, so that a person is told; the others go.
            self.passed_over += 1

    def _take(self, event: Event, marking: Marking, origin: str, source: int) -> None:
        gone = self._gone(event, origin)
        if self._ours(event, origin) or event.place in gone:
            self.passed_over += 1
            return
        weight = (origin != self._owner.me, origin)
        known = self._events.get(event.uuid)
        if known is not None and (
            known[0] < weight or (known[0] == weight and known[1] >= event.at)
        ):
            return
        self.passed_over += len(event.refused) + len(gone)
        made = feed.narrowed(feed.readable(event, gone), marking)
        self._events[event.uuid] = weight, event.at, made, source

    def part(self, body: bytes, origin: str) -> list[Thing]:
        """The attributes of an object of STIX; none of what an event that was recalled held."""
        thing = json.decode_strict(body)
        extensions = thing.get("extensions")
        part = extensions.get(EXTENSION) if isinstance(extensions, dict) else None
        of = str(part.get("event_uuid")).lower() if isinstance(part, dict) else ""
        try:
            gone = bool(of) and bool(self._recalled([f"misp:{of}", f"report--{of}"], origin))
            found = [] if gone else list(feed.attributes(thing))
        except AccordError:
            gone, found = True, []
        self.passed_over += gone
        return found

    def events(self) -> list[Thing]:
        """All of them; each names such others only as go too."""
        return [feed.related(made, self._events) for _, _, made, _ in self._events.values()]

    def sources(self) -> set[int]:
        """Numbers of what at least one event goes of."""
        return {source for _, _, _, source in self._events.values()}

    def _ours(self, event: Event, origin: str) -> bool:
        """Whether somebody else gives an event that this node's own people gave."""
        if origin == self._owner.me:
            return False
        places = self._holdings.places([f"report--{event.uuid}"])
        return any(not place.document.origin for place in places)

    def _gone(self, event: Event, origin: str) -> frozenset[str]:
        """Places of what was recalled: attributes, objects, or for anything else the event."""
        made = {thing["id"]: place for thing, place in convert.convert(event).things}
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


def _parts(event: Event) -> Iterator[str]:
    """Places of its attributes, those of its objects included, and then of its objects."""
    yield from (one.place for one in event.attributes)
    yield from (each.place for one in event.objects for each in one.attributes)
    yield from (one.place for one in event.objects)
