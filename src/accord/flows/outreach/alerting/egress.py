"""Whom an alert may go to: the one egress decides, and its receipts are kept before a byte leaves.

Law (derived): an alert goes only where each document that it was made of may go.
Law (label): no alert bears a milder marking than what it was made of.
Law (no marking is not clear): a document that bears no marking counts as the node's default.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

import msgspec

from accord.core.errors import AccordError
from accord.exchange.objects import read_document
from accord.exchange.receipts import Line
from accord.exchange.release import Subject, Way, decide
from accord.exchange.rules import RULES
from accord.flows.outreach.alerting.port import Desk
from accord.flows.recognise import recognise
from accord.identity.markings import UNMARKED, Marking, Tlp, parse_tlp, strictest
from accord.identity.recipients import PUBLIC, Recipient
from accord.outreach.alerts import cap
from accord.outreach.alerts.model import Alert

_CLIENT = "client:"
_BUNDLE = "STIX bundle"


class Withheld(AccordError):
    """A rule keeps an alert here; the text says which, and what to do."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """For one recipient: whether it may have an alert."""

    recipient: str
    given: bool
    rule: str
    line: Line


def judge(
    desk: Desk, alert: Alert, recipients: Collection[str], way: Way = Way.ALERT
) -> list[Answer]:
    """Whether each recipient, by its name in receipts, may have a message now."""
    now = desk.clock.now()
    subject = _subject(desk, alert)
    known = _recipients(desk, recipients)
    found = []
    for name in sorted(set(recipients)):
        recipient = known.get(name)
        given, rule = False, "unknown-recipient"
        if recipient is not None:
            decision = decide(subject, recipient, way, None, desk.me, now)
            # A message goes whole or not at all.
            given, rule = decision.outcome == "yes", decision.rule
            if decision.marking is not None and decision.marking.tlp > alert.tlp:
                given, rule = False, "derived"
        line = Line(
            0, now, subject.object, subject.version, alert.tlp.word, way, name,
            "yes" if given else "no", rule,
            sha256(subject.body).hexdigest() if given else "",
        )  # fmt: skip
        found.append(Answer(recipient=name, given=given, rule=rule, line=line))
    return found


def keeps(desk: Desk, subject: Subject) -> str:
    """The rule that keeps something from the public, in words; empty: none does."""
    decision = decide(subject, PUBLIC, Way.ALERT, None, desk.me, desk.clock.now())
    given = decision.outcome == "yes"
    if given and decision.marking is not None and decision.marking.tlp > Tlp.CLEAR:
        return RULES["derived"]
    return "" if given else RULES[decision.rule]


def documents(desk: Desk, digests: tuple[str, ...]) -> tuple[Subject | None, ...]:
    """Documents of this node as they are marked; None: not here, or not understood."""
    return _sources(desk, digests)


def why(answer: Answer) -> str:
    """Why a recipient may not have it, in words."""
    return f"{answer.recipient}: {RULES[answer.rule]}"


def _recipients(desk: Desk, names: Collection[str]) -> dict[str, Recipient]:
    """As this node knows them today: a client that was revoked is nobody."""
    found = {PUBLIC.label: PUBLIC}
    if any(name.startswith(_CLIENT) for name in names):
        standing = (one.recipient() for one in desk.people.clients() if not one.revoked)
        found |= {one.label: one for one in standing}
    return found


def _subject(desk: Desk, alert: Alert) -> Subject:
    return Subject(
        f"alert:{alert.identifier}", alert.sent, "alert", desk.me, Marking(alert.tlp),
        sources=_sources(desk, alert.sources), body=cap.write(alert),
    )  # fmt: skip


def _sources(desk: Desk, digests: tuple[str, ...]) -> tuple[Subject | None, ...]:
    marked = desk.alerts.marked(digests)
    return tuple(_source(desk, one, marked.get(one, [])) for one in digests)


def _source(desk: Desk, digest: str, said: list[tuple[str, Marking]]) -> Subject | None:
    """A document as it is marked; what is not here any more, or not understood, goes nowhere."""
    try:
        (held,) = desk.holdings.held([digest])
        with desk.views.view() as view:
            body = view.body(digest)
        kind = recognise(body) or held.kind
        content = read_document(kind, body)
    except AccordError:
        return None
    markings = [marking for _, marking in said]
    if content.marking is not None:
        markings.append(content.marking)
    # A partner's document that was never sealed for this node has no marking to go by. What stands
    # in a bundle may bear none, though others in it do.
    if (not markings or kind == _BUNDLE) and not held.sealed:
        markings.append(Marking(held.default(_default(desk))))
    if not markings:
        return None
    return Subject(
        f"sha256:{digest}", "", kind, held.origin or desk.me, strictest(markings),
        unknown=bool(content.unknown_markings), granular=content.granular,
    )  # fmt: skip


def _default(desk: Desk) -> Tlp:
    said = desk.sharing.marking()
    return parse_tlp(said) if said else UNMARKED
