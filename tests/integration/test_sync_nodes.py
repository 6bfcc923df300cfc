"""Whole nodes, each with its door: what one shares, relays and recalls, as the others see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
import sharing
from house_of_nodes import Nodes
from msgspec import structs
from sqlalchemy import text

from accord.flows.exchange.events import Applied, Recalled
from accord.flows.exchange.messages import Request, Response
from accord.flows.exchange.sharing import audience
from accord.identity.markings import Tlp
from accord.identity.partners import Partner
from accord.wiring import Node


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Nodes]:
    made = Nodes(tmp_path)
    yield made
    made.close()


def objects(node: Node, state: str = "live") -> set[str]:
    with node.engine.connect() as connection:
        query = text("SELECT object FROM shared WHERE state = :s")
        return set(connection.scalars(query, {"s": state}))


def documents(node: Node) -> int:
    with node.engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM document")) or 0)


def test_what_is_shared_reaches_its_audience_and_nobody_else(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    audience.create(australia.owner, "everyone", [], everyone=True)
    amber = sharing.indicator("amber", Tlp.AMBER)
    green = sharing.indicator("green", Tlp.GREEN)
    sharing.give(australia, "pair", amber)
    sharing.give(australia, "everyone", green)
    four.settle()
    assert objects(four["japan"]) == {amber["id"], green["id"]}
    assert objects(four["united-states"]) == {green["id"]}
    held = australia.sharing.audience("pair")
    assert held
    with australia.engine.connect() as connection:
        sizes = connection.execute(text("SELECT partner, size FROM cosignature")).all()
    assert {("india", 1), ("japan", 1), ("united-states", 1)} <= {tuple(row) for row in sizes}
    assert [type(event) for event in four.heard["japan"]] == [Applied, Applied]


def test_a_recall_travels_along_a_relay_and_is_final(four: Nodes) -> None:
    australia, india = four["australia"], four["india"]
    audience.create(australia.owner, "india", ["india"])
    audience.create(india.owner, "friends", ["japan"])
    green = sharing.indicator("green", Tlp.GREEN)
    sharing.give(australia, "india", green)
    four.settle()
    assert documents(four["japan"]) == 0
    (outcome,) = sharing.shared(india, green["id"], "friends").outcomes
    assert outcome.what == "shared"
    four.settle()
    assert objects(four["japan"]) == {green["id"]}
    four.recall("australia", green["id"])
    four.settle()
    for name in ("india", "japan"):
        assert objects(four[name]) == set()
        assert documents(four[name]) == 0
    assert Recalled in [type(event) for event in four.heard["india"]]
    assert four["japan"].views.state_hash() == four["united-states"].views.state_hash()


def test_nodes_that_saw_the_same_are_equal(four: Nodes) -> None:
    audience.create(four["australia"].owner, "all", [], everyone=True)
    audience.create(four["india"].owner, "all", [], everyone=True)
    sharing.give(four["australia"], "all", *(sharing.indicator(f"a{n}") for n in range(9)))
    sharing.give(four["india"], "all", *(sharing.indicator(f"i{n}") for n in range(9)))
    four.sync("japan", "australia")
    four.sync("united-states", "india")
    four.recall("india", sharing.name_of("indicator", "i3"))
    sharing.give(four["australia"], "all", sharing.indicator("late"))
    four.settle()
    japan, states = four["japan"], four["united-states"]
    assert japan.views.state_hash() == states.views.state_hash()
    assert len(objects(japan)) == 18


def test_a_new_marking_and_a_new_version(four: Nodes) -> None:
    australia, japan = four["australia"], four["japan"]
    audience.create(australia.owner, "pair", ["japan"])
    body = sharing.indicator("a", None)
    first = sharing.load(australia, body)
    sharing.shared(australia, first, "pair", tlp=Tlp.AMBER)
    four.settle()
    sharing.shared(australia, first, "pair", tlp=Tlp.GREEN)
    four.settle()
    with japan.engine.connect() as connection:
        rows = connection.execute(text("SELECT state, tlp FROM shared ORDER BY tlp")).all()
    assert [tuple(row) for row in rows] == [("live", 1), ("replaced", 2)]
    sharing.give(australia, "pair", body | {"modified": sharing.LATER}, tlp=Tlp.GREEN)
    four.settle()
    assert documents(japan) == 2
    with japan.views.view() as view:
        assert [row.current for row in view.list_documents(quarantined=False)] == [False, True]


def test_documents_travel_too(four: Nodes) -> None:
    australia, japan = four["australia"], four["japan"]
    audience.create(australia.owner, "pair", ["japan"])
    loaded = nodes.give(
        australia,
        [("osv", nodes.osv("CVE-2026-1")), ("bill", nodes.bill()), ("kev", nodes.kev("CVE-2026-1")),
         ("vex", nodes.openvex("CVE-2026-1", "affected", "pkg:npm/left-pad"))],
    )  # fmt: skip
    for name in loaded.digests:
        outcomes = sharing.shared(australia, name, "pair", tlp=Tlp.GREEN).outcomes
        assert [outcome.what for outcome in outcomes] == ["shared"], outcomes
    report = four.sync("japan", "australia")
    assert report.logs[0].quarantined == []
    assert documents(japan) == 4
    assert japan.views.state_hash() == australia.views.state_hash()


def test_a_member_that_was_taken_out_gets_no_more(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", sharing.indicator("a"))
    four.settle()
    audience.remove(australia.owner, "pair", "japan")
    sharing.give(australia, "pair", sharing.indicator("b"))
    report = four.sync("japan", "australia")
    assert report.logs == []
    assert report.good
    assert len(objects(four["japan"])) == 1


def test_what_is_not_granted_of_the_history_is_withheld(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["india"])
    sharing.give(australia, "pair", sharing.indicator("old"))
    audience.add(australia.owner, "pair", "japan", 0)
    sharing.give(australia, "pair", sharing.indicator("new"))
    (log,) = four.sync("japan", "australia").logs
    assert (log.new, log.withheld, log.acknowledged) == (1, 1, 2)
    audience.add(australia.owner, "pair", "japan", None)
    four.clock.at = "2026-03-01T09:00:01.000000Z"
    (log,) = four.sync("japan", "australia").logs
    assert log.new == 1


def test_a_sharer_that_was_restored_from_an_old_state_is_found_out(
    four: Nodes, tmp_path: Path
) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["japan"])
    sharing.give(australia, "pair", sharing.indicator("a"))
    four.settle()
    australia.engine.dispose()
    home = tmp_path / "australia"
    files = [*home.glob("accord.sqlite*"), home / "log-state.json"]
    old = {file: file.read_bytes() for file in files}
    sharing.give(australia, "pair", sharing.indicator("b"))
    four.settle()
    australia.engine.dispose()
    for file in home.glob("accord.sqlite*"):
        file.unlink()
    for file, data in old.items():
        file.write_bytes(data)
    sharing.give(australia, "pair", sharing.indicator("c"))
    (log,) = four.sync("japan", "australia").logs
    assert log.stopped
    with four["japan"].engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM evidence")) == 1
    assert australia.sharing.sealed()
    assert objects(four["japan"]) == {
        sharing.name_of("indicator", "a"), sharing.name_of("indicator", "b")
    }  # fmt: skip


def test_a_damaged_list_of_logs_leaves_nothing_behind(
    four: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is known that there is such a log once something of it was verified, and not before."""
    australia, japan = four["australia"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", sharing.indicator("a"))
    log = australia.owner.audience("pair").log
    send = four.wires["japan"].send

    def damaged(partner: Partner, request: Request) -> Response:
        answer = send(partner, request)
        if not request.path.endswith("/logs"):
            return answer
        return structs.replace(answer, body=answer.body.replace(log.encode(), b"0" * 32))

    monkeypatch.setattr(four.wires["japan"], "send", damaged)
    (report,) = four.sync("japan", "australia").logs
    assert report.failed
    assert (report.log, report.applied) == ("0" * 32, 0)
    assert japan.following.logs("australia") == []
    monkeypatch.undo()
    assert four.sync("japan", "australia").good
    assert [one.log for one in japan.following.logs("australia")] == [log]
