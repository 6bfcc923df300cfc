"""Sizes follow from the question alone, and a bin overflows less than once in 2^40 sets."""

from __future__ import annotations

from fractions import Fraction
from math import comb, exp, log1p

import pytest

from accord.demand.private.common.run import CHUNK_BYTES, spans
from accord.demand.private.errors import DoesNotFit
from accord.demand.private.shape import SIZES, Shape, largest_load, shape_of


@pytest.mark.parametrize(("size", "third"), [(100, 64), (1_000, 448), (100_000, 43_392)])
def test_the_largest_load_by_the_whole_distribution(size: int, third: int) -> None:
    """Against the binomial distribution itself, and against one entry less."""
    load = largest_load(size, third)
    terms = {n: _chance(size, third, n) for n in range(load, min(size, load + 40) + 1)}
    assert 3 * third * (sum(terms.values()) - terms[load]) < 2**-40
    assert 3 * third * comb(size, load) / third**load > 2**-40


def _chance(size: int, third: int, n: int) -> float:
    return float(Fraction(comb(size, n), third**n)) * exp(log1p(-1 / third) * (size - n))


def test_sizes() -> None:
    assert SIZES[0] == 100
    assert SIZES[-1] == 1_000_000
    assert list(SIZES) == sorted(set(SIZES))
    assert [shape_of(4, 2, items).size for items in (0, 100, 101, 90_000)] == [
        100,
        100,
        200,
        100_000,
    ]
    shape = shape_of(4, 2, 100_000)
    assert (shape.bins, shape.load, shape.words) == (130_176, 25, 2_034)


def test_who_leads_and_who_follows() -> None:
    shape = Shape(4, 4, 10, 22, 10)
    assert shape.pairs == [(0, 1), (0, 2), (0, 3)]
    assert [shape.follows(i) for i in range(4)] == [False, True, True, True]
    assert len(Shape(8, 2, 10, 22, 10).pairs) == 49


@pytest.mark.parametrize("items", [100, 20_000, 1_000_000])
@pytest.mark.parametrize("partners", [3, 8])
def test_chunks_cover_all_bins_within_their_memory(partners: int, items: int) -> None:
    shape = shape_of(partners, 2, items)
    parts = spans(shape)
    assert [start for start, _ in parts] == [0, *(stop for _, stop in parts[:-1])]
    assert parts[-1][1] == shape.words
    each = 128 * 8 * shape.load * len(shape.pairs)
    assert all(0 < (stop - start) * each <= CHUNK_BYTES for start, stop in parts)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((2, 2, 10, 22, 10), "2 partners cannot"),
        ((9, 2, 10, 22, 10), "9 partners cannot"),
        ((3, 1, 10, 22, 10), "threshold of 1 among 3"),
        ((3, 4, 10, 22, 10), "threshold of 4 among 3"),
        ((3, 2, 0, 22, 1), "1 to 1,000,000 items"),
        ((3, 2, 10, 0, 1), "1 to 1,000,000 items"),
        ((3, 2, 10, 22, 11), "no more than there are"),
        ((3, 2, 10, 22, 0), "no more than there are"),
    ],
)
def test_what_cannot_be_computed_is_refused(shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(DoesNotFit, match=said):
        Shape(*shape)


def test_too_many_items() -> None:
    with pytest.raises(DoesNotFit, match="1,000,001 items are more"):
        shape_of(3, 2, 1_000_001)
