"""A document counts as learned on the earliest day that was ever given for it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from nodes import new_node, osv

from accord.flows.load import load_documents

_DAYS = (
    "2024-01-01T00:00:00.000000Z",
    "2025-01-01T00:00:00.000000Z",
    "2026-01-01T00:00:00.000000Z",
)


@pytest.mark.parametrize("order", list(permutations(_DAYS)))
def test_the_earliest_day_counts(tmp_path: Path, order: tuple[str, ...]) -> None:
    node = new_node(tmp_path)
    for day in order:
        load_documents([("one", osv("OSV-1"))], node.intake, day)
    with node.views.view() as view:
        (row,) = view.list_documents(quarantined=False)
    assert row.learned == _DAYS[0]
