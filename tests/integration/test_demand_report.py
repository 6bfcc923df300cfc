"""The yearly report of the scenario's four buyers, against plain counting over the files."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import demand_lists as lists
import nodes
import pytest
import yaml

from accord.core.clock import FixedClock
from accord.core.errors import Invalid
from accord.flows.demand.report import Report, report
from accord.scenario.documents import bought, files
from accord.wiring import Node

PARTNERS = ["australia", "india", "japan", "united-states"]
DAY = "2026-11-01"
NOTHING, TEN = Decimal(0), Decimal(10)
MAKERS = {
    "インダス": "indus",
    "株式会社北進": "hokushin",
    "北進": "hokushin",
    "株式会社瀬戸内": "setouchi",
    "函館": "hakodate",
    "Nilgiri Softwares": "nilgiri softwares",
}
"""Makers whose names do not begin with the first word that they have elsewhere."""


def maker(written: str) -> str:
    """Who is meant: by eye."""
    for start, name in MAKERS.items():
        if written.startswith(start):
            return name
    return written.partition(" ")[0].casefold()


@cache
def contracts(partner: str) -> list[dict[str, str]]:
    text = dict(bought(partner))[f"demand/{partner}/contracts.csv"].decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    rates = json.loads(dict(bought(partner))[f"demand/{partner}/rates.json"])["rows"]
    newest = {one["currency"]: Decimal(one["rate"]) for one in rates if one["day"] == "2026-10-30"}
    for row in rows:
        assert row["starts"] <= DAY <= row["ends"]
        dollars = Decimal(row["spend"]) * newest.get(row["currency"], Decimal(1))
        row["usd"] = str(dollars.quantize(Decimal("0.01"), ROUND_HALF_EVEN))
    return rows


@cache
def estate() -> list[tuple[str, str, str, str, str]]:
    """Operator, maker, product, release, and the text of the bill."""
    documents = dict(files())
    found = []
    for operator in yaml.safe_load(documents["estate.yaml"])["operators"]:
        for site in operator.get("sites", [operator]):
            for one in site["products"]:
                bill = documents[one["bill"]].decode() if one.get("bill") else ""
                found.append((operator["operator"], maker(one.get("supplier", "")),
                              one["product"], one.get("release", ""), bill))  # fmt: skip
    return found


@cache
def reported(partner: str) -> Report:
    with nodes.fresh() as node:
        nodes.give(node, [*files(), *bought(partner)])
        return made(node)


def made(node: Node, **more: Any) -> Report:
    fixed = Node(node.settings, FixedClock(f"{DAY}T12:00:00.000000Z"))
    try:
        return report(fixed, fixed.exposures.all(""), **more)
    finally:
        fixed.engine.dispose()


def by_maker(found: Report) -> dict[str, Any]:
    lines = {maker(one.name): one for one in found.suppliers}
    assert len(lines) == len(found.suppliers)
    return lines


@pytest.mark.parametrize("partner", PARTNERS)
def test_shares_of_suppliers(partner: str) -> None:
    found, rows = reported(partner), contracts(partner)
    spend: dict[str, Decimal] = defaultdict(Decimal)
    functions: dict[str, set[str]] = defaultdict(set)
    operators: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        spend[maker(row["supplier"])] += Decimal(row["usd"])
        functions[maker(row["supplier"])].add(row["function"])
    for operator, who, *_ in estate():
        operators[who].add(operator)
    whole = sum(spend.values())
    every = {row["function"] for row in rows}
    people = {one[0] for one in estate()}
    lines = by_maker(found)
    assert set(lines) == {*spend, *operators} - {""}
    for who, one in lines.items():
        assert one.spend == spend[who]
        assert one.spend_share == pytest.approx(float(spend[who] / whole), abs=6e-5)
        assert set(one.functions) == functions[who]
        assert one.function_share == pytest.approx(len(functions[who]) / len(every), abs=6e-5)
        assert one.operators == len(operators[who])
        assert one.operator_share == pytest.approx(len(operators[who]) / len(people), abs=6e-5)
    index = sum(Fraction(amount / whole) ** 2 for amount in spend.values()) * 10_000
    assert found.hhi == pytest.approx(float(index), abs=0.06)
    assert (found.contracts, found.operators, found.spend) == (len(rows), len(people), whole)


@pytest.mark.parametrize("partner", PARTNERS)
def test_functions_and_what_falls_with_suppliers(partner: str) -> None:
    found, rows = reported(partner), contracts(partner)
    serving: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        serving[row["function"]].add(maker(row["supplier"]))
    assert {one.name for one in found.functions} == set(serving)
    for one in found.functions:
        single = serving[one.name] if len(serving[one.name]) == 1 else {""}
        assert {maker(one.single) if one.single else ""} == single
        assert {maker(name) for name in one.suppliers} == serving[one.name]
        assert one.spend == sum(Decimal(r["usd"]) for r in rows if r["function"] == one.name)
    for who, line in by_maker(found).items():
        assert set(line.fallen) == {name for name, some in serving.items() if some == {who}}


@pytest.mark.parametrize("partner", PARTNERS)
def test_components(partner: str) -> None:
    found, rows = reported(partner), contracts(partner)
    bills = {(product, release): bill for _, _, product, release, bill in estate()}
    assert len(found.components) > 20
    for one in found.components:
        mark = re.compile(re.escape(one.key) + r"""[@?"'<\s]""")
        holding = {key for key, bill in bills.items() if mark.search(bill)}
        assert holding, one.key
        assert one.operators == len({o for o, _, p, r, _ in estate() if (p, r) in holding})
        held = [row for row in rows if (row["product"], row["release"]) in holding]
        assert one.spend == sum(Decimal(row["usd"]) for row in held)
        assert set(one.functions) == {row["function"] for row in held}
        safe = {row["function"] for row in rows if row not in held}
        assert set(one.fallen) == {row["function"] for row in held} - safe
        assert set(one.products) == {f"{p} {r}" for p, r in holding}


