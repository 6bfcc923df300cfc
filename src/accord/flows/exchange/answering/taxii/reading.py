"""Pages of a collection: what the caller may see, byte for byte, with the decisions on it.

Law (receipt first): every decision of a page is in the disclosure log before a byte of it leaves.
Law (one egress): each object is decided on by release; what is decided on by its marking alone is
decided on once for all objects of that marking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from accord.exchange.objects import ENDS
from accord.exchange.receipts import Line
from accord.exchange.release import Circle, Decision, Subject, Way, decide
from accord.exchange.taxii.filters import Filters, moment
from accord.exchange.taxii.resources import Item
from accord.flows.exchange.answering.asked import Means
from accord.flows.exchange.answering.port import Damaged, Kept
from accord.flows.exchange.answering.subjects import Subjects
from accord.flows.exchange.answering.taxii.last_word import last_word
from accord.flows.exchange.answering.taxii.port import Listed, Scope, Shelf
from accord.identity.markings import Marking, Pap, Tlp, marking_id
from accord.identity.recipients import Recipient

LARGEST = 16 << 20
"""Bytes of objects after which a page ends, however few they are."""
_AT_ONCE = 250
"""Items that are looked at where a page may be small."""
_ESCAPED, _MARKED = b"\\u", b"granular_markings"
_WORDS = tuple(tlp.word for tlp in Tlp)


class Reader(msgspec.Struct, frozen=True):
    """Who reads which lists, through which audiences."""

    caller: Recipient
    scopes: tuple[Scope, ...]
    circles: dict[int, Circle | None]
    """By the number of a scope."""


class Page(msgspec.Struct, frozen=True):
    """What is shown of a collection."""

    items: list[Item]
    more: bool
    """Whether the caller may see something that follows."""


class View:
    """What one caller may see of some lists, with the decisions that were taken on the way."""

    def __init__(self, means: Means, shelf: Shelf, reader: Reader, way: Way) -> None:
        self._means, self._shelf, self._reader, self._way = means, shelf, reader, way
        self._me, self._now = means.trust.me(), means.clock.now()
        around = means.around()
        self._subjects = {
            scope: Subjects(around, _Deciding(self, circle).decide)
            for scope, circle in reader.circles.items()
        }
        self._known: dict[tuple[object, ...], Decision] = {}
        self._alike: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
        self._redacted: list[Line] = []

    def page(self, filters: Filters) -> Page:
        """So many items past a place; one more is looked for, so that it is known if one follows.

        What bears a marking that nobody of the caller's kind may see is not looked at: that is
        no decision about it.
        """
        items: list[Item] = []
        room = LARGEST
        for one in self._listed(filters):
            shown = self._decided(one, silent=len(items) == filters.limit or room <= 0)
            if shown is None:
                continue
            if len(items) == filters.limit or room <= 0:
                return Page(items, more=True)
            items.append(shown)
            room -= len(shown.body)
        return Page(items, more=False)

    def lines(self, body: bytes) -> list[Line]:
        """The decisions, for the disclosure log: a line for each outcome, rule and marking."""
        digest = sha256(body).hexdigest()
        label = self._reader.caller.label
        alike = (
            Line(0, self._now, "", "", tlp, self._way, label, outcome, rule,
                 "" if outcome == "no" else digest, tuple(objects))
            for (outcome, rule, tlp), objects in self._alike.items()
        )  # fmt: skip
        return [*alike, *self._redacted]

    def _listed(self, filters: Filters) -> Iterator[Listed]:
        caller = self._reader.caller
        most = min(caller.tlp, Tlp.AMBER) if caller.kind == "client" else Tlp.RED
        after, count = filters.start, filters.limit + 1
        while True:
            found = self._shelf.page(self._reader.scopes, int(most), filters, after, count)
            self._learn(found)
            yield from found
            if len(found) < count:
                return
            after, count = found[-1].place, max(_AT_ONCE, filters.limit // 4)

    def _learn(self, found: Sequence[Listed]) -> None:
        """Look up what these refer to, each kind of reference once."""
        refs: dict[str, Listed] = {}
        for one in found:
            if one.refs not in refs:
                refs[one.refs] = one
        next(iter(self._subjects.values())).learn(map(_kept, refs.values()))

    def _decided(self, one: Listed, *, silent: bool) -> Item | None:
        """The item as the caller may see it, or None."""
        body = last_word(one, marking_id(Tlp(one.tlp))) if one.recalled else _body(one)
        decision = self._decision(one, body)
        outcome = decision.outcome
        if not silent:
            self._note(one, decision)
        if outcome == "no":
            return None
        sent = body if outcome == "yes" else decision.body
        name = one.object if outcome == "yes" else _identifier(sent)
        return Item(one.place, name, one.listed or moment(one.place), one.media, sent)

    def _decision(self, one: Listed, body: bytes) -> Decision:
        """Of what hangs on its marking alone, the decision on the first of its kind is that on all.

        `body` of such a decision is empty: it holds for many.
        """
        if one.type in ENDS or _MARKED in body or _ESCAPED in body:
            return self._whole(one, body)
        alike = (one.scope, one.origin, one.tlp, one.pap, one.release_at, one.expires, one.state,
                 one.refs, one.recalled)  # fmt: skip
        found = self._known.get(alike)
        if found is None:
            found = self._whole(one, body)
            if found.outcome == "redacted":
                return found
            self._known[alike] = found = replace(found, body=b"")
        return found

    def _whole(self, one: Listed, body: bytes) -> Decision:
        if one.recalled:
            marking = Marking(Tlp(one.tlp), Pap(one.pap))
            bare = Subject(one.object, one.listed, one.type, one.origin, marking, body=body)
            return self.decide(bare, self._reader.circles[one.scope])
        subject = self._subjects[one.scope].of(_kept(one), body)
        return self.decide(subject, self._reader.circles[one.scope])

    def decide(self, subject: Subject, circle: Circle | None) -> Decision:
        """Whether something may go to the caller."""
        return decide(subject, self._reader.caller, self._way, circle, self._me, self._now)

    def _note(self, one: Listed, decision: Decision) -> None:
        tlp = _WORDS[one.tlp]
        if decision.outcome != "redacted":
            alike = self._alike.setdefault((decision.outcome, decision.rule, tlp), [])
            alike.append((one.object, one.version))
            return
        self._redacted.append(
            Line(0, self._now, one.object, one.version, tlp, self._way, self._reader.caller.label,
                 decision.outcome, decision.rule, sha256(decision.body).hexdigest())
        )  # fmt: skip


class _Deciding:
    """Decisions through one audience."""

    def __init__(self, view: View, circle: Circle | None) -> None:
        self._view, self._circle = view, circle

    def decide(self, subject: Subject) -> Decision:
        return self._view.decide(subject, self._circle)


class _Named(msgspec.Struct):
    id: str


class _Payload(msgspec.Struct):
    payload: bytes


_payload = msgspec.json.Decoder(_Payload).decode
"""Many times as fast as the standard library reads base64."""


def _identifier(body: bytes) -> str:
    """Of a redacted object, which is another than it was made of (STIX 2.1, section 3.5)."""
    return msgspec.json.decode(body, type=_Named).id


def _body(one: Listed) -> bytes:
    """The object's own bytes, once the envelope is seen to be the one that was kept.

    Its form was checked when it was kept, and these are the same bytes.

    Raises:
        Damaged: it is another.
    """
    envelope = one.envelope
    if envelope is None or sha256(envelope).hexdigest() != one.digest:
        raise Damaged(f"envelope {one.id} is damaged; restore it from a backup")
    try:
        payload = _payload(envelope).payload
    except msgspec.DecodeError as wrong:
        raise Damaged(f"envelope {one.id} is damaged: {wrong}") from wrong
    return payload[payload.find(b"\n") + 1 :]


def _kept(one: Listed) -> Kept:
    return Kept(
        one.id, one.origin, one.object, one.version, one.type, one.media, one.digest, one.tlp,
        one.pap, one.release_at, one.expires, one.state, one.refs, len(one.envelope or b""),
    )  # fmt: skip
