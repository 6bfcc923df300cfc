"""Decide on a case, make indicators of what is dangerous, and answer whoever reported it.

Law (one case): a decision counts for every report of the same that waits.
Law (a marking): an indicator made of a report bears the marking that the person gives, and stays
here until it is shared.
Law (forgotten): an address is kept until its answer went out, and no longer.
"""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Any, Final

import msgspec

from accord.core.errors import Invalid, NotFound, TooLarge
from accord.exchange.receipts import Line
from accord.exchange.release import Subject, Way, decide
from accord.flows.load import load_documents
from accord.flows.outreach.alerting.port import Carrier, Message, NotDelivered
from accord.flows.outreach.reporting.port import Desk, Verdict
from accord.identity.markings import Marking, Tlp, marking_id
from accord.identity.recipients import PUBLIC
from accord.outreach.languages.catalogue import Say, marked, speaker
from accord.outreach.reports import model
from accord.outreach.reports.model import OUTCOMES, Outcome, Report

MOST_ANSWER: Final = 4_000
MEANT: Final = {
    "dangerous": marked(
        "This is dangerous. Do not open its links, call its numbers or answer it. If you gave a "
        "password, change it now; if you gave card or bank details, call your bank now."
    ),
    "harmless": marked(
        "We found nothing dangerous in what you sent. That is no promise: if in doubt, ask the "
        "sender by a way that you know already."
    ),
    "unclear": marked(
        "We cannot say. Do not open its links; ask the sender by a way that you know already."
    ),
}


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision did."""

    reports: tuple[Report, ...]
    indicators: tuple[str, ...]
    """Identifiers of those made."""
    unnamed: tuple[model.Item, ...]
    """What STIX has no name for: it is in the report only."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A person's decision."""

    outcome: Outcome
    person: str
    answer: str = ""
    tlp: Tlp = Tlp.AMBER
    items: tuple[str, ...] | None = None
    """Values of those that become indicators; None: all."""


def settle(desk: Desk, number: int, wanted: Wanted) -> Decided:
    """Decide on the case of a report.

    Raises:
        NotFound: there is none with this number.
        Invalid: it was decided, or cannot be decided so.
    """
    found = desk.reports.one(number)
    if found is None:
        raise NotFound(f"no report {number}; `accord reports list` lists them")
    if found.outcome != "new":
        raise Invalid(f"it was decided {found.decided[:10]} by {found.person}: {found.outcome}")
    if wanted.outcome not in OUTCOMES:
        raise Invalid(f"one of {', '.join(OUTCOMES)}", "outcome")
    if len(wanted.answer) > MOST_ANSWER or "\0" in wanted.answer:
        raise TooLarge(f"at most {MOST_ANSWER:,} characters, without NUL", "answer")
    now = desk.clock.now()
    made, unnamed = [], []
    if wanted.outcome == "dangerous":
        chosen = _chosen(found, wanted)
        unnamed = [one for one in chosen if not model.pattern(one)]
        made = _indicators(desk, [one for one in chosen if model.pattern(one)], wanted, now)
    verdict = Verdict(outcome=wanted.outcome, answer=wanted.answer, person=wanted.person, at=now)
    settled = desk.reports.decide(found.key, verdict)
    return Decided(reports=tuple(settled), indicators=tuple(made), unnamed=tuple(unnamed))


def _chosen(report: Report, wanted: Wanted) -> list[model.Item]:
    if wanted.items is None:
        return list(report.said.items)
    known = {one.value: one for one in report.said.items}
    foreign = [one for one in wanted.items if one not in known]
    if foreign:
        raise Invalid(f"the report has no {foreign[0][:80]!r}", "items")
    return [known[one] for one in wanted.items]


def _indicators(desk: Desk, items: list[model.Item], wanted: Wanted, now: str) -> list[str]:
    """Keep an indicator for each.

    Raises:
        Invalid: one could not be kept; none was then decided on.
    """
    documents = [_indicator(desk, one, wanted, now) for one in items]
    if not documents:
        return []
    sources = [(f"report from the public: {id_}", data) for id_, data in documents]
    loaded = load_documents(sources, desk.intake, now)
    refused = [one.reason for one in loaded.quarantined]
    if refused:
        raise Invalid(refused[0], "indicator")
    return [id_ for id_, _ in documents]


def _indicator(desk: Desk, item: model.Item, wanted: Wanted, now: str) -> tuple[str, bytes]:
    """Source: STIX 2.1, section 4.7."""
    id_ = f"indicator--{uuid.UUID(bytes=desk.entropy(16), version=4)}"
    at = f"{now[:23]}Z"
    made: dict[str, Any] = {"type": "indicator", "spec_version": "2.1", "id": id_}
    if desk.identity:
        made["created_by_ref"] = desk.identity
    made |= {
        "created": at, "modified": at, "name": "Reported by the public",
        "indicator_types": ["malicious-activity"], "pattern": model.pattern(item),
        "pattern_type": "stix", "valid_from": at, "object_marking_refs": [marking_id(wanted.tlp)],
    }  # fmt: skip
    return id_, msgspec.json.encode(made)


class Answered(msgspec.Struct, frozen=True):
    """What came of answering."""

    sent: int
    failed: tuple[tuple[int, str], ...]
    """Numbers of reports whose answer did not leave, and why; they are tried again."""


def answer(desk: Desk, carrier: Carrier) -> Answered:
    """Answer everybody who gave an address and whose case is decided."""
    sent, failed = 0, []
    for report in desk.reports.all(OUTCOMES):
        if not report.contact or report.answered:
            continue
        message = _message(report)
        try:
            desk.outbox.record([_receipt(desk, message)])
            carrier.send(message)
        except NotDelivered as wrong:
            failed.append((report.id, str(wrong)))
            if not wrong.final:
                continue
        else:
            sent += 1
        desk.reports.answered(report.id, desk.clock.now())
    return Answered(sent, tuple(failed))


def words(report: Report, say: Say) -> str:
    """What whoever reported it is told, in words of a language and those that a person wrote."""
    meant = say(MEANT[report.outcome]) if report.outcome in MEANT else ""
    return f"{meant}\n\n{report.answer}".strip()


def _message(report: Report) -> Message:
    return Message(
        address=report.contact, key=f"report.{report.id}", alerts=(), leave="", language="en",
        subject="What we found in what you reported",
        text=(
            f"On {report.received[:10]} you sent us something to look at.\n\n"
            f"{words(report, speaker('en'))}\n\n"
            "Thank you: others are warned by it. This address is forgotten now.\n"
        ),
    )  # fmt: skip


def _receipt(desk: Desk, message: Message) -> Line:
    """What a person says to the public passes the one egress.

    Raises:
        Invalid: it is kept here.
    """
    body, now = message.text.encode(), desk.clock.now()
    subject = Subject(message.key, "", "answer", desk.me, Marking(Tlp.CLEAR), body=body)
    decision = decide(subject, PUBLIC, Way.ALERT, None, desk.me, now)
    if decision.outcome != "yes":
        raise Invalid(f"release keeps it here: {decision.rule}")
    return Line(
        0, now, subject.object, "", Tlp.CLEAR.word, Way.ALERT, PUBLIC.label, "yes",
        decision.rule, sha256(body).hexdigest(),
    )  # fmt: skip
