"""The door as a web application: bounds, who asks, how often, and the answer sent.

It stands alone, without a framework: every address of the door is answered by one function, which
is the one egress, and everything before it is written here.

Law (closed): nothing reaches the door itself before who asks is known; what is refused is told
nothing but the time.

Source: ASGI 3.0; RFC 9110, sections 9.1, 10.2.3 and 15.5; RFC 6585, section 4.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy.exc import DBAPIError

from accord.core.clock import Clock
from accord.core.errors import AccordError
from accord.core.show import printable
from accord.flows.exchange.answering.taxii.door import refusal
from accord.flows.exchange.messages import ASKS, OSV, PREFIX, TAXII, Request, Response
from accord.identity.gate import Gate
from accord.identity.keys import CannotSign
from accord.identity.partners import Directory, UnknownKey, Untrusted
from accord.identity.recipients import Recipient
from accord.identity.signatures import is_signed
from accord.store.key_errors import NoKey
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
from accord.web.door import limits, waiting
from accord.web.door.limits import Buckets

T = TypeVar("T")

SHOWN = "certificate"
"""Where a connection's state holds the SHA-256 of the certificate that it proved to hold."""
SMALL = 64 << 10
"""Bytes of the longest body: a thousand commitments have half of it."""
LARGE = 16 << 20
"""Bytes of the longest acknowledgement, with ten thousand reasons, and of what TAXII posts."""

BATCH = 1 << 20
"""Bytes of the longest batch of a vulnerability scanner: a thousand packages have a fifth of it."""
ANSWER = 8 << 20
"""Bytes of the longest answer of a supplier, with its files."""

_HERE = ("127.0.0.1", "::1")
_ADDRESS = 32_768
"""Characters of the longest path, and of the longest query: it may name a thousand logs."""
_BODY_SECONDS = 15.0
_LONG_SECONDS = 60.0
_LONG = 4
"""Long bodies that are read at once."""
_SEND_SECONDS = 120.0
_LOG = logging.getLogger("accord.door")


class Answering(Protocol):
    """The door itself."""

    def answer(self, caller: Recipient, request: Request) -> Response:
        """What a caller is answered."""
        ...


class AskAnswering(Answering, Protocol):
    """The pages behind the links of suppliers."""

    def expects(self, request: Request) -> bool:
        """Whether a request may be long: it answers a link that is open."""
        ...


class Knowing(Protocol):
    """Who is who."""

    def directory(self) -> Directory | None:
        """The partnership, where this node is in one."""
        ...

    def me(self) -> str:
        """The name of this node in it."""
        ...


class Parts(msgspec.Struct, frozen=True):
    """What the application is put together from."""

    door: Answering
    gate: Gate
    trust: Knowing
    clock: Clock
    beat: Callable[[], object]
    """A value that differs once a log of this node has changed; cheap."""
    stopping: Callable[[], bool] = lambda: False
    """Whether the server is about to end: nobody is kept waiting then."""
    known_addresses: bool = True
    """Whether callers' addresses are their own, and not those of a proxy."""
    unknown: Callable[[], object] = lambda: None
    """Called where a request is signed by a key that the directory does not hold; cheap."""
    taxii: Answering | None = None
    """Answers below `/taxii2/`; none: nothing is there."""
    asks: AskAnswering | None = None
    """Answers below `/asks/`; none: nothing is there."""


class _NotAdmitted(Exception):
    """Somebody claims to be who it did not prove to be; the text is for this node's log."""


