"""Files of publishers fetched over HTTP, into files, within bounds.

Law (checked): a connection goes to the very address that was looked at, at each redirection anew; a
name that leads elsewhere a moment later leads nowhere.
Law (whole): an answer is given as it was sent, or not at all: nothing cut, too long, too slow or
expanding without end is an answer.
Law (at home): credentials go to the scheme, host and port of the feed alone, never on to where a
redirection leads.

Source: RFC 9110, sections 8.4 (content codings), 10.2.3 (Retry-After), 15.4 (redirections);
RFC 9112, sections 6 and 8 (length, incomplete messages).
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

import httpcore
import msgspec

from accord.core.errors import Invalid
from accord.core.show import printable
from accord.exchange.feeds.addresses import checked, clear, origin, shown
from accord.exchange.feeds.errors import FeedError, NotFetched
from accord.flows.feeds.port import Access, Fetched
from accord.transport.addresses import refuse
from accord.transport.wire import Backend

_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_HOPS: Final = 5
_BODILESS: Final = frozenset({204, 304})
_RATIO: Final = 200
_HARMLESS: Final = 32 << 20
"""Bytes up to which no ratio makes a bomb."""
_PIECE: Final = 1 << 18
_HEADERS: Final = 200

_Option = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
Resolve = Callable[[str, int], list[str]]
"""Addresses of a host, in the order in which to try them."""


class Limits(msgspec.Struct, frozen=True):
    """What an answer may cost, in seconds."""

    total: float = 900.0
    """Redirections included."""
    silent: float = 120.0
    """Between two of its bytes."""
    connect: float = 10.0


class HttpFetcher:
    """`accord.flows.feeds.port.Fetcher` over HTTP/1.1."""

    def __init__(self, limits: Limits | None = None, resolve: Resolve | None = None) -> None:
        """`resolve` looks names up; by default as this machine does."""
        self._limits = limits or Limits()
        self._resolve = resolve or _resolve

    @contextmanager
    def open(self, access: Access) -> Iterator[HttpSession]:
        """A session, which ends with its connections.

        Raises:
            FeedError: a certificate cannot be read.
        """
        session = HttpSession(access, self._limits, self._resolve)
        try:
            yield session
        finally:
            session.close()


def pool(access: Access, resolve: Resolve | None = None) -> tuple[httpcore.ConnectionPool, Backend]:
    """Connections to the server of an access and to no other; the backend bounds their time.

    Raises:
        FeedError: a certificate cannot be read.
    """
    backend = Backend(_Guarded(access, resolve or _resolve))
    return _connections(_context(access, own=True), backend), backend


class HttpSession:
    """Requests of one feed."""

    def __init__(self, access: Access, limits: Limits, resolve: Resolve) -> None:
        self._access = access
        self._limits = limits
        self._backend = Backend(_Guarded(access, resolve))
        self._home = self._pool(_context(access, own=True))
        self._away: httpcore.ConnectionPool | None = None

    def close(self) -> None:
        """Give up every connection."""
        self._home.close()
        if self._away is not None:
            self._away.close()

    def fetch(self, url: str, headers: Sequence[tuple[str, str]], into: Path, most: int) -> Fetched:
        """The answer of an address, redirections followed, within so many bytes.

        Raises:
            NotFetched: none came whole, or the address may not be asked.
        """
        try:
            with self._backend.until(time.monotonic() + self._limits.total):
                for _ in range(_HOPS + 1):
                    found = self._once(url, headers, into, most)
                    if found.status not in _MOVED:
                        return found
                    url = _next(found, url)
        except httpcore.TimeoutException as wrong:
            raise NotFetched(f"{shown(url)} is too slow, or does not answer") from wrong
        except (httpcore.NetworkError, httpcore.ProtocolError) as wrong:
            why = printable(str(wrong))[:300] or "the connection broke"
            raise NotFetched(f"{shown(url)}: {why}") from wrong
        raise NotFetched(f"{shown(url)}: more than {_HOPS} redirections")

    def _once(self, url: str, headers: Sequence[tuple[str, str]], into: Path, most: int) -> Fetched:
        try:
            parts = checked(url, plain=self._access.plain or self._access.internal)
        except Invalid as wrong:
            raise NotFetched(str(wrong)) from wrong
        scheme, host, port = origin(url)
        own = (scheme, host, port) == origin(self._access.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        silent = self._limits.silent
        with self._pool_of(own=own).stream(
            "GET",
            httpcore.URL(
                scheme=scheme.encode(), host=host.encode(), port=port, target=target.encode()
            ),
            headers=self._headers(parts.netloc, headers, own=own),
            extensions={
                "timeout": {
                    "connect": self._limits.connect, "read": silent, "write": silent,
                    "pool": silent,
                }
            },
        ) as answer:  # fmt: skip
            return _take(answer, url, into, most)

    def _headers(
        self, host: str, headers: Sequence[tuple[str, str]], *, own: bool
    ) -> list[tuple[str, str]]:
        sent = [("host", host), ("user-agent", "accord"), ("accept-encoding", "gzip"), *headers]
        if own and self._access.authorization:
            if clear(self._access.url, plain=self._access.plain):
                raise NotFetched("a secret would go out unencrypted: nothing was sent")
            sent.append(("authorization", self._access.authorization))
        return sent

    def _pool_of(self, *, own: bool) -> httpcore.ConnectionPool:
        """Where a redirection leads, the feed's client certificate is not shown."""
        if own:
            return self._home
        if self._away is None:
            self._away = self._pool(_context(self._access, own=False))
        return self._away

    def _pool(self, context: ssl.SSLContext) -> httpcore.ConnectionPool:
        return _connections(context, self._backend)


