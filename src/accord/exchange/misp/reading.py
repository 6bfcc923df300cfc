"""Events of MISP as facts: the objects that they become, each with its place in the event.

Law (one meaning): an event gives the facts that the bundle which it becomes would give.
"""

from __future__ import annotations

import msgspec

from accord.core.errors import Invalid
from accord.core.reading import Reading, Refused
from accord.exchange.misp.convert import convert
from accord.exchange.misp.events import Event
from accord.exchange.misp.events import read as read_events
from accord.exchange.threats import stix
from accord.exchange.threats.objects import check

KIND = "MISP event"
_TITLE = 200


def read(data: bytes) -> Reading:
    """A document of events. One that holds a single event is an edition of that event.

    Raises:
        Invalid: no event, or one without what every event has.
        Unreadable: not JSON, or a key stands twice in one object.
        TooLarge: past a bound.
    """
    events = read_events(data)
    reading = Reading(KIND, "", "", "", [], [], [])
    if len(events) == 1:
        (event,) = events
        reading.subject, reading.edition = f"misp:{event.uuid}", event.at
        reading.title = event.info.strip()[:_TITLE]
    for event in events:
        _take(event, reading)
    return reading


def objects(data: bytes) -> list[bytes]:
    """The objects of STIX that a document of events becomes, each as bytes, the same every time.

    Raises:
        Invalid: as `read`.
    """
    made = [convert(event) for event in read_events(data)]
    return [msgspec.json.encode(thing) for one in made for thing, _ in one.things]


def _take(event: Event, reading: Reading) -> None:
    made = convert(event)
    reading.refused += event.refused
    reading.not_evaluated += made.kept
    for thing, place in made.things:
        try:
            reading.facts += stix.facts(check(thing, place))
        except Invalid as wrong:
            reading.refused.append(Refused(place, wrong.reason))
