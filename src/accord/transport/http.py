"""Requests to partners: signed, over TLS to a pinned certificate, and their answers brought back
whole and within bounds.

Law (whole): an answer is given back as it was sent, or not at all: nothing cut, too long, too slow,
compressed or sent from elsewhere is an answer.

Where a partner is comes from the directory, which a threshold of partners signed; so an address may
be on a private network, and is spoken to only after it has proved who it is.

Source: RFC 9110, sections 8.4 and 15.4; RFC 9112, sections 6 and 8.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpcore
import msgspec

from accord.core.clock import Clock
from accord.core.errors import Invalid
from accord.core.show import printable
from accord.core.times import when
from accord.flows.exchange.carrying import ClockOff, Refused, Unreachable
from accord.flows.exchange.messages import Request, Response
from accord.identity.keys import Signer
from accord.identity.partners import Partner
from accord.identity.signatures import NONCE, sign_request
from accord.transport.tls import client_context
from accord.transport.wire import Backend

MOST = 64 << 20
"""Bytes of the longest answer."""
TOTAL = 120.0
"""Seconds for a request and its answer, over all addresses of a partner."""
BRIDGED = 7_200
"""Seconds by which clocks may differ and requests still be signed, in the partner's time."""

_CONNECT = 5.0
_SILENT = 45.0
"""Seconds without a byte: more than the 30 for which a partner may let us wait for a change."""
_NOTICED = 10
"""Seconds of difference between clocks that are worth a warning."""
_SECOND = len("2026-01-01T00:00:00")
_TRIES = 3
_KEPT = 4
"""Connections to a partner that are kept open."""
_UNAUTHORIZED = 401
_LOG = logging.getLogger("accord.transport")


class Limits(msgspec.Struct, frozen=True):
    """What an answer may cost."""

    most: int = MOST
    """Bytes."""
    total: float = TOTAL
    """Seconds."""
    silent: float = _SILENT
    """Seconds between two of its bytes."""


class HttpCarrier:
    """Takes requests to partners over HTTP/1.1 and TLS 1.3. Threads may share it."""

    def __init__(
        self,
        signer: Callable[[], Signer],
        clock: Clock,
        entropy: Callable[[int], bytes],
        limits: Limits | None = None,
    ) -> None:
        """`signer` gives the node's Ed25519 key of today, `entropy` random bytes."""
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._limits = limits or Limits()
        self._backend = Backend()
        self._pools: dict[str, tuple[tuple[str, ...], httpcore.ConnectionPool]] = {}
        self._offsets: dict[str, float] = {}
        self._best: dict[str, str] = {}
        self._lock = threading.Lock()

    def send(self, partner: Partner, request: Request, timeout: float | None = None) -> Response:
        """The answer of a partner, whatever its status, besides 401 and redirections.

        `timeout` is in seconds, for all of it.

        Raises:
            Unreachable: no whole answer came from any of its addresses.
            Refused: it does not take our signature, or sends us elsewhere.
            ClockOff: the clocks differ by more than can be bridged.
        """
        if not partner.addresses:
            raise Unreachable(f"the directory lists no address of {partner.name}")
        end = time.monotonic() + (timeout or self._limits.total)
        reasons = []
        for address in self._ordered(partner):
            try:
                with self._backend.until(end):
                    response = self._ask(partner, address, request)
            except Refused:
                raise
            except Unreachable as wrong:
                reasons.append(f"{printable(address)}: {wrong}")
            else:
                self._best[partner.name] = address
                return response
        raise Unreachable(f"{partner.name} is not reached at {'; nor at '.join(reasons)}")

    def close(self) -> None:
        """Give up every connection."""
        with self._lock:
            pools = [pool for _, pool in self._pools.values()]
            self._pools.clear()
        for pool in pools:
            pool.close()

    def _ordered(self, partner: Partner) -> list[str]:
        """Where it answered last comes first."""
        best = self._best.get(partner.name)
        return sorted(partner.addresses, key=lambda address: address != best)

    def _ask(self, partner: Partner, address: str, request: Request) -> Response:
        """Signed anew each time, in the partner's time once that is known."""
        for _ in range(_TRIES):
            signed = self._in_time_of(partner)
            response = self._exchange(partner, address, request)
            if response.status != _UNAUTHORIZED:
                return _direct(partner, response)
            self._learn(partner, response, signed)
        raise _unknown(partner)

    def _learn(self, partner: Partner, response: Response, signed: str) -> None:
        """The partner's time, where it may be why it refused us.

        `signed` is the time that the request bore. Signatures count in whole seconds: half a second
        may be the one that a door which has just begun asks for.

        Raises:
            Refused: the time is not why.
            ClockOff: the clocks differ by more than can be bridged.
        """
        ours = self._clock.now()
        theirs = _told(partner, response)
        offset = (datetime.fromisoformat(theirs) - datetime.fromisoformat(ours)).total_seconds()
        if abs(offset) > BRIDGED:
            raise ClockOff(
                f"this node's clock says {ours[:19]}Z, that of {partner.name} {theirs[:19]}Z: "
                "nothing is taken from it and nothing given until the wrong one is set"
            )
        if abs(offset) > _NOTICED:
            _LOG.warning("the clocks of this node and %s differ by %+.0f s", partner.name, offset)
        again = response.header("retry-after") == "1"
        earlier = signed[:_SECOND] < theirs[:_SECOND]
        if abs(offset - self._offsets.get(partner.name, 0)) < 1 and not again and not earlier:
            raise _unknown(partner)
        self._offsets[partner.name] = offset
        if again:
            time.sleep(1)

    def _exchange(self, partner: Partner, address: str, request: Request) -> Response:
        """A connection that was kept may have ended on the other side: then once more, afresh."""
        url = _url(address, request)
        pool = self._pool(partner)
        try:
            try:
                return self._once(pool, url, self._signed(partner, request))
            except (httpcore.RemoteProtocolError, httpcore.NetworkError) as wrong:
                if isinstance(wrong, httpcore.ConnectError):
                    raise
                return self._once(pool, url, self._signed(partner, request))
        except httpcore.TimeoutException as wrong:
            raise Unreachable("it is too slow, or does not answer") from wrong
        except (httpcore.NetworkError, httpcore.ProtocolError, UnicodeError) as wrong:
            raise Unreachable(printable(str(wrong))[:400] or "the connection broke") from wrong

    def _signed(self, partner: Partner, request: Request) -> Request:
        now = self._in_time_of(partner)
        added = sign_request(request, partner.name, self._signer(), now, self._entropy(NONCE))
        return msgspec.structs.replace(request, headers=(*request.headers, *added))

    def _in_time_of(self, partner: Partner) -> str:
        offset = self._offsets.get(partner.name)
        now = self._clock.now()
        if not offset:
            return now
        return when((datetime.fromisoformat(now) + timedelta(seconds=offset)).isoformat())

    def _once(self, pool: httpcore.ConnectionPool, url: httpcore.URL, request: Request) -> Response:
        silent = self._limits.silent
        with pool.stream(
            request.method,
            url,
            headers=_headers(url, request),
            content=request.body or None,
            extensions={
                "timeout": {"connect": _CONNECT, "read": silent, "write": silent, "pool": silent}
            },
        ) as answer:
            headers = tuple(
                (name.decode("ascii").lower(), value.decode("latin-1"))
                for name, value in answer.headers
            )
            response = Response(answer.status, headers)
            _check_form(response, self._limits.most)
            return msgspec.structs.replace(response, body=self._body(answer))

    def _body(self, answer: httpcore.Response) -> bytes:
        parts = []
        size = 0
        for part in answer.iter_stream():
            size += len(part)
            if size > self._limits.most:
                raise Unreachable(f"its answer is longer than {self._limits.most:,} bytes")
            parts.append(part)
        return b"".join(parts)

    def _pool(self, partner: Partner) -> httpcore.ConnectionPool:
        """Connections to those who show its certificates of today, and no others."""
        with self._lock:
            pins, pool = self._pools.get(partner.name, ((), None))
            if pool is None or pins != partner.certificates:
                if pool is not None:
                    pool.close()
                pool = self._new_pool(partner)
                self._pools[partner.name] = (partner.certificates, pool)
            return pool

    def _new_pool(self, partner: Partner) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=client_context(partner.certificates, self._clock),
            max_connections=2 * _KEPT,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=60.0,
            network_backend=self._backend,
        )