def _connections(context: ssl.SSLContext, backend: Backend) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=context, max_connections=4, keepalive_expiry=30.0, network_backend=backend
    )


class _Guarded(httpcore.NetworkBackend):
    """Looks a name up, looks at all its addresses, and connects to one of those it looked at."""

    def __init__(self, access: Access, resolve: Resolve) -> None:
        self._access = access
        self._resolve = resolve
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_Option] | None = None,
    ) -> httpcore.NetworkStream:
        """As the library has it.

        Raises:
            NotFetched: the name has no address, or one that is not asked.
        """
        end = None if timeout is None else time.monotonic() + timeout
        addresses = _in_time(lambda: self._resolve(host, port), host, timeout)
        for address in addresses:
            refuse(address, internal=self._access.internal)
        last: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in addresses:
            left = None if end is None else max(0.1, end - time.monotonic())
            try:
                return self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as wrong:
                last = wrong
        raise last or NotFetched(f"{host[:200]} has no address")


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _in_time(resolve: Callable[[], list[str]], host: str, timeout: float | None) -> list[str]:
    """The machine's resolver knows no limit: it is waited for no longer than there is time."""
    found: list[list[str] | OSError | UnicodeError] = []

    def look() -> None:
        try:
            found.append(resolve())
        except (OSError, UnicodeError) as wrong:
            found.append(wrong)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(timeout)
    if not found:
        raise httpcore.ConnectTimeout(f"the name {host[:200]} is not resolved in time")
    (answer,) = found
    if isinstance(answer, Exception):
        raise NotFetched(f"the name {printable(host[:200])} is not known: {answer}") from answer
    return answer


def _context(access: Access, *, own: bool) -> ssl.SSLContext:
    """Who the server is, by the usual authorities or those of the feed; and who we are."""
    try:
        if access.authorities:
            context = ssl.create_default_context(cafile=access.authorities)
        else:
            context = httpcore.default_ssl_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if own and access.certificate:
            if os.stat(access.certificate).st_mode & 0o077:  # noqa: PTH116 - as text it came
                raise FeedError(
                    f"others may read {access.certificate}: run `chmod 600 {access.certificate}`"
                )
            context.load_cert_chain(access.certificate, password="")
    except (OSError, ssl.SSLError) as wrong:
        file = access.certificate or access.authorities
        raise FeedError(f"{file} cannot be used: {wrong.strerror or wrong}") from wrong
    return context


def _next(found: Fetched, url: str) -> str:
    to = found.headers.get("location", "")
    if not to:
        raise NotFetched(f"{shown(url)} sends us on without saying where to")
    try:
        to = urljoin(url, to)
    except ValueError as wrong:
        raise NotFetched(f"{shown(url)} sends us on to what is no address") from wrong
    if url.startswith("https://") and not to.startswith("https://"):
        raise NotFetched(f"{shown(url)} sends us on to {shown(to)}, which is not encrypted")
    return to


def _take(answer: httpcore.Response, url: str, into: Path, most: int) -> Fetched:
    """The answer, its body in the file, which is empty where there is none."""
    if len(answer.headers) > _HEADERS:
        raise NotFetched(f"{shown(url)}: more than {_HEADERS} headers")
    headers = {
        name.decode("ascii").lower(): value.decode("latin-1") for name, value in answer.headers
    }
    if answer.status in _MOVED:
        return Fetched(url, answer.status, headers, 0)
    size = 0
    with into.open("wb") as file:
        if answer.status not in _BODILESS:
            for part in _bounded(_body(answer, headers, url, most), url, most):
                file.write(part)
                size += len(part)
    return Fetched(url, answer.status, headers, size)


def _bounded(parts: Iterable[bytes], url: str, most: int) -> Iterator[bytes]:
    size = 0
    for part in parts:
        size += len(part)
        if size > most:
            raise _too_long(url, most)
        yield part


def _too_long(url: str, most: int) -> NotFetched:
    return NotFetched(f"{shown(url)} is longer than {most:,} bytes")


def _body(
    answer: httpcore.Response, headers: dict[str, str], url: str, most: int
) -> Iterator[bytes]:
    """The bytes as they were before they were coded for the way."""
    length = headers.get("content-length", "")
    if length and (not length.isascii() or not length.isdigit()):
        raise NotFetched(f"{shown(url)}: its length {length[:40]!r} is no number")
    if length and int(length) > most:
        raise _too_long(url, most)
    if not length and headers.get("transfer-encoding", "").lower() != "chunked":
        raise NotFetched(f"{shown(url)} does not say how long it is, so a cut would not show")
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return answer.iter_stream()
    if coding not in ("gzip", "x-gzip"):
        raise NotFetched(f"{shown(url)} is compressed as {coding[:40]!r}, which was not asked for")
    return _inflated(answer.iter_stream(), url)


def _inflated(parts: Iterable[bytes], url: str) -> Iterator[bytes]:
    """What gzip holds (RFC 1952), never more at a time than a piece."""
    inflater = zlib.decompressobj(wbits=31)
    packed = size = 0
    try:
        for part in parts:
            packed += len(part)
            while part:
                out = inflater.decompress(part, _PIECE)
                size += len(out)
                if size > _HARMLESS and size > _RATIO * packed:
                    raise NotFetched(f"{shown(url)} expands more than {_RATIO} times: a bomb")
                if out:
                    yield out
                part = inflater.unconsumed_tail  # noqa: PLW2901 - what is left of it
                if inflater.eof and inflater.unused_data:
                    raise NotFetched(f"{shown(url)}: something follows its compressed stream")
    except zlib.error as wrong:
        raise NotFetched(f"{shown(url)}: its compressed stream is damaged: {wrong}") from wrong
    if not inflater.eof:
        raise NotFetched(f"{shown(url)}: its compressed stream is cut")
