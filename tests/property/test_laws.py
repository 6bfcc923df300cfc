"""The laws of the node, each under its own sentence, over documents in any order and any batches.

`scene` documents are generated: editions newer, older, undated and equally dated, bills, estates,
statements, choices. The built-in scenario is shuffled as a whole besides.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nodes
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodes import Document
from scenes import MODIFIED, scenes

from accord import scenario
from accord.core.digests import digest
from accord.flows.rebuild import rebuild
from accord.wiring import Node

quick = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@st.composite
def reordered(draw: st.DrawFn) -> tuple[list[Document], list[list[Document]]]:
    """A scene, and the same documents in another order, cut into batches."""
    scene = draw(scenes())
    other = draw(st.permutations(scene))
    cuts = sorted(draw(st.sets(st.integers(1, len(other)), max_size=4)))
    return scene, [other[a:b] for a, b in zip([0, *cuts], [*cuts, len(other)], strict=True)]


def outcome(node: Node) -> tuple[str, list[dict[str, Any]], list[tuple[str, str]]]:
    """Everything that must be equal: the hash, what is printed, and what is reported."""
    return node.views.state_hash(), nodes.listed(node), nodes.reasons(node)


def loaded(batches: Sequence[Sequence[Document]]) -> Any:
    with nodes.fresh() as node:
        for batch in batches:
            nodes.give(node, batch)
        return outcome(node)


@given(reordered())
@quick
def test_loading_in_another_order_and_other_batches_ends_in_the_same_state(
    both: tuple[list[Document], list[list[Document]]],
) -> None:
    scene, batches = both
    assert loaded([scene]) == loaded(batches)


@given(scenes())
@quick
def test_loading_twice_changes_nothing(scene: list[Document]) -> None:
    with nodes.fresh() as node:
        nodes.give(node, scene)
        before = outcome(node)
        again = nodes.give(node, scene[::-1])
        assert again.total.new == 0
        assert outcome(node) == before


@given(scenes())
@quick
def test_rebuild_leaves_the_state_as_it_was(scene: list[Document]) -> None:
    with nodes.fresh() as node:
        nodes.one_by_one(node, scene)
        before = outcome(node)
        assert rebuild(node.intake) == len(scene)
        assert outcome(node) == before


@given(reordered())
@settings(max_examples=20, suppress_health_check=list(HealthCheck))
def test_what_was_printed_on_a_day_is_replayed_whatever_came_later_and_in_which_order(
    both: tuple[list[Document], list[list[Document]]],
) -> None:
    scene, batches = both
    days = {source: f"2026-03-{number + 1:02}" for number, (source, _) in enumerate(scene)}
    printed = {}
    with nodes.fresh() as node:
        for source, data in scene:
            nodes.give(node, [(source, data)], f"{days[source]}T08:00:00.000000Z")
            printed[days[source]] = nodes.listed(node)
    with nodes.fresh() as node:
        for batch in batches:
            for source, data in batch:
                nodes.give(node, [(source, data)], f"{days[source]}T08:00:00.000000Z")
        for day, rows in printed.items():
            assert nodes.listed(node, f"{day}T23:59:59.999999Z") == rows


@pytest.mark.parametrize("seed", range(4))
def test_the_scenario_ends_in_one_state_in_whatever_order_it_comes(seed: int) -> None:
    shuffled = scenario.files()
    random.Random(seed).shuffle(shuffled)
    size = (7, 40, 200, 1)[seed]
    batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    assert loaded(batches) == reference()


_reference: list[Any] = []


def reference() -> Any:
    if not _reference:
        _reference.append(loaded([scenario.files()]))
    return _reference[0]


def editions() -> Iterator[Any]:
    old, new = nodes.osv("OSV-1"), nodes.osv("OSV-1", fixed="1.0.0", modified=MODIFIED[1])
    yield pytest.param(old, new, id="advisory")
    yield pytest.param(
        nodes.bill(version=1),
        nodes.bill(version=2, components=[]),
        id="bill",
    )
    yield pytest.param(
        nodes.kev("CVE-2026-1000"), nodes.kev(released="2026-01-12T00:00:00Z"), id="catalogue"
    )
    yield pytest.param(
        nodes.estate(("Grid", "Pump", "1", "")),
        nodes.estate(("Grid", "Meter", "1", ""), date="2026-01-02"),
        id="estate",
    )


@pytest.mark.parametrize(("old", "new"), list(editions()))
@pytest.mark.parametrize("newest_first", [False, True])
def test_the_newer_edition_counts_whichever_came_first(
    *, old: bytes, new: bytes, newest_first: bool, tmp_path: Path
) -> None:
    node = nodes.new_node(tmp_path)
    nodes.one_by_one(node, [("new", new), ("old", old)][:: 1 if newest_first else -1])
    with node.views.view() as view:
        counting = {row.digest: row.current for row in view.list_documents(quarantined=False)}
    assert counting == {digest(old): False, digest(new): True}
    assert "rival documents" not in dict(nodes.reasons(node))


def test_undated_rivals_both_count_and_are_reported(tmp_path: Path) -> None:
    one, other = (
        nodes.estate(("Grid", "Pump", "1", ""), date=""),
        nodes.estate(("Grid", "Meter", "1", ""), date=""),
    )
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("one", one), ("other", other)])
    with node.views.view() as view:
        assert all(row.current for row in view.list_documents(quarantined=False))
        gaps = [gap for gap in view.unevaluated() if gap.reason == "rival documents"]
    assert {gap.document for gap in gaps} == {digest(one), digest(other)}


@pytest.mark.parametrize("choice_at", [0, 1, 2])
def test_a_choice_settles_rivals_wherever_in_the_order_it_came(
    choice_at: int, tmp_path: Path
) -> None:
    one = nodes.osv("OSV-1", summary="one")
    other = nodes.osv("OSV-1", summary="other", fixed="1.0.0")
    given_documents = [("one", one), ("other", other)]
    given_documents.insert(choice_at, ("choice", nodes.choice(digest(one), digest(other))))
    node = nodes.new_node(tmp_path)
    nodes.one_by_one(node, [*given_documents, ("bill", nodes.bill())])
    for _ in range(2):
        with node.views.view() as view:
            counts = {row.digest: row.current for row in view.list_documents(quarantined=False)}
        assert (counts[digest(one)], counts[digest(other)]) == (True, False)
        assert "rival documents" not in dict(nodes.reasons(node))
        rebuild(node.intake)


def test_the_latest_choice_counts_when_a_person_thinks_again(tmp_path: Path) -> None:
    one, other = nodes.osv("OSV-1", summary="one"), nodes.osv("OSV-1", summary="other")
    first = nodes.choice(digest(one), digest(other), at="2026-02-01T00:00:00.000000Z")
    then = nodes.choice(digest(other), digest(one), at="2026-02-02T00:00:00.000000Z")
    for order in ([first, then], [then, first]):
        node = nodes.new_node(tmp_path / digest(order[0]))
        nodes.give(node, [("1", one), ("2", other), ("3", order[0]), ("4", order[1])])
        with node.views.view() as view:
            counts = {row.digest: row.current for row in view.list_documents(quarantined=False)}
        assert (counts[digest(one)], counts[digest(other)]) == (False, True)


def test_a_choice_never_leaves_a_subject_without_a_document(tmp_path: Path) -> None:
    old, new = nodes.osv("OSV-1"), nodes.osv("OSV-1", modified=MODIFIED[1])
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("1", old), ("2", new), ("3", nodes.choice(digest(old), digest(new)))])
    with node.views.view() as view:
        assert any(row.current for row in view.list_documents(quarantined=False))


@given(scenes())
@quick
def test_read_is_new_and_same_and_quarantined_for_each_kind(scene: list[Document]) -> None:
    with nodes.fresh() as node:
        half = scene[: len(scene) // 2]
        nodes.give(node, half)
        account = nodes.give(node, [*scene, *scene[:2]])
        assert account.counts
        for count in account.counts.values():
            assert count.read == count.new + count.same + count.quarantined
        assert account.total.read == len(scene) + len(scene[:2])
        assert account.total.same + account.total.quarantined >= len(half)
        items = account.total.quarantined + account.total.items_quarantined
        assert len(account.quarantined) >= items
        assert all(one.reason and (one.whole or one.place) for one in account.quarantined)


_POISON: tuple[Any, ...] = (7, None, "x", [], {"package": 9})


@pytest.mark.parametrize("poison", _POISON, ids=str)
def test_a_bad_item_never_sinks_its_neighbours(poison: Any) -> None:
    events = [{"introduced": "0"}, {"fixed": "2.0.0"}]
    good: list[Any] = [
        {
            "package": {"ecosystem": "npm", "name": f"n{number}"},
            "ranges": [{"type": "SEMVER", "events": events}],
        }
        for number in range(999)
    ]
    advisory = nodes.text(
        {"id": "OSV-1", "modified": "2026-01-01T00:00:00Z",
         "affected": [*good[:500], poison, *good[500:]]}
    )  # fmt: skip
    with nodes.fresh() as node:
        account = nodes.give(node, [("a", advisory)])
        assert (account.total.new, account.total.quarantined) == (1, 0)
        (refused,) = account.quarantined
        assert refused.place.startswith("/affected/500")
        with node.views.view() as view:
            assert dict(view.contents(digest(advisory), 0, 5).counts)["affected"] == 999


def test_a_bad_statement_never_sinks_its_neighbours() -> None:
    document = json.loads(nodes.openvex("CVE-2026-1000", "fixed", "pkg:npm/left-pad"))
    document["statements"] = [*document["statements"] * 5, {"status": 3}]
    with nodes.fresh() as node:
        account = nodes.give(node, [("vex", nodes.text(document))])
        assert account.total.new == 1
        assert [one.place.startswith("/statements/5") for one in account.quarantined] == [True]


def test_a_bad_document_never_sinks_its_neighbours() -> None:
    good = [(f"{n}", nodes.osv(f"OSV-{n}")) for n in range(999)]
    with nodes.fresh() as node:
        account = nodes.give(node, [*good[:500], ("bad", b'{"id": "OSV-1000", '), *good[500:]])
        assert (account.total.new, account.total.quarantined) == (999, 1)
        assert [one.source for one in account.quarantined] == ["bad"]
