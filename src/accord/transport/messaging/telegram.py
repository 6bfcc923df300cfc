"""Alerts by a Telegram bot, to private chats and channels.

Law (obeyed): a 429 with its `retry_after` is waited for, and is no failure.

Source: Telegram Bot API: "Making requests" (the envelope of answers), `sendMessage` (4,096
characters, as UTF-16 counts them), `ResponseParameters.retry_after`; its FAQ on limits (30 messages
a second).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import msgspec

from accord.flows.feeds.port import Access
from accord.flows.outreach.alerting.port import Message, NotDelivered
from accord.transport.fetch import Resolve
from accord.transport.messaging.posting import Poster

API: Final = "https://api.telegram.org"
MOST: Final = 4096
_GONE: Final = frozenset({400, 403})
"""No such chat; blocked or removed by its people."""
_TOO_MANY: Final = 429
_PATIENCE: Final = 30.0
"""Seconds to wait where a 429 does not say how long."""


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float | None = None


class _Said(msgspec.Struct, frozen=True):
    ok: bool
    error_code: int = 0
    description: str = ""
    parameters: _Parameters = _Parameters()


_read = msgspec.json.Decoder(_Said).decode


class TelegramCarrier:
    """`accord.flows.outreach.alerting.port.Carrier` by the Bot API."""

    gap = 1 / 25

    def __init__(
        self, token: str, api: str = API, *, internal: bool = False, resolve: Resolve | None = None
    ) -> None:
        """`api` is another server of the Bot API, such as one within our own network."""
        access = Access(url=api, internal=internal, plain=internal)
        self._poster = Poster(access, resolve)
        self._target = f"{urlsplit(api).path.rstrip('/')}/bot{token}/sendMessage"

    def __repr__(self) -> str:
        """Without the token."""
        return f"TelegramCarrier({self._poster.name})"

    def close(self) -> None:
        """Give up the connections."""
        self._poster.close()

    def send(self, message: Message) -> None:
        """Give one message to the Bot API.

        Raises:
            NotDelivered: it did not take it.
        """
        value = {
            "chat_id": message.address,
            "text": fit(f"{message.subject}\n\n{message.text}", message.leave),
            "disable_web_page_preview": True,
        }
        answer = self._poster.post(self._target, value)
        try:
            said = _read(answer.body)
        except msgspec.DecodeError as wrong:
            raise NotDelivered(f"{self._poster.name} answers {answer.status}, not JSON") from wrong
        if said.ok and answer.status < 300:  # noqa: PLR2004 - a success
            return
        code = said.error_code or answer.status
        # What is said of an error may repeat the address, which holds the token: it is not told.
        reason = f"{self._poster.name} refused it ({code})"
        if code == _TOO_MANY:
            wait = said.parameters.retry_after
            raise NotDelivered(reason, wait=_PATIENCE if wait is None else max(0.0, wait))
        raise NotDelivered(reason, final=code in _GONE)


def fit(text: str, leave: str) -> str:
    """A text within the bound, with the lines by which it can be checked, and where to leave."""
    end = f"\n\n{leave}" if leave else ""
    if _length(text + end) <= MOST:
        return text + end
    head, _, tail = text.rstrip().rpartition("\n\n")
    end = f"\n[...]\n\n{tail}{end}"
    room = MOST - _length(end)
    cut = head.encode("utf-16-le")[: 2 * max(room, 0)].decode("utf-16-le", "ignore")
    return cut + end


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
