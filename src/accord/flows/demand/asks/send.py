"""Send a joint ask to its supplier: a mail with a link by which it is answered, once.

Law (joint only): an ask to which somebody that it names does not consent is not sent.
Law (one-time link): a link is a random number of 256 bits; what is kept of it is its SHA-256.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid, NotFound
from accord.core.mail import is_mail_address
from accord.core.times import when
from accord.demand.asks import records
from accord.demand.asks.joint import Joint
from accord.flows.demand.asks import agree
from accord.flows.demand.asks.effect import effect
from accord.flows.demand.asks.egress import Egress
from accord.flows.demand.asks.port import Desk, Link, Mailer
from accord.flows.exchange.messages import ASKS
from accord.flows.load import load_documents
from accord.identity.clients import Client
from accord.identity.markings import Tlp
from accord.identity.recipients import PUBLIC, Recipient

_SECRET = 32
_ADDRESS = re.compile(r"https?://[!-~]{1,300}/")
_MOST_DAYS = 400
_SUPPLIER = "supplier"


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How an ask is sent."""

    to: str
    """The supplier's mail address."""
    sender: str
    person: str
    door: str
    """Address of this node's door, as the supplier reaches it: `https://node.example:8443/`."""
    tlp: Tlp
    client: str = ""
    """The supplier's name among this node's clients; empty: it is anybody."""
    days: int = 60
    """For how long the link may be used."""

    def check(self) -> Sending:
        """The same, once it can be sent so.

        Raises:
            Invalid: an address is none, or the days are not.
        """
        for address in (self.to, self.sender):
            if not is_mail_address(address):
                raise Invalid(f"{address[:80]!r} is not a mail address: name@example.com")
        if _ADDRESS.fullmatch(self.door) is None:
            raise Invalid(f"{self.door[:80]!r} is not the door's address: https://host:port/")
        if not 0 < self.days <= _MOST_DAYS:
            raise Invalid(f"{self.days} days, not 1 to {_MOST_DAYS}", "--days")
        return self


def send(
    desk: Desk, mailer: Mailer, name: str, sending: Sending, clients: Callable[[], list[Client]]
) -> Joint:
    """Send an ask; gives it as it stands then. Links of before end.

    Raises:
        NotFound: no such ask, or no such client.
        Invalid: somebody that it names does not consent, or an address is none.
        Kept: a rule of release keeps it here.
        NotSent: the mail server did not take it.
    """
    sending.check()
    ask = agree.one(desk, name)
    if not ask.joint:
        missing = ", ".join(ask.missing)
        raise Invalid(f"{ask.id[:12]} is not joint: {missing} did not consent; nothing is sent")
    recipient = _recipient(sending.client, clients) if sending.client else PUBLIC
    now = desk.clock.now()
    secret = urlsafe_b64encode(desk.entropy(_SECRET)).decode().rstrip("=")
    expires = (datetime.fromisoformat(now) + timedelta(days=sending.days)).isoformat()
    link = Link(
        token=hashed(secret), ask=ask.id, recipient=recipient.label, tlp=sending.tlp, created=now,
        expires=when(expires),
    )  # fmt: skip
    message = _message(ask, sending, f"{sending.door.rstrip('/')}{ASKS}{secret}", link)
    desk.asks.close(ask.id, now)
    body = Egress(desk, ask, recipient, sending.tlp).send(message, link)
    try:
        mailer.send(sending.to, body)
    except BaseException:
        desk.asks.close(ask.id, now)
        raise
    record = records.Record(
        accord="ask sent", ask=ask.id, recipient=sending.to, effect=effect(desk, ask),
        person=sending.person, at=now,
    )  # fmt: skip
    load_documents([(f"ask {ask.id[:12]} sent", records.write(record))], desk.intake, now)
    return agree.one(desk, ask.id)


def hashed(secret: str) -> str:
    """What is kept of a link's secret."""
    return sha256(secret.encode()).hexdigest()


def _recipient(name: str, clients: Callable[[], list[Client]]) -> Recipient:
    found = next((one for one in clients() if one.name == name and not one.revoked), None)
    if found is None:
        raise NotFound(f"no client {name[:80]!r}; `accord clients list` shows them")
    if found.kind != _SUPPLIER:
        raise Invalid(f"{name} is no supplier but {found.kind}: an ask goes to its supplier")
    return found.recipient()


def _message(ask: Joint, sending: Sending, address: str, link: Link) -> bytes:
    """The mail, in the one form that mail servers take (RFC 5322)."""
    terms = ask.terms
    message = EmailMessage(policy=SMTP)
    message["From"] = sending.sender
    message["To"] = sending.to
    message["Subject"] = f"{len(terms.partners)} buyers ask you for one thing: {terms.requirement}"
    message["Date"] = format_datetime(datetime.fromisoformat(link.created))
    message["Message-ID"] = f"<{link.token[:32]}@{sending.sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"To {terms.supplier}\n\n{terms.text}\n\n"
        f"Item: {terms.requirement}\nProducts: {', '.join(terms.products)}\n"
        f"By: {terms.due}\nAsked together by: {', '.join(terms.partners)}\n"
        f"Marking: TLP:{sending.tlp.word}\n\n"
        f"Answer here, once, until {link.expires[:10]}:\n{address}\n\n"
        "Whoever has this address can answer for you: pass it on with care.\n"
    )
    return message.as_bytes()
