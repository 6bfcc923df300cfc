"""From an object's bytes to what every member of an audience may have of it, or why not.

Personal data is looked for first, then the source is cut out where that was asked, then the fields
that a member may not see; what is left is what is decided on and sealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.origins import of_feed, words
from accord.exchange.accept import OURS_TO_SAY, WORD_OF_ITS_SEALER
from accord.exchange.envelope import MAX_BODY
from accord.exchange.graph import Graph
from accord.exchange.objects import Content, read_document, read_stix
from accord.exchange.release import Circle
from accord.flows.exchange.sharing import resting
from accord.flows.exchange.sharing.around import Around, complete
from accord.flows.exchange.sharing.elsewhere import inherited, sources
from accord.flows.exchange.sharing.givers import Given
from accord.flows.exchange.sharing.owner import Owner, recalled
from accord.flows.exchange.sharing.plan import (
    DEFAULT,
    Hold,
    No,
    Options,
    Outcome,
    Panel,
    Ready,
    marking_of,
    unnamed,
)
from accord.flows.exchange.sharing.port import Audience, Copy, Known, Screen, Screened
from accord.flows.exchange.sharing.wanted import Beside, Holdings, Item, Refused
from accord.identity.markings import Marking, Pap, Tlp, parse_tlp, strictest

Judged = Ready | Hold | Outcome
_STRICTER = "another document of this node gives it a stricter marking, and the strictest counts"
_NOT_UNDERSTOOD = "another document of this node marks it in a way that is not understood: {}"
_ROUNDS = 8
"""Redactions for one member after another, until all may have what is left."""


class Sharer(Owner, frozen=True):
    """An owner of audiences with what it needs to judge what may go to them."""

    holdings: Holdings
    screen: Screen


class _Read(msgspec.Struct, frozen=True):
    """An item whose words about itself are known."""

    item: Item
    content: Content
    body: bytes
    digest: str
    """Of the body, hexadecimal."""
    given: Given = Given()
    """What other documents of this node say of it."""


class _Others(msgspec.Struct, frozen=True):
    """What partners sealed; nothing of an object that this node shares as its own."""

    copies: dict[str, list[Copy]]
    """What is kept, by object."""
    taken_back: set[tuple[str, str]]
    """Object and content of what they recalled for good."""
    every: dict[str, list[Copy]]
    """What is kept by object, this node's own too: of it a form may be made."""

    @classmethod
    def of(cls, known: Known, me: str) -> _Others:
        own = {copy.object for copy in known.copies if copy.origin == me}
        every: dict[str, list[Copy]] = {}
        for copy in known.copies:
            every.setdefault(copy.object, []).append(copy)
        theirs = {name: copies for name, copies in every.items() if name not in own}
        return cls(theirs, {pair for pair in known.taken_back if pair[0] not in own}, every)


