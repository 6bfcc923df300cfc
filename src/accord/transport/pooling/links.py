"""Connections to the other partners of one run: TLS 1.3, both ends known by their certificates.

Law (bound): a connection carries nothing of a computation before both ends have shown the
certificates of two partners of the run, and said the same run, question and order of partners.

The partner with the higher number connects. Messages have their length, four bytes, in front.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import ssl
from pathlib import Path

from accord.core.clock import Clock
from accord.demand.private.channel import HELD
from accord.demand.private.errors import Disagreed, PartnerLeft
from accord.transport import tls
from accord.transport.pooling.settings import Run

_LENGTH = 4
_WAIT = 0.2
"""Seconds before a partner that does not listen yet is tried again."""
_PROTOCOL = "accord-pool"
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Links:
    """A channel to each other partner."""

    def __init__(self, run: Run, clock: Clock) -> None:
        self.sent = 0
        """Bytes given to all connections."""
        self._run = run
        self._clock = clock
        self._folder = Path(run.keys)
        self._ends: dict[int, Ends] = {}
        self._arrived = asyncio.Event()
        self._refused: list[Disagreed] = []

    def missing(self) -> list[int]:
        """Partners without a connection."""
        return [i for i in range(len(self._run.peers)) if i not in (self._run.me, *self._ends)]

    async def connect(self, listening: asyncio.Server) -> None:
        """Be connected with everybody; `listening` hands its connections to `accept`.

        Raises:
            Disagreed: a partner showed another certificate, or has another run or question.
            AccordError: the door's key cannot be read.
        """
        steps = (self._all(), *map(self._call, range(self._run.me)))
        calls = [asyncio.ensure_future(step) for step in steps]
        try:
            for call in asyncio.as_completed(calls):
                await call
        finally:
            for call in calls:
                call.cancel()
            listening.close()

    def server_context(self) -> ssl.SSLContext:
        """What is shown to those that connect: exactly the partners of the run may.

        Raises:
            AccordError: the door's key or a partner's certificate cannot be read.
        """
        others = [peer.pem() for i, peer in enumerate(self._run.peers) if i != self._run.me]
        context = tls.server_context(self._folder, lambda: others)
        context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols([_PROTOCOL])
        return context

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet who connected. Strangers are shown out, and no more is said of them."""
        shown = _pin(writer)
        peer = next((i for i, peer in enumerate(self._run.peers) if peer.pin == shown), None)
        if peer is None or peer <= self._run.me or peer in self._ends:
            writer.transport.abort()
            return
        try:
            await self._greet(peer, reader, writer)
        except Disagreed as wrong:
            self._refused.append(wrong)
            self._arrived.set()
        except PartnerLeft:
            return  # It may come again until the end.

    async def send(self, peer: int, data: bytes) -> None:
        """As `Channel` has it."""
        writer = self._ends[peer][1]
        writer.write(len(data).to_bytes(_LENGTH, "big"))
        writer.write(data)
        self.sent += _LENGTH + len(data)
        try:
            await writer.drain()
        except (OSError, ssl.SSLError) as wrong:
            raise PartnerLeft(peer) from wrong

    async def receive(self, peer: int, limit: int) -> bytes:
        """As `Channel` has it."""
        return await _read(peer, self._ends[peer][0], limit)

    async def close(self, seconds: float) -> None:
        """Close every connection, what was sent first; after so many seconds, at once."""
        for _, writer in self._ends.values():
            writer.close()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(seconds):
                for _, writer in self._ends.values():
                    await writer.wait_closed()
        for _, writer in self._ends.values():
            writer.transport.abort()

    async def _all(self) -> None:
        while self.missing():
            await self._arrived.wait()
            self._arrived.clear()
            if self._refused:
                raise self._refused[0]

    async def _call(self, peer: int) -> None:
        there = self._run.peers[peer]
        context = tls.client_context({there.pin}, self._clock)
        context.load_cert_chain(self._folder / tls.FILE)
        context.set_alpn_protocols([_PROTOCOL])
        while True:
            try:
                ends = await asyncio.open_connection(there.host, there.port, ssl=context)
                await self._greet(peer, *ends)
            except tls.NotPinned as wrong:
                raise Disagreed(peer, f"is not who it should be: {wrong}") from wrong
            except (OSError, PartnerLeft):
                await asyncio.sleep(_WAIT)  # Not there yet; the deadline of the run ends this.
            else:
                return

    async def _greet(
        self, peer: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Both say what they take to be agreed; only who says the same stays."""
        try:
            await self._same(peer, reader, writer)
        except BaseException:
            writer.transport.abort()
            raise
        writer.transport.set_write_buffer_limits(high=HELD)
        self._ends[peer] = (reader, writer)
        self._arrived.set()

    async def _same(
        self, peer: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        agreed = self._run.agreed()
        try:
            writer.write(len(agreed).to_bytes(_LENGTH, "big") + agreed)
            await writer.drain()
        except OSError as wrong:
            raise PartnerLeft(peer) from wrong
        if not hmac.compare_digest(await _read(peer, reader, len(agreed)), agreed):
            raise Disagreed(peer, "has another run, question or order of partners")


async def _read(peer: int, reader: asyncio.StreamReader, limit: int) -> bytes:
    try:
        size = int.from_bytes(await reader.readexactly(_LENGTH), "big")
        if size > limit:
            raise Disagreed(peer, f"announced {size:,} bytes where at most {limit:,} belong")
        return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, OSError) as wrong:
        raise PartnerLeft(peer) from wrong


def _pin(writer: asyncio.StreamWriter) -> str:
    shown: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    der = shown.getpeercert(binary_form=True) if shown else None
    return hashlib.sha256(der or b"").hexdigest()
