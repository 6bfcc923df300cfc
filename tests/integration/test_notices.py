"""A recall reaches whoever got an object or could get it, by whatever way, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from house_of_nodes import Nodes
from sqlalchemy import text

from accord.exchange import notices
from accord.exchange.notices import Notice
from accord.flows.exchange.events import Recalled
from accord.flows.exchange.messages import PREFIX, Request
from accord.flows.exchange.sharing import audience, recall
from accord.identity.markings import Tlp
from accord.identity.recipients import Recipient
from accord.store.exchange import notices as store
from accord.wiring import Node

GREEN = sharing.indicator("green")


@pytest.fixture
def four(tmp_path: Path, database_url: str) -> Iterator[Nodes]:
    """Australia on each database, its partners on SQLite."""
    made = Nodes(tmp_path, database_urls={"australia": database_url} if database_url else None)
    yield made
    made.close()


def live(node: Node) -> set[str]:
    with node.engine.connect() as connection:
        query = text("SELECT object FROM shared WHERE state = 'live'")
        return set(connection.scalars(query))


def documents(node: Node) -> int:
    with node.engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM document")) or 0)


def later(four: Nodes) -> None:
    """An hour passes."""
    moment = datetime.fromisoformat(four.clock.at) + timedelta(hours=1)
    four.clock.at = f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def told(four: Nodes, caller: str, after: str = "") -> bytes:
    """What Australia answers when a partner asks for its notices."""
    request = Request("GET", f"{PREFIX}/recalls", f"after={after}" if after else "")
    answer = four["australia"].door.answer(Recipient("partner", caller, caller), request)
    assert answer.status == 200
    return answer.body


def test_who_was_taken_out_of_the_audience_learns_of_a_recall(four: Nodes) -> None:
    australia, japan = four["australia"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    later(four)
    audience.remove(australia.owner, "pair", "japan")
    four.recall("australia", GREEN["id"])
    assert live(japan) == {GREEN["id"]}
    report = four.sync("japan", "australia")
    assert (report.recalled, report.changed, report.logs) == (1, True, [])
    assert live(japan) == set()
    assert documents(japan) == 0
    (event,) = [one for one in four.heard["japan"] if isinstance(one, Recalled)]
    assert (event.origin, event.object, len(event.documents)) == ("australia", GREEN["id"], 1)
    assert four.sync("japan", "australia").recalled == 0


def test_its_word_that_it_heard_is_in_the_account_of_the_recall(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    later(four)
    audience.remove(australia.owner, "pair", "japan")
    four.recall("australia", GREEN["id"])

    def acknowledged() -> dict[str, bool]:
        found = recall.status(australia.owner, GREEN["id"])
        return {one.partner: bool(one.acknowledged) for one in found}

    assert acknowledged() == {"india": False, "japan": False}
    four.sync("japan", "australia")
    assert acknowledged() == {"india": False, "japan": True}
    four.clock.at = "2026-03-09T09:00:00.000000Z"
    late = {one.partner: one.late > 0 for one in recall.status(australia.owner, GREEN["id"])}
    assert late == {"india": True, "japan": False}


def test_who_never_fetched_it_takes_it_from_no_relay(four: Nodes) -> None:
    """Japan had not asked when it was recalled; India has not heard, and passes it on."""
    australia, india, japan = four["australia"], four["india"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    audience.create(india.owner, "friends", ["japan"])
    sharing.give(australia, "pair", GREEN)
    four.sync("india", "australia")
    sharing.shared(india, GREEN["id"], "friends")
    four.recall("australia", GREEN["id"])
    four.sync("japan", "australia")
    report = four.sync("japan", "india")
    assert report.good
    assert live(japan) == set()
    assert documents(japan) == 0
    (log,) = report.logs
    assert log.new == 0


def test_a_relay_passes_the_notice_on_even_to_whom_the_originator_never_told(four: Nodes) -> None:
    australia, india, us = four["australia"], four["india"], four["united-states"]
    audience.create(australia.owner, "india", ["india"])
    audience.create(india.owner, "friends", ["united-states"])
    sharing.give(australia, "india", GREEN)
    four.sync("india", "australia")
    sharing.shared(india, GREEN["id"], "friends")
    four.sync("united-states", "india")
    assert live(us) == {GREEN["id"]}
    later(four)
    audience.remove(india.owner, "friends", "united-states")
    four.recall("australia", GREEN["id"])
    four.sync("united-states", "australia")
    assert live(us) == {GREEN["id"]}, "Australia does not know that it has it"
    four.sync("india", "australia")
    assert four.sync("united-states", "india").recalled == 1
    assert live(us) == set()


def test_nobody_else_learns_that_there_was_anything(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "india", ["india"])
    audience.create(australia.owner, "late", ["india"])
    sharing.give(australia, "india", GREEN)
    sharing.give(australia, "late", sharing.indicator("old"))
    four.settle()
    audience.add(australia.owner, "late", "united-states", 0)
    four.recall("australia", GREEN["id"])
    four.recall("australia", sharing.indicator("old")["id"])
    nothing = told(four, "japan")
    assert nothing == told(four, "united-states") == b'{"notices":[],"more":false}'
    assert len(told(four, "india")) > 500
    listing = Request("GET", f"{PREFIX}/logs")
    answer = australia.door.answer(Recipient("partner", "japan", "japan"), listing)
    assert answer.body == b'{"logs":[],"recalled":"","heard":true}'


def test_every_notice_that_leaves_is_in_the_log_of_disclosures(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    four.recall("australia", GREEN["id"])
    told(four, "india")
    with australia.engine.connect() as connection:
        last = connection.scalar(text("SELECT line FROM receipt ORDER BY number DESC LIMIT 1"))
    for part in (b'"decision":"yes"', b'"recipient":"partner:india"', b'"way":"recall"',
                 b'"tlp":"GREEN"', GREEN["id"].encode()):  # fmt: skip
        assert part in bytes(last), part


def test_a_notice_by_anybody_else_counts_for_nothing_and_is_told_once(four: Nodes) -> None:
    """India makes a notice in Australia's name: it has no key of Australia's."""
    australia, india, japan = four["australia"], four["india"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    now = four.clock.now()
    forged = notices.write(Notice("australia", GREEN["id"], now), india.signers.all())
    with india.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO final VALUES ('australia', :o, :at, '', '', :n)"),
            {"o": GREEN["id"], "at": now, "n": forged},
        )
        connection.execute(
            text("INSERT INTO notice VALUES ('japan', 1, 'australia', :o, :d, '')"),
            {"o": GREEN["id"], "d": "0" * 64},
        )
    report = four.sync("japan", "india")
    assert report.recalled == 0
    assert "does not count" in report.warnings[0]
    assert live(japan) == {GREEN["id"]}
    assert four.sync("japan", "australia").good


def test_a_recalled_advisory_of_ours_is_not_taken_away_by_a_partners_of_that_name(
    four: Nodes,
) -> None:
    australia, japan = four["australia"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    sharing.load(japan, GREEN)
    kept = documents(japan)
    four.recall("australia", GREEN["id"])
    four.settle()
    assert live(japan) == set()
    assert documents(japan) == kept - 1, "what its own people loaded stays"


def link(name: str, source: str, target: str) -> dict[str, Any]:
    ends: dict[str, Any] = {"source_ref": source, "target_ref": target}
    return sharing.stix("relationship", name, relationship_type="related-to", **ends)


def test_what_connects_it_to_something_goes_out_of_every_log(four: Nodes) -> None:
    """A relationship shows only where both its ends show: for those who had it before, too."""
    australia, india, japan = four["australia"], four["india"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    audience.create(india.owner, "friends", ["japan", "united-states"])
    other = sharing.indicator("other")
    between = link("a", GREEN["id"], other["id"])
    seen = sharing.stix("sighting", "s", sighting_of_ref=GREEN["id"], count=1)
    apart = link("b", other["id"], sharing.indicator("third")["id"])
    sharing.give(australia, "pair", GREEN, other, sharing.indicator("third"), between, seen, apart)
    four.settle()
    ours = link("c", other["id"], GREEN["id"])
    sharing.load(india, ours)
    for name in (other["id"], GREEN["id"], between["id"], ours["id"]):
        (outcome,) = sharing.shared(india, name, "friends").outcomes
        assert outcome.what == "shared", outcome
    four.settle()
    assert {between["id"], ours["id"]} <= live(four["united-states"])
    taken = four.recall("australia", GREEN["id"])
    assert taken.connecting == 2
    four.settle()
    third = sharing.indicator("third")["id"]
    assert live(japan) == {other["id"], third, apart["id"]}
    assert live(four["united-states"]) == {other["id"]}
    assert documents(japan) == 3
    for one in (australia, india):
        sharing.check(one)


def test_who_left_an_audience_and_came_back_is_told_of_what_it_got_before(four: Nodes) -> None:
    australia, japan = four["australia"], four["japan"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    later(four)
    audience.remove(australia.owner, "pair", "japan")
    audience.add(australia.owner, "pair", "japan", 0)
    four.recall("australia", GREEN["id"])
    assert len(told(four, "japan")) > 500
    four.settle()
    assert live(japan) == set()


def test_where_nothing_is_new_nothing_is_asked(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN, sharing.indicator("other"))
    four.settle()

    def asked() -> list[str]:
        four.wires["japan"].asked.clear()
        assert four.sync("japan", "australia").good
        requests = four.wires["japan"].asked
        return [one.query for one in requests if one.path.endswith("/recalls")]

    assert asked() == []
    four.recall("australia", GREEN["id"])
    first, last = asked()
    assert (first, len(last)) == ("", len("after=") + 64)
    assert asked() == []
    four.recall("australia", sharing.indicator("other")["id"])
    assert asked()[0] == last, "from the last one that it has"


def test_who_was_never_granted_it_has_nothing_to_acknowledge(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "one", ["india"])
    sharing.give(australia, "one", GREEN)
    later(four)
    audience.add(australia.owner, "one", "japan", 0)
    later(four)
    audience.remove(australia.owner, "one", "japan")
    later(four)
    four.recall("australia", GREEN["id"])
    assert [one.partner for one in recall.status(australia.owner)] == ["india"]


def test_a_notice_about_what_it_never_had_takes_nothing_along(four: Nodes) -> None:
    """Anybody can sign a notice about any name: only its own objects are meant."""
    australia, india = four["australia"], four["india"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    other = sharing.indicator("other")
    between = link("a", GREEN["id"], other["id"])
    sharing.give(australia, "pair", GREEN, other, between)
    four.settle()
    now = four.clock.now()
    made = Notice("india", GREEN["id"], now)
    with india.sharing.unit() as unit:
        unit.finish("india", GREEN["id"], now, "spite", now)
        unit.publish(made, notices.write(made, india.signers.all()), india.owner.directory, "india")
    with india.engine.begin() as connection:
        digest = sha256(notices.write(made, india.signers.all())).hexdigest()
        connection.execute(
            text("INSERT INTO notice VALUES ('australia', 1, 'india', :o, :d, '')"),
            {"o": GREEN["id"], "d": digest},
        )
    assert four.sync("australia", "india").good
    four.settle()
    assert between["id"] in live(four["japan"])
    assert GREEN["id"] in live(four["japan"])


def test_to_stop_passing_it_on_takes_no_sighting_along(four: Nodes) -> None:
    australia, india = four["australia"], four["india"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    audience.create(india.owner, "friends", ["united-states"])
    audience.create(india.owner, "back", ["australia"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    seen = sharing.stix("sighting", "s", sighting_of_ref=GREEN["id"], count=1)
    sharing.shared(india, GREEN["id"], "friends")
    sharing.give(india, "back", seen)
    four.settle()
    assert four.recall("india", GREEN["id"], relay=True).connecting == 0
    four.settle()
    assert seen["id"] in live(australia)


def test_who_got_another_document_of_that_name_learns_nothing(four: Nodes) -> None:
    """The disclosure log names objects: which envelope was given tells whose they were."""
    australia, india, japan = four["australia"], four["india"], four["japan"]
    audience.create(australia.owner, "india", ["india"])
    audience.create(india.owner, "japan", ["japan"])
    for node, to, summary in ((australia, "india", "ours"), (india, "japan", "theirs")):
        advisory = nodes.osv("CVE-2026-0001", summary=summary)
        (digest,) = nodes.give(node, [("a.json", advisory)]).digests
        sharing.shared(node, digest, to, tlp=Tlp.GREEN)
    four.settle()
    four.recall("australia", "osv:CVE-2026-0001")
    four.settle()
    assert four.sync("japan", "india").newest == ""
    assert live(japan) == {"osv:CVE-2026-0001"}


def test_who_joined_when_it_had_expired_learns_nothing(four: Nodes) -> None:
    australia = four["australia"]
    audience.create(australia.owner, "one", ["india"])
    sharing.give(australia, "one", GREEN, expires="2026-03-01T10:30:00.000000Z")
    sharing.give(australia, "one", sharing.indicator("other"))
    later(four)
    later(four)
    audience.add(australia.owner, "one", "japan", None)
    later(four)
    four.recall("australia", GREEN["id"])
    assert told(four, "japan") == b'{"notices":[],"more":false}'
    assert len(told(four, "india")) > 500


def test_a_notice_that_is_signed_anew_comes_last_and_is_asked_for(four: Nodes) -> None:
    australia, india = four["australia"], four["india"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    sharing.give(australia, "pair", GREEN, sharing.indicator("other"))
    four.settle()
    four.recall("australia", GREEN["id"])
    four.recall("australia", sharing.indicator("other")["id"])
    four.settle()
    before = india.following.heard("australia")
    made = Notice("australia", GREEN["id"], "2026-03-01T09:00:00.000001Z")
    with australia.engine.begin() as connection:
        store._tell_again(connection, made, "f" * 64)
        query = text("SELECT * FROM notice WHERE partner = 'india' ORDER BY number")
        rows = connection.execute(query).all()
    assert [row.digest == before for row in rows] == [True, False]
    assert [row.heard != "" for row in rows] == [True, False]
    assert rows[1].number == 3


def test_a_node_that_forgot_its_own_recall_hears_of_it(four: Nodes) -> None:
    """Restored from before: its own word, signed by itself, is as good as a partner's."""
    australia = four["australia"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    audience.create(four["india"].owner, "back", ["australia", "japan"])
    sharing.give(australia, "pair", GREEN)
    four.settle()
    four.recall("australia", GREEN["id"])
    four.settle()
    with australia.engine.begin() as connection:
        connection.execute(text("DELETE FROM notice"))
        connection.execute(text("DELETE FROM final"))
        connection.execute(text("DELETE FROM setting WHERE name = 'last recall of india'"))
        connection.execute(text("UPDATE shared SET state = 'live', envelope = :e"), {"e": b"x"})
    assert four.sync("australia", "india").recalled == 1
    assert live(australia) == set()


def test_a_translation_goes_out_of_every_log_with_what_it_translates(four: Nodes) -> None:
    australia, india, us = four["australia"], four["india"], four["united-states"]
    audience.create(australia.owner, "pair", ["india", "japan"])
    audience.create(india.owner, "friends", ["united-states"])
    other = sharing.indicator("other")
    said: dict[str, Any] = {"contents": {"ja": {"name": "canary-translated"}}}
    of = sharing.stix("language-content", "of", object_ref=GREEN["id"], **said)
    apart = sharing.stix("language-content", "apart", object_ref=other["id"], **said)
    sharing.give(australia, "pair", GREEN, other, of, apart)
    four.settle()
    for name in (GREEN["id"], of["id"]):
        assert sharing.one(india, name, "friends").what == "shared"
    four.settle()
    assert of["id"] in live(us)
    assert four.recall("australia", GREEN["id"]).connecting == 1
    four.settle()
    assert live(four["japan"]) == {other["id"], apart["id"]}
    assert live(us) == set()
