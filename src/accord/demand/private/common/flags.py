"""Which of a leader's bins hold an item that comes out.

Law (once): an item that at least k partners hold is flagged by exactly one leader, the first of its
holders; an item of fewer holders is flagged by none. Digests that differ in one bit are different.
Source of the question: Mahdavi and others, "Practical over-threshold multi-party private set
intersection" (ACSAC 2020); here it is decided inside a general computation.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from accord.demand.private.common.gates import Gates
from accord.demand.private.common.sharing import Shared, joined
from accord.demand.private.shape import Shape


async def flagged(gates: Gates, shape: Shape, tables: dict[int, Shared], words: int) -> Shared:
    """The leaders' digests for some words of bins where they come out, and zeros elsewhere.

    Slices of bits: 128, then one for each leader, then `words`.
    """
    leading = {i: tables[i].at(slice(128 * words)).shaped(128, words) for i in shape.leaders}
    met = await _met(gates, shape, leading, tables, words)
    wanted = await _wanted(gates, shape, met, words)
    size = (128, len(shape.leaders), words)
    digests = joined([leading[i] for i in shape.leaders])
    digests = Shared(digests.first.transpose(1, 0, 2), digests.second.transpose(1, 0, 2))
    spread = Shared(np.broadcast_to(wanted.first, size), np.broadcast_to(wanted.second, size))
    return await gates.both(digests, spread)


async def _met(
    gates: Gates, shape: Shape, leading: dict[int, Shared], tables: dict[int, Shared], words: int
) -> dict[tuple[int, int], Shared]:
    """For each pair: whether the leader's item is one of the other's entries in the bin."""
    size = (128, shape.load, len(shape.pairs), words)
    same = Shared(np.empty(size, np.uint64), np.empty(size, np.uint64))
    turned = {i: gates.opposite(bits) for i, bits in leading.items()}
    for at, (i, j) in enumerate(shape.pairs):
        entries = tables[j].at(slice(-128 * words * shape.load, None))
        for out, ours, theirs in zip(same, turned[i], entries, strict=True):
            entry = theirs.reshape(128, shape.load, words)
            np.bitwise_xor(entry, ours[:, None, :], out=out[:, :, at])
    equal = await gates.every(same)
    met = await gates.some(equal)
    return {pair: met.at(at) for at, pair in enumerate(shape.pairs)}


async def _wanted(
    gates: Gates, shape: Shape, met: dict[tuple[int, int], Shared], words: int
) -> Shared:
    """For each leader: nobody before it has the item, and at least k - 1 of those after it have.

    All leaders go through the others in step, so that each step is one round. `reached[c]` is
    whether at least c of those seen so far have the item; `reached[0]` always is. One more holder
    makes c of c - 1, so a c that is reached stays, and else follows c - 1.
    """
    alone = {i: gates.ones(words) for i in shape.leaders}
    nothing = gates.opposite(gates.ones(words))
    reached = {i: [gates.ones(words)] + [nothing] * (shape.threshold - 1) for i in shape.leaders}
    for step in range(shape.partners - 1):
        asked: list[tuple[Shared, Shared]] = []
        for i in shape.leaders:
            j = step if step < i else step + 1
            if j < i:
                asked.append((alone[i], gates.opposite(met[i, j])))
            else:
                counts = reached[i]
                asked += [(low ^ high, met[i, j]) for low, high in pairwise(counts)]
        answers = await gates.both(joined([x for x, _ in asked]), joined([y for _, y in asked]))
        given = iter(range(len(asked)))
        for i in shape.leaders:
            if step < i:
                alone[i] = answers.at(next(given))
            else:
                counts = reached[i]
                reached[i] = counts[:1] + [high ^ answers.at(next(given)) for high in counts[1:]]
    return await gates.both(
        joined([alone[i] for i in shape.leaders]), joined([reached[i][-1] for i in shape.leaders])
    )
