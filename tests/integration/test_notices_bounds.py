"""Notices of recall take what was set aside as well, and fill nobody's disk."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sharing
from house_of_nodes import Nodes
from msgspec import structs
from sqlalchemy import text

from accord.exchange import notices
from accord.exchange.notices import Notice
from accord.flows.exchange.following import notices as hearing
from accord.flows.exchange.messages import Request, Response
from accord.flows.exchange.sharing import audience
from accord.identity.partners import Partner
from accord.wiring import Node

CANARY = "canary-quarantine-3f1a"


@pytest.fixture
def four(tmp_path: Path, database_url: str) -> Iterator[Nodes]:
    """Japan on each database, its partners on SQLite."""
    made = Nodes(tmp_path, database_urls={"japan": database_url} if database_url else None)
    yield made
    made.close()


def aside(node: Node) -> list[bytes]:
    """What was set aside, opened as far as it can be."""
    with node.engine.connect() as connection:
        found = connection.scalars(text("SELECT data FROM quarantined_blob ORDER BY number"))
        return [b64decode(json.loads(bytes(data)[32:])["payload"]) for data in found]


def states(node: Node) -> list[tuple[str, str]]:
    with node.engine.connect() as connection:
        query = text("SELECT state, reason FROM followed_entry WHERE state <> 'tombstone'")
        return [(row.state, row.reason) for row in connection.execute(query)]


def kept(node: Node) -> set[str]:
    with node.engine.connect() as connection:
        return set(connection.scalars(text("SELECT object FROM final")))


def later(four: Nodes) -> None:
    moment = datetime.fromisoformat(four.clock.at) + timedelta(hours=1)
    four.clock.at = f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def told(four: Nodes, origin: str, whom: str, *objects: str) -> None:
    """An originator's word that it took back what it likes, as only its own node could make it."""
    node = four[origin]
    rows = []
    for name in objects:
        made = Notice(origin, name, four.clock.now())
        rows.append((name, notices.write(made, node.signers.all())))
    with node.engine.begin() as connection:
        last = connection.scalar(
            text("SELECT coalesce(max(number), 0) FROM notice WHERE partner = :p"), {"p": whom}
        )
        for number, (name, data) in enumerate(rows, int(last or 0) + 1):
            about = {"o": name, "at": four.clock.now(), "n": data, "me": origin}
            connection.execute(text("INSERT INTO final VALUES (:me, :o, :at, '', '', :n)"), about)
            connection.execute(
                text("INSERT INTO notice VALUES (:p, :number, :me, :o, :d, '')"),
                {"p": whom, "number": number, "d": sha256(data).hexdigest(), **about},
            )


def refused_at_japan(four: Nodes) -> str:
    """Japan's own people sealed this first: Australia's is set aside there."""
    value = sharing.indicator("x", description=CANARY)
    audience.create(four["australia"].owner, "pair", ["india", "japan"])
    audience.create(four["japan"].owner, "mine", ["india"])
    sharing.give(four["japan"], "mine", value)
    sharing.give(four["australia"], "pair", value, sharing.indicator("other"))
    four.sync("japan", "australia")
    assert [CANARY.encode() in data for data in aside(four["japan"])] == [True]
    return str(value["id"])


def test_what_was_set_aside_goes_with_a_notice(four: Nodes) -> None:
    australia, japan = four["australia"], four["japan"]
    value = refused_at_japan(four)
    later(four)
    audience.remove(australia.owner, "pair", "japan")
    four.recall("australia", sharing.indicator("other")["id"])
    assert four.sync("japan", "australia").recalled == 1
    assert len(aside(japan)) == 1, "it is about something else"
    four.recall("australia", value)
    assert four.sync("japan", "australia").recalled == 1
    assert aside(japan) == []
    (why,) = [reason for state, reason in states(japan) if state == "recalled" and reason]
    assert why.startswith("its originator took it back; set aside before: it originates here")


def alter(four: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What India gives Japan is not what its log commits to."""
    send = four.wires["japan"].send

    def altered(partner: Partner, request: Request) -> Response:
        answer = send(partner, request)
        if partner.name != "india" or not request.path.endswith("/blobs"):
            return answer
        # The salt begins after four bytes of length.
        body = answer.body[:4] + bytes([answer.body[4] ^ 1]) + answer.body[5:]
        return structs.replace(answer, body=body)

    monkeypatch.setattr(four.wires["japan"], "send", altered)


def test_what_a_relay_brought_and_was_set_aside_goes_with_the_originators_notice(
    four: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    australia, india, japan = four["australia"], four["india"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    audience.create(india.owner, "friends", ["japan"])
    value = sharing.indicator("x", description=CANARY)
    sharing.give(australia, "pair", value)
    four.sync("india", "australia")
    sharing.shared(india, value["id"], "friends")
    alter(four, monkeypatch)
    four.sync("japan", "india")
    four.sync("japan", "australia")
    assert len(aside(japan)) == 1
    four.recall("australia", value["id"])
    four.sync("japan", "australia")
    assert kept(japan) == {value["id"]}
    assert aside(japan) == []


def test_of_what_was_taken_back_nothing_is_set_aside_any_more(
    four: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not what the log commits to is refused whatever it names."""
    japan, india = four["japan"], four["india"]
    audience.create(india.owner, "friends", ["japan"])
    value = sharing.indicator("x", description=CANARY)
    sharing.give(india, "friends", value)
    told(four, "india", "japan", value["id"])
    alter(four, monkeypatch)
    report = four.sync("japan", "india")
    assert (report.recalled, [len(log.quarantined) for log in report.logs]) == (1, [1])
    assert aside(japan) == []
    assert "quarantined" in {state for state, _ in states(japan)}


def test_recalls_of_what_was_never_here_are_bounded_in_all(
    four: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    japan = four["japan"]
    told(four, "india", "japan", *(f"indicator--{n:08}" for n in range(10)))
    assert four.sync("japan", "india").recalled == 10
    with japan.engine.connect() as connection:
        size = connection.scalar(text("SELECT sum(length(object) + length(notice)) FROM final"))
    monkeypatch.setattr(hearing, "IDLE", int(size or 0) + 2500)
    told(four, "india", "japan", *(f"indicator--{n:08}" for n in range(10, 30)))
    report = four.sync("japan", "india")
    taken = report.recalled
    assert 0 < taken < 20
    (warning,) = report.warnings
    assert f"{20 - taken} notices of recall of india were not kept" in warning
    assert len(kept(japan)) == 10 + taken
    told(four, "india", "japan", "indicator--last")
    again = four.sync("japan", "india")
    assert (again.recalled, len(again.warnings)) == (0, 1), "in all, not for each sync"
    told(four, "united-states", "japan", "indicator--other")
    assert four.sync("japan", "united-states").recalled == 1, "each originator has its own"


def test_a_recall_of_what_is_here_is_acted_on_past_any_bound(
    four: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "IDLE", 0)
    australia, japan = four["australia"], four["japan"]
    value = refused_at_japan(four)
    later(four)
    audience.remove(australia.owner, "pair", "japan")
    told(four, "australia", "japan", "indicator--nothing")
    for name in (value, sharing.indicator("other")["id"]):
        four.recall("australia", name)
    report = four.sync("japan", "australia")
    assert (report.recalled, len(report.warnings)) == (2, 1)
    assert aside(japan) == []
    assert kept(japan) == {value, sharing.indicator("other")["id"]}
