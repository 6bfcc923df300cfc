"""The whole partnership in one process: a seed says what people do and what goes wrong.

Law: after any faults, once nothing goes wrong any more, every node holds exactly what an account
of people's actions says, knows exactly the facts that follow from it, and nobody was ever sent
what it may not see.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
from simulation.runs import counted, play

SEEDS = 1_000
_AT_ONCE = 25


@pytest.mark.parametrize("first", range(0, SEEDS, _AT_ONCE))
def test_whatever_goes_wrong_everybody_ends_with_what_is_theirs(
    first: int, pytestconfig: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    asked = pytestconfig.getoption("--seed")
    if asked is not None:
        if first:
            pytest.skip("one seed alone was asked for")
        print("\n".join(play(asked).world.trace))  # noqa: T201 - asked for
        return
    total: Counter[str] = Counter()
    for seed in range(first, first + _AT_ONCE):
        total.update(counted(play(seed)))
    record_property("simulation", json.dumps(total))
