"""The public listener as a web application: the public's rooms, and nothing else of the node.

Law (nothing else): an address that no room owns is not there, whoever asks and however.
Law (no log): who asks for what is written nowhere; a failure is told without its address.

Source: ASGI 3.0; RFC 9110, section 9.1; RFC 6585, section 4.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec
from sqlalchemy.exc import DBAPIError

from accord.core.errors import AccordError
from accord.flows.exchange.messages import Request, Response
from accord.web.asgi import (
    Receive,
    Refusal,
    Scope,
    Send,
    Threads,
    bare_request,
    check_wait,
    headers_of,
    loop_time,
    read_body,
    send_answer,
)
from accord.web.door.limits import Buckets, Rate
from accord.web.public.page import nothing, page
from accord.web.public.reader import english, reader
from accord.web.public.room import Room

SLOW = Rate(5, 60)
"""Requests of one address that ask the database."""
QUICK = Rate(50, 500)
"""Requests of one address that are answered from memory."""
EVERYONE = Rate(200, 600)
"""Requests in all that ask the database."""
LONGEST = 26 << 20
"""Bytes of the longest body that any room may take."""

_ADDRESS = 2_048
_SHORT = 64 << 10
_LONG = 2
"""Long bodies that are read at once."""
_BODY_SECONDS = 20.0
_LONG_SECONDS = 90.0
_SEND_SECONDS = 60.0
_LOG = logging.getLogger("accord.public")


class PublicApp:
    """An ASGI application; one for each server."""

    def __init__(self, rooms: Sequence[Room], *, known_addresses: bool) -> None:
        """`known_addresses`: whether callers' addresses are their own, and not a proxy's."""
        self._rooms = tuple(rooms)
        self._known = known_addresses
        self._slow, self._quick = Buckets(SLOW), Buckets(QUICK)
        self._everyone = Buckets(EVERYONE)
        self._threads = Threads(4, "public")
        self._long = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            response = await self._response(scope, receive)
        except Refusal as refused:
            response = _told(refused)
        except (AccordError, DBAPIError) as wrong:
            _LOG.error("a request of the public could not be answered: %s", type(wrong).__name__)
            response = _told(Refusal(503, "not now", retry_after="5"))
        async with asyncio.timeout(_SEND_SECONDS):
            await send_answer(response, send, bare=scope["method"] == "HEAD")

    def close(self) -> None:
        """End the threads."""
        self._threads.close()

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        if len(scope["raw_path"]) > _ADDRESS or len(scope["query_string"]) > _ADDRESS:
            raise Refusal(414, "the address is too long")
        bare = bare_request(scope, headers_of(scope))
        room = next((one for one in self._rooms if one.owns(bare.path)), None)
        self._check_rate(room, (scope.get("client") or ("",))[0])
        if room is None:
            return nothing(reader(bare))
        if bare.method == "HEAD":
            bare = msgspec.structs.replace(bare, method="GET")
        if bare.method != "GET":
            bare = await self._with_body(bare, room, receive)
        return room.answer(bare) if room.quick else await self._threads.run(room.answer, bare)

    async def _with_body(self, bare: Request, room: Room, receive: Receive) -> Request:
        most = min(room.most(bare), LONGEST) if bare.method == "POST" else 0
        if most <= 0:
            raise Refusal(405, "use GET", allow="GET, HEAD")
        long = most > _SHORT
        if self._long + long > _LONG:
            raise Refusal(429, "too many ask at once", retry_after="5", connection="close")
        self._long += long
        try:
            async with asyncio.timeout(_LONG_SECONDS if long else _BODY_SECONDS):
                body = await read_body(receive, most)
        except TimeoutError as late:
            raise Refusal(408, "it came too slowly", connection="close") from late
        finally:
            self._long -= long
        return msgspec.structs.replace(bare, body=body)

    def _check_rate(self, room: Room | None, address: str) -> None:
        quick = room is not None and room.quick
        if not quick:
            check_wait(self._everyone.take("", loop_time()))
        if self._known:
            check_wait((self._quick if quick else self._slow).take(address, loop_time()))


def _told(refused: Refusal) -> Response:
    """A refusal as a page: people see it."""
    said = refused.response
    to = english()
    title = "Not now" if said.status in (429, 503) else "Not possible"
    shown = page(to, said.status, title, f"<p>{refused}</p>")
    more = [pair for pair in said.headers if pair[0] != "content-type"]
    return msgspec.structs.replace(shown, headers=(*shown.headers, *more))
