"""Partners that wait for a change: answered as soon as one of their logs has grown.

The door answers at once, always; waiting is done here. While anybody waits, a cheap look at the
store every twentieth of a second, one for all who wait, tells whether to ask the door again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import msgspec

from accord.flows.exchange.messages import PREFIX, Request, Response

TICK = 0.05
"""Seconds between two looks at the store."""
LONGEST = 30
"""Seconds that one may wait."""

_AGAIN = 1.0
"""Seconds after which the door is asked all the same: what was held may have become due."""
_EACH = 4
"""Requests of one partner that may wait."""
_MOST = 256
"""Requests that may wait in all."""
_OK = 200

Answer = Callable[[], Awaitable[Response]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class NoRoom(Exception):
    """As many wait as may."""


class Asks(msgspec.Struct, frozen=True):
    """Who asks, and how it is answered."""

    name: str
    """Of the caller: each has a few places."""
    request: Request
    answer: Answer
    """Asks the door."""
    receive: Receive
    """Returns once the caller has gone."""


class _Log(msgspec.Struct, frozen=True):
    log: str
    size: int


class _Logs(msgspec.Struct, frozen=True):
    logs: tuple[_Log, ...]
    recalled: str = ""


class Room:
    """Where partners wait."""

    def __init__(
        self,
        beat: Callable[[], object],
        stopping: Callable[[], bool],
        run: Callable[[Callable[[], object]], Awaitable[object]],
    ) -> None:
        """`beat` looks at the store, and `run` calls it in a thread."""
        self._beat = beat
        self._stopping = stopping
        self._run = run
        self._inside: Counter[str] = Counter()
        self._seen: object = None
        self._seen_at = float("-inf")
        self._looking = asyncio.Lock()

    async def until_changed(self, asks: Asks) -> Response:
        """The first answer that has something new, or the last one when the time is over.

        Raises:
            NoRoom: as many of this name wait as may, or in all.
        """
        beat = await self._look()
        response = await asks.answer()
        seconds = _seconds(asks.request)
        if not seconds or _is_news(asks.request, response):
            return response
        with self._place(asks.name):
            return await self._wait(asks, response, beat, seconds)

    async def _wait(self, asks: Asks, response: Response, beat: object, seconds: float) -> Response:
        now = asyncio.get_running_loop().time
        end, again = now() + seconds, now() + _AGAIN
        gone = asyncio.ensure_future(asks.receive())
        try:
            while now() < end and not self._stopping() and not gone.done():
                await asyncio.sleep(TICK)
                seen = await self._look()
                if seen == beat and now() < again:
                    continue
                beat, again = seen, now() + _AGAIN
                response = await asks.answer()
                if _is_news(asks.request, response):
                    break
        finally:
            gone.cancel()
        return response

    async def _look(self) -> object:
        """One look serves everybody who waits."""
        now = asyncio.get_running_loop().time
        async with self._looking:
            if now() - self._seen_at >= TICK / 2:
                self._seen_at = now()
                self._seen = await self._run(self._beat)
            return self._seen

    @contextmanager
    def _place(self, name: str) -> Iterator[None]:
        if self._inside[name] >= _EACH or self._inside.total() >= _MOST:
            raise NoRoom
        self._inside[name] += 1
        try:
            yield
        finally:
            self._inside[name] -= 1
            self._inside += Counter()


def is_asked(request: Request) -> bool:
    """Whether a request may wait."""
    return request.method == "GET" and request.path == f"{PREFIX}/changes"


def _seconds(request: Request) -> int:
    text = _parameter(request, "wait")
    return min(int(text), LONGEST) if text.isascii() and text.isdigit() and len(text) < 4 else 0  # noqa: PLR2004 - digits of a thousand


def _parameter(request: Request, name: str) -> str:
    """The first parameter of a name, or empty. What is wrong with them is the door's to say."""
    try:
        return parse_qs(request.query, max_num_fields=10).get(name, [""])[0]
    except ValueError:
        return ""


def _is_news(request: Request, response: Response) -> bool:
    """Whether the answer is another than the caller has, in any log or in its notices of recall.

    A failure is news too.
    """
    if response.status != _OK:
        return True
    try:
        listing = msgspec.json.decode(response.body, type=_Logs)
    except msgspec.DecodeError:
        return True
    if listing.recalled != _parameter(request, "recalled"):
        return True
    since = _parameter(request, "since").split(",")
    return any(f"{one.log}:{one.size}" not in since for one in listing.logs)
