"""Common asks on a real node, against figures worked out by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import demand_lists as lists
import nodes
import pytest
from assessing_made import BUILT, GUARDED, baseline, form, requirement
from evidence_made import PRODUCT, RELEASE, Desk

from accord.core.errors import Invalid
from accord.flows.demand.asks import ranked as flow
from accord.flows.demand.view import demand

DAY = "2026-11-23"
ESTATE = f"""#estate: ours
#date: 2026-01-01
operator,country,supplier,product,release,mission,site
A,AU,Lantern Works,{PRODUCT},{RELEASE},low,north
A,AU,Lantern Works,{PRODUCT},{RELEASE},high,south
B,IN,Lantern Works,{PRODUCT},{RELEASE},very high,one
C,,Lantern Works,{PRODUCT},{RELEASE},medium,one
C,,Small,Torch,1,,one
""".encode()
CONTRACTS = lists.contracts(
    lists.contract("1", "Lantern Works", spend="100", currency="AUD", product=PRODUCT,
                   starts="2026-01-01"),
    lists.contract("2", "Lantern Works", spend="35", currency="USD", product=PRODUCT,
                   starts="2026-01-01"),
    lists.contract("3", "Lantern Works", spend="9000", currency="USD", product=PRODUCT,
                   starts="2025-01-01", ends="2025-12-31"),
    lists.contract("4", "Small", spend="10", currency="USD", product="Unseen",
                   starts="2026-01-01"),
)  # fmt: skip
RATES = lists.rates(("AUD", "USD", "2026-01-30", "0.65"))
NAMES = lists.suppliers(
    {"entity": "Lantern Works", "revenue low": "400", "revenue high": "500", "currency": "USD",
     "year": "2025"},
    {"entity": "Lantern Works Old", "revenue low": "1", "currency": "USD", "year": "2020"},
)  # fmt: skip
BASELINES = [
    ("au", baseline("au", requirement("guard", GUARDED, "third party"),
                    requirement("build", BUILT, "verified"), owner="australia")),
    ("in", baseline("in", requirement("keep", GUARDED, "third party"), owner="india")),
]  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path / "node")
    documents = [("estate", ESTATE), ("contracts", CONTRACTS), ("rates", RATES), ("names", NAMES)]
    nodes.give(found.node, [*documents, *BASELINES])
    found.add(form("PS.1.1", catalogue="ssdf@1.1"))
    return found


def _found(desk: Desk, **more: object) -> flow.Found:
    known = desk.node.purchases.known()
    node = flow.Node(desk.node.assessing, desk.node.me, desk.clock.now())
    asked = flow.Question(**{"buyers": ("au", "in"), **more})  # type: ignore[arg-type]
    return flow.common(node, known, demand(known, DAY, "USD"), asked)


def _lines(found: flow.Found) -> dict[tuple[str, str], flow.Line]:
    return {(one.name, one.requirement): one for one in found.asks}


def test_gap_leverage_and_priority_by_hand(desk: Desk) -> None:
    """Self-asserted is believed to 0.4: A (high: 3), B (very high: 4), C (medium: 2) lack 0.6."""
    line = _lines(_found(desk))["Lantern Works", GUARDED]
    assert line.asked == {"au": ("guard",), "in": ("keep",)}
    gap = Fraction(3 + 4 + 2) * Fraction(3, 5)
    assert line.gap == float(gap)
    # 100 AUD at 0.65 and 35 USD a year; what ended is not spent.
    low, high = Fraction(100, 500), Fraction(100, 400)
    assert (line.leverage_low, line.leverage_high) == (float(low), float(high))
    assert (line.priority_low, line.priority_high) == (float(gap * low), float(gap * high))


def test_fewer_than_so_many_ask_nothing_in_common(desk: Desk) -> None:
    assert {one.requirement for one in _found(desk).asks} == {GUARDED}
    build = _lines(_found(desk, least=1))["Lantern Works", BUILT]
    # India's operator B is nobody's who asks for a build; C, of no country, is.
    assert (build.gap, build.asked) == (5.0, {"au": ("build",)})
    assert not _found(desk, least=3).asks


def test_owners_are_counted_and_not_baselines(desk: Desk) -> None:
    second = baseline("au-agency", requirement("guard", GUARDED, "third party"), owner="australia")
    nodes.give(desk.node, [("second", second)])
    assert not _found(desk, buyers=("au", "au-agency")).asks
    (line,) = _found(desk, buyers=("au", "au-agency", "in")).asks[:1]
    # No operator counts twice.
    assert line.gap == float(9 * Fraction(3, 5))


def test_what_could_not_be_counted_is_told(desk: Desk) -> None:
    told = {(one.what, one.reason.partition(":")[0]) for one in _found(desk).not_counted}
    assert ("Torch 1 of C", "its mission impact is not stated") in told
    assert ("Unseen", "no operator here is known to run it") in told
    small = _lines(_found(desk))["Small", GUARDED]
    # Nobody showed anything, and what is not stated is the worst; its revenue is unknown.
    assert (small.gap, small.leverage_low, small.leverage_high) == (
        4.0,
        float(Fraction(10, 500)),
        1,
    )


def test_a_requirement_that_is_met_is_no_ask(desk: Desk) -> None:
    met = baseline("in", requirement("keep", GUARDED, "self-asserted"), owner="india",
                   version="2", since="2026-02-01")  # fmt: skip
    nodes.give(desk.node, [("met", met)])
    assert ("Lantern Works", GUARDED) not in _lines(_found(desk))


def test_a_buyer_without_a_baseline_is_an_error(desk: Desk) -> None:
    with pytest.raises(Invalid, match="no baseline here"):
        _found(desk, buyers=("nz",))


@pytest.mark.parametrize(("budget", "visit"), [(1, 0), (2, 1), (3, 1), (4, 2), (9, 1)])
def test_the_best_set_is_that_of_all_sets(desk: Desk, budget: float, visit: float) -> None:
    found = flow.best(_found(desk, least=1), budget, visit)
    assert len(found.asks) == 4
    worth = {(one.supplier, one.requirement): one.priority_low for one in found.asks}
    best = max(
        sum(worth[one] for one in some)
        for size in range(len(worth) + 1)
        for some in combinations(worth, size)
        if size + visit * len({supplier for supplier, _ in some}) <= budget
    )
    assert found.best is not None
    assert found.best.worth == pytest.approx(best)
    assert found.best.gap == 0
    assert sum(worth[one] for one in found.best.asks) == found.best.worth
    assert found.best.cost <= budget


def test_the_command(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.node.engine.dispose()
    words = ("demand", "asks", "--for", "au,in", "--currency", "USD", "--as-of", "2099-01-01")
    home = tmp_path / "node"
    # In a process of its own: the solver must not write among our output.
    done = nodes.command(*words, "--least", "1", "--budget", "3", "--json", home=home)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [one["requirement"] for one in found["asks"] if one["name"] == "Lantern Works"]
    assert found["best"]["cost"] <= 3
    rows = nodes.run(*words, "--csv", home=home).stdout.splitlines()
    assert rows[0].startswith("supplier,name,requirement")
    shown = nodes.run(*words, "--budget", "2", home=home).stdout
    assert "at most 0 % from the best" in shown
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "highspy.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "away"))
    assert nodes.command(*words, home=home).returncode == 0
    done = nodes.command(*words, "--budget", "3", home=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert "accord[demand]" in done.stderr


def test_an_operator_counts_for_whoever_is_assured_least(desk: Desk) -> None:
    """Australia takes no form: A, and C of no country, lack all; B lacks 0.6."""
    other = baseline("au", requirement("guard", GUARDED, "third party", accepts=["certificate"]),
                     owner="australia", version="2", since="2026-02-01")  # fmt: skip
    nodes.give(desk.node, [("other", other)])
    line = _lines(_found(desk))["Lantern Works", GUARDED]
    assert line.gap == float(3 + 2 + 4 * Fraction(3, 5))


def test_what_is_contradicted_is_not_assured_at_all(desk: Desk) -> None:
    """Of one day the supplier says yes and no: what it says yes to is not believed to 0.4."""
    desk.add(form("PS.1.1", catalogue="ssdf@1.1", answer="no"))
    assert _lines(_found(desk))["Lantern Works", GUARDED].gap == 9


def test_the_newest_year_of_revenue_counts_over_all_its_sources(desk: Desk) -> None:
    more = [
        lists.suppliers({"entity": "Lantern Works", "revenue low": low, "currency": "USD",
                         "year": year, "source": low}, name=low)
        for low, year in (("1000", "2025"), ("100000", "2024"))
    ]  # fmt: skip
    nodes.give(desk.node, [(f"{at}", one) for at, one in enumerate(more)])
    line = _lines(_found(desk))["Lantern Works", GUARDED]
    assert (line.leverage_low, line.leverage_high) == (0.1, 0.25)
