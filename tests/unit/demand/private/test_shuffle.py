"""Rows change places, and what goes over the wire tells nobody more than it knew."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from pools import Queues, queues, seed

from accord.demand.private.common.sharing import Shared, Stream, Words, seed_for
from accord.demand.private.common.shuffle import order_of, shuffled

ROWS = 512


def moved(rows: Words, turn: int) -> tuple[list[Shared], list[Shared], list[Queues]]:
    """What everybody holds before and after, and what each received."""
    parts = [Stream(seed("part", turn, p)).words(rows.shape) for p in range(2)]
    parts.append(rows ^ parts[0] ^ parts[1])
    before = [Shared(parts[p], parts[(p + 1) % 3]) for p in range(3)]
    seeds = [seed("key", turn, p) for p in range(3)]

    async def everybody() -> tuple[list[Shared], list[Queues]]:
        channels = queues(3)
        return (
            await asyncio.gather(
                *(
                    shuffled(p, channels[p], before[p], (seeds[p], seeds[(p + 1) % 3]))
                    for p in range(3)
                )
            ),
            channels,
        )

    after, channels = asyncio.run(everybody())
    return before, after, channels


def test_the_rows_are_the_same_in_another_order() -> None:
    rows = Stream(seed("rows")).words((ROWS, 2))
    _, after, _ = moved(rows, 0)
    opened = after[0].first ^ after[1].first ^ after[2].first
    assert sorted(map(bytes, opened)) == sorted(map(bytes, rows))
    assert (opened != rows).any()
    assert all((after[p].second == after[(p + 1) % 3].first).all() for p in range(3))


@pytest.mark.parametrize("turn", range(8))
def test_what_is_received_cannot_be_made_of_what_is_held(turn: int) -> None:
    """The rows are all zero, and known to be: an exchange without fresh parts is then foreseen.

    Turn 0: partner 1 could say what partner 0 has left of the rows, and the other way round.
    """
    before, _, channels = moved(np.zeros((ROWS, 2), np.uint64), turn)
    order = order_of(seed_for(seed("key", turn, 1), "order", 0), ROWS)
    foreseen = {0: before[0].first ^ before[0].second, 1: before[1].second}
    for partner, held in foreseen.items():
        ((_, data),) = [
            message for message in channels[partner].received[:1] if message[0] == 1 - partner
        ]
        gap = np.frombuffer(data, np.uint64) ^ held[order].reshape(-1)
        ones = int(np.bitwise_count(gap).sum())
        assert abs(ones - 64 * ROWS) < 6 * (32 * ROWS) ** 0.5
