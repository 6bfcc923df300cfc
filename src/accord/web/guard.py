"""What every request and every answer goes through, before and after the pages.

Law (bodiless): HEAD is answered with the status and headers of GET, and without a body.

Law (closed): a request that names another host, uses another method than GET or HEAD, or is
longer than the bounds, meets no page; every answer carries every header below.

Source: Content Security Policy Level 3; Trusted Types; Fetch (CORP, COOP); RFC 9110, sections 7.2,
9.3.2 and 15.5.6. The check of the host keeps a page of somebody else, whose name was made to point
at this machine, from reading the node.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from accord.web.scanners import POSTED

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "private, no-store",
}
"""Headers of every answer; a page may set its own `cache-control`."""
MOST = 8_192
"""Bytes of the longest path, and of the longest query."""

_HERE = re.compile(rb"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)

Refuse = Callable[[HTTPScope, int, str], ASGIApp]
"""Makes the answer to a refused request, from its status and the reason."""


class Guard:
    """Stands before the application."""

    def __init__(self, inner: ASGIApp, refuse: Refuse) -> None:
        self._inner = inner
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return

        bodiless = scope["method"] == "HEAD"

        async def guarded(message: Message) -> None:
            message = _with_headers(message)
            await send(_without_body(message) if bodiless else message)

        status, reason = refusal(scope)
        if bodiless:
            scope = {**scope, "method": "GET"}
        answer = self._refuse(scope, status, reason) if status else self._inner
        await answer(scope, receive, guarded)


def refusal(scope: HTTPScope) -> tuple[int, str]:
    """Status and reason for not answering; 0 where there is none."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1 or not _HERE.fullmatch(hosts[0]):
        return 400, "This node answers on this machine only: open it as http://127.0.0.1 and port."
    posted = scope["method"] == "POST" and scope["path"] in POSTED
    if scope["method"] not in ("GET", "HEAD") and not posted:
        return 405, "These pages can only be read: use GET or HEAD. Changes are made by commands."
    if len(scope["query_string"]) > MOST or len(scope.get("raw_path") or b"") > MOST:
        return 414, f"The address is longer than {MOST:,} bytes."
    return 0, ""


def _with_headers(message: Message) -> Message:
    if message["type"] == "http.response.start":
        headers = [pair for pair in message["headers"] if pair[0].lower() != b"server"]
        have = {name.lower() for name, _ in headers}
        headers += [
            (name.encode(), value.encode())
            for name, value in HEADERS.items()
            if name.encode() not in have
        ]
        message["headers"] = headers
    return message


def _without_body(message: Message) -> Message:
    if message["type"] == "http.response.body":
        message["body"] = b""
    return message
