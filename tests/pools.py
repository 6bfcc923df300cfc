"""Partners that compute together within one process, over queues."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence

from accord.demand.private.channel import Channel
from accord.demand.private.common.bins import Table, digest_of
from accord.demand.private.common.release import Share
from accord.demand.private.common.run import common
from accord.demand.private.errors import Disagreed, DoesNotFit, PartnerLeft
from accord.demand.private.shape import Shape

Items = Sequence[Collection[bytes]]


class Queues:
    """One partner's channel; when a partner is done or gone, the others find out."""

    def __init__(self, me: int, queues: dict[tuple[int, int], asyncio.Queue[bytes | None]]) -> None:
        self.me = me
        self.queues = queues
        self.received: list[tuple[int, bytes]] = []

    async def send(self, peer: int, data: bytes) -> None:
        self.queues[self.me, peer].put_nowait(data)

    async def receive(self, peer: int, limit: int) -> bytes:
        data = await self.queues[peer, self.me].get()
        if data is None:
            self.queues[peer, self.me].put_nowait(None)
            raise PartnerLeft(peer)
        if len(data) > limit:
            raise Disagreed(peer, f"sent {len(data)} bytes where {limit} belong")
        self.received.append((peer, data))
        return data

    def leave(self) -> None:
        for (sender, _), queue in self.queues.items():
            if sender == self.me:
                queue.put_nowait(None)


def queues(partners: int) -> list[Queues]:
    every = range(partners)
    pairs: dict[tuple[int, int], asyncio.Queue[bytes | None]] = {
        (i, j): asyncio.Queue() for i in every for j in every
    }
    return [Queues(i, pairs) for i in every]


def seed(*words: object) -> bytes:
    return hashlib.sha256(repr(words).encode()).digest()


def tables(items: Items, shape: Shape, first_key: int = 0) -> tuple[bytes, list[Table]]:
    """Everybody's table under the first key that all fit."""
    for attempt in range(first_key, first_key + 100):
        key = seed("key", attempt)
        try:
            return key, [Table(held, key, shape) for held in items]
        except DoesNotFit:
            continue
    raise AssertionError("no key fits")


def expected(items: Items, threshold: int, key: bytes) -> list[bytes]:
    """What one computer with everybody's items in the clear answers."""
    counts = Counter(item for held in items for item in set(held))
    return sorted(digest_of(item, key) for item, held in counts.items() if held >= threshold)


Wrapped = Callable[[Queues], Channel]


def run(
    made: Sequence[Table],
    seeds: Sequence[bytes],
    wrapped: dict[int, Wrapped] | None = None,
    questions: Sequence[bytes] | None = None,
) -> tuple[list[Share | BaseException], list[Queues]]:
    """Everybody's outcome, and the channels with what each received."""

    async def one(channel: Queues) -> Share:
        me = channel.me
        used = wrapped[me](channel) if wrapped and me in wrapped else channel
        question = questions[me] if questions else b"question"
        try:
            return await common(me, used, made[me], question, seeds[me])
        finally:
            channel.leave()

    async def everybody() -> tuple[list[Share | BaseException], list[Queues]]:
        channels = queues(len(made))
        async with asyncio.timeout(60):
            ended = await asyncio.gather(*map(one, channels), return_exceptions=True)
        return ended, channels

    return asyncio.run(everybody())


def shares(made: Sequence[Table], seeds: Sequence[bytes] | None = None) -> list[Share]:
    """The three shares of a run in which all goes well."""
    ended, _ = run(made, seeds or [seed("run", i) for i in range(len(made))])
    assert all(isinstance(share, Share) for share in ended), ended
    return [share for share in ended if isinstance(share, Share)][:3]
