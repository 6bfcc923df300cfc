"""Masked numbers: every mask opens them, and without one of them every number is as likely."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.demand.private.errors import Inconsistent
from accord.demand.private.masked import read, unmasked, written

PRIME = 2**89 - 1
_FIELD = st.integers(0, PRIME - 1)


@given(st.lists(st.tuples(st.integers(0, 2**20), _FIELD, _FIELD, _FIELD), max_size=5))
def test_all_masks_open_the_numbers_in_any_order(rows: list[tuple[int, ...]]) -> None:
    masked = written([PRIME, *(sum(row) % PRIME for row in rows)])
    masks = [written([row[place] for row in rows]) for place in (1, 2, 3)]
    for order in permutations(masks):
        assert unmasked(masked, order) == [row[0] for row in rows]


@given(_FIELD, _FIELD, st.integers(0, 2**20))
def test_without_one_mask_every_number_is_possible(masked: int, one: int, number: int) -> None:
    """For each number there is exactly one second mask with which it would have come out."""
    second = (masked - one - number) % PRIME
    both = [written([one]), written([second])]
    assert unmasked(written([PRIME, masked]), both) == [number]


@pytest.mark.parametrize("mask", [written([PRIME]), written([1, 2]), b"", b"123"])
def test_what_is_no_mask_opens_nothing(mask: bytes) -> None:
    with pytest.raises(Inconsistent):
        unmasked(written([PRIME, 5]), [written([1]), mask])


def test_numbers_are_written_in_one_form() -> None:
    assert read(written([0, 1, PRIME])) == [0, 1, PRIME]
