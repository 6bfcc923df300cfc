"""And, or, not on secrets, as one of the three computing partners sees it.

Law (gates): what a partner receives for an "and" is masked by a stream that it does not know, so it
is uniform whatever the secrets are.
Source: Araki and others, "High-throughput semi-honest secure three-party computation with an honest
majority" (ACM CCS 2016), protocol for multiplication in the ring of two elements.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from accord.demand.private.channel import PIECE, Channel, receive_exactly
from accord.demand.private.common.sharing import BLOCK, Shared, Stream, Words
from accord.demand.private.shape import COMPUTING

_ALL = np.uint64(2**64 - 1)
_PIECE_WORDS = PIECE // 8


def pieces(words: int) -> Iterator[slice]:
    """Places of an array that go in one message each."""
    return (
        slice(start, min(start + _PIECE_WORDS, words)) for start in range(0, words, _PIECE_WORDS)
    )


async def send_words(channel: Channel, peer: int, words: Words) -> None:
    """One piece of an array, least significant byte first."""
    await channel.send(peer, words.astype("<u8", copy=False).tobytes())


async def receive_words(channel: Channel, peer: int, out: Words) -> None:
    """Overwrite one piece of an array with what a partner sent."""
    out[...] = np.frombuffer(await receive_exactly(channel, peer, out.nbytes), "<u8")


class Gates:
    """One partner's end of every gate."""

    def __init__(self, me: int, channel: Channel, first: Stream, second: Stream) -> None:
        """`first` is known to this partner and the one before, `second` to it and the next."""
        self._me = me
        self._channel = channel
        self._streams = first, second
        self._spare = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)

    def ones(self, *shape: int) -> Shared:
        """The public value of all ones, as a secret: part 0 has it."""
        nothing = Shared(np.zeros(shape, np.uint64), np.zeros(shape, np.uint64))
        return self.opposite(nothing)

    def opposite(self, x: Shared) -> Shared:
        """Not: part 0 is turned over by whoever holds it; nothing is sent."""
        return Shared(
            x.first ^ _ALL if self._me == 0 else x.first,
            x.second ^ _ALL if self._me == COMPUTING - 1 else x.second,
        )

    async def both(self, x: Shared, y: Shared) -> Shared:
        """And of two secret arrays of one shape, in one round.

        Each piece goes out while the next one is computed.

        Raises:
            PartnerLeft, Disagreed: see `Channel`.
        """
        shape = x.first.shape
        x, y = x.shaped(-1), y.shaped(-1)
        mine, next_ones = np.empty_like(x.first), np.empty_like(x.first)
        before, after = (self._me - 1) % COMPUTING, (self._me + 1) % COMPUTING
        due = slice(0)
        for piece in pieces(mine.size):
            self._masked_products(x.at(piece), y.at(piece), mine[piece])
            await send_words(self._channel, before, mine[piece])
            if due.stop:
                await receive_words(self._channel, after, next_ones[due])
            due = piece
        if due.stop:
            await receive_words(self._channel, after, next_ones[due])
        return Shared(mine, next_ones).shaped(*shape)

    async def every(self, x: Shared) -> Shared:
        """And over the first axis, as a tree."""
        while (count := len(x.first)) > 1:
            half = count // 2
            folded = await self.both(x.at(slice(half)), x.at(slice(half, 2 * half)))
            x = folded if count % 2 == 0 else _with_last(folded, x)
        return x.at(0)

    async def some(self, x: Shared) -> Shared:
        """Or over the first axis."""
        return self.opposite(await self.every(self.opposite(x)))

    def _masked_products(self, x: Shared, y: Shared, out: Words) -> None:
        """One part of the product: three of nine products of parts, and the mask."""
        for start in range(0, out.size, BLOCK):
            block = slice(start, start + BLOCK)
            self._block(x.at(block), y.at(block), out[block])

    def _block(self, x: Shared, y: Shared, out: Words) -> None:
        mask, product = (spare[: out.size] for spare in self._spare)
        self._streams[0].fill(out)
        self._streams[1].fill(mask)
        np.bitwise_xor(out, mask, out=out)
        np.bitwise_xor(y.first, y.second, out=product)
        np.bitwise_and(product, x.first, out=product)
        np.bitwise_xor(out, product, out=out)
        np.bitwise_and(x.second, y.first, out=product)
        np.bitwise_xor(out, product, out=out)


def _with_last(folded: Shared, x: Shared) -> Shared:
    return Shared(
        np.concatenate((folded.first, x.first[-1:])), np.concatenate((folded.second, x.second[-1:]))
    )
