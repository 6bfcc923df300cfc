"""The scoreboard of a real node, against figures worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import demand_lists as lists
import nodes
import pytest

from accord.cli.demand_scoreboard import NOT_MEASURED
from accord.flows.demand.scoreboard import _shared, year_before
from accord.flows.exchange.accounts.stats import Journey

PARTS = ["pkg:npm/left-pad@1.0.0"]
CONTRACTS = lists.contracts(
    lists.contract("1", "Lantern Works", starts="2025-01-01", ends="2027-06-30"),
    lists.contract("2", "Lantern Works Ltd", starts="2026-01-01", ends="2027-06-30"),
    lists.contract("3", "Lantern Works", starts="2026-01-01", ends="2027-07-01"),
    lists.contract("4", "Other", starts="2026-01-01", ends="2027-06-30"),
    lists.contract("5", "Other", starts="2020-01-01", ends="2021-06-30"),
    lists.contract("6", "Other", starts="2020-01-01", ends="2021-06-30"),
)
ESTATE = b"""#estate: ours
#date: 2026-01-01
operator,product,release,bill
A,Pump,1,pump.json
B,pump,1,pump.json
B,Valve,2,
C,Valve,2,
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    node = nodes.new_node(tmp_path / "node")
    files = [("estate", ESTATE), ("pump.json", nodes.bill("Pump", "1", PARTS))]
    nodes.give(node, [*files, ("contracts", CONTRACTS)])
    node.engine.dispose()
    return tmp_path / "node"


def _rows(home: Path, *words: str) -> dict[str, dict[str, Any]]:
    done = nodes.run("demand", "scoreboard", "--json", *words, home=home)
    assert done.returncode == 0, done.stderr
    return {one["measure"]["id"]: one for one in json.loads(done.stdout)["rows"]}


def test_by_hand(home: Path) -> None:
    found = _rows(home)
    assert found["operators-with-current-bill"]["now"] == pytest.approx(1 / 3)
    assert found["contracts-aligned"]["now"] == 2
    assert found["act-open-over-14-days"]["now"] == 0
    assert found["contracts-aligned"]["before"] is None
    for name in ("asks-agreed", "time-to-applied-median", "lessons-completed"):
        assert found[name]["now"] is None
        assert found[name]["source"] == ""


def test_nothing_is_measured_before_anything_is_known(home: Path) -> None:
    assert not [name for name, one in _rows(home, "--as-of", "2020-01-01").items() if one["source"]]


def test_shown(home: Path) -> None:
    rows = nodes.run("demand", "scoreboard", "--csv", home=home).stdout.splitlines()
    assert rows[0].startswith("commitment,when,who,measure")
    assert sum(row.endswith(NOT_MEASURED) for row in rows) == len(rows) - 1 - 3
    shown = nodes.run("demand", "scoreboard", home=home).stdout
    assert "33.3 %" in shown
    assert "1 of 3 operators" in shown
    assert shown.count(NOT_MEASURED) == len(rows) - 1 - 3


def test_a_year_before() -> None:
    assert year_before("2028-02-29T10:00:00.000000Z") == "2027-02-28T10:00:00.000000Z"


def test_times_of_one_year_only() -> None:
    """Of ten minutes and more; what was applied after the moment, or before the year, is not in."""

    def one(released: str, making: float | None, **applied: float | None) -> Journey:
        return Journey("o", "1", "all", "", "", released, making, dict(applied))

    journeys = [
        one("2026-03-01T00:00:00.000000Z", 60, au=540, jp=None),
        one("2026-03-02T00:00:00.000000Z", 0, au=60),
        one("2026-03-03T00:00:00.000000Z", None, au=1),
        one("2026-03-04T00:00:00.000000Z", 0, au=10_000_000),
        one("2025-03-01T00:00:00.000000Z", 0, au=3),
    ]
    found = dict(_shared(journeys, "2026-04-01T00:00:00.000000Z"))
    assert found["time-to-applied-median"].value == 60
    assert found["time-to-applied-p95"].value == 600
    before = dict(_shared(journeys, "2025-04-01T00:00:00.000000Z"))
    assert before["time-to-applied-median"].value == 3
