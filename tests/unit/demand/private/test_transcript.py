"""What a node sees of a run can be made up from its own items and the result alone.

A node's own seed stays the same and everybody else's changes from run to run. Then, for two
different sets of hidden items with the same result, all that it receives must look uniform, bit by
bit, and the same in both; and where the result opens must not tell who holds what.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray
from pools import run, seed, tables

from accord.demand.private.common import inputs
from accord.demand.private.common import run as running
from accord.demand.private.common.gates import Gates
from accord.demand.private.common.release import Share, release
from accord.demand.private.common.sharing import Shared, Words, seed_for
from accord.demand.private.shape import Shape, shape_of

SHAPE = Shape(4, 2, 4, 22, 4)
RUNS = 48
GREETINGS = 3
"""Messages at the beginning that are no secret; at the end each computing partner sends one."""
FAR = 6.0
"""Standard deviations from what chance makes; among some hundreds of figures there is no 6."""

Bits = NDArray[np.uint8]
Views = tuple[list[Bits], NDArray[np.int64]]


def hidden(node: int, second: int) -> list[list[bytes]]:
    """Three common items, held by the first partners but the node, or by the last ones."""
    others = [i for i in range(4) if i != node]
    items: list[list[bytes]] = [[] for _ in range(4)]
    for i in (others[:2], others[1:])[second]:
        items[i] = [b"common %d" % n for n in range(3)]
    items[node] = [b"its own"]
    items[others[0 if second else 2]].append(b"another one")
    return items


def views(node: int, second: int) -> Views:
    """All messages of a node over many runs as bits, and in which leader's rows results opened."""
    _, made = tables(hidden(node, second), SHAPE)
    received: list[list[bytes]] = []
    opened = np.zeros(len(SHAPE.leaders), np.int64)
    for turn in range(RUNS):
        seeds = [seed("own") if i == node else seed("others", second, turn, i) for i in range(4)]
        ended, channels = run(made, seeds)
        shares = [share for share in ended if isinstance(share, Share)]
        assert len(release(shares[:3], SHAPE)) == 3
        received.append([data for _, data in channels[node].received])
        opened += places(shares)
    return [_bits(messages) for messages in zip(*received, strict=True)], opened


def places(shares: Sequence[Share]) -> NDArray[np.int64]:
    parts = [np.frombuffer(share.first, np.uint64) for share in shares[:3]]
    rows = (parts[0] ^ parts[1] ^ parts[2]).reshape(-1, 2).any(axis=1)
    counts: NDArray[np.int64] = rows.reshape(len(SHAPE.leaders), -1).sum(axis=1, dtype=np.int64)
    return counts


def _bits(messages: Sequence[bytes]) -> Bits:
    assert len({len(message) for message in messages}) == 1
    return np.unpackbits(np.array([np.frombuffer(m, np.uint8) for m in messages]), axis=1)


def worst(node: int) -> float:
    """The figure that is furthest from chance, in standard deviations."""
    (first, opened), (second, opened_then) = views(node, 0), views(node, 1)
    assert [bits.shape for bits in first] == [bits.shape for bits in second]
    figures = [_uneven(opened), _uneven(opened_then)]
    last = len(first) - sum(i != node for i in range(3))
    for bits in (*first[:GREETINGS], *first[last:], *second[:GREETINGS], *second[last:]):
        assert (bits == bits[0]).all()
    for one, other in zip(first[GREETINGS:last], second[GREETINGS:last], strict=True):
        for bits in (one, other):
            figures += [_by_bit(bits), _by_byte(bits), _overall(bits), _neighbours(bits)]
        figures.append(_different(one, other))
    return max(map(abs, figures))


def _chi(statistic: float, freedom: int) -> float:
    return (statistic - freedom) / sqrt(2 * freedom)


def _by_bit(bits: Bits) -> float:
    """Each bit of the message over the runs."""
    ones = bits.sum(axis=0, dtype=np.int64)
    return _chi(float((((ones - RUNS / 2) ** 2) / (RUNS / 4)).sum()), ones.size)


def _overall(bits: Bits) -> float:
    """All bits of the message in all runs."""
    return float((int(bits.sum(dtype=np.int64)) - bits.size / 2) / sqrt(bits.size / 4))


def _by_byte(bits: Bits) -> float:
    counts = np.bincount(np.packbits(bits, axis=1).reshape(-1), minlength=256)
    mean = counts.sum() / 256
    return _chi(float((((counts - mean) ** 2) / mean).sum()), 255)


def _neighbours(bits: Bits) -> float:
    """Halves of one message: a mask that is used twice shows here."""
    half = bits.shape[1] // 2
    return _overall(bits[:, :half] ^ bits[:, half : 2 * half])


def _different(one: Bits, other: Bits) -> float:
    """Whether any bit goes with what is hidden."""
    gap = one.sum(axis=0, dtype=np.int64) - other.sum(axis=0, dtype=np.int64)
    return _chi(float((gap**2 / (RUNS / 2)).sum()), gap.size)


def _uneven(counts: NDArray[np.int64]) -> float:
    mean = counts.sum() / len(counts)
    return _chi(float((((counts - mean) ** 2) / mean).sum()), len(counts) - 1)


@pytest.mark.parametrize("node", range(4))
def test_a_view_tells_nothing_but_the_result(node: int) -> None:
    assert worst(node) < FAR


def test_an_and_without_its_mask_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def bare(_: Gates, x: Shared, y: Shared, out: Words) -> None:
        out[...] = (x.first & (y.first ^ y.second)) ^ (x.second & y.first)

    monkeypatch.setattr(Gates, "_block", bare)
    assert worst(0) > FAR


def test_a_mask_that_is_used_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    masked = Gates._block

    def again(gates: Gates, x: Shared, y: Shared, out: Words) -> None:
        half = out.size // 2
        masked(gates, x, y, out)
        bare = (x.first & (y.first ^ y.second)) ^ (x.second & y.first)
        out[half : 2 * half] = (out ^ bare)[:half] ^ bare[half : 2 * half]

    monkeypatch.setattr(Gates, "_block", again)
    assert worst(1) > FAR


def test_places_without_a_shuffle_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def left(_me: int, _channel: object, rows: Shared, _seeds: object) -> Shared:
        return rows

    monkeypatch.setattr(running, "shuffled", left)
    assert worst(2) > FAR


def test_a_table_that_is_sent_bare_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two streams that are alike cancel out: the result is right, and the table goes as it is."""
    monkeypatch.setattr(inputs, "seed_for", lambda chance, use, *_: seed_for(chance, use))
    assert worst(0) > FAR


def test_no_size_is_to_be_seen() -> None:
    shape = shape_of(4, 2, 90)
    lengths = []
    for count in (10, 90):
        items = [[b"%d of %d" % (n, i) for n in range(count)] for i in range(4)]
        _, made = tables(items, shape)
        ended, channels = run(made, [seed(i) for i in range(4)])
        assert all(isinstance(share, Share) for share in ended)
        lengths.append([[(p, len(data)) for p, data in c.received] for c in channels])
    assert lengths[0] == lengths[1]
    assert all(lengths[0])
