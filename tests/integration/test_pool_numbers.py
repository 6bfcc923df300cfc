"""Totals and a ranking of what came out, through the pool: as one computer with all has them."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking_made import NAMES, certify
from four_estates import DEADLINE, NOW, Four
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.errors import Invalid
from accord.demand.private.asking import share as shares
from accord.demand.private.asking.question import Question
from accord.demand.private.errors import Inconsistent, NotAsked
from accord.demand.suppliers import items
from accord.flows.demand.asks import ranked
from accord.flows.demand.pool import run as flow
from accord.flows.demand.pool.putting_in import put_in
from accord.flows.demand.report import report
from accord.flows.demand.view import demand
from accord.flows.load import load_documents
from accord.wiring import Node, demanding

STEPS = [step * 10**power for power in range(10) for step in (1, 2, 5)]
TOPS = {"spend": 1_000_000, "operators": 1_000, "missing": 1_000}
REQUIREMENTS = ("ssdf@1.1#PO.1.1", "ssdf@1.1#PS.3.1")


@pytest.fixture
def four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Four]:
    certify(monkeypatch, tmp_path)
    house = Four(tmp_path)
    yield house
    house.close()


def came_out(four: Four, what: str) -> Question:
    """A question whose answer all have released."""
    asked = four.agreed(what)
    assert all(isinstance(one, flow.Ran) for one in four.everybody(asked))
    assert len(four.answers(asked)) == len(NAMES)
    return asked


def common(four: Four, what: str) -> set[str]:
    counts = Counter(item for name in NAMES for item in put_in(four[name], what))
    return {item for item, count in counts.items() if count >= 3}


def keyed(node: Node, what: str) -> dict[str, str]:
    """By item: the key of its line in the node's own report."""
    if what == "components":
        return {item: item for item in put_in(node, what)}
    found = demand(node.purchases.known(), NOW[:10], "USD")
    return {one: key for key, entity in found.entities.items() for one in items.of_supplier(entity)}


def behind(node: Node, what: str, key: str) -> int:
    """Agencies that buy from a supplier, and operators that run what it makes."""
    found = demand(node.purchases.known(), NOW[:10], "USD")
    bills = node.purchases.surveyed().billed

    def has(supplier: str, product: str, release: str) -> bool:
        if what == "suppliers":
            return supplier == key
        mine = (product.casefold(), release.casefold())
        return any(
            key in bill.packages
            for (name, version), bill in bills.items()
            if (name, version) == mine or (not mine[1] and name == mine[0])
        )

    buy = {
        line.fact.agency
        for line in found.contracts
        if line.running and has(line.supplier, line.fact.product, line.fact.release)
    }
    run = {o.operator for o in found.deployments if has(o.supplier, o.product, o.release)}
    return len(buy) + len(run)


def band(total: int, top: int) -> tuple[int, int | None]:
    limits = [step for step in STEPS if step <= top]
    place = bisect_right(limits, total)
    return (limits[place - 1] if place else 0), (limits[place] if place < len(limits) else None)


