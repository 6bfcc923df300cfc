"""Take a supplier's answer: by its link, once, or by a person's hand.

Law (supplier's word): an answer counts as what it is, a supplier's own word: self-asserted, but
where its files bear signatures of somebody with a standing here.
Law (once): what comes by a link is kept whole, and then the link is used; or nothing of it is kept.
Law (no other word): by a link come bills and evidence, and nothing by which a node decides.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from accord.assurance.evidence.errors import EvidenceError
from accord.assurance.evidence.facts import Artefact, Assertion, Statement
from accord.core.digests import digest
from accord.core.errors import Invalid
from accord.core.times import when
from accord.demand.asks import records
from accord.demand.asks.joint import Joint
from accord.flows.demand.asks import agree
from accord.flows.demand.asks.egress import Egress
from accord.flows.demand.asks.port import Desk, Link
from accord.flows.demand.asks.send import hashed
from accord.flows.evidence import add as adding
from accord.flows.load import load_documents
from accord.flows.read import KEPT, READERS
from accord.flows.recognise import recognise
from accord.identity.clients import Client
from accord.identity.recipients import PUBLIC, Recipient
from accord.supply.inventory.facts import Bill, Component

MOST_FILES = 20
MOST_TEXT = 4_000
_ALLOWED = (Statement, Artefact, Assertion, Bill, Component)
"""Facts that a file of an answer may hold."""
_WORDS = {"done": "yes", "plan": "plan", "no": "no"}
_NAME = 100


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a supplier says."""

    answer: Literal["done", "plan", "no"]
    text: str
    promised: str = ""
    """`YYYY-MM-DD`; a plan has one."""
    release: str = ""
    """The release that it is about; empty: every one."""
    files: tuple[tuple[str, bytes], ...] = ()
    """Evidence, each with the name that it was given under."""


class NotTaken(Invalid):
    """An answer is not taken; the text may go to whoever gave it."""


class Closed(Invalid):
    """A link that was used, or has expired."""


class Opened(msgspec.Struct, frozen=True):
    """A link that may be answered."""

    link: Link
    ask: Joint


def opened(desk: Desk, secret: str) -> Opened | None:
    """The ask behind a link; None: there is no such link.

    Raises:
        Closed: it was used, has expired, or its ask is not joint any more.
    """
    link = desk.asks.link(hashed(secret))
    if link is None:
        return None
    if link.used:
        raise Closed("This link was used: the answer was taken.")
    if link.expires <= desk.clock.now():
        raise Closed("This link has expired. Ask whoever sent it for another.")
    ask = next((one for one in agree.every(desk) if one.id == link.ask), None)
    if ask is None or not ask.joint:
        raise Closed("What was asked here is asked no more.")
    return Opened(link, ask)


def shown(desk: Desk, found: Opened, body: bytes, clients: list[Client]) -> bytes:
    """A page about an ask, as far as whoever got the link may see it; its receipt is kept.

    Raises:
        Kept: it may see nothing of it any more.
    """
    return Egress(desk, found.ask, _whose(found.link, clients), found.link.tlp).show(body)


def _whose(link: Link, clients: list[Client]) -> Recipient:
    """To whom a link was given, as it is entitled today; who is a client no more is the public."""
    given = (one.recipient() for one in clients if not one.revoked)
    return next((one for one in given if one.label == link.recipient), PUBLIC)


def by_link(desk: Desk, secret: str, answer: Answer) -> Joint:
    """Take an answer by its link; gives the ask as it stands then.

    Raises:
        Closed: the link is used, or has expired.
        NotTaken: something of the answer is not as it must be; the link stays good.
    """
    found = opened(desk, secret)
    now = desk.clock.now()
    if found is None:
        raise Closed("There is no such link.")
    documents = _checked(found.ask, answer, now)
    if not desk.asks.take(found.link.token, now):
        raise Closed("This link was used: the answer was taken.")
    try:
        return _keep(desk, found.ask, answer, documents, ("the supplier, by its link", now))
    except (EvidenceError, Invalid) as wrong:
        desk.asks.give_back(found.link.token, now)
        # What the evidence says against it may tell of this node's own records.
        raise NotTaken(
            "One of the files does not hold as evidence for this product here. Nothing was taken."
            " Leave out what others signed, and answer again."
        ) from wrong
    except BaseException:
        desk.asks.give_back(found.link.token, now)
        raise


