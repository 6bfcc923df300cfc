"""Alerts by mail, with one-click leaving.

Law (stable): a message that is sent again has the same identifier and the same bytes but its date.

Source: RFC 5322; RFC 8058 (one-click unsubscribe), which wants both headers under a DKIM signature:
they stand once, in one form, for the mail server to sign; RFC 3834 (`Auto-Submitted`).
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from accord.core.clock import Clock
from accord.flows.demand.asks.port import Mailer, NotSent
from accord.flows.outreach.alerting.port import Message, NotDelivered

_POLICY: Final = SMTP.clone(max_line_length=998)
"""The most that RFC 5322 allows: an address that is cut, or coded, cannot be followed."""
_FINAL: Final = range(500, 600)
_ALONE: Final = range(400, 500)


class MailCarrier:
    """`accord.flows.outreach.alerting.port.Carrier` by SMTP."""

    gap = 0.02

    def __init__(self, mailer: Mailer, sender: str, clock: Clock) -> None:
        self._mailer = mailer
        self._sender = sender
        self._clock = clock

    def send(self, message: Message) -> None:
        """Give one mail to the server.

        Raises:
            NotDelivered: it did not take it.
        """
        try:
            self._mailer.send(message.address, write(message, self._sender, self._clock.now()))
        except NotSent as wrong:
            final, alone = wrong.code in _FINAL, wrong.code in _ALONE
            raise NotDelivered(str(wrong), final=final, alone=alone) from wrong


def write(message: Message, sender: str, now: str) -> bytes:
    """A message as mail."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(datetime.fromisoformat(now))
    name = sha256(message.key.encode()).hexdigest()[:40]
    mail["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    mail["Content-Language"] = message.language
    mail["Auto-Submitted"] = "auto-generated"
    text = message.text
    if message.leave:
        mail["List-Unsubscribe"] = f"<{message.leave}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        text += f"\n-- \n{message.leave}\n"
    mail.set_content(text)
    return mail.as_bytes()