def test_what_is_not_counted_is_told() -> None:
    found = reported("india")
    told = {one.reason: one for one in found.not_counted}
    (unasked,) = (one for reason, one in told.items() if "nobody asked" in reason)
    assert unasked.count == len({(p, r) for *_, p, r, _ in estate()} | {
        (row["product"], row["release"]) for row in contracts("india")})  # fmt: skip
    assert all(one.count == len(one.what) for one in found.not_counted)


def test_every_component_with_a_package_url_is_counted() -> None:
    named: set[str] = set()
    products: set[str] = set()
    for _, who, product, _, bill in estate():
        for url in re.findall(r"pkg:[^\"'<\s]+", bill):
            plain = re.sub(r"[@?].*", "", url)
            named.add(plain)
            if who in plain and _letters(plain.rpartition("/")[2]) == _letters(product):
                products.add(plain)
    assert {one.key for one in reported("india").components} == named - products
    assert len(products) > 10


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _given(*documents: tuple[str, bytes], **more: Any) -> Report:
    with nodes.fresh() as node:
        nodes.give(node, documents)
        return made(node, **more)


_USD = {"currency": "USD", "starts": "2026-01-01", "ends": "2027-01-01"}


def test_a_contract_without_a_release_is_for_any() -> None:
    rows = [lists.contract("1", "Maker", product="PUMP", function="Water", spend="10", **_USD)]
    bills = [
        nodes.bill(release="1", components=["pkg:npm/left@1", "pkg:npm/both@1"]),
        nodes.bill(release="2", components=["pkg:npm/right@1", "pkg:npm/both@2"]),
    ]
    found = _given(("c", lists.contracts(*rows)), *((f"{n}", b) for n, b in enumerate(bills)))
    assert {one.key: (one.fallen, one.spend) for one in found.components} == {
        "pkg:npm/left": ((), TEN), "pkg:npm/right": ((), TEN), "pkg:npm/both": (("Water",), TEN),
    }  # fmt: skip
    assert found.suppliers[0].fallen == ("Water",)


def test_what_documents_contradict_is_told_and_believed_nowhere() -> None:
    one = lists.contract("1", "A", function="water", spend="10", product="p", **_USD)
    rows = lists.contracts(one, lists.contract("2", "B", function="water", spend="5", product="q",
                                               notice="2026-10-01", **_USD))  # fmt: skip
    rival = lists.contracts(one | {"supplier": "C"}, name="another")
    found = _given(("c", rows), ("r", rival))
    (water,) = found.functions
    assert (water.single, water.suppliers, water.uncounted) == ("", ("B", "not known"), 2)
    assert {one.name: one.fallen for one in found.suppliers} == {"A": (), "B": (), "C": ()}
    assert found.spend == 5
    (group,) = found.renewals.groups
    assert [move.contract for move in group.contracts] == ["2"]
    assert [move.notice_days for move in group.contracts] == [-31]
    for told in (found.not_counted, found.renewals.not_counted):
        assert "Ministry, contract 1" in {what for one in told for what in one.what}