class Judge:
    """Judges objects for one audience and one set of options."""

    def __init__(self, sharer: Sharer, audience: Audience, options: Options) -> None:
        self._sharer = sharer
        self._options = options
        self.members = sharer.members(audience)
        circle = Circle(audience.name, sharer.me, frozenset(self.members), audience.everyone)
        self._panel = Panel(circle, self.members, sharer.me, sharer.now)
        self._default = parse_tlp(sharer.sharing.marking() or DEFAULT.word)
        self._around = Around(sharer, sharer.holdings, self._default)
        self._names = {one.identity: one.name for one in sharer.directory.partners}
        self._identity = next(
            (identity for identity, name in self._names.items() if name == sharer.me), ""
        )

    def batch(self, batch: Sequence[Item | Refused]) -> tuple[list[Judged], Known]:
        """What may be shared of some objects, in their order, and what the store holds of them."""
        read = self._with_givers([self._read(item) for item in batch])
        whole = [one for one in read if isinstance(one, _Read)]
        verdicts = self._sharer.screen.screen([(o.digest, o.body, o.item.media) for o in whole])
        known = self._sharer.sharing.known({one.content.object for one in whole})
        others = _Others.of(known, self._sharer.me)
        beside = {id(one.item.beside): one.item.beside for one in whole}
        self._around.fetch({ref for o in whole for ref in o.content.refs}, tuple(beside.values()))
        self._around.derive(one.content.object for one in whole)
        graphs = {key: self._graph(one) for key, one in beside.items()}
        gone = self._taken_back({end for one in whole for end in one.content.ends})
        judged = [
            one
            if isinstance(one, Outcome)
            else self._judge(one, verdicts[one.digest], others, graphs[id(one.item.beside)], gone)
            for one in read
        ]
        return judged, known

    def _with_givers(self, read: Sequence[_Read | Outcome]) -> list[_Read | Outcome]:
        """The same with what this node's documents say of them; a partner's is by its envelope."""
        names = {o.content.object for o in read if isinstance(o, _Read) and _ours_to_mark(o)}
        given = self._around.givers.of(names)
        return [
            msgspec.structs.replace(one, given=given.get(one.content.object, one.given))
            if isinstance(one, _Read) and _ours_to_mark(one)
            else one
            for one in read
        ]

    def _taken_back(self, ends: set[str]) -> dict[str, str]:
        """Which of these this node recalled, and when, for a person.

        An end that stands beside the object in its bundle is given to nobody either.
        """
        if not ends:
            return {}
        known = self._sharer.sharing.known(ends)
        live = {copy.object for copy in known.copies}
        mine = {name for origin, name in known.finals if origin == self._sharer.me}
        return {name: recalled(self._sharer, name) for name in mine - live}

    def _graph(self, beside: Beside) -> Graph:
        return Graph(lambda name: self._around.of(beside, name), self._around.sources)

    def _read(self, item: Item | Refused) -> _Read | Outcome:
        if isinstance(item, Refused):
            rule = "quarantined" if item.quarantined else "unreadable"
            return Outcome(item.name, "", item.title, "refused", rule=rule, reason=item.reason)
        try:
            content = self._content(item, item.body)
        except Invalid as wrong:
            return _unread(item, wrong)
        return _Read(item, content, item.body, sha256(item.body).hexdigest())

    def _content(self, item: Item, body: bytes) -> Content:
        """What the body says; a document is named by its subject, else by its digest."""
        if item.stix:
            return complete(read_stix(body), item.beside, self._around)
        held = item.document
        return msgspec.structs.replace(
            read_document(item.kind, body),
            object=_named(item.kind, held.subject, held.digest),
            version=held.edition,
            type=item.kind,
            title=held.title,
        )

    def _judge(
        self, read: _Read, verdict: Screened, others: _Others, graph: Graph, gone: dict[str, str]
    ) -> Judged:
        marking, said = self._marking(read, others)
        try:
            _refuse_at_sight(read, verdict, self._options)
            _refuse_without_ends(read.content, gone)
            relayed = self._relayed(read, others)
            if relayed is not None:
                ready = self._relay(read, relayed, verdict, graph)
            else:
                ready = self._own(read, marking, verdict, graph)
        except No as no:
            return _refused(read.content, marking, no, said)
        except Invalid as wrong:
            return _unread(read.item, wrong)
        if said:
            ready = msgspec.structs.replace(ready, warnings=(said,))
        return Hold(ready, read.digest, read.body) if verdict.state == "found" else ready

    def _marking(self, read: _Read, others: _Others) -> tuple[Marking, str]:
        """What it is marked as, and what a person is told of that.

        Without its source it is another object: where nothing is said, as strict as the first.
        """
        content = read.content
        default = read.item.document.default(self._default)
        asked = marking_of(content, self._options, default)
        marking = read.given.join(asked, marked=self._options.tlp is not None)
        if not self._options.anonymous:
            return marking, "" if marking == asked else _STRICTER
        me, now = self._sharer.me, self._sharer.now
        known = sources(others.every.get(content.object, []), content.version, me, now)
        return inherited(marking, self._options, content.object, known)

    def _relayed(self, read: _Read, others: _Others) -> Copy | None:
        """The envelope of the partner that the object comes from; None where it is our own.

        What this node's own identity created is its own, whoever else sends it; and so is what its
        own people gave, unless it is byte for byte what a partner sealed: a name takes nothing.
        """
        creator = read.content.created_by
        if creator and creator == self._identity:
            return None
        if read.item.kind in WORD_OF_ITS_SEALER and not read.item.document.sealed:
            return None
        theirs = others.copies.get(read.content.object, [])
        same = [copy for copy in theirs if copy.content == read.digest]
        if same:
            newest = max(same, key=lambda copy: (copy.issued, copy.id))
            # Of several markings the strictest counts: what goes on is the copy that says it.
            own = [copy for copy in same if copy.origin == newest.origin]
            lasting = [copy for copy in own if not copy.expires or copy.expires > self._sharer.now]
            return max(lasting or own, key=lambda c: (c.tlp, c.pap, c.issued, c.id))
        if not read.item.document.sealed:
            if (read.content.object, read.digest) in others.taken_back:
                raise No("recalled-for-good", reason=recalled(self._sharer, read.content.object))
            self._refuse_a_foreign_name(creator)
            _refuse_a_feeds_version(read)
            return None
        if theirs:
            origin = theirs[-1].origin
            raise No("originator-only", reason=f"{origin} shares it; only {origin} changes it")
        raise No("not-kept", reason=f"{read.item.document.origin} sealed it; its envelope is gone")

    def _refuse_a_foreign_name(self, creator: str) -> None:
        """Receivers would refuse an object in another partner's name (STIX 2.1, section 3.3)."""
        name = self._names.get(creator)
        if name and not self._options.anonymous:
            reason = f"it says that {name} created it; --anonymous leaves that out"
            raise No("originator-only", reason=reason)

    def _relay(self, read: _Read, copy: Copy, verdict: Screened, graph: Graph) -> Ready:
        if self._options.marks or self._options.anonymous:
            raise No("originator-only", reason=f"{copy.origin} signed it: it goes on as it is")
        if verdict.state == "redacted":
            raise No("personal")
        marking = Marking(Tlp(copy.tlp), Pap(copy.pap), copy.release_at, copy.expires)
        subject = graph.subject(read.content, read.body, copy.origin, marking=marking)
        if self._panel.ask(subject) is not None:
            raise No("relay-whole")
        return Ready(
            read.content, read.body, read.digest, read.item.media, copy.origin, marking,
            relayed=copy,
        )  # fmt: skip

    def _own(self, read: _Read, marking: Marking, verdict: Screened, graph: Graph) -> Ready:
        body, content, item = read.body, read.content, read.item
        if read.given.unknown:
            raise No("unknown-marking", reason=_NOT_UNDERSTOOD.format(read.given.unknown[0]))
        if verdict.state == "redacted":
            body = verdict.body
            content = self._content(item, body)
            default = item.document.default(self._default)
            marking = strictest((marking, marking_of(content, self._options, default)))
        if self._options.anonymous:
            body = unnamed(body, content, marking, self._identity)
            content = self._content(item, body)
        if item.kind == resting.KIND:
            marking = resting.bounded(
                body, marking, self._sharer, self._sharer.holdings, self.members
            )
        made_of = self._around.made_of(read.content.object)
        for _ in range(_ROUNDS):
            subject = graph.subject(
                content, body, self._sharer.me, marking=marking, sources=made_of
            )
            less = self._panel.ask(subject)
            if less is None:
                return self._ready(read, content, body, marking)
            body, marking = less.body, less.marking or marking
            content = self._content(item, body)
        raise No("granular-unreadable")

    def _ready(self, read: _Read, content: Content, body: bytes, marking: Marking) -> Ready:
        redacted = body is not read.body
        digest = sha256(body).hexdigest() if redacted else read.digest
        if redacted and not read.item.stix:
            # Other bytes are another document: it is not the edition that its subject names.
            content = msgspec.structs.replace(content, object=f"sha256:{digest}", version="")
        made_of = read.content.object if redacted else ""
        return Ready(
            content, body, digest, read.item.media, self._sharer.me, marking, made_of=made_of
        )


