"""Computing together gives what one computer with everything in the clear gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pools import expected, seed, shares, tables

from accord.demand.private.common.bins import DIGEST_BYTES, Table, cuckoo, digest_of
from accord.demand.private.common.release import release
from accord.demand.private.common.sharing import Stream
from accord.demand.private.errors import DoesNotFit
from accord.demand.private.shape import Shape, shape_of

_names = st.sampled_from([f"item {n}".encode() for n in range(14)])
_sets = st.lists(st.frozensets(_names, max_size=9), min_size=3, max_size=5)


@settings(max_examples=25, deadline=None)
@given(items=_sets, key=st.integers(0, 1 << 30), chance=st.integers())
def test_the_result_is_that_of_the_clear(
    items: list[frozenset[bytes]], key: int, chance: int
) -> None:
    for threshold in range(2, len(items) + 1):
        shape = Shape(len(items), threshold, 9, 15, 9)
        drawn, made = tables(items, shape, key)
        seeds = [seed(chance, i) for i in range(len(items))]
        assert release(shares(made, seeds), shape) == expected(items, threshold, drawn)


@pytest.mark.parametrize(("partners", "threshold"), [(8, 2), (8, 5), (8, 8), (7, 3), (6, 6)])
def test_once(partners: int, threshold: int) -> None:
    """Each item comes out once, whoever its holders are: every set of holders there is."""
    everyone = range(partners)
    items: list[list[bytes]] = [[] for _ in everyone]
    for held in range(1, 1 << partners):
        for i in everyone:
            if held >> i & 1:
                items[i].append(b"held by %d" % held)
    shape = shape_of(partners, threshold, max(map(len, items)))
    key, made = tables(items, shape)
    assert release(shares(made), shape) == expected(items, threshold, key)


@settings(max_examples=25, deadline=None)
@given(key=st.integers(0, 1 << 30), each=st.integers(0, 3), shared=st.booleans())
def test_what_meets_in_a_bin_is_not_therefore_equal(key: int, each: int, *, shared: bool) -> None:
    """Three bins in all: every item meets every other one, and only the common one comes out."""
    items = [[b"%d of %d" % (n, i) for n in range(each)] for i in range(4)]
    if shared:
        for held in items[1:3]:
            held[:1] = [b"common"]
    shape = Shape(4, 2, 3, 1, 3)
    drawn, made = tables(items, shape, key)
    assert release(shares(made), shape) == expected(items, 2, drawn)


def test_digests_that_differ_in_one_bit_are_different() -> None:
    items = [b"item %d" % n for n in range(129)]
    shape = shape_of(3, 2, 129)
    key, made = tables([items, items, []], shape)
    _turn_one_bit_of_each(made[1], items, key)
    assert release(shares(made), shape) == [digest_of(items[128], key)]


def _turn_one_bit_of_each(table: Table, items: list[bytes], key: bytes) -> None:
    """Bit n of the digest of item n, for all 128 bits; the last item stays as it is."""
    held = [row.tobytes() for row in table._digests]
    for bit in range(128):
        at = held.index(digest_of(items[bit], key))
        table._digests[at, bit // 64] ^= np.uint64(1 << bit % 64)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*(st.integers(0, 2) for _ in range(3))), max_size=9))
def test_cuckoo(places: list[tuple[int, int, int]]) -> None:
    """Every item is in one bin of its own, or no placement exists (checked by trying all)."""
    choices = np.array(places, np.int64).reshape(-1, 3) + np.arange(3) * 3
    try:
        held = cuckoo(choices, 9)
    except DoesNotFit:
        assert not _possible(choices.tolist(), frozenset())
    else:
        assert sorted(held[held >= 0]) == list(range(len(places)))
        assert all(place in choices[item] for place, item in enumerate(held) if item >= 0)


def _possible(choices: list[list[int]], taken: frozenset[int]) -> bool:
    if not choices:
        return True
    return any(
        _possible(choices[1:], taken | {place}) for place in choices[0] if place not in taken
    )


@settings(max_examples=50, deadline=None)
@given(st.frozensets(_names, min_size=1), st.integers(0, 1 << 30))
def test_meeting(items: frozenset[bytes], key: int) -> None:
    """A leader's item stands in one of the entries of the same bin of any other holder."""
    shape = Shape(3, 2, 14, 64, 14)
    drawn, (leader, other) = tables([items, items], shape, key)
    rows = leader.leading(0, 192, Stream(bytes(32)))
    entries = other.following(0, 192, Stream(bytes(32))).reshape(shape.load, 192, 2)
    digests = {digest_of(item, drawn) for item in items}
    places = [at for at in range(192) if rows[at].tobytes() in digests]
    assert {rows[at].tobytes() for at in places} == digests
    assert all(rows[at].tobytes() in {e.tobytes() for e in entries[:, at]} for at in places)
    assert all(len(digest) == DIGEST_BYTES for digest in digests)
