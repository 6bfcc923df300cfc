"""Propose, approve and decline questions: each a signed statement, shared with all who take part.

Law (nobody else): what is said on a question goes to the partners of the question, and to no other.
Law (asked of both): whoever approves compares a question with earlier ones as whoever asks does.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid
from accord.demand.private.asking import question as questions
from accord.demand.private.asking import word as words
from accord.demand.private.asking.facts import PoolWord
from accord.demand.private.asking.question import COMMON, Question
from accord.demand.private.asking.refusals import BUDGET, refuse, refuse_over
from accord.demand.private.asking.standing import PROPOSED, RELEASED
from accord.demand.private.errors import NotAsked
from accord.flows.demand.pool import known
from accord.flows.demand.pool.adding import about
from accord.flows.demand.pool.known import Known
from accord.flows.demand.pool.port import Desk, Part
from accord.flows.exchange.sharing import share, wanted
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.plan import Options, Outcome
from accord.flows.load import load_documents
from accord.identity.markings import Tlp
from accord.identity.partners import Directory

MARKING = Tlp.AMBER_STRICT
"""Of every statement: it stays with the governments that take part."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to ask."""

    kind: str = COMMON
    items: str = ""
    """`suppliers` or `components`; of numbers those that it is about."""
    least: int
    size: int = 0
    """Of numbers that of the question that they are about."""
    of: str = ""
    """Of numbers: the `common` question that they are about, or how its name begins."""
    agencies: int = 0
    first: int = 0
    requirements: tuple[str, ...] = ()
    currency: str = ""
    purpose: str
    deadline: str
    """`when()`."""
    person: str


class Told(msgspec.Struct, frozen=True):
    """What was stated, and what became of it on its way to the partners."""

    question: Question
    document: str
    """Digest of the statement."""
    outcome: Outcome


class Decider(msgspec.Struct, frozen=True):
    """Who decides, and through which audience the others hear of it."""

    person: str
    audience: str
    budget: int = BUDGET
    """Questions that this node asks or approves in a period."""


class Place(msgspec.Struct, frozen=True):
    """Where this node's computation will listen."""

    address: str
    """`host:port`, as the other partners reach it."""
    certificate: bytes
    """What it shows there, in DER: one that the directory lists."""


def propose(desk: Desk, asked: Wanted, by: Decider) -> Told:
    """Ask the members of an audience.

    Raises:
        NotFound: no such audience.
        Invalid: it cannot be asked.
        NotAsked: its answer would tell too much, or the budget is spent; nothing was kept.
    """
    owner, now = desk.owner, desk.clock.now()
    of = known.one(desk, asked.of).question if asked.of else None
    question = Question(
        kind=asked.kind, items=of.items if of else asked.items, least=asked.least,
        size=of.size if of else asked.size, partners=_circle(owner, by.audience), asker=owner.me,
        purpose=asked.purpose, deadline=asked.deadline, person=asked.person, at=now,
        of=of.id if of else "", agencies=asked.agencies, first=asked.first,
        requirements=asked.requirements, currency=asked.currency,
    )  # fmt: skip
    body = questions.write(question)
    if question.kind != COMMON:
        about(desk, question)
    if asked.deadline <= now:
        raise Invalid(f"the deadline {asked.deadline[:16]}Z is past", "--deadline")
    _refuse(desk, question, by.budget, now)
    return Told(question, *state(desk, f"question {question.id}", body, by.audience))


def approve(desk: Desk, name: str, by: Decider, at: Place) -> Told:
    """Consent to a question's purpose and to what this node will put in.

    Raises:
        NotFound: no such question or audience.
        Invalid: this node has no part in it, has approved it, or it is not proposed any more.
        NotAsked: its answer would tell too much, or the budget is spent; nothing was kept.
    """
    found = known.one(desk, name)
    owner, now, question = desk.owner, desk.clock.now(), found.question
    refuse_others(question, owner, by.audience)
    if found.standing.state != PROPOSED:
        raise Invalid(f"{question.id} is {_stands(found)}; only what is proposed is approved")
    if found.by(owner.me, words.APPROVE):
        raise Invalid(f"{owner.me} has approved {question.id}")
    _refuse_order(question, owner)
    if question.kind != COMMON:
        about(desk, question)
    _refuse(desk, question, by.budget, now)
    words.place(at.address)
    refuse_certificate(owner.directory, owner.me, at.certificate)
    part = desk.pool.keep(Part(question, now, by.audience, desk.entropy(words.CHANCE)))
    committed = words.commitment(question.id, owner.me, part.chance)
    shown = b64encode(at.certificate).decode()
    return say(desk, question, by, Word(words.APPROVE, "", committed, at.address, shown))


