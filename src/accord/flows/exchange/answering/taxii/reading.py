"""Pages of a collection: what the caller may see, byte for byte, with the decisions on it.

Law (receipt first): every decision of a page is in the disclosure log before a byte of it leaves.
Law (one egress): each object is decided on by release; what is decided on by its marking alone is
decided on once for all objects of that marking.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from accord.exchange.derived import observable
from accord.exchange.objects import ENDS
from accord.exchange.receipts import Line
from accord.exchange.release import Circle, Decision, Subject, Way, decide
from accord.exchange.taxii.filters import Filters, moment
from accord.exchange.taxii.resources import Item
from accord.flows.exchange.answering.asked import Means
from accord.flows.exchange.answering.port import Damaged
from accord.flows.exchange.answering.subjects import Subjects, content, is_plain
from accord.flows.exchange.answering.taxii.last_word import last_word
from accord.flows.exchange.answering.taxii.port import Listed, Scope, Shelf, Standing
from accord.identity.markings import Marking, Pap, Tlp, marking_id
from accord.identity.recipients import Recipient

LARGEST = 16 << 20
"""Bytes of objects after which a page ends, however few they are."""
_AT_ONCE = 250
"""Items that are looked at where a page may be small."""
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


_Names = list[tuple[str, str]]


class _Group(msgspec.Struct, frozen=True, eq=False):
    """A decision, and the objects and versions that went by it."""

    decision: Decision
    names: _Names


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
        self._known: dict[Standing, _Group] = {}
        self._alike: dict[tuple[str, str, int], _Names] = {}
        self._redacted: list[Line] = []
        self.renamed: list[tuple[str, int]] = []
        """Identifiers that redaction made, each with the item that it made them of."""

    def page(self, filters: Filters, named: Collection[str] = ()) -> Page:
        """So many items past a place; one more is looked for, so that it is known if one follows.

        What bears a marking that nobody of the caller's kind may see is not looked at: that is
        no decision about it. Where `named` says so, only objects of these identifiers are shown,
        be they their own or those that redaction gave them.
        """
        items: list[Item] = []
        room = LARGEST
        for one in self._listed(filters):
            group, shown = self._decided(one)
            if shown is not None and named and not {one.object, shown.object} & set(named):
                continue
            full = len(items) == filters.limit or room <= 0
            if not full:
                self._note(one, group, shown)
            if shown is None:
                continue
            if full:
                return Page(items, more=True)
            items.append(shown)
            room -= len(shown.body)
        return Page(items, more=False)

    def lines(self, body: bytes) -> list[Line]:
        """The decisions, for the disclosure log: a line for each outcome, rule and marking."""
        digest = sha256(body).hexdigest()
        label = self._reader.caller.label
        alike = (
            Line(0, self._now, "", "", _WORDS[tlp], self._way, label, outcome, rule,
                 "" if outcome == "no" else digest, tuple(names))
            for (outcome, rule, tlp), names in self._alike.items()
            if names
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
            refs.setdefault(one.standing.refs, one)
        subjects = next(iter(self._subjects.values()))
        subjects.learn(one.about() for one in refs.values())
        subjects.derive(one.object for one in found)

    def _decided(self, one: Listed) -> tuple[_Group, Item | None]:
        """The item as the caller may see it, or None; with the decision.

        Of what hangs on its marking alone, the decision on the first of its kind is that on all.
        """
        standing = one.standing
        body = last_word(one, marking_id(Tlp(standing.tlp))) if standing.recalled else _body(one)
        group = self._known.get(standing)
        if group is None or not is_plain(body):
            group = self._group(one, body)
        decision = group.decision
        if decision.outcome == "no":
            return group, None
        name = one.object
        if decision.outcome == "redacted":
            body = decision.body
            name = _identifier(body)
            self.renamed.append((name, one.id))
        listed = one.listed or moment(one.place)
        return group, Item(one.place, name, listed, standing.media, body)

    def _group(self, one: Listed, body: bytes) -> _Group:
        standing, decision = one.standing, self._whole(one, body)
        names = self._alike.setdefault((decision.outcome, decision.rule, standing.tlp), [])
        if decision.outcome == "redacted":
            return _Group(decision, names)
        group = _Group(replace(decision, body=b""), names)
        if standing.type not in ENDS and not observable(one.object) and is_plain(body):
            self._known[standing] = group
        return group

    def _whole(self, one: Listed, body: bytes) -> Decision:
        standing = one.standing
        if standing.recalled:
            marking = Marking(Tlp(standing.tlp), Pap(standing.pap))
            kind, origin = standing.type, standing.origin
            bare = Subject(one.object, one.listed, kind, origin, marking, body=body)
            return self.decide(bare, self._reader.circles[standing.scope])
        subject = self._subjects[standing.scope].of(one.about(), body)
        return self.decide(subject, self._reader.circles[standing.scope])

    def decide(self, subject: Subject, circle: Circle | None) -> Decision:
        """Whether something may go to the caller."""
        return decide(subject, self._reader.caller, self._way, circle, self._me, self._now)

    def _note(self, one: Listed, group: _Group, shown: Item | None) -> None:
        decision = group.decision
        if decision.outcome != "redacted" or shown is None:
            group.names.append((one.object, one.version))
            return
        tlp = _WORDS[one.standing.tlp]
        self._redacted.append(
            Line(0, self._now, one.object, one.version, tlp, self._way, self._reader.caller.label,
                 decision.outcome, decision.rule, sha256(shown.body).hexdigest())
        )  # fmt: skip


class _Deciding:
    """Decisions through one audience."""

    def __init__(self, view: View, circle: Circle | None) -> None:
        self._view, self._circle = view, circle

    def decide(self, subject: Subject) -> Decision:
        return self._view.decide(subject, self._circle)


class _Named(msgspec.Struct):
    id: str


def _identifier(body: bytes) -> str:
    """Of a redacted object, which is another than it was made of (STIX 2.1, section 3.5)."""
    return msgspec.json.decode(body, type=_Named).id


def _body(one: Listed) -> bytes:
    """The object's own bytes, once what is kept is seen to be what was kept.

    The form of an envelope was checked when it was kept, and these are the same bytes.

    Raises:
        Damaged: it is another.
    """
    kept = one.kept
    if kept is None or sha256(kept).hexdigest() != one.digest:
        raise Damaged(f"envelope {one.id} is damaged; restore it from a backup")
    return kept if one.apart else content(one.id, kept)
