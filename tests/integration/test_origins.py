"""Whose an object is: what originates here stays ours, whatever partners seal or recall."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from house_of_nodes import Nodes
from sharing import give, indicator, load, one
from sqlalchemy import select

from accord.exchange.objects import read_stix
from accord.flows.exchange.sharing import audience
from accord.flows.exchange.sharing.committing import Commit
from accord.flows.exchange.sharing.plan import Ready
from accord.identity.markings import Marking, Tlp
from accord.store.exchange import tables
from accord.wiring import Node

A, I, J, U = "australia", "india", "japan", "united-states"  # noqa: E741 - their letters
STIX = "application/stix+json;version=2.1"
MINUTES = [f"2026-03-01T12:{at:02}:00.000000Z" for at in range(60)]


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Nodes]:
    """Four partners, each with an audience of everybody."""
    made = Nodes(tmp_path)
    for name in made.nodes:
        audience.create(made[name].owner, "all", [], everyone=True)
    yield made
    made.close()


def seal(node: Node, value: dict[str, Any]) -> None:
    """Seal an object without asking whether it is ours, as a dishonest node can."""
    body = json.dumps(value).encode()
    nodes.give(node, [("sealed.json", body)])
    digest = sha256(body).hexdigest()
    ready = Ready(read_stix(body), body, digest, STIX, node.me, Marking(Tlp.GREEN))
    (outcome,) = Commit(node.sharer, node.signers, "all").batch([ready])
    assert outcome.what == "shared", outcome


def live(node: Node, name: str) -> list[tuple[str, str]]:
    """Origin and TLP of what is live here of an object."""
    table = tables.shared
    query = select(table.c.origin, table.c.tlp).where(table.c.object == name)
    with node.engine.connect() as connection:
        rows = connection.execute(query.where(table.c.state == "live")).all()
    return sorted((row.origin, Tlp(row.tlp).word) for row in rows)


@pytest.mark.parametrize("state", ["live", "recalled"])
def test_a_partners_version_of_what_originates_here_is_refused(four: Nodes, state: str) -> None:
    """Sharing rule 10: edits by others are refused and reported."""
    x = indicator("x")
    give(four[A], "all", x)
    four.sync(I, A)
    seal(four[I], x | {"modified": sharing.LATER, "name": "squatted"})
    if state == "recalled":
        four.recall(A, x["id"])
    (log,) = four.sync(A, I).logs
    assert log.new == 0
    assert ["originates here" in reason for _, reason in log.quarantined] == [True]
    assert live(four[A], x["id"]) == ([("australia", "GREEN")] if state == "live" else [])


def test_at_third_partners_two_origins_stand_side_by_side(four: Nodes) -> None:
    x = indicator("x")
    give(four[A], "all", x)
    seal(four[I], x | {"modified": sharing.LATER})
    for source in (A, I):
        assert not four.sync(J, source).logs[0].quarantined
    assert [origin for origin, _ in live(four[J], x["id"])] == [A, I]


def test_who_recalls_its_own_copy_does_not_bar_the_originator(four: Nodes) -> None:
    x = indicator("x")
    seal(four[I], x | {"name": "squatted"})
    four.sync(A, I)
    four.recall(I, x["id"])
    four.sync(A, I)
    audience.create(four[A].owner, "pair", [J, U])
    assert give(four[A], "all", x)[0].what == "shared"
    assert one(four[A], x["id"], "pair").what == "shared"
    assert give(four[A], "all", x | {"modified": sharing.LATER})[0].what == "shared"


def test_what_its_originator_recalled_is_not_sealed_by_who_kept_a_file_of_it(four: Nodes) -> None:
    x = indicator("x")
    seal(four[I], x)
    four.sync(A, I)
    four.recall(I, x["id"])
    four.sync(A, I)
    load(four[A], x)
    assert one(four[A], x["id"], "all").rule == "recalled-for-good"
    assert one(four[A], x["id"], "all", anonymous=True).rule == "recalled-for-good"


def test_squatting_before_the_first_share_takes_nothing_away(four: Nodes) -> None:
    y = indicator("y")
    load(four[A], y)
    seal(four[I], y | {"name": "another"})
    four.sync(A, I)
    assert one(four[A], y["id"], "all").what == "shared"
    assert live(four[A], y["id"]) == [(A, "GREEN"), (I, "GREEN")]


def test_two_partners_each_share_their_own_document_on_one_vulnerability(four: Nodes) -> None:
    nodes.give(four[I], [("theirs", nodes.osv("CVE-2026-1234"))])
    nodes.give(four[A], [("ours", nodes.osv("CVE-2026-1234", package="right-pad"))])
    assert one(four[I], "CVE-2026-1234", "all", tlp=Tlp.AMBER).what == "shared"
    four.sync(A, I)
    assert one(four[A], "CVE-2026-1234", "all", tlp=Tlp.GREEN).what == "shared"
    assert four.sync(I, A).logs[0].new == 1, "a subject is what a document is about, not whose"
    four.recall(I, "osv:CVE-2026-1234")
    four.sync(A, I)
    audience.create(four[A].owner, "pair", [J])
    assert one(four[A], "CVE-2026-1234", "pair", tlp=Tlp.GREEN).what == "shared"


@pytest.mark.parametrize("clock_moves", [True, False])
@pytest.mark.parametrize("first", [A, J])
def test_a_narrowing_holds_in_whatever_order_it_comes(
    four: Nodes, first: str, *, clock_moves: bool
) -> None:
    """Sharing rule 4: a relay that has not heard of it yet does not undo it."""
    x = indicator("x")
    give(four[A], "all", x)
    four.sync(J, A)
    assert one(four[J], x["id"], "all").what == "shared"
    if clock_moves:
        four.clock.at = MINUTES[59]
    assert one(four[A], x["id"], "all", tlp=Tlp.AMBER).what == "shared"
    for source in (A, J) if first == A else (J, A):
        report = four.sync(U, source)
        assert report.good, report
        assert not report.logs[0].quarantined
    assert live(four[U], x["id"]) == [(A, "AMBER")]
    four.sync(J, A)
    four.sync(U, J)
    assert live(four[U], x["id"]) == [(A, "AMBER")]


def test_what_its_originator_marks_stricter_for_some_is_so_for_all(four: Nodes) -> None:
    """Whoever had it under the milder marking has it under the stricter one alone."""
    x = indicator("x")
    give(four[A], "all", x)
    four.clock.at = MINUTES[59]
    audience.create(four[A].owner, "pair", [J, U])
    assert one(four[A], x["id"], "pair", tlp=Tlp.AMBER).what == "shared"
    four.sync(J, A)
    assert live(four[J], x["id"]) == [(A, "AMBER")]
    assert one(four[J], x["id"], "all").what == "refused"
    for name in (U, I):
        four.sync(name, A)
        assert live(four[name], x["id"]) == [(A, "AMBER")]