class DoorApp:
    """An ASGI application; one for each server."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rates = {
            "partner": Buckets(limits.PARTNER),
            "client": Buckets(limits.CLIENT),
            "public": Buckets(limits.PUBLIC),
            "taxii": Buckets(limits.TAXII),
        }
        self._everyone = Buckets(limits.EVERYONE)
        self._failed = Buckets(limits.FAILED)
        # Partners have threads of their own, so that sync goes on however many others ask.
        self._gate = Threads(2, "door-gate")
        self._beat = Threads(1, "door-beat")
        self._threads = {"partner": Threads(4, "door-partner"), "other": Threads(2, "door-other")}
        self._long = {SMALL: 0, BATCH: 0, ANSWER: 0, LARGE: 0}
        """How many of each length are read now: scanners take nothing from partners."""
        self._waiting = waiting.Room(parts.beat, parts.stopping, self._beat.run)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            response = await self._response(scope, receive)
        except Refusal as refused:
            response = refused.response
        except (CannotSign, NoKey) as away:
            # The token or service with the key: where it failed in this program tells nothing.
            _LOG.error("a request could not be answered: %s", away)
            response = Refusal(503, "this node cannot answer now", retry_after="5").response
        except AccordError:
            _LOG.exception("a request could not be answered")
            response = Refusal(500, "this node cannot answer that now").response
        except DBAPIError:
            _LOG.exception("the database failed")
            response = Refusal(503, "this node cannot answer now", retry_after="5").response
        if _is_taxii(scope["path"]):
            response = _in_taxii(response)
        async with asyncio.timeout(_SEND_SECONDS):
            await send_answer(response, send, bare=scope["method"] == "HEAD")

    def close(self) -> None:
        """End the threads."""
        for threads in (self._gate, self._beat, *self._threads.values()):
            threads.close()

    async def _response(self, scope: Scope, receive: Receive) -> Response:
        _check(scope, self._parts)
        address = (scope.get("client") or ("",))[0]
        headers = headers_of(scope)
        self._check_failures(address)
        shown = scope.get("state", {}).get(SHOWN, "")
        request = await self._with_body(bare_request(scope, headers), receive, shown)
        signed, waits = is_signed(request), waiting.is_asked(request)
        if not signed and not waits:
            # To change threads costs more than to look up a token: all of it is done in one.
            run = self._threads["other"].run(self._at_once, request, shown, address, loop_time())
            return await self._known(run, address)
        gate = self._gate if signed else self._threads["other"]
        caller = await self._known(gate.run(self._admit, request, shown), address)
        self._check_rate(caller, request, address, loop_time())
        threads = self._threads["partner" if caller.kind == "partner" else "other"]

        async def answer() -> Response:
            return await threads.run(self._answer, caller, request)

        if waits:
            try:
                asks = waiting.Asks(caller.label, request, answer, receive)
                return await self._waiting.until_changed(asks)
            except waiting.NoRoom as full:
                raise Refusal(429, "too many wait already", retry_after="5") from full
        return await answer()

    async def _with_body(self, bare: Request, receive: Receive, shown: str) -> Request:
        """Long bodies are few at a time: who sends them is not known before they are read."""
        most = _most(bare, shown)
        if most == ANSWER and not await self._expected(bare):
            most = SMALL
        long = most > SMALL
        if self._long[most] + long > _LONG:
            raise Refusal(429, "too many ask at once", retry_after="5", connection="close")
        self._long[most] += long
        try:
            async with asyncio.timeout(_LONG_SECONDS if long else _BODY_SECONDS):
                body = await read_body(receive, most)
        except TimeoutError as late:
            raise Refusal(408, "the body came too slowly", connection="close") from late
        finally:
            self._long[most] -= long
        return msgspec.structs.replace(bare, body=body)

    async def _expected(self, bare: Request) -> bool:
        """Whether a link that is open is answered: nobody else sends so much."""
        asks = self._parts.asks
        return asks is not None and await self._threads["other"].run(asks.expects, bare)

    async def _known(self, found: Awaitable[T], address: str) -> T:
        """What was found, of somebody who is known.

        Raises:
            Refusal: it claims to be somebody, and did not prove it.
        """
        parts = self._parts
        try:
            return await found
        except _NotAdmitted as wrong:
            reason = printable(str(wrong))[:300]
            _LOG.warning("refused a request from %s: %s", printable(address), reason)
            self._failed.take(address, loop_time())
            if isinstance(wrong.__cause__, UnknownKey):
                parts.unknown()
            now = parts.clock.now()
            again = {"retry_after": "1"} if parts.gate.is_young(now) else {}
            time = parts.gate.time(now)
            raise Refusal(401, "not admitted", accord_time=time, **again) from wrong

    def _admit(self, request: Request, shown: str) -> Recipient:
        trust, now = self._parts.trust, self._parts.clock.now()
        try:
            return self._parts.gate.admit(request, trust.directory(), trust.me(), now, shown)
        except Untrusted as wrong:
            raise _NotAdmitted(str(wrong)) from wrong

    def _answer(self, caller: Recipient, request: Request) -> Response:
        parts = self._parts
        door: Answering = parts.door
        if parts.taxii is not None and _is_taxii(request.path):
            door = parts.taxii
        elif parts.asks is not None and request.path.startswith(ASKS):
            door = parts.asks
        return door.answer(caller, request)

    def _at_once(self, request: Request, shown: str, address: str, now: float) -> Response:
        caller = self._admit(request, shown)
        self._check_rate(caller, request, address, now)
        return self._answer(caller, request)

    def _check_failures(self, address: str) -> None:
        """Who failed often is not looked at for a while, unless it could be anybody."""
        if self._parts.known_addresses and address not in _HERE:
            check_wait(self._failed.take(address, loop_time(), 0))

    def _check_rate(self, caller: Recipient, request: Request, address: str, now: float) -> None:
        if caller.kind != "public":
            taxii = self._parts.taxii is not None and _is_taxii(request.path)
            kind = "taxii" if taxii and caller.kind == "client" else caller.kind
            check_wait(self._rates[kind].take(caller.name, now))
            return
        check_wait(self._everyone.take("", now))
        if self._parts.known_addresses:
            check_wait(self._rates["public"].take(address, now))


def _check(scope: Scope, parts: Parts) -> None:
    if parts.taxii is not None and _is_taxii(scope["path"]):
        if scope["method"] not in ("GET", "HEAD", "POST", "DELETE"):
            raise Refusal(405, "use GET, POST or DELETE", allow="DELETE, GET, HEAD, POST")
    elif parts.asks is not None and scope["path"].startswith(ASKS):
        if scope["method"] not in ("GET", "HEAD", "POST"):
            raise Refusal(405, "use GET or POST", allow="GET, HEAD, POST")
    elif not scope["path"].startswith((f"{PREFIX}/", f"{OSV}/")):
        raise Refusal(404, "not found")
    elif scope["method"] not in ("GET", "POST"):
        raise Refusal(405, "use GET or POST", allow="GET, POST")
    if len(scope["raw_path"]) > _ADDRESS or len(scope["query_string"]) > _ADDRESS:
        raise Refusal(414, "the address is too long")


def _is_taxii(path: str) -> bool:
    return f"{path}/".startswith(TAXII)


def _in_taxii(response: Response) -> Response:
    """A refusal in TAXII's words; what already is in them stays as it is."""
    if response.header("content-type") != "application/json":
        return response
    said = msgspec.json.decode(response.body)
    told = refusal(response.status, said.get("error", "refused"))
    more = [pair for pair in response.headers if pair[0] != "content-type"]
    return msgspec.structs.replace(told, headers=(*told.headers, *more))


def _most(request: Request, shown: str) -> int:
    """Bytes that a request may have; a long one announces it."""
    length = request.header("content-length")
    announced = int(length) if length.isascii() and length.isdigit() and len(length) < 12 else 0  # noqa: PLR2004 - digits of a terabyte
    if announced <= SMALL:
        return SMALL
    if is_signed(request) and request.path.endswith("/acknowledgements"):
        return LARGE
    if _is_taxii(request.path) and request.method == "POST":
        claimed = is_signed(request) or request.header("authorization") or shown
        return LARGE if claimed else SMALL
    if request.path.startswith(ASKS) and request.method == "POST":
        return ANSWER
    return BATCH if request.path == f"{OSV}/querybatch" else SMALL
