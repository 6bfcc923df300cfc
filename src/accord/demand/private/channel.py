"""How the computation reaches the other partners: the port, and messages of known length."""

from __future__ import annotations

from typing import Protocol

from accord.demand.private.errors import Disagreed

PIECE = 1 << 20
"""Bytes of the longest message."""
HELD = 8 * PIECE
"""Bytes for one partner that a channel must be able to hold back without making the sender wait.
Partners send to each other in a circle, piece by piece: less than this could make all wait."""


class Channel(Protocol):
    """Messages between the partners of one question, in order for each pair.

    Adapters raise only `PartnerLeft` for a connection that is broken, closed or past its deadline.
    """

    async def send(self, peer: int, data: bytes) -> None:
        """Send one message; may wait only while more than `HELD` bytes for that partner wait.

        Raises:
            PartnerLeft: the partner cannot be reached any more.
        """

    async def receive(self, peer: int, limit: int) -> bytes:
        """The next message of a partner, refused where it is longer than `limit` bytes.

        Raises:
            PartnerLeft: the partner left before it.
            Disagreed: it is longer than the limit; it was not read.
        """


async def receive_exactly(channel: Channel, peer: int, size: int) -> bytes:
    """The next message of a partner, of a length that the question alone decides.

    Raises:
        Disagreed: it has another length.
        PartnerLeft: the partner left before it.
    """
    data = await channel.receive(peer, size)
    if len(data) != size:
        raise Disagreed(peer, f"sent a message of {len(data)} bytes where {size} belong")
    return data
