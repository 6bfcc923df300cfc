"""Vulnerability scanners of this machine: they see everything that their node holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler

from accord.flows.osv.api import Answer, Api
from accord.flows.osv.port import Advisories, Found

POSTED = frozenset({"/v1/query", "/v1/querybatch"})
"""The addresses that take a question in a body: nothing is changed by them."""
MOST = 1 << 20
"""Bytes of the longest body."""

_JSON = "application/json"
Incoming = Request[Any, Any, Any]


class Own:
    """`accord.flows.osv.port.Eyes` of this node's own people."""

    def __init__(self, advisories: Advisories) -> None:
        self._advisories = advisories

    def seen(self, found: Sequence[Found]) -> list[Found]:
        """All of them."""
        return list(found)

    def document(self, found: Found) -> bytes | None:
        """The bytes that came in."""
        return self._advisories.body(found.document)

    def made(self, body: bytes, of: Sequence[Found]) -> bytes | None:  # noqa: ARG002 - the port
        """As it is."""
        return body

    def name(self, body: bytes, of: Sequence[Found]) -> bytes | None:  # noqa: ARG002 - the port
        """As it is."""
        return body


def handlers(advisories: Advisories) -> list[HTTPRouteHandler]:
    """The three addresses."""
    api = Api(advisories, Own(advisories))

    @post("/v1/query", status_code=200)
    async def query(request: Incoming) -> Response[bytes]:
        return await _posted(request, api.query)

    @post("/v1/querybatch", status_code=200)
    async def batch(request: Incoming) -> Response[bytes]:
        return await _posted(request, api.batch)

    @get("/v1/vulns/{name:path}")
    async def vulnerability(request: Incoming) -> Response[bytes]:
        raw = (request.scope.get("raw_path") or b"").decode("latin-1").partition("?")[0]
        name = unquote(raw.removeprefix("/v1/vulns/"))
        return _answer(await sync_to_thread(api.vulnerability, name))

    return [query, batch, vulnerability]


async def _posted(request: Incoming, call: Callable[[bytes], Answer]) -> Response[bytes]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST:
            return _answer((413, b'{"code":3,"message":"the body is too long"}'))
    return _answer(await sync_to_thread(call, bytes(body)))


def _answer(said: Answer) -> Response[bytes]:
    return Response(said[1], status_code=said[0], media_type=_JSON)
