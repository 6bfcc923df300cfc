"""HTTP/1.1 as the door speaks it: bounded, with an end to its patience, and read in one way.

Source: RFC 9112, sections 3.2 and 6; RFC 9110, section 6.5.1.
"""

from __future__ import annotations

import asyncio
import hashlib

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from accord.web.door.app import SHOWN

HEAD = 72 << 10
"""Bytes of the longest head of a request."""
PATIENCE = 15.0
"""Seconds in which the head of a request must have come."""
_VERSIONS = ("1.0", "1.1")
_WITHOUT_HOST = "1.0"
"""The version in which a request need not name its host."""


class _Refused(Exception):
    """A request that is not answered; the parser makes an answer of 400 of it."""


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose patience ends: a head that comes byte by byte must be whole in time.

    Law (bounded head): a head of more than so many bytes is refused, whole or not, and so is
    whatever else would have to be kept until it ends.
    Law (one reading): what two readers could take for different requests is refused.
    """

    _late: asyncio.TimerHandle | None = None
    _open = False
    """Whether a head has begun and is not whole."""
    _size = 0
    """Bytes of the fields of this request, in its head and behind its body."""
    _moved = False
    """Whether the parser has told of anything in what came last."""
    _within = 0
    """Bytes that came since; it keeps a field, or what is written beside a chunk, until it ends."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        shown = _shown(transport)
        if shown:
            self.app_state = {**self.app_state, SHOWN: shown}
        self._late = self.loop.call_later(PATIENCE, self.timeout_keep_alive_handler)

    def data_received(self, data: bytes) -> None:
        """Wait for no longer once a head is there; begin to wait when a next one begins."""
        self._moved = False
        super().data_received(data)
        self._within = 0 if self._moved else self._within + len(data)
        if self._within > HEAD and not self.transport.is_closing():
            self.send_400_response("What belongs together is too long.")
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._late is None:
            self._late = self.loop.call_later(PATIENCE, self.timeout_keep_alive_handler)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._open, self._size = True, 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head; those behind a body are left out (RFC 9110, section 6.5.1)."""
        self._count(len(name) + len(value))
        if self._open:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole.

        Raises:
            _Refused: it is of another version, or its host or its length is not told in one way
                (RFC 9112, sections 2.3, 3.2 and 6.1).
        """
        self._open = False
        version = self.parser.get_http_version()
        hosts = sum(name == b"host" for name, _ in self.headers)
        if version not in _VERSIONS:
            raise _Refused("HTTP/1.1 is spoken here")
        if hosts > 1 or (not hosts and version != _WITHOUT_HOST):
            raise _Refused("a request names one host")
        if any(name == b"transfer-encoding" and how.lower() != b"chunked"
               for name, how in self.headers):  # fmt: skip
            raise _Refused("a body is sent as it is, or chunked")
        super().on_headers_complete()
        if self.parser.should_upgrade():
            # Nothing else is spoken here. What follows on this connection could be anything.
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._moved = True
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End. A connection on which nobody asks is cut: to part from it in TLS takes two."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()

    def _count(self, size: int) -> None:
        self._moved = True
        self._size += size
        if self._size > HEAD:
            raise _Refused("the head is too long")

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _shown(transport: asyncio.Transport) -> str:
    """SHA-256 of the certificate that the other end proved to hold, or empty."""
    connection = transport.get_extra_info("ssl_object")
    shown = connection.getpeercert(binary_form=True) if connection else None
    return hashlib.sha256(shown).hexdigest() if shown else ""
