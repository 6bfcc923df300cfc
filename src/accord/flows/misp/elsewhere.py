"""What other events and objects, whoever gave them, say of the parts of an event.

Law (strictest word): a part goes under no milder marking than any other live document or envelope
says of the same object, or of an indicator with the same pattern. Where the node's default alone
would mark it, nothing is said. What a partner sealed is judged by its envelope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from hashlib import sha256
from typing import Protocol

import msgspec

from accord.core.errors import AccordError
from accord.exchange.envelope import peek
from accord.exchange.misp.reading import KIND
from accord.exchange.objects import Content, read_document, read_stix, resolved
from accord.exchange.release import Subject
from accord.flows.exchange.sharing.givers import counted
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.port import Copy
from accord.flows.exchange.sharing.wanted import Held, Holdings, Place, newest_of
from accord.identity.markings import Marking, Pap, Tlp, strictest

_NOTHING = Marking(Tlp.CLEAR)


class Alike(Protocol):
    """The indicators of this node."""

    def alike(self, patterns: Collection[str]) -> dict[str, set[str]]:
        """Identifiers of indicators, by the pattern of STIX that they have."""
        ...


class _Word(msgspec.Struct, frozen=True):
    """What one document or envelope says."""

    subject: Subject
    within: frozenset[str] = frozenset()
    """SHA-256 of the envelope, or of the document and of the object in it, hexadecimal."""


class Elsewhere:
    """Looks up what is said of many parts, all at once."""

    def __init__(
        self, owner: Owner, holdings: Holdings, alike: Alike, goes: Callable[[Subject], bool]
    ) -> None:
        """`goes`: whether release lets something go whole to everybody who is to have it."""
        self._owner = owner
        self._holdings = holdings
        self._alike = alike
        self._goes = goes
        self._names: dict[str, str] = {}
        self._twins: dict[str, set[str]] = {}
        self._words: dict[str, list[_Word]] = {}

    def ask(self, parts: Iterable[tuple[str, str]]) -> None:
        """Identifiers of parts that are to be looked up, each with its pattern or nothing."""
        self._names |= dict(parts)

    def look_up(self) -> None:
        """Find out what is said of all of them."""
        self._twins = self._alike.alike({one for one in self._names.values() if one})
        every = set(self._names).union(*self._twins.values())
        places = self._holdings.places(sorted(every)) if every else []
        documents = {_name(place.document) for place in places}
        copies = self._owner.sharing.known(sorted(every | documents)).copies if every else ()
        newest = _newest(copies, self._owner.now)
        bodies = self._owner.sharing.envelopes([one.id for one in newest if one.object in every])
        words: dict[str, list[_Word]] = defaultdict(list)
        for one in newest:
            if one.object in every:
                words[one.object].append(
                    _Word(_shared(one, bodies.get(one.id, b"")), frozenset({one.digest}))
                )
        for name, word in self._documents(places, newest):
            words[name].append(word)
        self._words = dict(words)

    def stricter(self, name: str, marking: Marking, itself: Collection[str]) -> bool:
        """Whether somebody marks a part more strictly than it would go, or it may not go at all.

        `itself` are digests of what it goes out of, which says nothing of it elsewhere.
        """
        names = {name} | self._twins.get(self._names.get(name, ""), set())
        for word in (word for one in names for word in self._words.get(one, ())):
            if not word.within.isdisjoint(itself):
                continue
            both = strictest((marking, word.subject.marking))
            if (both.tlp, both.pap) != (marking.tlp, marking.pap) or not self._goes(word.subject):
                return True
        return False

    def _documents(self, places: list[Place], copies: list[Copy]) -> Iterator[tuple[str, _Word]]:
        """What documents say, those of partners by their envelopes."""
        sealed: dict[tuple[str, str], list[Copy]] = defaultdict(list)
        for copy in copies:
            sealed[copy.object, copy.origin].append(copy)
        own: dict[str, list[Place]] = defaultdict(list)
        for place in places:
            if not place.document.sealed:
                own[place.object].append(place)
                continue
            for copy in sealed.get((_name(place.document), place.document.origin), ()):
                yield place.object, _Word(_part(place, copy.origin, _marking(copy)))
        by_document: dict[str, list[Place]] = defaultdict(list)
        for each in own.values():
            for place in counted(each):
                by_document[place.document.digest].append(place)
        for each in by_document.values():
            told = sealed.get((_name(each[0].document), self._owner.me), [])
            yield from self._said(each, told)

    def _said(self, places: list[Place], copies: list[Copy]) -> Iterator[tuple[str, _Word]]:
        """What one document of this node says, and its people when they shared it."""
        document = places[0].document
        bodies = self._holdings.objects(places)
        person = self._person(document, copies)
        for place in places:
            body = bodies.get(place.object, b"")
            within = frozenset({document.digest, sha256(body).hexdigest()})
            for subject in (self._read(place, body), *(_part(place, "", one) for one in person)):
                mine = msgspec.structs.replace(subject, origin=self._owner.me)
                yield place.object, _Word(mine, within)

    def _read(self, place: Place, body: bytes) -> Subject:
        """A part as it stands in a document; what cannot be read goes nowhere."""
        try:
            content: Content = resolved(read_stix(body), self._definition)
        except AccordError:
            return msgspec.structs.replace(_part(place, "", _NOTHING), unknown=True)
        feeds = (tlp for _, tlp in place.document.feeds if tlp is not None)
        default = Marking(Tlp(max(feeds, default=Tlp.CLEAR)))
        return Subject(
            object=place.object, version=place.version, type=content.type, origin="",
            marking=content.marking or default, granular=content.granular,
            unknown=bool(content.unknown_markings), body=body if content.granular else b"",
        )  # fmt: skip

    def _person(self, document: Held, copies: list[Copy]) -> list[Marking]:
        """Markings that people gave an event beyond what it says itself."""
        if document.kind != KIND or not copies:
            return []
        said = read_document(KIND, self._holdings.body(document.digest)).marking or _NOTHING
        found = map(_marking, copies)
        return [one for one in found if strictest((said, one)) != strictest((said,))]

    def _definition(self, name: str) -> bytes | None:
        places = newest_of(self._holdings.places([name])).values()
        return self._holdings.objects(list(places)).get(name)


def _newest(copies: Iterable[Copy], now: str) -> list[Copy]:
    """Of each object and origin the newest version; what has expired is nowhere."""
    found: dict[tuple[str, str], list[Copy]] = defaultdict(list)
    for one in copies:
        if not one.expires or one.expires > now:
            found[one.object, one.origin].append(one)
    newest: list[Copy] = []
    for each in found.values():
        last = max(one.version for one in each)
        newest += [one for one in each if one.version == last]
    return newest


def _name(document: Held) -> str:
    return document.subject or f"sha256:{document.digest}"


def _marking(copy: Copy) -> Marking:
    """A date of release is each audience's own."""
    return Marking(Tlp(copy.tlp), Pap(copy.pap))


def _part(place: Place, origin: str, marking: Marking) -> Subject:
    kind = place.object.partition("--")[0]
    return Subject(place.object, place.version, kind, origin, marking)


def _shared(copy: Copy, envelope: bytes) -> Subject:
    body = peek(envelope).body if envelope else b""
    return Subject(copy.object, copy.version, copy.type, copy.origin, _marking(copy), body=body)
