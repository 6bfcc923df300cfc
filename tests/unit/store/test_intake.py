"""A large bill's identities go to the store in parts."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.store import intake


@given(st.lists(st.integers(0, 5)).map(sorted), st.integers(1, 4))
def test_parts_keep_every_row_in_order_and_never_part_a_component(
    components: list[int], size: int
) -> None:
    rows = [(component, number) for number, component in enumerate(components)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "_PART", size)
        waiting = list(rows)
        parts = list(intake._parts(waiting))
    assert [row for part in parts for row in part] == rows
    assert waiting == []
    assert all(a[-1][0] != b[0][0] for a, b in itertools.pairwise(parts))
    assert all(len(part) <= size or part[size - 1][0] == part[-1][0] for part in parts)