def test_everything_that_is_left_out_is_told_with_its_reason() -> None:
    rows = lists.contracts(
        lists.contract("1", "A", spend="10", currency="GBP", product="p", starts="2026-01-01"),
        lists.contract("2", "A", spend="10", currency="GBP", product="p", ends="2026-01-01"),
        lists.contract("3", "A", product="p", function="f", starts="2026-01-01", ends="2027-01-01"),
    )
    estate_rows = nodes.estate(("Somebody", "Thing", "1", ""))
    found = _given(("c", rows), ("e", estate_rows), currency="USD")
    told = {one.reason.partition(":")[0]: one.what for one in found.not_counted}
    told |= {one.reason.partition(":")[0]: one.what for one in found.renewals.not_counted}
    assert {reason: what for reason, what in told.items() if "GBP" not in reason} == {
        "no spend is said": ("Ministry, contract 3",),
        "running contracts that say no critical function": ("Ministry, contract 1",),
        "products in use whose estate names no supplier": ("Thing 1 at Somebody",),
        "products without a bill here": ("Thing 1", "p"),
        "products that nobody asked for a verdict on": ("p",),
        "contracts that say no end": ("Ministry, contract 1",),
        "contracts that say no day of notice": ("Ministry, contract 3",),
    }
    (reason,) = (reason for reason in told if "GBP" in reason)
    assert told[reason] == ("Ministry, contract 1",)
    assert (found.spend, found.hhi, found.suppliers[0].spend_share) == (NOTHING, 0, 0)
    assert (found.suppliers[0].contracts, found.suppliers[0].uncounted) == (2, 2)


def test_suppliers_that_contradict_each_other_are_told() -> None:
    one, other = lists.lei("ONE"), lists.lei("OTHER")
    rows = [
        lists.contract("1", "A", lei=one, domain="a.example", starts="2026-01-01"),
        lists.contract("2", "B", lei=other, domain="a.example", starts="2026-01-01"),
    ]
    found = _given(("c", lists.contracts(*rows)))
    (told,) = (told.what for told in found.not_counted if "contradict" in told.reason)
    assert told == (f"domain:a.example: lei:{one} and lei:{other}",)


def test_as_of_a_day_only_what_was_known_then_counts() -> None:
    with nodes.fresh() as node:
        nodes.give(node, files(), "2026-02-01T00:00:00.000000Z")
        nodes.give(node, bought("india"), "2026-10-31T00:00:00.000000Z")
        before = made(node, as_of="2026-10-01T23:59:59.999999Z", currency="USD")
        assert (before.day, before.contracts, before.operators) == ("2026-10-01", 0, 14)
        assert made(node, as_of=f"{DAY}T23:59:59.999999Z") == reported("india")


def test_an_empty_node_has_an_empty_report() -> None:
    found = _given()
    assert (found.suppliers, found.components, found.functions) == ((), (), ())
    assert (found.hhi, found.high, found.spend) == (0, False, NOTHING)


@pytest.mark.parametrize("window", [-1, 3_661])
def test_a_window_past_the_bounds_is_refused(window: int) -> None:
    with pytest.raises(Invalid, match="3,660"):
        _given(window=window)


def test_the_commands(tmp_path: Path) -> None:
    home = tmp_path / "node"
    node = nodes.new_node(home)
    nodes.give(node, [*files(), *bought("india")])
    node.engine.dispose()
    words = ("--as-of", DAY, "--json")
    text = nodes.run("demand", "report", "--as-of", DAY, home=home)
    assert (text.returncode, "14 running contracts" in text.stdout) == (0, True)
    data = json.loads(nodes.run("demand", "report", *words, home=home).stdout)
    assert data["hhi"] == reported("india").hhi
    table = nodes.run("demand", "report", "--as-of", DAY, "--csv", home=home).stdout
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["part"] for row in rows} == {
        "report", "supplier", "component", "function", "renewal", "could not evaluate",
    }  # fmt: skip
    told = [row for row in rows if row["part"] == "could not evaluate"]
    assert len(told) == sum(one["count"] for one in data["not_counted"])
    assert "Could not evaluate (28)" in text.stdout


def test_the_command_of_renewals(tmp_path: Path) -> None:
    home = tmp_path / "node"
    node = nodes.new_node(home)
    one = {**_USD, "notice": "2026-10-01"}
    rows = [lists.contract("1", "A", product="p", spend="1", **one),
            lists.contract("2", "A", spend="1", **_USD | {"ends": "2027-02-01"}),
            lists.contract("3", "A", spend="1", **_USD | {"ends": "2027-06-01"})]  # fmt: skip
    nodes.give(node, [("c", lists.contracts(*rows))])
    node.engine.dispose()
    words = ("demand", "renewals", "--as-of", DAY, "--window")
    found = json.loads(nodes.run(*words, "31", "--json", home=home).stdout)
    assert [
        [(move["contract"], move["extend"], move["late"]) for move in group["contracts"]]
        for group in found["groups"]
    ] == [[("1", 31, True), ("2", 0, False)], [("3", 0, False)]]
    assert len(json.loads(nodes.run(*words, "30", "--json", home=home).stdout)["groups"]) == 3
    done = nodes.run(*words, "31", "--csv", home=home)
    assert len(done.stdout.splitlines()) == 4
    assert "Could not evaluate (2): contracts that say no day of notice" in done.stderr
    done = nodes.run(*words, "31", home=home)
    assert "past" in done.stdout
    done = nodes.run(*words, "-1", home=home)
    assert (done.returncode, "a window of -1 days" in done.stderr) == (1, True)