def by_hand(desk: Desk, name: str, answer: Answer, person: str) -> Joint:
    """Take an answer that came in another way; gives the ask as it stands then.

    Raises:
        NotFound: no such ask.
        Invalid: the ask was never sent, or the answer is not as it must be.
    """
    ask = agree.one(desk, name)
    if ask.state not in {"sent", "answered"}:
        raise Invalid(f"{ask.id[:12]} is {ask.state}; what was sent can be answered")
    now = desk.clock.now()
    return _keep(desk, ask, answer, _checked(ask, answer, now), (person, now))


def _checked(ask: Joint, answer: Answer, now: str) -> list[tuple[str, bytes]]:
    """The documents of an answer: its words as a form, then its files.

    Raises:
        NotTaken: something is missing, too long, or nothing that is taken.
    """
    text = answer.text.replace("\r\n", "\n").strip()
    if not text or len(text) > MOST_TEXT or not text.replace("\n", "").isprintable():
        raise NotTaken(f"Say it in 1 to {MOST_TEXT:,} characters of plain text.", "text")
    if answer.release and not (answer.release.isprintable() and len(answer.release) <= _NAME):
        raise NotTaken(f"A release has a name of up to {_NAME} characters.", "release")
    if answer.promised or answer.answer == "plan":
        _promised(answer.promised, now)
    if len(answer.files) > MOST_FILES:
        raise NotTaken(f"More than {MOST_FILES} files.", "files")
    source = f"answer to ask {ask.id[:12]}"
    return [(f"{source}: {_plain(name)}", _evidence(name, data)) for name, data in answer.files]


def _promised(day: str, now: str) -> None:
    try:
        good = len(day) == len("YYYY-MM-DD") and when(day)[:10] == day
    except Invalid as wrong:
        raise NotTaken("A plan has a day: YYYY-MM-DD.", "promised") from wrong
    if not good or day < now[:10]:
        raise NotTaken("A plan has a day, today or later: YYYY-MM-DD.", "promised")


def _plain(name: str) -> str:
    """The last part of a file's name, without what would drive a terminal or lead elsewhere."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:_NAME] or "a file"


def _evidence(name: str, data: bytes) -> bytes:
    """A file, once it is seen to hold a bill or evidence and nothing else.

    Raises:
        NotTaken: it does not.
    """
    called = _plain(name)
    try:
        reader = recognise(data)
        if reader == "PDF page":
            return data
        reading = None if reader is None or reader in KEPT else READERS[reader](data)
    except Invalid as wrong:
        raise NotTaken(f"{called} cannot be read: {wrong}", "files") from wrong
    if reading is None or not reading.facts:
        raise NotTaken(f"{called} is nothing that is read as evidence, nor a bill.", "files")
    other = {type(fact).__name__ for fact in reading.facts if not isinstance(fact, _ALLOWED)}
    if other:
        held = ", ".join(sorted(other))
        raise NotTaken(f"{called} holds more than a bill or evidence ({held}).", "files")
    return data


def _form(ask: Joint, product: str, answer: Answer, who: tuple[str, str]) -> bytes:
    """The supplier's word in the form in which evidence states it."""
    person, now = who
    item = {
        "item": ask.terms.requirement, "answer": _WORDS[answer.answer],
        "why": answer.text.strip(),
    }  # fmt: skip
    if answer.promised:
        item["by"] = answer.promised
    form = {
        "evidence": "attestation form", "producer": ask.terms.supplier, "product": product,
        "releases": [answer.release] if answer.release else [],
        "signed_by": {"name": ask.terms.supplier, "title": f"taken from {person}"},
        "date": now[:10], "items": [item],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(form), indent=2) + b"\n"


def _keep(
    desk: Desk, ask: Joint, answer: Answer, documents: list[tuple[str, bytes]], who: tuple[str, str]
) -> Joint:
    """Keep an answer as evidence for each product, then that it was given."""
    person, now = who
    kept: list[str] = []
    for product in ask.terms.products:
        form = (f"answer to ask {ask.id[:12]}", _form(ask, product, answer, who))
        asked = adding.Ask(
            product=product, person=person, release=answer.release,
            why=f"its supplier's answer to ask {ask.id[:12]}",
        )  # fmt: skip
        files = [form, *documents]
        adding.add(desk, asked, files)
        kept += [digest(data) for _, data in files]
    record = records.Record(
        accord="ask answered", ask=ask.id, answer=answer.answer, text=answer.text.strip(),
        promised=answer.promised, documents=tuple(dict.fromkeys(kept)), release=answer.release,
        person=person, at=now,
    )  # fmt: skip
    load_documents([(f"ask {ask.id[:12]} answered", records.write(record))], desk.intake, now)
    return agree.one(desk, ask.id)
