"""Compute the answer to a question with the other partners, and open it once all have released it.

Law (sealed): what the computation ends with stays on the node; before every partner has released
the answer nobody's share leaves.
Law (one egress): what goes into a computation is decided on like everything, and stands in the
disclosure log, before the first byte of it leaves.
Law (ended): a computation that does not come to its end ends the question, for all and for good,
with its reason. Nothing was opened, and it may be asked again: with another key.
"""

from __future__ import annotations

import msgspec

from accord.core.errors import Invalid
from accord.demand.private.asking import share as shares
from accord.demand.private.asking import word as words
from accord.demand.private.asking.facts import PoolWord
from accord.demand.private.asking.job import Job, Sealed
from accord.demand.private.asking.question import COMMON, Question
from accord.demand.private.asking.standing import APPROVED, RELEASED, RELEASING
from accord.demand.private.errors import NotAble, NotBegun, PoolError
from accord.exchange.receipts import Line
from accord.exchange.release import Circle, Subject, Way, decide
from accord.flows.demand.pool import adding, ask, known, opening
from accord.flows.demand.pool.adding import Row
from accord.flows.demand.pool.ask import Decider, Told, Word
from accord.flows.demand.pool.known import Known
from accord.flows.demand.pool.port import Compute, Desk, Part, Peer
from accord.flows.demand.pool.putting_in import put_in
from accord.identity.markings import Marking
from accord.identity.recipients import Recipient


class Answer(msgspec.Struct, frozen=True):
    """What came out."""

    question: Question
    ours: tuple[str, ...] = ()
    """Items of this node that at least k partners hold, by name."""
    others: tuple[str, ...] = ()
    """Digests of those that this node does not hold."""
    sent: int = 0
    """Bytes that this node sent to the others while they computed."""
    rows: tuple[Row, ...] = ()
    """Of totals: every item that came out; of a ranking: the first asks, best first."""


class Ran(msgspec.Struct, frozen=True):
    """A computation that came to its end; nothing is open."""

    question: Question
    items: int
    """So many of this node went in."""
    sent: int
    """Bytes that this node sent to the others."""


class Waiting(msgspec.Struct, frozen=True):
    """There is no answer yet."""

    question: Question
    shares: tuple[str, ...]
    """Partners whose share has not arrived."""
    sent: bool
    """Whether this node's own share has just been stated."""


def prepare(desk: Desk, name: str) -> tuple[Job, list[Peer]]:
    """What this node computes, and with whom.

    Raises:
        NotFound: no such question.
        Invalid: not all have approved it, it has been computed, or it is none that can be.
    """
    question, own, peers = _ready(desk, name)
    found = known.one(desk, name)
    commitments = tuple(_approval(found, one).commitment for one in question.partners)
    place = question.partners.index(desk.owner.me)
    return Job(place, question, commitments, own.chance, put_in(desk, question.items)), peers


def _ready(desk: Desk, name: str) -> tuple[Question, Part, list[Peer]]:
    """A question that all approved and that was not computed here, and with whom it is."""
    found = known.one(desk, name)
    question, owner = found.question, desk.owner
    if found.standing.state != APPROVED:
        raise Invalid(f"{question.id} is {_stands(found)}; only what all approved is computed")
    own = opening.part(desk, question)
    if own.sealed is not None:
        raise Invalid(f"{question.id} has been computed here; `accord pool release` is next")
    approvals = [_approval(found, partner) for partner in question.partners]
    peers = [Peer(one.partner, one.address, one.certificate) for one in approvals]
    for one in approvals:
        ask.refuse_certificate(owner.directory, one.partner, words.der(one.certificate))
    return question, own, peers


def run(desk: Desk, name: str, person: str, compute: Compute, seconds: float) -> Ran:
    """Compute with the other partners, who do so at the same time; the share stays here.

    Raises:
        NotFound, Invalid: see `prepare`.
        NotAble, NotBegun: nothing was shown to anybody; it may be begun again.
        PoolError: it did not come to its end: the question is ended.
    """
    question, _, peers = _ready(desk, name)
    job = prepare(desk, name)[0] if question.kind == COMMON else adding.job(desk, question, compute)
    _disclose(desk, question)
    try:
        if isinstance(job, Job):
            sealed = compute.compute(job, peers, seconds)
        else:
            sealed = compute.add_up(job, peers, seconds)
    except (NotAble, NotBegun):
        raise
    except PoolError as wrong:
        end(desk, question, person, str(wrong))
        raise
    desk.pool.seal(question.id, sealed)
    items = len(job.items) if isinstance(job, Job) else sum(n > 0 for n in job.given.agencies)
    return Ran(question, items, sealed.sent)


