"""A secret order: rows change places in a way that no computing partner knows.

Each pair of partners moves the rows in its turn, in an order that the third does not know, and
shares them anew. Nobody is in all three pairs, so nobody knows the whole way of a row.
Source: Laur, Willemson, Zhang, "Round-efficient oblivious database manipulation" (ISC 2011); with
parts held twice: Chida and others, "An efficient secure three-party sorting protocol with an honest
majority" (2019).
"""

from __future__ import annotations

import numpy as np

from accord.demand.private.channel import Channel
from accord.demand.private.common.gates import pieces, receive_words, send_words
from accord.demand.private.common.sharing import Shared, Stream, Words, seed_for
from accord.demand.private.shape import COMPUTING


async def shuffled(me: int, channel: Channel, rows: Shared, seeds: tuple[bytes, bytes]) -> Shared:
    """Rows in a secret order, three rounds; `seeds` are those of parts `me` and `me + 1`.

    Raises:
        PartnerLeft, Disagreed: see `Channel`.
    """
    for turn in range(COMPUTING):
        rows = await _turn(me, channel, rows, seeds, turn)
    return rows


async def _turn(
    me: int, channel: Channel, rows: Shared, seeds: tuple[bytes, bytes], turn: int
) -> Shared:
    """One pair moves the rows: partners `turn` and the next; the third gets two fresh parts."""
    fresh = [Stream(seed_for(seed, "fresh", turn)) for seed in seeds]
    size = rows.first.shape
    if me == (turn + 2) % COMPUTING:
        return Shared(fresh[0].words(size), fresh[1].words(size))
    if me == turn:
        order = order_of(seed_for(seeds[1], "order", turn), len(rows.first))
        kept = fresh[0].words(size)
        mine = (rows.first ^ rows.second)[order] ^ kept
        return Shared(kept, await _summed(channel, (turn + 1) % COMPUTING, mine))
    order = order_of(seed_for(seeds[0], "order", turn), len(rows.first))
    kept = fresh[1].words(size)
    mine = rows.second[order] ^ kept
    return Shared(await _summed(channel, turn, mine), kept)


async def _summed(channel: Channel, peer: int, mine: Words) -> Words:
    """The part that both of a pair hold: what each has of it, exchanged."""
    flat, theirs = mine.reshape(-1), np.empty(mine.size, np.uint64)
    for piece in pieces(flat.size):
        await send_words(channel, peer, flat[piece])
        await receive_words(channel, peer, theirs[piece])
    return mine ^ theirs.reshape(mine.shape)


def order_of(seed: bytes, count: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """A uniform order of so many rows: they are sorted by 128 random bits each."""
    high, low = Stream(seed).words((2, count))
    return np.lexsort((low, high))
