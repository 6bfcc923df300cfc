"""Subscribe, confirm and leave.

Law (double opt-in): nothing is sent to an address but one message that asks to confirm, until it is
confirmed from there, once, within two days.
Law (one action): leaving, by whatever message, ends every subscription of the subscriber.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from accord.core.errors import Invalid
from accord.core.mail import is_mail_address
from accord.exchange.feeds.addresses import checked
from accord.exchange.feeds.schedule import later
from accord.exchange.receipts import Line
from accord.exchange.release import Subject, Way, decide
from accord.flows.outreach.alerting.deliver import CONFIRM
from accord.flows.outreach.alerting.port import Carrier, Desk, Message, Subscribed, Subscriber
from accord.flows.outreach.alerting.release import Zones
from accord.identity.markings import Marking, Tlp
from accord.identity.recipients import PUBLIC
from accord.outreach.alerts.feeds import Place
from accord.outreach.alerts.model import MOST_TOPICS, SEVERITIES

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_BYTES: Final = 32
_SECONDS: Final = 2 * 86_400.0
_MOST_CAP: Final = 1_000
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")


def subscribe(desk: Desk, carrier: Carrier, place: Place, wanted: Subscriber, zones: Zones) -> None:
    """Keep what is wanted, and ask its address to confirm.

    Raises:
        Invalid: it cannot be wanted so.
        NotDelivered: the message that asks did not leave; ask again.
    """
    check(wanted, zones)
    now = desk.clock.now()
    secret, token = (_random(desk) for _ in range(2))
    message = Message(
        address=wanted.address, key=f"confirm.{hashed(secret)}", alerts=(), leave="",
        subject="Please confirm: alerts for this address", language="en",
        text=(
            "Somebody, probably you, asked for alerts to this address.\n\nTo get them, open this"
            f" address within two days and press the button:\n{place.base}{CONFIRM}{secret}\n\n"
            "If it was not you, do nothing: nothing more is sent.\n"
        ),
    )  # fmt: skip
    desk.outbox.record([_receipt(desk, message, now)])
    desk.subscribers.subscribe(wanted, token, hashed(secret), later(now, _SECONDS), now)
    carrier.send(message)


def confirm(desk: Desk, secret: str) -> Subscribed | None:
    """Confirm by the secret of a link, once; None: it is none, or too late."""
    return desk.subscribers.confirm(hashed(secret), desk.clock.now())


def waits(desk: Desk, secret: str) -> bool:
    """Whether a secret can be used to confirm."""
    return desk.subscribers.pending(hashed(secret), desk.clock.now())


def leave(desk: Desk, token: str) -> bool:
    """End every subscription of whoever has this token; False: nobody has."""
    return desk.subscribers.leave(token, desk.clock.now())


def check(wanted: Subscriber, zones: Zones) -> None:
    """Whether something can be wanted.

    Raises:
        Invalid: it cannot; the place is the member.
    """
    _check_address(wanted)
    rhythm = wanted.rhythm
    zones(rhythm.zone)
    if not wanted.topics or len(wanted.topics) > MOST_TOPICS:
        raise Invalid(f"1 to {MOST_TOPICS} topics: all, product:NAME, region:CODE", "topics")
    if not 0 <= wanted.floor < len(SEVERITIES):
        raise Invalid(f"one of {', '.join(SEVERITIES)}", "floor")
    if not 0 <= wanted.cap <= _MOST_CAP:
        raise Invalid(f"0 (any number) to {_MOST_CAP:,} a day", "cap")
    if _LANGUAGE.fullmatch(wanted.language) is None:
        raise Invalid(f"{wanted.language[:20]!r} is no language: en, hi, ja, id", "language")


def _check_address(wanted: Subscriber) -> None:
    said = wanted.address
    if wanted.channel == "mail" and not is_mail_address(said):
        raise Invalid(f"{said[:80]!r} is not a mail address: name@example.com", "address")
    if wanted.channel == "telegram" and _CHAT.fullmatch(said) is None:
        raise Invalid(f"{said[:80]!r} is no chat: a number, or @name of a channel", "address")
    if wanted.channel == "whatsapp" and _PHONE.fullmatch(said) is None:
        raise Invalid(f"{said[:80]!r} is no number: + and 7 to 15 digits", "address")
    if wanted.channel == "webhook":
        checked(said)
        if not urlsplit(said).hostname:
            raise Invalid("an address of the web", "address")


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()


def _random(desk: Desk) -> str:
    return urlsafe_b64encode(desk.entropy(_BYTES)).decode().rstrip("=")


def _receipt(desk: Desk, message: Message, now: str) -> Line:
    """It tells nothing of what this node knows; it passes the one egress all the same."""
    body = message.text.encode()
    subject = Subject(message.key, "", "confirmation", desk.me, Marking(Tlp.CLEAR), body=body)
    decision = decide(subject, PUBLIC, Way.ALERT, None, desk.me, now)
    if decision.outcome != "yes":
        raise Invalid(f"release keeps it here: {decision.rule}")
    return Line(
        0, now, subject.object, "", Tlp.CLEAR.word, Way.ALERT, PUBLIC.label, "yes",
        decision.rule, sha256(body).hexdigest(),
    )  # fmt: skip