def refuse_certificate(directory: Directory, name: str, der: bytes) -> None:
    """Return only if the directory lists a certificate of a partner.

    Raises:
        Invalid: it does not: nobody else would connect.
    """
    partner = directory.partner(name)
    if partner is None or sha256(der).hexdigest() not in partner.certificates:
        raise Invalid(
            f"the directory does not list the certificate of {name}: `accord partners show {name}`"
            " shows those that it lists"
        )


def decline(desk: Desk, name: str, by: Decider, why: str) -> Told:
    """Take no part: that ends the question for all.

    Raises:
        NotFound: no such question or audience.
        Invalid: this node has no part in it, or its answer is open.
    """
    found = known.one(desk, name)
    owner, question = desk.owner, found.question
    refuse_others(question, owner, by.audience)
    if found.standing.state == RELEASED or found.by(owner.me, words.RELEASE):
        raise Invalid(f"{owner.me} has released {question.id}; that cannot be taken back")
    if found.by(owner.me, words.DECLINE):
        raise Invalid(f"{owner.me} has declined {question.id}")
    return say(desk, question, by, Word(words.DECLINE, why))


def _circle(owner: Owner, audience: str) -> tuple[str, ...]:
    """The members of an audience and this node, in the directory's order."""
    names = {owner.me, *owner.members(owner.audience(audience))}
    return _ordered(owner, names)


def _ordered(owner: Owner, names: Collection[str]) -> tuple[str, ...]:
    return tuple(partner.name for partner in owner.directory.members() if partner.name in names)


def refuse_others(question: Question, owner: Owner, audience: str) -> None:
    """What is said goes to all partners of the question and to nobody else."""
    if owner.me not in question.partners:
        raise Invalid(f"{owner.me} has no part in {question.id}")
    circle, partners = set(_circle(owner, audience)), set(question.partners)
    if circle != partners:
        differ = ", ".join(sorted(circle ^ partners))
        raise Invalid(
            f"the audience {audience} is not the partners of {question.id}: they differ in"
            f" {differ}. Name one whose members are {', '.join(sorted(partners - {owner.me}))}"
        )


def _refuse_order(question: Question, owner: Owner) -> None:
    """The order decides who computes: it is the directory's, and not the asker's to choose."""
    if question.partners != _ordered(owner, question.partners):
        raise Invalid(f"{question.id} does not name its partners in the directory's order")


def _refuse(desk: Desk, question: Question, budget: int, now: str) -> None:
    try:
        refuse(question, known.earlier(desk), now)
        refuse_over(budget, known.spent(desk), question, now)
    except NotAsked as wrong:
        raise NotAsked(wrong.rule, f"refused: {wrong}", wrong.earlier) from wrong


def _stands(found: Known) -> str:
    how = found.standing
    return f"{how.state} ({how.why})" if how.why else how.state


class Word(msgspec.Struct, frozen=True):
    """What is said on a question."""

    word: str
    why: str = ""
    commitment: str = ""
    address: str = ""
    certificate: str = ""


def say(desk: Desk, question: Question, by: Decider, said: Word) -> Told:
    """State a word of this node, and share it with the partners of the question.

    Raises:
        Invalid: the audience is not the partners of the question.
    """
    refuse_others(question, desk.owner, by.audience)
    fact = PoolWord(
        question=question.id, partner=desk.owner.me, person=by.person, at=desk.clock.now(),
        **msgspec.structs.asdict(said),
    )  # fmt: skip
    title = f"{said.word} of {question.id}"
    return Told(question, *state(desk, title, words.write(fact), by.audience))


def state(desk: Desk, title: str, body: bytes, audience: str) -> tuple[str, Outcome]:
    """Keep a statement and share it: the one egress decides on it, as on everything."""
    load_documents([(title, body)], desk.intake, desk.clock.now())
    digest = sha256(body).hexdigest()
    found = wanted.find([digest], desk.holdings)
    shared = share.share(desk.sharer, found, audience, Options(tlp=MARKING))
    return digest, shared.outcomes[0]
