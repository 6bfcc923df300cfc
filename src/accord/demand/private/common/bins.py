"""Items as digests in bins.

Law (meeting): where two partners hold one item, the bin in which the leader keeps it is one of the
three bins in which the other keeps it. So equal items meet, and each of a leader's bins is compared
with one bin of each other partner only.

A leader keeps each item in one of its three bins, at most one in each (cuckoo hashing); the others
keep each item in all three. Every bin is filled up with random digests: how many items there are
is not to be seen.
Source: Pinkas, Schneider, Zohner, "Scalable private set intersection based on OT extension" (2018).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from accord.demand.private.common.sharing import Stream, Words
from accord.demand.private.errors import DoesNotFit
from accord.demand.private.shape import Shape

KEY_BYTES = 32
DIGEST_BYTES = 16
_HASHED = DIGEST_BYTES + 3 * 8
_PERSON = b"accord pool item"

Indices = NDArray[np.int64]


def digest_of(item: bytes, key: bytes) -> bytes:
    """The 128-bit digest by which the holders of an item know it again in the result."""
    return _hashed(item, key)[:DIGEST_BYTES]


class Table:
    """One partner's items in their bins, ready to be shared."""

    def __init__(self, items: Collection[bytes], key: bytes, shape: Shape) -> None:
        """Place all items.

        Raises:
            DoesNotFit: too many items, or the key puts too many of them into one place.
        """
        held = sorted(set(items))
        if len(held) > shape.size:
            raise DoesNotFit(
                f"{len(held):,} items are more than the {shape.size:,} of this question: propose it"
                " for a larger size"
            )
        self.shape = shape
        self._digests, places = _placed(held, key, shape)
        self._leading = cuckoo(places, shape.bins)
        self._bins, self._ranks, self._items = simple(places, shape.load)

    def leading(self, start: int, stop: int, chance: Stream) -> Words:
        """Rows of digests for the bins from `start` to `stop`: the one item, or chance."""
        rows = chance.words((stop - start, 2))
        held = self._leading[start : min(stop, self.shape.bins)]
        full = np.flatnonzero(held >= 0)
        rows[full] = self._digests[held[full]]
        return rows

    def following(self, start: int, stop: int, chance: Stream) -> Words:
        """Rows of digests for each entry of the bins from `start` to `stop`: an item, or chance."""
        rows = chance.words((self.shape.load, stop - start, 2))
        first, last = np.searchsorted(self._bins, (start, stop))
        here = slice(first, last)
        rows[self._ranks[here], self._bins[here] - start] = self._digests[self._items[here]]
        return rows.reshape(-1, 2)


def cuckoo(places: Indices, bins: int) -> Indices:
    """Which item each bin holds, -1 for none, so that every item is in one of its three bins.

    Whenever there is such a placement it is found (augmenting paths, shortest first).

    Raises:
        DoesNotFit: there is none.
    """
    holder = np.full(bins, -1, np.int64)
    waiting = np.arange(len(places))
    for column in range(3):
        wanted = places[waiting, column]
        free = np.flatnonzero(holder[wanted] < 0)
        chosen, first = np.unique(wanted[free], return_index=True)
        holder[chosen] = waiting[free[first]]
        waiting = np.delete(waiting, free[first])
    if len(waiting) == 0:
        return holder
    seats, choices = holder.tolist(), places.tolist()
    for item in waiting.tolist():
        _seat(item, seats, choices)
    return np.array(seats, np.int64)


def simple(places: Indices, load: int) -> tuple[Indices, Indices, Indices]:
    """Each item in all its bins: bins in order, the entry within the bin, and the item.

    Raises:
        DoesNotFit: a bin would hold more than `load`.
    """
    bins = places.reshape(-1)
    order = np.argsort(bins, kind="stable")
    bins = bins[order]
    ranks = np.arange(len(bins)) - np.searchsorted(bins, bins)
    if len(ranks) and ranks.max() >= load:
        raise DoesNotFit(_ANOTHER_KEY)
    return bins, ranks, order // 3


_ANOTHER_KEY = (
    "under the key of this question too many items fall into one place. Nothing was sent; propose"
    " the question again, it gets another key"
)


def _hashed(item: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(item, digest_size=_HASHED, key=key, person=_PERSON).digest()


def _placed(items: list[bytes], key: bytes, shape: Shape) -> tuple[Words, Indices]:
    """Digests as two words each, and the three bins of each, one in each third."""
    if len(key) != KEY_BYTES:
        raise DoesNotFit(f"the key of a question has {KEY_BYTES} bytes, not {len(key)}")
    hashed = np.frombuffer(b"".join(_hashed(item, key) for item in items), "<u8").reshape(-1, 5)
    thirds = np.arange(3, dtype=np.int64) * shape.third
    places = (hashed[:, 2:] % np.uint64(shape.third)).astype(np.int64) + thirds
    return hashed[:, :2].astype(np.uint64), places


def _seat(item: int, seats: list[int], choices: list[list[int]]) -> None:
    """Give one more item a bin; those in the way move on to another of theirs."""
    came: dict[int, int] = dict.fromkeys(choices[item], -1)
    queue = deque(choices[item])
    while queue:
        place = queue.popleft()
        if seats[place] < 0:
            break
        for other in choices[seats[place]]:
            if other not in came:
                came[other] = place
                queue.append(other)
    else:
        raise DoesNotFit(_ANOTHER_KEY)
    while came[place] >= 0:
        seats[place] = seats[came[place]]
        place = came[place]
    seats[place] = item