def _url(address: str, request: Request) -> httpcore.URL:
    """The path as it is signed, at the address as the directory has it.

    Raises:
        Unreachable: the address is not one of a door.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as wrong:
        raise Unreachable(f"this is no address: {wrong}") from wrong
    if parts.scheme != "https" or not host or not host.isascii() or parts.username is not None:
        raise Unreachable("a door's address is written https://host:port")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise Unreachable("a door's address ends after its port")
    target = f"{request.path}?{request.query}" if request.query else request.path
    return httpcore.URL(
        scheme=b"https", host=host.encode(), port=port, target=target.encode("ascii")
    )


def _headers(url: httpcore.URL, request: Request) -> list[tuple[str, str]]:
    host = url.host.decode()
    named = f"[{host}]" if ":" in host else host
    return [
        ("host", f"{named}:{url.port}" if url.port else named),
        ("user-agent", "accord"),
        ("accept-encoding", "identity"),
        *([("content-length", str(len(request.body)))] if request.method != "GET" else []),
        *request.headers,
    ]


def _check_form(response: Response, most: int) -> None:
    """Whether the end of an answer can be known, and is near enough, before it is read."""
    if response.header("content-encoding") not in ("", "identity"):
        raise Unreachable("its answer is compressed, which was not asked for")
    length = response.header("content-length")
    chunked = response.header("transfer-encoding").lower() == "chunked"
    if not length and not chunked:
        raise Unreachable("its answer does not say how long it is, so a cut would not show")
    if length and int(length) > most:
        raise Unreachable(f"its answer is longer than {most:,} bytes")


def _direct(partner: Partner, response: Response) -> Response:
    """Redirections are never followed: the directory says where a partner is (RFC 9110, 15.4)."""
    if not 200 <= response.status < 300 and response.status < 400:  # noqa: PLR2004 - classes of status
        raise Refused(
            f"{partner.name} sends us elsewhere (status {response.status}), and we do not go: "
            "ask it for its address",
            response.status,
        )
    return response


def _told(partner: Partner, response: Response) -> str:
    try:
        told = when(response.header("accord-time"))
    except Invalid as wrong:
        raise _unknown(partner) from wrong
    if not told:
        raise _unknown(partner)
    return told


def _unknown(partner: Partner) -> Refused:
    return Refused(
        f"{partner.name} does not take this node's signature: it may have an older directory, or "
        "ours does; compare `accord partners list` on both",
        _UNAUTHORIZED,
    )
