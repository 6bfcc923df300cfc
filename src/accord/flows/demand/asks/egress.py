"""What leaves because of an ask: decided at the one egress, its receipt kept before the first byte.

Law (derived): what is told of an ask goes only where each consent that it rests on may go.
"""

from __future__ import annotations

from hashlib import sha256

from accord.core.errors import AccordError
from accord.demand.asks.joint import Joint, Said
from accord.exchange.receipts import Line
from accord.exchange.release import Decision, Subject, Way, decide
from accord.exchange.rules import RULES
from accord.flows.demand.asks.port import Desk, Link
from accord.identity.markings import Marking, Tlp, strictest
from accord.identity.recipients import Recipient


class Kept(AccordError):
    """A rule keeps an ask here; the text says which, and what to do."""


class Egress:
    """Decides on everything that one ask gives to one recipient."""

    def __init__(self, desk: Desk, ask: Joint, recipient: Recipient, tlp: Tlp) -> None:
        self._desk = desk
        self._ask = ask
        self._recipient = recipient
        self._marking = Marking(tlp)

    def send(self, body: bytes, link: Link) -> bytes:
        """What may be sent with a link; the link is kept with the receipt.

        Raises:
            Kept: nothing may; that is in the disclosure log too.
        """
        decision, line = self._decided(body, Way.ALERT)
        if decision.outcome == "yes":
            self._desk.asks.dispatch(link, [line])
            return decision.body
        return self._refuse(decision, line)

    def show(self, body: bytes) -> bytes:
        """What may be shown on a page; its receipt is kept.

        Raises:
            Kept: nothing may.
        """
        decision, line = self._decided(body, Way.PAGE)
        if decision.outcome == "yes":
            self._desk.asks.record([line])
            return decision.body
        return self._refuse(decision, line)

    def _refuse(self, decision: Decision, line: Line) -> bytes:
        self._desk.asks.record([line])
        raise Kept(
            f"{self._ask.id[:12]} stays here for {self._recipient.label}: {RULES[decision.rule]}."
            " Name the supplier's client with --client, or have the consents shared under a milder"
            " marking"
        )

    def _decided(self, body: bytes, way: Way) -> tuple[Decision, Line]:
        now = self._desk.clock.now()
        decision = decide(self._subject(body), self._recipient, way, None, self._desk.me, now)
        given = decision.outcome == "yes"
        # A recipient gets the whole ask or nothing: the law of redaction is for objects.
        outcome = "yes" if given else "no"
        marking = decision.marking or self._marking
        line = Line(
            0, now, f"ask:{self._ask.id}", "", marking.tlp.word, way, self._recipient.label,
            outcome, decision.rule, sha256(decision.body).hexdigest() if given else "",
        )  # fmt: skip
        return decision, line

    def _subject(self, body: bytes) -> Subject:
        consents = self._ask.consents
        marked = self._desk.asks.marked([one.document for one in consents])
        sources = tuple(self._source(one, marked.get(one.document, [])) for one in consents)
        return Subject(
            f"ask:{self._ask.id}", "", "ask", self._desk.me, self._marking,
            sources=sources, body=body,
        )  # fmt: skip

    def _source(self, one: Said, marked: list[tuple[str, Marking]]) -> Subject | None:
        """A consent as it is marked; one of a partner of which no marking is known goes nowhere."""
        partner = one.fact.partner
        own = [marking for origin, marking in marked if origin == partner]
        if partner == self._desk.me:
            own.append(self._marking)
        if not own:
            return None
        name = f"sha256:{one.document}"
        return Subject(name, "", "consent", partner, strictest(own))
