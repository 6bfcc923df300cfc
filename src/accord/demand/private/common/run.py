"""One partner's part in a computation, from its table to its share of the result.

Nothing is opened here: the three that compute end with shares, which say nothing by themselves.
`release` opens them, later, after everybody's consent.
"""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np

from accord.demand.private.channel import Channel, receive_exactly
from accord.demand.private.common.bins import Table
from accord.demand.private.common.flags import flagged
from accord.demand.private.common.gates import Gates
from accord.demand.private.common.inputs import Owner, dealt, give, receive_seeds
from accord.demand.private.common.release import Share
from accord.demand.private.common.sharing import (
    SEED_BYTES,
    Shared,
    Stream,
    Words,
    rows_of,
    seed_for,
)
from accord.demand.private.common.shuffle import shuffled
from accord.demand.private.errors import Disagreed, DoesNotFit
from accord.demand.private.shape import COMPUTING, Shape

CHUNK_BYTES = 32 << 20
"""So much memory the comparisons of one chunk of bins take, in each of two parts."""
_PROTOCOL = b"accord pool common 1"
_GREETING = 32


async def common(me: int, channel: Channel, table: Table, question: bytes, seed: bytes) -> Share:
    """Compute with the others; partner `me` counts from 0 in the order of the question.

    `question` is anything that all must agree on: it is compared before a share is sent. `seed` is
    32 bytes from the system's source of chance, fresh for this run and kept by nobody.

    Returns:
        This partner's share; partners beyond the first three get an empty one.

    Raises:
        DoesNotFit: the seed or the number does not fit; nothing was sent.
        PartnerLeft: a partner is gone.
        Disagreed: a partner has another question, or sent what cannot be.
    """
    shape = table.shape
    if len(seed) != SEED_BYTES or not 0 <= me < shape.partners:
        raise DoesNotFit(f"a run takes {SEED_BYTES} bytes of chance and a partner of the question")
    await _greet(me, channel, shape, question)
    owner = Owner(me, table, seed_for(seed, "inputs"))
    if me >= COMPUTING:
        return await _give_all(me, channel, owner, shape)
    seeds = await _agree_on_seeds(me, channel, seed)
    rows = await _compute(me, channel, owner, shape, seeds)
    rows = await shuffled(me, channel, rows, seeds)
    await _end(me, channel, shape)
    return Share(me, rows.first.astype("<u8").tobytes(), rows.second.astype("<u8").tobytes())


async def _greet(me: int, channel: Channel, shape: Shape, question: bytes) -> None:
    """All have the same question and shape, or nobody sends a share."""
    agreed = hashlib.blake2b(
        msgspec.msgpack.encode((_PROTOCOL, shape, question)), digest_size=_GREETING
    ).digest()
    peers = [peer for peer in range(shape.partners) if peer != me and min(me, peer) < COMPUTING]
    for peer in peers:
        await channel.send(peer, agreed)
    for peer in peers:
        if await receive_exactly(channel, peer, _GREETING) != agreed:
            raise Disagreed(peer, "has another question")


async def _agree_on_seeds(me: int, channel: Channel, seed: bytes) -> tuple[bytes, bytes]:
    """Seeds of this partner's parts: the first is its own, the second comes from the next one."""
    own = seed_for(seed, "common chance")
    await channel.send((me - 1) % COMPUTING, own)
    return own, await receive_exactly(channel, (me + 1) % COMPUTING, SEED_BYTES)


def spans(shape: Shape) -> list[tuple[int, int]]:
    """Words of bins, in chunks that bound the memory; they follow from the shape alone."""
    each = 128 * 8 * shape.load * len(shape.pairs)
    step = max(1, min(shape.words, CHUNK_BYTES // each))
    return [(start, min(start + step, shape.words)) for start in range(0, shape.words, step)]


async def _compute(
    me: int, channel: Channel, owner: Owner, shape: Shape, seeds: tuple[bytes, bytes]
) -> Shared:
    """Rows of two words, one for each leader's bin: the digest where it comes out, else zero."""
    await owner.send_seeds(channel)
    others = [j for j in range(shape.partners) if j != me]
    guests = [await receive_seeds(channel, me, j) for j in others]
    gates = Gates(me, channel, *(Stream(seed_for(seed, "gates")) for seed in seeds))
    first: list[Words] = []
    second: list[Words] = []
    for span in spans(shape):
        tables = await dealt(channel, owner, guests, span)
        found = await flagged(gates, shape, tables, span[1] - span[0])
        first.append(rows_of(found.first))
        second.append(rows_of(found.second))
    return Shared(np.concatenate(first), np.concatenate(second))


async def _give_all(me: int, channel: Channel, owner: Owner, shape: Shape) -> Share:
    await owner.send_seeds(channel)
    for start, stop in spans(shape):
        await give(channel, owner, start, stop)
    await _end(me, channel, shape)
    return Share(me, b"", b"")


async def _end(me: int, channel: Channel, shape: Shape) -> None:
    """Each of the three says that it came to the end; whoever does not hear it has no result."""
    if me < COMPUTING:
        for peer in range(shape.partners):
            if peer != me:
                await channel.send(peer, _PROTOCOL)
    for peer in range(COMPUTING):
        if peer != me and await receive_exactly(channel, peer, len(_PROTOCOL)) != _PROTOCOL:
            raise Disagreed(peer, "did not end as the protocol does")
