"""What every listener has in common: bodies read within bounds, answers sent, threads with a queue.

Source: ASGI 3.0; RFC 9110, sections 10.2.3 and 15.5; RFC 6585, section 4.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec

from accord.flows.exchange.messages import Request, Response

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""ASGI 3.0."""
T = TypeVar("T")

HEADERS = {
    "cache-control": "private, no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""Headers of every answer; an answer may set its own `cache-control`."""
_PIECE = 256 << 10
_QUEUE = 64
"""Requests that wait for a thread."""


class Refusal(Exception):
    """A request that is not answered, and what is told instead."""

    def __init__(self, status: int, why: str, **headers: str) -> None:
        super().__init__(why)
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        body = msgspec.json.encode({"error": why})
        self.response = Response(status, (("content-type", "application/json"), *named), body)


class Threads:
    """A few threads with a bounded queue before them."""

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)
        self._asked = 0

    async def run(self, call: Callable[..., T], *given: object) -> T:
        """The answer of a call.

        Raises:
            Refusal: too many wait already.
        """
        if self._asked >= _QUEUE:
            raise Refusal(429, "too many ask at once", retry_after="1")
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call, *given)
        finally:
            self._asked -= 1

    def close(self) -> None:
        """End them."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def check_wait(seconds: float) -> None:
    """Refuse who has to wait so long; 0 is no wait.

    Raises:
        Refusal: it has to.
    """
    if seconds > 0:
        raise Refusal(429, "too many requests", retry_after=str(math.ceil(seconds)))


def headers_of(scope: Scope) -> tuple[tuple[str, str], ...]:
    """Names in lower case, and values, as they came."""
    return tuple((k.decode("latin-1").lower(), v.decode("latin-1")) for k, v in scope["headers"])


def bare_request(scope: Scope, headers: tuple[tuple[str, str], ...]) -> Request:
    """The request as it stood on the wire, without its body."""
    return Request(
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        headers,
    )


async def read_body(receive: Receive, most: int) -> bytes:
    """A body of at most so many bytes.

    Raises:
        Refusal: it is longer, or was cut.
    """
    parts = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Refusal(400, "the body was cut")
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise Refusal(413, "the body is too long", connection="close")
        if not message.get("more_body"):
            return b"".join(parts)


async def send_answer(response: Response, send: Send, *, bare: bool = False) -> None:
    """Send an answer; a `bare` one without its body, of which the length is told all the same."""
    headers = [*_with(response.headers), ("content-length", str(len(response.body)))]
    body = memoryview(b"" if bare else response.body)
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
        }
    )
    for start in range(0, max(len(body), 1), _PIECE):
        piece = body[start : start + _PIECE]
        more = start + _PIECE < len(body)
        await send({"type": "http.response.body", "body": piece, "more_body": more})


def _with(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    given = dict(headers)
    return list({**HEADERS, **given}.items())


def loop_time() -> float:
    """Seconds on the clock of the event loop, which only goes on."""
    return asyncio.get_running_loop().time()
