"""Where WhatsApp tells what became of messages, and who answered. It is no page.

Law (its own): nothing is believed that does not bear the signature of the app's secret.

Source: WhatsApp Business Platform, "Webhooks": verification requests (`hub.challenge`), event
notifications (`X-Hub-Signature-256`: HMAC-SHA256 of the body), "Status messages webhooks".
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs

import msgspec

from accord.flows.exchange.messages import Request, Response
from accord.flows.outreach.alerting import told
from accord.flows.outreach.alerting.port import Desk
from accord.flows.outreach.alerting.told import Status
from accord.transport.messaging.whatsapp import refused
from accord.web.public.page import answer

AT: Final = "/hooks/whatsapp"
_LONGEST: Final = 3 << 20
_CHALLENGE: Final = re.compile(r"[0-9A-Za-z_-]{1,100}")
_TEXT: Final = "text/plain; charset=utf-8"
_CHANNEL: Final = "whatsapp"


class _Error(msgspec.Struct, frozen=True):
    code: int = 0


class _Status(msgspec.Struct, frozen=True):
    status: str = ""
    biz_opaque_callback_data: str = ""
    errors: tuple[_Error, ...] = ()


class _Text(msgspec.Struct, frozen=True):
    body: str = ""


class _Message(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    sender: str = ""
    text: _Text = _Text()


class _Value(msgspec.Struct, frozen=True):
    statuses: tuple[_Status, ...] = ()
    messages: tuple[_Message, ...] = ()


class _Change(msgspec.Struct, frozen=True):
    value: _Value = _Value()


class _Entry(msgspec.Struct, frozen=True):
    changes: tuple[_Change, ...] = ()


class _Hook(msgspec.Struct, frozen=True):
    entry: tuple[_Entry, ...] = ()


_read = msgspec.json.Decoder(_Hook).decode


class WhatsAppHook:
    """Answers `/hooks/whatsapp`."""

    quick = False

    def __init__(self, desk: Desk, secret: str, verify: str) -> None:
        """`secret` is the app's; `verify` is what the app was told to ask with."""
        self._desk, self._secret, self._verify = desk, secret.encode(), verify

    def __repr__(self) -> str:
        """Without the secrets."""
        return "WhatsAppHook()"

    def owns(self, path: str) -> bool:
        """Whether an address is this one."""
        return path == AT

    def most(self, _request: Request) -> int:
        """A batch of statuses."""
        return _LONGEST

    def answer(self, request: Request) -> Response:
        """Take a signed batch; or give back a challenge, when it is asked with the right word."""
        if request.method != "POST":
            return self._challenge(request.query)
        given = request.header("x-hub-signature-256")
        own = f"sha256={hmac.digest(self._secret, request.body, 'sha256').hex()}"
        if not hmac.compare_digest(given.encode(), own.encode()):
            return answer(401, b"the signature is not that of the app\n", _TEXT)
        try:
            hook = _read(request.body)
        except (msgspec.DecodeError, RecursionError):
            return answer(400, b"it is no batch of events\n", _TEXT)
        told.told(self._desk, _CHANNEL, _statuses(hook))
        for one in _values(hook):
            for message in one.messages:
                told.answered(self._desk, _CHANNEL, f"+{message.sender}", message.text.body)
        return answer(200, b"", _TEXT)

    def _challenge(self, query: str) -> Response:
        said = parse_qs(query, max_num_fields=10) if query.count("&") < 10 else {}  # noqa: PLR2004 - three are sent
        word = said.get("hub.verify_token", [""])[0]
        challenge = said.get("hub.challenge", [""])[0]
        right = hmac.compare_digest(word.encode(), self._verify.encode())
        if said.get("hub.mode") != ["subscribe"] or not right:
            return answer(403, b"", _TEXT)
        if _CHALLENGE.fullmatch(challenge) is None:
            return answer(400, b"", _TEXT)
        return answer(200, challenge.encode(), _TEXT)


def _values(hook: _Hook) -> Iterator[_Value]:
    for entry in hook.entry:
        for change in entry.changes:
            yield change.value


def _statuses(hook: _Hook) -> Iterator[Status]:
    for value in _values(hook):
        for one in value.statuses:
            key = one.biz_opaque_callback_data
            if one.status in ("delivered", "read"):
                yield Status(key=key, wrong=None)
            elif one.status == "failed":
                code = one.errors[0].code if one.errors else 0
                yield Status(key=key, wrong=refused(f"WhatsApp did not deliver it ({code})", code))
