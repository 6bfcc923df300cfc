"""Take back what was shared: tombstones in every log, copies erased, each partner's word for it.

Law (recall): only the originator recalls, for good; every version and every redaction of the object
goes, in every log that it is in. The log itself stays whole and verifies as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from accord.assurance.statements import rule
from accord.assurance.statements.facts import Recognition
from accord.core.errors import Invalid, NotFound
from accord.demand.private.asking import question as pool_question
from accord.demand.private.asking import word as pool_word
from accord.exchange import notices
from accord.exchange.log.entries import Kind
from accord.exchange.notices import Notice
from accord.exchange.receipts import Line
from accord.flows.exchange.events import Listeners, Recalled
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.port import Audience, Changed, Copy, Known, Recall, Sealed
from accord.flows.exchange.sharing.wanted import Holdings, meant
from accord.flows.recognise import recognise
from accord.identity.keys import Signers
from accord.identity.markings import Tlp
from accord.identity.recipients import SELF, Recipient

_TRIES = 5
WAY = "recall"
"""How a recall stands in the disclosure log."""


class Taken(msgspec.Struct, frozen=True):
    """An object that was taken back."""

    object: str
    title: str
    versions: int
    """Envelopes of it that were erased, or, of a relay, are no longer passed on."""
    tombstones: int
    audiences: tuple[str, ...]
    partners: tuple[str, ...]
    """Who has to acknowledge it."""
    deadline: str
    """`when()` by which they have to; empty for a relay."""
    also: tuple[str, ...] = ()
    """What had been made of it by redaction."""
    connecting: int = 0
    """Entries of relationships and sightings of it, which are taken out of the logs as well."""


class Reached(msgspec.Struct, frozen=True):
    """Whether a partner has acknowledged a recall in one log."""

    object: str
    why: str
    recalled: str
    audience: str
    partner: str
    deadline: str
    acknowledged: str
    """`when()` its word arrived; empty: it has not."""
    late: float
    """Seconds past the deadline, at its word or until now; 0: in time."""
    left: str
    """`when()` it was taken out of the audience; then its word is that it heard the notice."""
    gone: bool = False
    """Whether it left the partnership without a word: it cannot be told any more."""


class Recaller(Owner, frozen=True):
    """An owner of audiences with what it needs to take something back."""

    holdings: Holdings
    signers: Callable[[], Signers]
    """Opens this node's keys: whoever got the object is told by its signed word."""
    listeners: Listeners = Listeners()


def recall(owner: Recaller, name: str, why: str, *, relay: bool = False) -> Taken:
    """Take an object back. With `relay`, stop passing on what came from another partner.

    Raises:
        NotFound: nothing of this name is shared here.
        Invalid: it comes from another partner, who alone can recall it; or it is the end of a rule.
        Sealed: this node signs nothing any more.
        Changed: others share or recall the same object again and again.
    """
    sealed = owner.sharing.sealed()
    if sealed:
        raise Sealed(sealed)
    object_ = _object(owner, name)
    _not_final(owner, object_)
    names = [object_, *owner.sharing.made_of(object_)]
    signers = () if relay else owner.signers().all()
    for _ in range(_TRIES):
        known = owner.sharing.known(names)
        copies = _mine(owner, object_, known, relay=relay)
        taken = _taken(owner, object_, copies, relay=relay)
        with owner.sharing.unit() as unit:
            if unit.known(names) != known:
                continue
            ids = [copy.id for copy in copies]
            connecting = 0
            if relay:
                count = unit.retract(ids, Kind.RETRACT, owner.now)
            else:
                count = unit.retract(ids, Kind.RECALL, owner.now)
                unit.erase(ids, "recalled")
                unit.forget({copy.object for copy in copies})
                # It shows only where both its ends show: so it is taken out of the logs with them.
                ends = unit.connecting(names)
                connecting = unit.retract(ends, Kind.RETRACT, owner.now)
                for one in sorted({object_, *(copy.object for copy in copies)}):
                    unit.finish(owner.me, one, owner.now, why, taken.deadline)
                    notice = Notice(owner.me, one, owner.now)
                    unit.publish(notice, notices.write(notice, signers), owner.directory, owner.me)
            unit.record(_lines(owner, copies, taken, relay=relay))
        if not relay:
            owner.listeners.tell(Recalled(owner.me, object_))
        return msgspec.structs.replace(taken, tombstones=count, connecting=connecting)
    raise Changed("others share or recall the same object just now; try again")


def _object(owner: Recaller, name: str) -> str:
    """What a name means among what is shared: a document by its digest, or by any of its names.

    Raises:
        NotFound: nothing of this name is shared, or it was recalled already.
        Invalid: the name means several objects.
    """
    known = owner.sharing.known([name, *owner.sharing.made_of(name)])
    if known.copies:
        return name
    if (owner.me, name) in known.finals:
        raise NotFound(
            f"{name} was recalled already; `accord recall --status` says by whom it is known"
        )

    def shared(objects: Sequence[str]) -> set[str]:
        return {copy.object for copy in owner.sharing.known(objects).copies}

    return meant([name], owner.holdings, shared)[name]


