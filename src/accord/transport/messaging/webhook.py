"""Alerts as JSON, posted to an address that a subscriber confirmed.

What fails concerns that address alone: one subscriber's server keeps no other one waiting.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from accord.core.clock import Clock
from accord.exchange.feeds.schedule import wait_of
from accord.flows.feeds.port import Access
from accord.flows.outreach.alerting.port import Message, NotDelivered
from accord.transport.fetch import Resolve
from accord.transport.messaging.posting import Poster

_GONE: Final = frozenset({404, 410})
_ASKS: Final = frozenset({429, 503})


class WebhookCarrier:
    """`accord.flows.outreach.alerting.port.Carrier` by POST."""

    gap = 0.0

    def __init__(
        self, clock: Clock, *, internal: bool = False, resolve: Resolve | None = None
    ) -> None:
        """`internal`: addresses within our own network may be written to."""
        self._clock = clock
        self._internal = internal
        self._resolve = resolve

    def send(self, message: Message) -> None:
        """Post one message.

        Raises:
            NotDelivered: it was not taken.
        """
        parts = urlsplit(message.address)
        access = Access(url=message.address, internal=self._internal, plain=self._internal)
        poster = Poster(access, self._resolve)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        value = {
            "key": message.key, "alerts": message.alerts, "language": message.language,
            "subject": message.subject, "text": message.text, "leave": message.leave,
        }  # fmt: skip
        try:
            answer = poster.post(target, value)
        except NotDelivered as wrong:
            raise NotDelivered(str(wrong), final=wrong.final, alone=True) from wrong
        finally:
            poster.close()
        if 200 <= answer.status < 300:  # noqa: PLR2004 - a success
            return
        wait = wait_of(answer.retry, self._clock.now()) if answer.status in _ASKS else 0
        raise NotDelivered(
            f"{poster.name} answers {answer.status}", final=answer.status in _GONE, alone=True,
            wait=float(wait) or None,
        )  # fmt: skip
