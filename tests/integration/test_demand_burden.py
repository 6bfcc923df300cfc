"""What buyers still ask of a supplier, and what one package of evidence saves."""

from __future__ import annotations

from pathlib import Path

import demand_lists as lists
import nodes
from assessing_made import BUILT, CLEAN, GUARDED, baseline, form, requirement
from evidence_made import PRODUCT, RELEASE, Desk

from accord.assurance.assessing.baseline import Baseline, Need
from accord.assurance.assessing.deciding import Assessment
from accord.assurance.assessing.judging import Judged
from accord.assurance.model import Level
from accord.flows.demand.burdens import BurdenLine, pieces
from accord.flows.demand.report import report

FIELDS = ("sbom@ntia-2021#component-name", "sbom@ntia-2021#supplier-name")
BUYERS = [
    baseline("one", requirement("a", GUARDED, "third party"), requirement("b", BUILT, "verified"),
             requirement("c", CLEAN, "verified")),
    baseline("two", requirement("a", GUARDED, "self-asserted"),
             requirement("b", FIELDS[0], "verified"), requirement("c", FIELDS[1], "verified")),
    baseline("three", requirement("b", BUILT, "verified")),
]  # fmt: skip
CONTRACTS = lists.contracts(
    lists.contract("1", "Maker", product=PRODUCT.upper(), release=RELEASE, starts="2026-01-01"),
    lists.contract("2", "Maker", product="Other", starts="2026-01-01"),
)


def _found(desk: Desk) -> tuple[dict[str, BurdenLine], set[str]]:
    made = report(desk.node, [])
    unasked = {w for one in made.not_counted if "nobody asked" in one.reason for w in one.what}
    return {one.name: one for one in made.burdens}, unasked


def test_what_one_package_saves(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    nodes.give(desk.node, [*((f"{n}", one) for n, one in enumerate(BUYERS)), ("c", CONTRACTS)])
    # Nobody asked for a verdict: what is missing is not known, and nothing is nothing.
    lines, unasked = _found(desk)
    assert (lines, unasked) == ({}, {f"{PRODUCT.upper()} {RELEASE}", "Other"})
    desk.add(form(GUARDED))
    before = desk.node.views.state_hash(), desk.documents()
    lines, unasked = _found(desk)
    # `one` wants a third party for what is only said, and a build; `two` has what is said, and
    # asks twice for fields of one bill; what the node finds by itself is no piece.
    asked = lines["Maker"].asked
    assert {buyer: asked[buyer] for buyer in ("one", "two", "three")} == {
        "one": 2, "two": 1, "three": 1,
    }  # fmt: skip
    assert unasked == {"Other"}
    assert (desk.node.views.state_hash(), desk.documents()) == before


def test_what_two_buyers_ask_alike_is_made_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    nodes.give(desk.node, [*((f"{n}", one) for n, one in enumerate(BUYERS)), ("c", CONTRACTS)])
    desk.add(form(GUARDED))
    (line,) = _found(desk)[0].values()
    assert line.apart == sum(line.asked.values())
    assert max(line.asked.values()) <= line.together < line.apart
    assert line.saved == line.apart - line.together


def test_alternatives_are_the_piece_that_most_buyers_take() -> None:
    def short(buyer: str, *groups: tuple[str, ...]) -> Assessment:
        needs = tuple(Need(id=f"{n}", title="", items=(group,), level=Level.VERIFIED)
                      for n, group in enumerate(groups))  # fmt: skip
        judged = tuple(Judged(one, Level.UNKNOWN, missing=one.items) for one in needs)
        return Assessment(baseline=Baseline(name=buyer, needs=needs), judged=judged, verdict="")

    found = pieces([
        short("a", ("x", "y")), short("b", ("y", "z")), short("c", ("x", "z"), ("z",)),
        short("d", ("y",), ("fact@1#x",)), short("e", ("sbom@1#a",), ("sbom@2#b",)),
    ])  # fmt: skip
    assert found == {"a": {"y"}, "b": {"y"}, "c": {"z"}, "d": {"y"}, "e": {"sbom@"}}
