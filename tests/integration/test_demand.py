"""Contracts, rates and suppliers on a real node: from documents to entities, and back."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import demand_lists as lists
import nodes
import pytest

from accord.core.errors import Invalid, NotFound
from accord.flows.demand.port import Demand
from accord.flows.demand.suppliers import alias, no_alias, suppliers
from accord.flows.demand.view import demand
from accord.flows.load import Giver, load_documents
from accord.flows.rebuild import rebuild
from accord.scenario.documents import bought, files
from accord.wiring import Node

_LEI, _OTHER = lists.lei("GRID"), lists.lei("OTHER")
_CONTRACTS = lists.contracts(
    lists.contract("1", "Grid Ltd", lei=_LEI, spend="100", currency="AUD", product="SCADA",
                   function="grid control"),
    lists.contract("2", "Grid View", spend="1000", currency="JPY"),
    lists.contract("3", "Small", spend="7", currency="GBP"),
    lists.contract("4", "Small", spend="9", currency="USD", ends="2026-01-01"),
)  # fmt: skip
_RATES = lists.rates(("AUD", "USD", "2026-01-30", "0.65"), ("JPY", "USD", "2026-01-30", "0.0065"))
_NAMES = lists.suppliers({"entity": "Grid", "lei": _LEI, "names": ["Grid View"]})
_DOCUMENTS = [("contracts", _CONTRACTS), ("rates", _RATES), ("suppliers", _NAMES)]
_DAY = "2026-01-31"


def _found(node: Node, as_of: str = "", currency: str = "") -> Demand:
    return demand(node.purchases.known(as_of), _DAY, currency)


def _spend(node: Node) -> dict[str, Decimal]:
    return {one.key: one.spend for one in suppliers(_found(node)).suppliers}


def test_from_documents_to_entities() -> None:
    with nodes.fresh() as node:
        assert nodes.give(node, _DOCUMENTS).total.new == 3
        found = _found(node)
        assert _spend(node) == {f"lei:{_LEI}": Decimal("71.50"), "name:small": 0}
        assert [(line.how, line.running) for line in found.contracts] == [
            ("identifier", True), ("alias", True), ("name", True), ("name", False),
        ]  # fmt: skip
        (told,) = found.not_counted
        assert (told.what, "no rate of GBP" in told.reason) == ("Ministry, contract 3", True)


def test_order_of_loading_rebuild_and_loading_twice_change_nothing() -> None:
    hashes = set()
    for documents in permutations(_DOCUMENTS):
        with nodes.fresh() as node:
            nodes.one_by_one(node, documents)
            hashes.add(node.views.state_hash())
            before = _found(node)
            nodes.give(node, documents)
            rebuild(node.intake)
            assert _found(node) == before
            hashes.add(node.views.state_hash())
    assert len(hashes) == 1


def test_as_of_a_day_only_what_was_known_then_counts() -> None:
    with nodes.fresh() as node:
        nodes.give(node, _DOCUMENTS[:2], "2026-02-01T00:00:00.000000Z")
        nodes.give(node, _DOCUMENTS[2:], "2026-03-01T00:00:00.000000Z")
        assert _found(node, "2026-01-15T00:00:00.000000Z", "USD").contracts == ()
        assert "name:grid view" in _found(node, "2026-02-15T00:00:00.000000Z").entities
        assert "name:grid view" not in _found(node).entities


def test_a_later_edition_takes_the_place_of_an_earlier() -> None:
    later = lists.contracts(lists.contract("1", "Grid", spend="5", currency="USD"),
                            date="2026-02-01")  # fmt: skip
    with nodes.fresh() as node:
        nodes.give(node, [("later", later), *_DOCUMENTS])
        assert [line.spend for line in _found(node).contracts] == [Decimal("5.00")]


def test_documents_that_contradict_each_other_are_told_and_not_counted() -> None:
    rival = lists.contracts(
        lists.contract("1", "Grid Ltd", lei=_LEI, spend="101", currency="AUD"),
        lists.contract("2", "Grid View", spend="1000", currency="JPY"), name="another",
    )  # fmt: skip
    with nodes.fresh() as node:
        nodes.give(node, [*_DOCUMENTS, ("rival", rival)])
        found = _found(node)
        told = {one.what for one in found.not_counted}
        assert {line.spend for line in found.contracts if line.fact.contract == "1"} == {None}
        assert "Ministry, contract 1" in told
        # What both say alike is counted once.
        assert [line.spend for line in found.contracts if line.fact.contract == "2"] == [
            Decimal("6.50")
        ]


def test_a_person_says_whom_a_name_means_and_takes_it_back() -> None:
    with nodes.fresh() as node:
        nodes.give(node, _DOCUMENTS)
        assert alias(node, "SMALL Inc.", f"lei:{_LEI}", person="A", why="asked them") == (
            f"lei:{_LEI}", "Grid",
        )  # fmt: skip
        assert set(_spend(node)) == {f"lei:{_LEI}"}
        before = node.views.state_hash()
        rebuild(node.intake)
        assert node.views.state_hash() == before
        no_alias(node, "small", person="A", why="a mistake")
        assert set(_spend(node)) == {f"lei:{_LEI}", "name:small"}
        with pytest.raises(NotFound):
            no_alias(node, "small", person="A", why="again")


def test_an_alias_never_joins_what_identifiers_keep_apart() -> None:
    rival = lists.contracts(
        lists.contract("9", "Rival", lei=_OTHER, spend="1", currency="USD"), name="another"
    )
    with nodes.fresh() as node:
        nodes.give(node, [*_DOCUMENTS, ("rival", rival)])
        with pytest.raises(Invalid, match="kept apart"):
            alias(node, "Rival", f"lei:{_LEI}", person="A", why="w")
        with pytest.raises(NotFound, match="no supplier"):
            alias(node, "Rival", "nobody such", person="A", why="w")
        table = lists.suppliers({"entity": "Grid", "names": ["Rival"]}, name="third")
        nodes.give(node, [("table", table)])
        found = _found(node)
        assert {f"lei:{_LEI}", f"lei:{_OTHER}"} <= set(found.entities)
        (told,) = found.contradictions
        assert told.shared == "name:rival"


def test_what_others_gave_is_no_contract_here() -> None:
    with nodes.fresh() as node:
        for origin in ("feed:f", "india"):
            giver = Giver(origin=origin)
            load_documents(_DOCUMENTS, node.intake, nodes.TODAY, giver)
            assert not node.purchases.known().contracts
            assert not node.purchases.known().names
            assert not node.purchases.known().rates


@pytest.mark.parametrize("partner", ["australia", "india", "japan", "united-states"])
def test_the_scenario_is_taken_whole(partner: str) -> None:
    with nodes.fresh() as node:
        loaded = nodes.give(node, bought(partner))
        assert (loaded.total.new, loaded.quarantined) == (3, [])
        found = demand(node.purchases.known(), "2026-11-01")
        assert found.currency == "USD"
        assert len({line.fact.agency for line in found.contracts}) >= 4
        assert not found.not_counted
        assert not found.contradictions
        keys = {line.supplier for line in found.contracts if line.fact.product == "GridView SCADA"}
        assert len(keys) == 1


def test_the_scenario_of_all_has_nothing_of_what_one_buys() -> None:
    assert not [path for path, _ in files() if path.startswith("demand/")]


def test_the_commands(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path / "node")
    nodes.give(node, _DOCUMENTS)
    node.engine.dispose()
    home = tmp_path / "node"
    done = nodes.run("demand", "suppliers", "--currency", "USD", "--json", home=home)
    assert done.returncode == 0
    assert json.loads(done.stdout)["suppliers"][0]["spend"] == "71.50"
    done = nodes.run("demand", "contracts", "--csv", "--currency", "USD", home=home)
    assert done.stdout.splitlines()[1].startswith("Ministry,1,lei:")
    words = ("demand", "alias", "Small", "Grid", "--person", "A", "--why", "w")
    assert nodes.run(*words, home=home).stdout == f"Small means Grid (lei:{_LEI}).\n"
    done = nodes.run("demand", "suppliers", "--as-of", "2026-01-15", home=home)
    assert (done.returncode, "Grid" in done.stdout) == (0, False)
    done = nodes.run("demand", "suppliers", "--currency", "XXX", home=home)
    assert done.returncode == 1
    assert "ISO 4217" in done.stderr
