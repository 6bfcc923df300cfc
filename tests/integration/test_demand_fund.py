"""The open-source fund on a real node: dependents from its bills, controls from its evidence."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import evidence_made as made
import nodes
import pytest
from evidence_made import Desk

PARTS = {
    "Pump": ["pkg:npm/left-pad@1.0.0", "pkg:golang/github.com/one/two@v1"],
    "Valve": ["pkg:npm/left-pad@2.0.0"],
    "Meter": ["pkg:npm/left-pad@2.0.0", "pkg:npm/nobody@1"],
}
TABLE = """url,purl,product,maintainers,months since release,contributor_count
left.example/pad,pkg:npm/left-pad,left-pad,1,36,5000
github.com/one/two,,,2,0,5000
far.example/away,pkg:npm/away,,1,36,5000
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    desk = Desk(tmp_path / "node")
    rows = [("operator", product, "1", f"{product}.json") for product in PARTS]
    bills = [(f"{name}.json", nodes.bill(name, "1", parts)) for name, parts in PARTS.items()]
    # A second release of one product makes it no second dependent.
    bills.append(("again.json", nodes.bill("Valve", "2", PARTS["Valve"])))
    rows.append(("operator", "Valve", "2", "again.json"))
    nodes.give(desk.node, [*bills, ("estate", nodes.estate(*rows))])
    desk.add(made.scorecard(Maintained=0, License=10, Fuzzing=0), product="left-pad", release="1")
    desk.node.engine.dispose()
    (tmp_path / "table.csv").write_text(TABLE)
    return tmp_path / "node"


def _fund(home: Path, *words: str) -> Any:
    file = home.parent / "table.csv"
    done = nodes.run("demand", "fund", file, "--currency", "USD", *words, "--json", home=home)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _amounts(found: Any) -> dict[str, Decimal]:
    return {one["name"]: Decimal(one["amount"]) for one in found["grants"]}


def test_grants_by_hand(home: Path) -> None:
    """Both are as critical. One is held by three, wholly fragile, and lacks two of three controls;
    the other by one product, fragile by a quarter, and nobody looked: half."""
    needs = [3 * (2 + Fraction(2, 3)), 1 * (1 + Fraction(1, 4) + Fraction(1, 2))]
    found = _fund(home, "--budget", "1000")
    amounts = _amounts(found)
    exact = 1000 * needs[0] / sum(needs)
    assert amounts["left.example/pad"] == Decimal(round(exact * 100)).scaleb(-2)
    assert sum(amounts.values()) == 1000
    (first, second), (away,) = found["grants"], found["unfunded"]
    assert first["missing"] == ["scorecard@5#Fuzzing", "scorecard@5#Maintained"]
    assert (first["dependents"], second["dependents"], away["dependents"]) == (3, 1, 0)
    assert found["packages"] == 1
    assert any("9 signals" in reason for reason in first["reasons"])


def test_bounds(home: Path) -> None:
    capped = _fund(home, "--budget", "1000", "--cap", "300")
    assert _amounts(capped) == {"left.example/pad": 300, "github.com/one/two": 300}
    assert capped["left"] == "400.00"
    assert _amounts(_fund(home, "--budget", "1000", "--least", "200")) == {"left.example/pad": 1000}


def test_what_is_asked_must_make_sense(home: Path) -> None:
    file = home.parent / "table.csv"
    for words, told in (
        ((), "--budget"),
        (("--budget", "10", "--outcome"), "--outcome"),
        (("--budget", "10"), "say the currency"),
        (("--budget", "ten", "--currency", "USD"), "plain number"),
        (("--budget", "1.234", "--currency", "USD"), "has 3 digits"),
        (("--budget", "9", "--least", "5", "--cap", "4", "--currency", "USD"), "the cap"),
    ):
        done = nodes.run("demand", "fund", file, *words, home=home)
        assert done.returncode, words
        assert told in " ".join(done.stderr.split()), done.stderr


def test_shown_and_as_csv(home: Path) -> None:
    file = home.parent / "table.csv"
    words = ("demand", "fund", file, "--budget", "1000", "--currency", "USD")
    shown = nodes.run(*words, home=home)
    assert "1 get nothing" in shown.stdout
    assert "1 packages in bills" in shown.stderr
    rows = nodes.run(*words, "--csv", home=home).stdout.splitlines()
    assert [row.split(",")[0] for row in rows] == [
        "name", "left.example/pad", "github.com/one/two", "far.example/away",
    ]  # fmt: skip


def test_outcome_by_hand(tmp_path: Path) -> None:
    """Gains of 0.4 and 0.2 against 0.1 each: 0.2 on average; t(1) = 12.706, spread 0.1."""
    file = tmp_path / "outcome.csv"
    file.write_text(
        "name,funded,criticality,before,after\n"
        "a,yes,0.5,0.2,0.6\nb,no,0.5,0.2,0.3\nc,yes,0.8,0.4,0.6\nd,no,0.8,0.4,0.5\n"
        "e,yes,0.1,0.9,1\n"
    )
    done = nodes.run("demand", "fund", file, "--outcome", "--json")
    found = json.loads(done.stdout)
    assert (found["pairs"], found["unmatched"]) == (2, ["e"])
    assert found["difference"] == pytest.approx(0.2)
    assert (found["low"], found["high"]) == pytest.approx((0.2 - 1.2706, 0.2 + 1.2706))
    shown = nodes.run("demand", "fund", file, "--outcome").stdout
    assert "+20.0 percentage points" in shown
    assert "e: no unfunded project is like it" in shown
