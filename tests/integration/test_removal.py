"""Documents erased: what is left is the state of a node that never had them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import nodes
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodes import Document
from scenes import scenes
from sqlalchemy import text

from accord import scenario
from accord.core.digests import digest
from accord.flows.prepare import prepare
from accord.flows.prepared import Known
from accord.flows.rebuild import rebuild
from accord.store.exchange import removal
from accord.wiring import Node

CANARY = "canary-4f1d9a77"


def remove(node: Node, documents: Sequence[Document]) -> None:
    with node.intake.unit(durable=True) as unit:
        unit.remove([digest(data) for _, data in documents])
        unit.settle()
    removal.scrub(node.engine)


def sealed(node: Node, origin: str, data: bytes, source: str = "exchange") -> None:
    """A document as sync takes it from a partner."""
    prepared = prepare(source, data)
    with node.intake.unit() as unit:
        unit.take([prepared], nodes.TODAY, origin)
        unit.settle()


def never_had(documents: Sequence[Document]) -> str:
    with nodes.fresh() as node:
        nodes.give(node, documents)
        return node.views.state_hash()


@given(st.data(), scenes())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_removal_leaves_the_state_of_a_node_that_never_had_them(
    data: st.DataObject, scene: list[Document]
) -> None:
    gone = data.draw(st.lists(st.sampled_from(scene), unique=True))
    left = [document for document in scene if document not in gone]
    with nodes.fresh() as node:
        half = len(scene) // 2
        nodes.give(node, scene[:half])
        remove(node, gone[:1])
        nodes.give(node, scene[half:])
        remove(node, gone)
        if gone and gone[0] in scene[half:]:
            nodes.give(node, scene[:half])
            remove(node, gone)
        left = [one for one in left if _here(node, one)]
        assert node.views.state_hash() == never_had(left)
        nodes.give(node, scene)
        assert node.views.state_hash() == never_had(scene)


def _here(node: Node, document: Document) -> bool:
    with node.views.view() as view:
        return view.document(digest(document[1])) is not None


@pytest.mark.parametrize("seed", range(2))
def test_parts_of_the_scenario_come_and_go(database_url: str, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    node = nodes.on(database_url, tmp_path / "node")
    files = scenario.files()
    held: dict[str, Document] = {}
    for _ in range(3):
        coming = chance.sample(files, 60)
        nodes.give(node, coming)
        held |= {digest(data): (source, data) for source, data in coming}
        going = chance.sample(list(held), min(25, len(held)))
        remove(node, [held.pop(name) for name in going])
    expected = never_had(list(held.values()))
    assert node.views.state_hash() == expected
    rebuild(node.intake)
    assert node.views.state_hash() == expected
    remove(node, list(held.values()))
    assert node.views.state_hash() == never_had([])
    with node.engine.connect() as connection:
        for table in ("version", "package", "hit", "identity", "body", "source"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0
    node.engine.dispose()


@pytest.mark.parametrize("gone", ["advisory", "bill"])
def test_hits_go_with_either_side(database_url: str, tmp_path: Path, gone: str) -> None:
    both = {"advisory": nodes.osv("OSV-1"), "bill": nodes.bill()}
    node = nodes.on(database_url, tmp_path / "node")
    nodes.give(node, list(both.items()))
    with node.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM hit")) == 1
    remove(node, [(gone, both[gone])])
    with node.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM hit")) == 0
    node.engine.dispose()


def test_a_superseded_edition_counts_again(database_url: str, tmp_path: Path) -> None:
    old = nodes.osv("OSV-1")
    new = nodes.osv("OSV-1", fixed="1.0.0", modified="2026-01-02T00:00:00Z")
    node = nodes.on(database_url, tmp_path / "node")
    nodes.give(node, [("old", old), ("new", new), ("bill", nodes.bill())])
    assert _current(node, old) is False
    remove(node, [("new", new)])
    assert _current(node, old) is True
    node.engine.dispose()


def _current(node: Node, data: bytes) -> bool:
    with node.views.view() as view:
        row = view.document(digest(data))
        assert row is not None
        return row.current


def test_what_a_removed_choice_had_set_aside_counts_again(tmp_path: Path) -> None:
    one, other = nodes.osv("OSV-1", summary="one"), nodes.osv("OSV-1", summary="other")
    choice = nodes.choice(digest(one), digest(other))
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("1", one), ("2", other), ("3", choice)])
    assert _current(node, other) is False
    remove(node, [("3", choice)])
    assert _current(node, other) is True


def test_nothing_of_a_removed_document_is_left_in_the_file(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    many = [(f"{n}", nodes.osv(f"OSV-{n}", package=f"p{n}")) for n in range(300)]
    marked = nodes.osv(f"{CANARY}-id", package=f"{CANARY}-package", summary=f"{CANARY} summary")
    bill = nodes.bill(f"{CANARY}-product", components=[f"pkg:npm/{CANARY}-package@1.0.0"] * 2)
    gone = [(f"{CANARY}-source", marked), (f"{CANARY}-file", bill)]
    nodes.give(node, [*many[:150], *gone, *many[150:]])
    assert CANARY.encode() in _raw(tmp_path)
    remove(node, gone)
    assert CANARY.encode() not in _raw(tmp_path)
    with closing(sqlite3.connect(tmp_path / "accord.sqlite")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _raw(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.glob("accord.sqlite*")))


def test_removing_costs_the_same_however_much_is_here(tmp_path: Path) -> None:
    """No table is walked as a whole: each statement finds its rows by an index."""
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("a", nodes.osv("OSV-1")), ("b", nodes.bill())])
    seen: list[tuple[str, object]] = []
    with node.intake.unit() as unit:
        raw = unit.connection.connection.driver_connection
        assert raw is not None
        raw.set_trace_callback(lambda statement: seen.append((statement, None)))
        unit.remove([digest(nodes.osv("OSV-1")), digest(nodes.bill())])
        raw.set_trace_callback(None)
        plans = [
            row[-1]
            for statement, _ in seen
            if statement.startswith(("SELECT", "DELETE", "UPDATE"))
            for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    assert len(plans) > 30
    walks = [plan for plan in plans if plan.startswith("SCAN")]
    # Lists that are given as one parameter are walked, tables are not.
    assert [walk for walk in walks if not walk.startswith("SCAN anon_1 VIRTUAL")] == []


# Origin.


def test_a_partners_document_never_supersedes_ours_or_anothers(tmp_path: Path) -> None:
    editions = {
        "": nodes.osv("OSV-1"),
        "australia": nodes.osv("OSV-1", modified="2026-01-02T00:00:00Z"),
        "japan": nodes.osv("OSV-1", modified="2026-01-03T00:00:00Z"),
    }
    older = nodes.osv("OSV-1", modified="2025-01-03T00:00:00Z")
    node = nodes.new_node(tmp_path)
    for origin, data in editions.items():
        sealed(node, origin, data)
    sealed(node, "japan", older)
    assert all(_current(node, data) for data in editions.values())
    assert not _current(node, older)


@pytest.mark.parametrize("order", [("", "japan"), ("japan", ""), ("japan", "india")])
def test_bytes_that_several_gave_are_ours_first(order: tuple[str, str], tmp_path: Path) -> None:
    shared = nodes.osv("OSV-1")
    newer = nodes.osv("OSV-1", modified="2026-01-02T00:00:00Z")
    node = nodes.new_node(tmp_path)
    sealed(node, min(order), newer)
    first, then = order
    sealed(node, first, shared)
    prepared = prepare("again", shared)
    with node.intake.unit() as unit:
        unit.name([Known(prepared.digest, "again")], nodes.TODAY, then)
        unit.settle()
    assert _origin(node, shared) == min(order)
    assert not _current(node, shared)


def _origin(node: Node, data: bytes) -> str:
    with node.engine.connect() as connection:
        query = text("SELECT origin FROM document WHERE digest = :d")
        return str(connection.scalar(query, {"d": digest(data)}))


def test_a_partners_choice_sets_nothing_of_ours_aside(tmp_path: Path) -> None:
    one, other = nodes.osv("OSV-1", summary="one"), nodes.osv("OSV-1", summary="other")
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("1", one), ("2", other)])
    sealed(node, "japan", nodes.choice(digest(one), digest(other)))
    assert _current(node, one)
    assert _current(node, other)