def _not_final(owner: Recaller, object_: str) -> None:
    """Whoever took back a revocation would let the rule stand again: what is revoked stays so."""
    digest = object_.removeprefix("sha256:")
    if digest == object_ or not owner.holdings.held([digest]):
        return
    body = owner.holdings.body(digest)
    if rule.MARK in body and recognise(body) == rule.KIND:
        for fact in rule.read(body).facts:
            if isinstance(fact, Recognition) and fact.revoked:
                raise Invalid(f"this ends the rule {fact.rule}; what is revoked stays revoked")
    if recognise(body) in {pool_question.KIND, pool_word.KIND}:
        raise Invalid(
            "what was said on a question that partners answer together is not taken back; use"
            " `accord pool decline`"
        )


def _mine(owner: Owner, object_: str, known: Known, *, relay: bool) -> list[Copy]:
    """The envelopes that this node may take back."""
    own = [copy for copy in known.copies if copy.origin == owner.me]
    theirs = [copy for copy in known.copies if copy.origin != owner.me]
    if relay:
        if any(copy.audiences or copy.waiting for copy in theirs):
            return [copy for copy in theirs if copy.audiences or copy.waiting]
        raise NotFound(f"{object_} is not relayed by this node")
    if own:
        return own
    if theirs:
        origin = theirs[-1].origin
        raise Invalid(
            f"{object_} comes from {origin}: only its originator can recall it. To stop passing it"
            " on, say `accord recall --relay`"
        )
    raise NotFound(f"{object_} is not shared by this node: there is nothing to recall")


def _taken(owner: Owner, object_: str, copies: list[Copy], *, relay: bool) -> Taken:
    audiences = sorted({name for copy in copies for name in copy.audiences})
    partners = {p for name in audiences for p in owner.members(owner.audience(name))}
    hours = owner.directory.policy.recall_hours
    return Taken(
        object=object_,
        title=copies[-1].title,
        versions=len(copies),
        tombstones=0,
        audiences=tuple(audiences),
        partners=tuple(sorted(partners)),
        deadline="" if relay else _later(owner.now, hours),
        also=tuple(sorted({copy.object for copy in copies} - {object_})),
    )


def _lines(owner: Owner, copies: list[Copy], taken: Taken, *, relay: bool) -> Iterator[Line]:
    """One for each object and partner from whom it is taken back; at least one for each object."""
    recipients = [Recipient("partner", name).label for name in taken.partners] or [SELF.label]
    for object_ in sorted({copy.object for copy in copies}):
        tlp = max(copy.tlp for copy in copies if copy.object == object_)
        for recipient in recipients:
            yield Line(
                number=0,
                at=owner.now,
                object=object_,
                version="",
                tlp=Tlp(tlp).word,
                way=WAY,
                recipient=recipient,
                decision="no",
                rule="replaced" if relay else "recalled",
            )


def status(owner: Owner, object: str = "") -> list[Reached]:  # noqa: A002 - the field's own word
    """For every recall, log and partner: acknowledged when, or late by how much; newest first."""
    audiences = {audience.name: audience for audience in owner.sharing.audiences()}
    return [
        reached
        for one in owner.sharing.recalls(object)
        if one.audience in audiences
        for reached in _reached(owner, one, audiences[one.audience])
    ]


def _reached(owner: Owner, one: Recall, audience: Audience) -> Iterator[Reached]:
    for partner, left in _concerned(owner, one, audience):
        acknowledged = one.acknowledged.get(partner) or one.told.get(partner, "")
        gone = not acknowledged and not _reachable(owner, partner)
        late = 0.0 if gone else _seconds(one.deadline, acknowledged or owner.now)
        yield Reached(
            one.object, one.why, one.at, one.audience, partner, one.deadline, acknowledged,
            late, left, gone,
        )  # fmt: skip


def _reachable(owner: Owner, name: str) -> bool:
    """Whether somebody is a partner still, and so asks for notices of recall."""
    partner = owner.directory.partner(name)
    return partner is not None and partner.member


def _concerned(owner: Owner, one: Recall, audience: Audience) -> Iterator[tuple[str, str]]:
    """Who could have got it from this log, and when they left."""
    last, latest = one.last
    named = {member.partner: member for member in audience.members}
    for name, member in named.items():
        partner_now = owner.directory.partner(name)
        left = member.removed or (partner_now.removed if partner_now else "")
        before = member.added <= one.at and member.since <= last and not _before(left, one)
        if name in one.told or (before and not _reachable(owner, name)):
            yield name, left
    if not audience.everyone:
        return
    for partner in owner.directory.partners:
        if partner.name in {owner.me, *named} or _before(partner.removed, one):
            continue
        before = partner.since <= max(latest, audience.created)
        if before and (partner.name in one.told or not partner.member):
            yield partner.name, partner.removed


def _before(left: str, one: Recall) -> bool:
    """Whether somebody left before there was anything to get."""
    return "" < left <= one.shared


def _later(at: str, hours: int) -> str:
    moment = datetime.fromisoformat(at) + timedelta(hours=hours)
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def _seconds(start: str, end: str) -> float:
    """Seconds from one moment to a later one; 0 where it is not later."""
    passed = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return max(0.0, passed.total_seconds())