def clear_totals(four: Four, what: str, agencies: int) -> dict[str, dict[str, Any] | None]:
    """What one computer finds that has everybody's reports."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for name in NAMES:
        node = four[name]
        found = report(node, (), "", "USD")
        lines = {line.key: line for line in (*found.suppliers, *found.components)}
        lacks = {line.supplier: line.apart for line in found.burdens}
        keys = keyed(node, what)
        for item in common(four, what):
            line = lines.get(keys.get(item, ""))
            if line is None:
                continue
            numbers = {
                "spend": round(line.spend / 1000),
                "operators": line.operators,
                "missing": lacks.get(line.key, 0),
            }
            if any(numbers.values()):
                sums[item].update(numbers)
                sums[item].update({"partners": 1, "agencies": behind(node, what, line.key)})
    wanted = ("spend", "operators", "missing") if what == "suppliers" else ("spend", "operators")
    return {
        item: {one: band(sums[item][one], TOPS[one]) for one in wanted}
        if sums[item]["partners"] >= 3 and sums[item]["agencies"] >= agencies
        else None
        for item in common(four, what)
    }


@pytest.mark.parametrize(("what", "agencies"), [("suppliers", 9), ("components", 12)])
def test_totals_are_the_bands_that_one_computer_finds(four: Four, what: str, agencies: int) -> None:
    of = came_out(four, what)
    asked = four.agreed("", 0, kind="totals", of=of.id, agencies=agencies, currency="USD")
    assert (asked.items, asked.size) == (what, of.size)
    ran = four.everybody(asked)
    assert all(isinstance(one, flow.Ran) for one in ran), ran
    with pytest.raises(Invalid, match="opened once all have released"):
        flow.result(four["japan"], asked.id, demanding.computing(four["japan"]))
    answers = four.answers(asked)
    clear = clear_totals(four, what, agencies)
    assert None in clear.values()
    assert any(clear.values())
    assert len(answers) == len(NAMES)
    for name, found in zip(NAMES, answers, strict=True):
        own = set(put_in(four[name], what))
        held = {row.item: row.bands for row in found.rows if row.held}
        assert held == {item: one for item, one in clear.items() if item in own}
        others = [row.bands for row in found.rows if not row.held]
        rest = [one for item, one in clear.items() if item not in own]
        assert sorted(map(str, others)) == sorted(map(str, rest))


def test_a_ranking_is_the_order_that_one_computer_finds(four: Four) -> None:
    of = came_out(four, "suppliers")
    more = {"requirements": REQUIREMENTS, "first": 5, "agencies": 3, "currency": "USD"}
    asked = four.agreed("", 0, kind="ranking", of=of.id, **more)
    assert all(isinstance(one, flow.Ran) for one in four.everybody(asked))
    answers = four.answers(asked)
    sums: Counter[tuple[str, str]] = Counter()
    partners: Counter[tuple[str, str]] = Counter()
    for name in NAMES:
        node = four[name]
        seen = ranked.Node(node.assessing, name, NOW)
        known = node.purchases.known()
        found = ranked.common(seen, known, demand(known, NOW[:10], "USD"), ranked.Question(least=1))
        priority = {(one.supplier, one.requirement): one.priority_low for one in found.asks}
        for item, key in keyed(node, "suppliers").items():
            for one in REQUIREMENTS:
                if value := round(priority.get((key, one), 0) * 1000):
                    sums[item, one] += value
                    partners[item, one] += 1
    clear = [
        sums[item, one]
        for item in common(four, "suppliers")
        for one in REQUIREMENTS
        if partners[item, one] >= 3
    ]
    assert len(clear) >= 2
    for found_ in answers:
        rows = found_.rows
        assert len(rows) == min(5, len(clear))
        told = [sums[row.item, row.requirement] for row in rows if row.held]
        assert told == sorted(told, reverse=True)
        if all(row.held for row in rows):
            assert told == sorted(clear, reverse=True)[: len(rows)]
    assert any(all(row.held for row in one.rows) for one in answers)


def test_two_totals_of_one_kind_are_refused(four: Four) -> None:
    of = came_out(four, "suppliers")
    more: dict[str, Any] = {"kind": "totals", "of": of.id, "currency": "USD", "size": 0}
    more |= {"items": "", "deadline": DEADLINE}
    asked = four.propose("australia", agencies=9, **more)
    with pytest.raises(NotAsked, match="subtracted from the other") as told:
        four.propose("australia", agencies=8, **more)
    assert told.value.earlier == asked.id


def test_a_mask_that_does_not_fit_opens_nothing(four: Four) -> None:
    of = came_out(four, "suppliers")
    asked = four.agreed("", 0, kind="totals", of=of.id, agencies=9, currency="USD")
    four.everybody(asked)
    for name in NAMES:
        flow.release(four[name], asked.id, "R. Ana")
    four.settle()
    (part,) = [one for one in four["japan"].pool.parts() if one.question.id == asked.id]
    assert part.sealed is not None
    # Japan states a mask to other numbers than those that all have.
    other = shares.write(asked.id, "japan", (part.sealed.first, b"other"), NOW)
    load_documents([("other", other)], four["japan"].intake, NOW)
    for name in NAMES:
        if name != "japan":
            flow.result(four[name], asked.id, demanding.computing(four[name]))
    four.settle()
    with pytest.raises(Inconsistent, match="japan ended with other numbers"):
        flow.result(four["japan"], asked.id, demanding.computing(four["japan"]))


def test_the_commands_show_bands_and_places(four: Four, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accord.wiring.node.SystemClock", lambda: four.clock)
    of = came_out(four, "suppliers")
    home = str(four["india"].settings.home)

    def accord(*said: str) -> str:
        done = CliRunner().invoke(app, ["pool", *said, "--home", home])
        assert done.exit_code == 0, done.output
        return done.output

    who = ("--person", "R. Ana", "--audience", "all")
    told = accord(
        "propose", "totals", "--of", of.id[:20], "--agencies", "9", "--currency", "USD",
        "--purpose", "to know how much", "--deadline", "2026-11-30", *who,
    )  # fmt: skip
    assert "Never a sum" in told
    asked = four.agreed("", 0, kind="ranking", of=of.id, first=2, agencies=3, currency="USD",
                        requirements=REQUIREMENTS)  # fmt: skip
    four.everybody(asked)
    four.answers(asked)
    assert "ssdf@1.1#" in accord("result", asked.id)
    rows = json.loads(accord("result", asked.id, "--json"))["rows"]
    assert len(rows) == 2
