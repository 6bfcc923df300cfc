"""One JSON document posted, one small answer read, through the guard that feeds go through.

Law (at home): nothing follows a redirection: a secret, or a message, goes to the address that was
given and to no other.
"""

from __future__ import annotations

import time
from typing import Any, Final

import httpcore
import msgspec

from accord.core.errors import Invalid
from accord.core.show import printable
from accord.exchange.feeds.addresses import checked, origin
from accord.exchange.feeds.errors import FeedError
from accord.flows.feeds.port import Access
from accord.flows.outreach.alerting.port import NotDelivered
from accord.transport.fetch import Resolve, pool

_SECONDS: Final = 20.0
_MOST: Final = 1 << 16


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    retry: str
    """Its `Retry-After`, or empty."""
    body: bytes


class Poster:
    """Posts to one server, whose address may be a secret: errors name its host alone."""

    def __init__(self, access: Access, resolve: Resolve | None = None) -> None:
        try:
            checked(access.url, plain=access.plain)
            self._pool, self._backend = pool(access, resolve)
        except (Invalid, FeedError) as wrong:
            raise NotDelivered(f"its address cannot be used: {wrong}", final=True) from wrong
        self._scheme, self._host, self._port = origin(access.url)

    @property
    def name(self) -> str:
        """The server, for a person."""
        return f"{self._host}:{self._port}"

    def post(self, target: str, value: Any, *more: tuple[str, str]) -> Answer:  # noqa: ANN401 - JSON
        """Post a value to a path of the server; `more` are headers.

        Raises:
            NotDelivered: no whole answer came, so that nobody knows whether it was taken.
        """
        url = httpcore.URL(
            scheme=self._scheme.encode(), host=self._host.encode(), port=self._port,
            target=target.encode(),
        )  # fmt: skip
        body = msgspec.json.encode(value)
        headers = [
            ("host", self.name), ("user-agent", "accord"), ("content-type", "application/json"),
            ("content-length", str(len(body))), ("accept-encoding", "identity"), *more,
        ]  # fmt: skip
        try:
            with (
                self._backend.until(time.monotonic() + _SECONDS),
                self._pool.stream("POST", url, headers=headers, content=body) as answer,
            ):
                said = {name.lower(): text for name, text in answer.headers}
                retry = said.get(b"retry-after", b"").decode("latin-1")
                return Answer(answer.status, retry, self._read(answer))
        except httpcore.TimeoutException as wrong:
            raise NotDelivered(f"{self.name} is too slow, or does not answer") from wrong
        except FeedError as wrong:
            raise NotDelivered(f"{self.name}: {wrong}") from wrong
        except (httpcore.NetworkError, httpcore.ProtocolError) as wrong:
            why = printable(str(wrong))[:200] or "the connection broke"
            raise NotDelivered(f"{self.name}: {why}") from wrong

    def _read(self, answer: httpcore.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_stream():
            size += len(part)
            if size > _MOST:
                raise NotDelivered(f"{self.name}: its answer is longer than {_MOST:,} bytes")
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        """Give up the connections."""
        self._pool.close()