def _named(kind: str, subject: str, digest: str) -> str:
    """A document is named by its subject, else by its digest.

    Each statement of an authority is an object of its own, for to recall one is not to say nothing
    of its subject ever again.
    """
    return subject if subject and kind not in WORD_OF_ITS_SEALER else f"sha256:{digest}"


def _refuse_at_sight(read: _Read, verdict: Screened, options: Options) -> None:
    if read.item.kind in OURS_TO_SAY:
        raise No("ours-to-say")
    if len(read.body) > MAX_BODY:
        raise No("too-large", reason=f"{len(read.body):,} bytes; at most {MAX_BODY:,} go")
    if verdict.state == "withdrawn":
        raise No("withdrawn")
    if options.anonymous and not read.item.stix:
        raise No("stix-only")


def _ours_to_mark(read: _Read) -> bool:
    return bool(read.content.object) and not read.item.document.sealed


def _refuse_a_feeds_version(read: _Read) -> None:
    """What this node's own people gave has versions of theirs only (STIX 2.1, section 3.6)."""
    held = read.item.document
    if not held.own and read.given.own and read.digest not in read.given.own:
        who = words(held.origin or of_feed(held.feeds[0][0]))
        reason = f"{who} changed what this node's own people gave; share theirs by name"
        raise No("originator-only", reason=reason)


def _refuse_without_ends(content: Content, gone: dict[str, str]) -> None:
    """Members would be answered no for each of them, since the end is theirs no more."""
    for end in content.ends:
        if end in gone:
            raise No("ends-hidden", reason=f"of what it connects, {end} is gone: {gone[end]}")


def _refused(content: Content, marking: Marking, no: No, said: str) -> Outcome:
    reason = f"{no.reason} ({said})" if said else no.reason
    return Outcome(
        content.object, content.version, content.title, "refused",
        tlp=marking.tlp.word, rule=no.rule, partner=no.partner, reason=reason,
    )  # fmt: skip


def _unread(item: Item, wrong: Invalid) -> Outcome:
    rule = "too-large" if isinstance(wrong, TooLarge) else "unreadable"
    name = item.named or f"sha256:{item.document.digest}"
    return Outcome(name, "", item.document.title, "refused", rule=rule, reason=str(wrong))
