"""What all who gave this node an object say of its marking: its own people and its feeds.

Law (strictest giver): an object goes out under no milder marking than any live document of this
node gives it. Of one giver the newest version of an object counts, and of an event the newest
edition; what a partner sealed is judged by its envelope.
Law (whose version): what this node's own people gave has versions of theirs alone: a feed, of
whatever trust, adds its marking and nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from hashlib import sha256

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange.misp.reading import KIND
from accord.exchange.objects import Content, read_document, read_stix, resolved
from accord.exchange.release import Subject
from accord.flows.exchange.sharing.wanted import Holdings, Place, is_stix
from accord.flows.recognise import recognise
from accord.identity.markings import Marking, Tlp, strictest


class Given(msgspec.Struct, frozen=True):
    """What the documents that hold one object say of it."""

    said: tuple[Marking, ...] = ()
    """Markings that it bears in them."""
    default: tuple[Marking, ...] = ()
    """Markings of those in which it bears none."""
    unknown: tuple[str, ...] = ()
    """Markings in them that are not understood."""
    own: frozenset[str] = frozenset()
    """SHA-256 of what this node's own people gave, hexadecimal."""

    def join(self, marking: Marking, *, marked: bool = False) -> Marking:
        """The strictest of a marking and these; what a person `marked` needs no default."""
        return strictest((marking, *self.said, *(() if marked else self.default)))

    def of(self, subject: Subject) -> Subject:
        """An object as strict as its strictest giver says."""
        marking = self.join(subject.marking)
        unknown = subject.unknown or bool(self.unknown)
        return msgspec.structs.replace(subject, marking=marking, unknown=unknown)


class Givers:
    """Looks up who gave some objects, all at once."""

    def __init__(
        self, holdings: Holdings, default: Tlp, definition: Callable[[str], bytes | None]
    ) -> None:
        """`default`: what the node says of what bears no marking; `definition` of a marking."""
        self._holdings = holdings
        self._default = default
        self._definition = definition

    def of(self, names: Collection[str]) -> dict[str, Given]:
        """What is said of objects and of documents, by name, where several documents say it."""
        # A definition says a marking and is judged by what it says.
        objects = [one for one in names if is_stix(one) and not one.startswith("marking-")]
        subjects = [one for one in names if not is_stix(one)]
        places = self._holdings.places(sorted(objects)) if objects else []
        if subjects:
            held = self._holdings.editions(sorted(subjects))
            places += [Place(one.subject, one.edition, one) for one in held]
        return self.among(places)

    def among(self, places: Iterable[Place]) -> dict[str, Given]:
        """The same, where the places are known."""
        found: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            if not place.document.sealed:
                found[place.object].append(place)
        several = {name: counted(each) for name, each in found.items() if len(each) > 1}
        reading: dict[str, list[Place]] = defaultdict(list)
        for each in several.values():
            for place in each:
                reading[place.document.digest].append(place)
        given: dict[str, list[Given]] = defaultdict(list)
        for each in reading.values():
            for place, one in self._read(each):
                given[place.object].append(one)
        return {name: _joined(each) for name, each in given.items()}

    def _read(self, places: list[Place]) -> Iterable[tuple[Place, Given]]:
        """What one document says of some objects."""
        inside = [one for one in places if is_stix(one.object)]
        bodies = self._holdings.objects(inside) if inside else {}
        for place in places:
            whole = place not in inside
            body = self._holdings.body(place.document.digest) if whole else bodies.get(place.object)
            yield place, self._said(place, body)

    def _said(self, place: Place, body: bytes | None) -> Given:
        if body is None:
            return Given(unknown=(f"document {place.document.digest[:12]} gives it otherwise",))
        try:
            content = self._content(place, body)
        except AccordError as wrong:
            return Given(unknown=(f"document {place.document.digest[:12]}: {wrong}",))
        own = frozenset({sha256(body).hexdigest()} if place.document.own else ())
        default = Marking(place.document.default(self._default))
        unmarked = content.marking is None
        return Given(
            () if content.marking is None else (content.marking,),
            (default,) if unmarked else (),
            content.unknown_markings,
            own,
        )

    def _content(self, place: Place, body: bytes) -> Content:
        if is_stix(place.object):
            return resolved(read_stix(body), self._definition)
        kind = recognise(body) or place.document.kind
        if kind == "STIX bundle":
            raise Invalid("a bundle has no marking of its own")
        return read_document(kind, body)


def counted(places: Collection[Place]) -> list[Place]:
    """Those of one object whose marking counts."""
    givers: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        for giver in place.document.givers:
            givers[giver].append(place)
    found: list[Place] = []
    for each in givers.values():
        live = [one for one in each if one.document.current] or each
        newest = max(one.version for one in live)
        found += [one for one in live if one.version == newest or _stands(one)]
    return list(dict.fromkeys(found))


def _stands(place: Place) -> bool:
    """Whether only a later edition of the event that it is a part of takes its word back."""
    held = place.document
    return held.current and held.kind == KIND and bool(held.subject)


def _joined(given: Collection[Given]) -> Given:
    return Given(
        tuple(dict.fromkeys(one for each in given for one in each.said)),
        tuple(dict.fromkeys(one for each in given for one in each.default)),
        tuple(dict.fromkeys(one for each in given for one in each.unknown)),
        frozenset(one for each in given for one in each.own),
    )
