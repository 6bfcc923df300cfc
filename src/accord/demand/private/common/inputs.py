"""How every partner's items come to the three that compute, in parts, some bins at a time.

Two parts of each owner's table are streams whose seeds it sends once; the third is what is left of
the table, and goes to its holders. A holder of it has one of the two streams and lacks the other,
so what it gets is uniform to it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accord.demand.private.channel import Channel, receive_exactly
from accord.demand.private.common.bins import Table
from accord.demand.private.common.gates import pieces, receive_words, send_words
from accord.demand.private.common.sharing import (
    SEED_BYTES,
    Shared,
    Stream,
    Words,
    holders,
    seed_for,
    sliced,
)
from accord.demand.private.shape import COMPUTING, Shape


def sent_part(owner: int) -> int:
    """The part of an owner's table that is sent; the other two are streams."""
    return owner % COMPUTING


def seeded_parts(owner: int, holder: int) -> list[int]:
    """The parts that a holder makes from seeds of the owner."""
    parts = (holder, (holder + 1) % COMPUTING)
    return [part for part in parts if part != sent_part(owner)]


def table_words(shape: Shape, owner: int, words: int) -> int:
    """Words of an owner's slices for so many words of bins: as leader, and as one of the others."""
    return 128 * words * ((owner in shape.leaders) + shape.load * shape.follows(owner))


class Owner:
    """A partner as the owner of its table."""

    def __init__(self, me: int, table: Table, seed: bytes) -> None:
        """`seed` is this partner's own chance; every stream here comes from it."""
        self.me = me
        self.shape = table.shape
        self._table = table
        self._fill = Stream(seed_for(seed, "empty places"))
        self._seeds = {
            part: seed_for(seed, "table", part)
            for part in range(COMPUTING)
            if part != sent_part(me)
        }
        self._streams = {part: Stream(part_seed) for part, part_seed in self._seeds.items()}

    async def send_seeds(self, channel: Channel) -> None:
        """Send each computing partner the seeds of its parts, once, before anything else."""
        for holder in range(COMPUTING):
            if holder != self.me:
                parts = seeded_parts(self.me, holder)
                await channel.send(holder, b"".join(self._seeds[part] for part in parts))

    def recipients(self) -> list[int]:
        """The holders of the part that is sent, but this partner."""
        return [holder for holder in holders(sent_part(self.me)) if holder != self.me]

    def parts(self, start: int, stop: int) -> list[Words]:
        """All three parts of the slices for some words of bins; asked for in order, each once."""
        shape, bins = self.shape, (64 * start, 64 * stop)
        wanted = []
        if self.me in shape.leaders:
            wanted.append(sliced(self._table.leading(*bins, self._fill)).reshape(-1))
        if shape.follows(self.me):
            wanted.append(sliced(self._table.following(*bins, self._fill)).reshape(-1))
        rest = np.concatenate(wanted)
        made = {part: stream.words(rest.shape) for part, stream in self._streams.items()}
        for words in made.values():
            np.bitwise_xor(rest, words, out=rest)
        made[sent_part(self.me)] = rest
        return [made[part] for part in range(COMPUTING)]


class Guest:
    """Another owner, as a computing partner sees it: the parts of its table that are streams."""

    def __init__(self, owner: int, seeds: dict[int, bytes]) -> None:
        """One seed for each part that this partner makes itself."""
        self.owner = owner
        self.streams = {part: Stream(seed) for part, seed in seeds.items()}


async def receive_seeds(channel: Channel, me: int, owner: int) -> Guest:
    """What `Owner.send_seeds` sends to this partner.

    Raises:
        PartnerLeft, Disagreed: see `Channel`.
    """
    parts = seeded_parts(owner, me)
    data = await receive_exactly(channel, owner, SEED_BYTES * len(parts))
    seeds = [data[at : at + SEED_BYTES] for at in range(0, len(data), SEED_BYTES)]
    return Guest(owner, dict(zip(parts, seeds, strict=True)))


async def give(channel: Channel, owner: Owner, start: int, stop: int) -> None:
    """The part of a partner that does not compute itself: send some bins and keep nothing.

    Raises:
        PartnerLeft: see `Channel`.
    """
    rest = owner.parts(start, stop)[owner.recipients()[0]]
    for piece in pieces(rest.size):
        for holder in owner.recipients():
            await send_words(channel, holder, rest[piece])


async def dealt(
    channel: Channel,
    owner: Owner,
    guests: Sequence[Guest],
    span: tuple[int, int],
) -> dict[int, Shared]:
    """Both parts that this computing partner holds of everybody's slices for some words of bins.

    Piece by piece for all owners at once, so that nobody has more in the air than a few pieces.

    Raises:
        PartnerLeft, Disagreed: see `Channel`.
    """
    me = owner.me
    mine, parts = owner.parts(*span), (me, (me + 1) % COMPUTING)
    got = {me: Shared(mine[parts[0]], mine[parts[1]])}
    due = []
    for guest in guests:
        words = table_words(owner.shape, guest.owner, span[1] - span[0])
        made = [np.empty(words, np.uint64) for _ in parts]
        for part, array in zip(parts, made, strict=True):
            if part in guest.streams:
                guest.streams[part].fill(array)
            else:
                due.append((guest.owner, array, list(pieces(words))))
        got[guest.owner] = Shared(*made)
    rest = mine[sent_part(me)]
    outgoing = list(pieces(rest.size))
    for turn in range(max(len(outgoing), *(len(todo) for _, _, todo in due), 0)):
        for piece in outgoing[turn : turn + 1]:
            for holder in owner.recipients():
                await send_words(channel, holder, rest[piece])
        for peer, array, todo in due:
            for piece in todo[turn : turn + 1]:
                await receive_words(channel, peer, array[piece])
    return got
