"""Alerts by the WhatsApp Cloud API, as approved templates.

A template may be sent at any time, inside the 24-hour window of a conversation and outside; free
text only inside it. So everything is sent as a template with three places: title, text, and the
address at which one leaves.

Law (obeyed): a provider that wants to be left alone is, and that is no failure.

Source: WhatsApp Business Platform, Cloud API: "Template messages" (a parameter has no new line, tab
or more than four spaces in a row), "Error codes", "Status messages webhooks"
(`biz_opaque_callback_data` comes back with every status).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from accord.flows.feeds.port import Access
from accord.flows.outreach.alerting.port import Message, NotDelivered
from accord.transport.fetch import Resolve
from accord.transport.messaging.posting import Poster

API: Final = "https://graph.facebook.com/v23.0"
TEMPLATE: Final = "accord_alert"
MOST_TITLE, MOST_TEXT = 160, 640
"""Characters of two of the template's places; its body has 1,024 at most."""
MOST_KEY: Final = 512
_RATE: Final = frozenset({4, 80_007, 130_429, 131_048, 131_056})
"""Too many, of the app, the account, the number or this pair."""
_GONE: Final = frozenset({131_021, 131_026, 131_030, 131_050})
"""Not on WhatsApp, not allowed, or wants nothing."""
_TOO_MANY: Final = 429
_PATIENCE: Final = 60.0
"""Seconds to wait where it is not said how long."""


class _Error(msgspec.Struct, frozen=True):
    code: int = 0


class _Sent(msgspec.Struct, frozen=True):
    id: str


class _Said(msgspec.Struct, frozen=True):
    messages: tuple[_Sent, ...] = ()
    error: _Error | None = None


_read = msgspec.json.Decoder(_Said).decode


class WhatsAppCarrier:
    """`accord.flows.outreach.alerting.port.Carrier` by the Cloud API."""

    gap = 1 / 50

    def __init__(  # noqa: PLR0913 - what the provider gave us
        self,
        token: str,
        number: str,
        template: str = TEMPLATE,
        api: str = API,
        *,
        internal: bool = False,
        resolve: Resolve | None = None,
    ) -> None:
        """`number` is the identifier of our own number; `api` holds the version in its path."""
        access = Access(url=api, internal=internal, plain=internal)
        self._poster = Poster(access, resolve)
        self._target = f"{urlsplit(api).path.rstrip('/')}/{number}/messages"
        self._bearer, self._template = ("authorization", f"Bearer {token}"), template

    def __repr__(self) -> str:
        """Without the token."""
        return f"WhatsAppCarrier({self._poster.name})"

    def close(self) -> None:
        """Give up the connections."""
        self._poster.close()

    def send(self, message: Message) -> None:
        """Give one message to the Cloud API.

        Raises:
            NotDelivered: it did not take it.
        """
        answer = self._poster.post(self._target, self._value(message), self._bearer)
        try:
            said = _read(answer.body)
        except msgspec.DecodeError as wrong:
            raise NotDelivered(f"{self._poster.name} answers {answer.status}, not JSON") from wrong
        if said.messages and answer.status < 300:  # noqa: PLR2004 - a success
            return
        code = said.error.code if said.error else 0
        raise refused(f"{self._poster.name} refused it ({code or answer.status})", code,
                      answer.status, answer.retry)  # fmt: skip

    def _value(self, message: Message) -> dict[str, Any]:
        places = (
            line(message.subject, MOST_TITLE), line(message.text, MOST_TEXT), message.leave or "-",
        )  # fmt: skip
        value: dict[str, Any] = {
            "messaging_product": "whatsapp", "recipient_type": "individual",
            "to": message.address.removeprefix("+"), "type": "template",
            "template": {
                "name": self._template, "language": {"code": message.language},
                "components": [{
                    "type": "body",
                    "parameters": [{"type": "text", "text": one} for one in places],
                }],
            },
        }  # fmt: skip
        if len(message.key) <= MOST_KEY:
            value["biz_opaque_callback_data"] = message.key
        return value


def refused(reason: str, code: int, status: int = 0, retry: str = "") -> NotDelivered:
    """What a refusal by its code means for the outbox."""
    if code in _RATE or status == _TOO_MANY:
        seconds = float(retry) if retry.isascii() and retry.isdigit() else _PATIENCE
        return NotDelivered(reason, wait=seconds)
    return NotDelivered(reason, final=code in _GONE, alone=code in _GONE)


def line(text: str, most: int) -> str:
    """A text as one line; where it is too long, its last line, which shows the code, stays."""
    whole = " ".join(text.split())
    if len(whole) <= most:
        return whole
    tail = " ".join(text.rstrip().rpartition("\n\n")[2].split())
    end = f" [...] {tail}" if tail and len(tail) < most // 2 else " [...]"
    return whole[: most - len(end)] + end