def keep(desk: Desk, job: Job, sealed: Sealed) -> None:
    """Keep what a computation ended with."""
    desk.pool.seal(job.question.id, sealed)


def end(desk: Desk, question: Question, person: str, why: str) -> Told:
    """Tell all partners that a computation did not come to its end."""
    by = Decider(person, opening.part(desk, question).audience)
    return ask.say(desk, question, by, Word(words.END, " ".join(why.split())[:500]))


def release(desk: Desk, name: str, person: str) -> Told:
    """Consent to opening the answer, for this partner.

    Raises:
        NotFound: no such question.
        Invalid: there is nothing to open, or this node has released it.
    """
    found = known.one(desk, name)
    question, me = found.question, desk.owner.me
    part = opening.part(desk, question)
    if found.standing.state not in {APPROVED, RELEASING}:
        raise Invalid(f"{question.id} is {_stands(found)}; there is nothing to release")
    if part.sealed is None:
        raise Invalid(f"{question.id} has not been computed here; `accord pool run` does that")
    if found.by(me, words.RELEASE):
        raise Invalid(f"{me} has released {question.id}")
    return ask.say(desk, question, Decider(person, part.audience), Word(words.RELEASE))


def result(desk: Desk, name: str, compute: Compute) -> Answer | Waiting:
    """The answer, once every partner has released it; this node's own share goes out with that.

    Raises:
        NotFound: no such question.
        Invalid: not all have released it.
        Inconsistent: the shares give no possible answer.
    """
    standing = known.one(desk, name)
    question, me = standing.question, desk.owner.me
    if standing.standing.state != RELEASED:
        raise Invalid(
            f"{question.id} is {_stands(standing)}; it is opened once all have released it"
        )
    part = opening.part(desk, question)
    if part.sealed is None:
        raise Invalid(f"{question.id} was not computed here: its own items cannot be known again")
    sent = me in opening.givers(question) and me not in opening.stated(desk, question)
    if sent:
        _give(desk, question, part)
    if missing := opening.missing(desk, question):
        return Waiting(question, missing, sent)
    if question.kind != COMMON:
        return Answer(question, sent=part.sealed.sent, rows=adding.rows(desk, part, compute))
    found = opening.digests(desk, question, compute)
    return Answer(
        question,
        ours=tuple(sorted(name for _, name in found if name)),
        others=tuple(digest.hex() for digest, name in found if not name),
        sent=part.sealed.sent,
    )


def _disclose(desk: Desk, question: Question) -> None:
    """The one egress decides on what goes into the computation, before any of it leaves.

    Raises:
        Invalid: it may not go to a partner.
    """
    owner = desk.owner
    subject = Subject(question.id, "", "pool input", owner.me, Marking(ask.MARKING))
    others = [name for name in question.partners if name != owner.me]
    circle = Circle(question.id, owner.me, frozenset(others))
    recipients = [Recipient("partner", name) for name in others]
    decisions = [decide(subject, one, Way.POOL, circle, owner.me, owner.now) for one in recipients]
    desk.answers.record(
        Line(0, owner.now, question.id, "", ask.MARKING.word, Way.POOL, one.label,
             decision.outcome, decision.rule)
        for one, decision in zip(recipients, decisions, strict=True)
    )  # fmt: skip
    for one, decision in zip(recipients, decisions, strict=True):
        if decision.outcome != "yes":
            raise Invalid(f"nothing of {question.id} may go to {one.name}: {decision.rule}")


def _stands(found: Known) -> str:
    how = found.standing
    waits = f", and waits for {', '.join(how.waits_for)}" if how.waits_for else ""
    return f"{how.state} ({how.why})" if how.why else f"{how.state}{waits}"


def _approval(found: Known, partner: str) -> PoolWord:
    approval = found.by(partner, words.APPROVE)
    if approval is None:
        raise Invalid(f"{partner} has not approved {found.question.id}")
    return approval


def _give(desk: Desk, question: Question, part: Part) -> None:
    """State this node's own share, for its partners alone: the one egress decides on it."""
    assert part.sealed is not None
    ask.refuse_others(question, desk.owner, part.audience)
    parts = (part.sealed.first, part.sealed.second)
    body = shares.write(question.id, desk.owner.me, parts, desk.clock.now())
    ask.state(desk, f"share of {question.id}", body, part.audience)
