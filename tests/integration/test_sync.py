"""Sync with a partner: what is released arrives, what is recalled goes, and the partner knows."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import nodes
import pytest
from following import Follower, follower, kept, origin
from log_server import Log, LogServer, sealed, stix, stix_id
from sealed import directory, partner

from accord.exchange.log.entries import Kind
from accord.flows.exchange.carrying import ClockOff, Unreachable
from accord.flows.exchange.events import Applied
from accord.flows.exchange.following import pull
from accord.flows.exchange.messages import Request, Response

LATER = "2030-06-02T12:00:00.000000Z"


def test_what_is_shared_arrives_with_its_origin_and_is_acknowledged(japan: Follower) -> None:
    log = japan.server.log()
    bodies = [stix(f"a{n}") for n in range(5)]
    for body in bodies:
        log.share(body, tlp="AMBER", pap="GREEN")
    report = japan.one()
    assert (report.new, report.same, report.applied, report.acknowledged) == (5, 0, 5, 5)
    assert report.lag == 0
    assert all(japan.holds(body) for body in bodies)
    assert origin(japan, bodies[0]) == "australia"
    assert kept(japan, "state") == ["live"] * 5
    assert kept(japan, "tlp") == [2] * 5
    assert japan.states() == ["applied"] * 5
    (word,) = log.acknowledged
    assert (word.old, word.size, word.quarantined) == (0, 5, ())
    (event,) = japan.events
    assert isinstance(event, Applied)
    assert event.objects[0] == ("australia", stix_id("a0"))


def test_syncing_twice_changes_nothing_and_asks_for_little(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    japan.one()
    before = japan.node.views.state_hash()
    generation = japan.node.views.generation()
    japan.server.asked.clear()
    report = japan.one()
    assert (report.new, report.same, report.recalled) == (0, 0, 0)
    assert japan.node.views.state_hash() == before
    assert japan.node.views.generation() == generation
    assert len(japan.server.asked) == 2  # the listing and the checkpoint


def test_a_sync_that_continues_ends_in_the_state_of_one_that_takes_all_at_once(
    tmp_path: Path,
) -> None:
    server = LogServer("australia", "japan", directory())
    first, then = follower(tmp_path / "1", server), follower(tmp_path / "2", server)
    log = server.log()
    for number in range(1, 8):
        log.share(stix(f"a{number}"))
        if number % 3 == 0:
            log.bury(number - 1)
        first.one()
    log.acknowledged.clear()
    then.one()
    assert first.node.views.state_hash() == then.node.views.state_hash()


def test_an_advisory_from_a_partner_changes_exposures_and_its_recall_changes_them_back(
    japan: Follower,
) -> None:
    bill = nodes.bill(components=["pkg:npm/left-pad@1.0.0"])
    estate = nodes.estate(("Grid", "Pump", "1", nodes.serial_of("Pump", "1")))
    nodes.give(japan.node, [("bill", bill), ("estate", estate)])
    before = japan.node.views.state_hash()
    log = japan.server.log()
    number = log.share_document(nodes.osv("CVE-2030-1"), "osv:CVE-2030-1")
    japan.one()
    (row,) = nodes.listed(japan.node)
    assert "CVE-2030-1" in str(row)
    log.bury(number)
    japan.one()
    assert nodes.listed(japan.node) == []
    assert japan.node.views.state_hash() == before


# Interrupted.


def test_a_sync_that_was_cut_off_goes_on_where_it_stood(
    japan: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "BATCH", 4)
    log = japan.server.log()
    early = log.share(stix("early"))
    japan.one()
    for n in range(10):
        log.share(stix(f"a{n}"))
    log.bury(early)
    seen = 0

    def cut(_request: Request, answer: Response) -> Response:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise Unreachable("the cable")
        return answer

    japan.server.lie("blobs", cut)
    report = japan.one()
    assert report.failed == "the cable"
    assert (report.applied, report.acknowledged) == (9, 1)
    assert not japan.holds(stix("early"))
    assert len(log.acknowledged) == 1, "what is not whole is not acknowledged"
    log.share(stix("late"))
    report = japan.one()
    assert (report.applied, report.acknowledged, report.new) == (13, 13, 3)
    assert japan.states() == ["recalled", *["applied"] * 10, "tombstone", "applied"]


def test_a_fork_shown_to_a_sync_that_was_cut_off_is_seen(
    japan_here: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was verified but not yet applied binds the partner as well."""
    monkeypatch.setattr(pull, "BATCH", 2)
    log = japan_here.server.log()
    for n in range(6):
        log.share(stix(f"a{n}"))
    calls = 0

    def cut(_request: Request, answer: Response) -> Response:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Unreachable("the cable")
        return answer

    japan_here.server.lie("blobs", cut)
    assert japan_here.one().applied == 2
    japan_here.server.honest()
    del log.entries[4:]
    for n in range(3):
        log.share(stix(f"b{n}"))
    assert "does not begin with the 6 that it signed" in japan_here.one().stopped


def test_an_acknowledgement_that_did_not_arrive_is_given_again(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))

    def lost(_request: Request, _answer: Response) -> Response:
        raise Unreachable("no answer")

    def taken_and_lost(request: Request, answer: Response) -> Response:
        assert answer.status == 200
        return lost(request, answer)

    def never_asked(request: Request, _answer: Response) -> Response:
        log.acknowledged.pop()
        return lost(request, _answer)

    japan.server.lie("acknowledgements", never_asked)
    assert japan.one().failed == "no answer"
    assert log.acknowledged == []
    japan.server.lie("acknowledgements", taken_and_lost)
    assert japan.one().failed == "no answer"
    assert [word.size for word in log.acknowledged] == [1]
    log.share(stix("b"))
    japan.server.honest()
    report = japan.one()
    assert (report.failed, report.acknowledged) == ("", 2)
    assert [(word.old, word.size) for word in log.acknowledged] == [(0, 1), (1, 2)]
    japan.server.asked.clear()
    japan.one()
    assert japan.server.count("acknowledgements") == 0


@pytest.mark.parametrize("held", ["less", "more", "none"])
def test_the_partner_holds_another_old_size(japan_here: Follower, held: str) -> None:
    log = japan_here.server.log()
    for n in range(3):
        log.share(stix(f"a{n}"))
        japan_here.one()
    log.share(stix("b"))
    if held == "more":
        japan_here.server.lie("acknowledgements", lambda _, __: Response(409, body=b"99\n"))
        report = japan_here.one()
        assert "we acknowledged 99 entries" in report.failed
        return
    del log.acknowledged[1 if held == "less" else 0 :]
    report = japan_here.one()
    assert (report.failed, report.acknowledged) == ("", 4)
    assert log.acknowledged[-1].old == (1 if held == "less" else 0)


def test_what_was_quarantined_is_told_in_the_acknowledgement(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    log.share(stix("b"), version="2030-01-02T00:00:00.000000Z")
    report = japan.one()
    assert report.new == 1
    ((index, reason),) = report.quarantined
    assert index == 1
    assert "version" in reason
    assert log.acknowledged[-1].quarantined == ((1, reason),)


# What is withheld, and what expires.


def test_what_is_withheld_is_asked_for_again_later(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    log.share(stix("b"))
    japan.server.withheld.add(log.commitment(0))
    report = japan.one()
    assert (report.new, report.withheld, report.acknowledged) == (1, 1, 2)
    assert japan.states() == ["withheld", "applied"]
    japan.server.withheld.clear()
    japan.now = "2030-06-01T12:30:00.000000Z"
    assert japan.one(patient=True).new == 0, "a watching node is patient"
    assert japan.one().new == 1
    assert japan.holds(stix("a"))
    assert japan.states() == ["applied", "applied"]
    japan.now = LATER
    japan.server.asked.clear()
    japan.one()
    assert japan.server.count("blobs") == 0


def test_what_is_withheld_may_be_recalled(japan_here: Follower) -> None:
    log = japan_here.server.log()
    log.share(stix("a"))
    japan_here.server.withheld.add(log.commitment(0))
    japan_here.one()
    log.bury(0)
    japan_here.now = LATER
    japan_here.server.asked.clear()
    japan_here.one()
    assert japan_here.states() == ["recalled", "tombstone"]
    assert japan_here.server.count("blobs") == 0


def test_what_expires_is_dropped_here_too(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"), expires="2030-06-01T13:00:00.000000Z")
    log.share(stix("b"))
    log.share(stix("c"), expires="2030-05-01T13:00:00.000000Z")
    report = japan.one()
    assert (report.new, report.withheld) == (2, 1)
    assert japan.holds(stix("a"))
    japan.now = LATER
    japan.one()
    assert not japan.holds(stix("a"))
    assert japan.holds(stix("b"))
    assert kept(japan, "state") == ["expired", "live"]


def test_what_expires_is_dropped_though_nobody_answers(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"), expires="2030-06-01T13:00:00.000000Z")
    log.share(stix("b"))
    japan.one()
    japan.now = LATER

    def off(_look_up: object) -> None:
        raise ClockOff("our clock is ten years ahead")

    japan.refresh = off
    assert japan.sync().failed
    assert japan.holds(stix("a")), "by a wrong clock nothing is dropped"

    def away(_look_up: object) -> None:
        raise Unreachable("the cable")

    japan.refresh = away
    assert japan.sync().failed == "the cable"
    assert not japan.holds(stix("a"))
    assert japan.holds(stix("b"))
    assert kept(japan, "state") == ["expired", "live"]


def test_large_envelopes_go_in_smaller_batches(
    japan_here: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "ROOM", 1)
    monkeypatch.setattr(pull, "BLOBS", 2)
    log = japan_here.server.log()
    for n in range(7):
        log.share(stix(f"a{n}"))
        log.bury(log.share(stix(f"b{n}")))
    sizes: list[int] = []

    def look(_request: Request, answer: Response) -> Response:
        sizes.append(japan_here.following.logs("australia")[0].size)
        return answer

    japan_here.server.lie("blobs", look)
    report = japan_here.one()
    assert (report.new, report.applied, report.recalled) == (7, 21, 7)
    assert sizes == [0, 6, 12, 18], "each batch ends where the next envelope begins"
    assert japan_here.states() == ["applied", "recalled", "tombstone"] * 7


def test_what_a_partner_sealed_before_it_left_is_taken_and_nothing_since(tmp_path: Path) -> None:
    left = partner("india", removed="2030-05-01T00:00:00.000000Z")
    known = directory(partner("australia"), left, partner("japan"))
    japan = follower(tmp_path, LogServer("australia", "japan", known))
    log = japan.server.log()
    log.give(sealed(stix("a"), "india", issued="2030-04-01T00:00:00.000000Z"))
    log.give(sealed(stix("b"), "india"))
    report = japan.one()
    assert report.new == 1
    assert "india left" in dict(report.quarantined)[1]


# Cost.


def test_catching_up_asks_for_what_is_new_only(japan_here: Follower) -> None:
    log = japan_here.server.log()
    for n in range(600):
        log.share(stix(f"a{n}"))
    japan_here.one()
    japan_here.server.asked.clear()
    log.share(stix("new"))
    assert japan_here.one().new == 1
    kinds = ("logs", "checkpoint", "entries", "blobs", "acknowledgements")
    assert [japan_here.server.count(kind) for kind in kinds] == [1] * 5
    assert len(japan_here.server.asked) == 5


def test_no_statement_of_a_sync_walks_a_whole_table(japan_here: Follower) -> None:
    log = japan_here.server.log()
    for n in range(30):
        log.share(stix(f"a{n}"))
    log.share(stix("bad"), tlp="CLEAR", version="")
    japan_here.one()
    connection = japan_here.node.engine.raw_connection()
    raw = connection.driver_connection
    assert raw is not None
    connection.close()
    seen: list[str] = []
    raw.set_trace_callback(seen.append)
    _everything_once_more(japan_here, log)
    raw.set_trace_callback(None)
    walks = {
        f"{row[-1]}: {statement[:120]}"
        for statement in seen
        if statement.startswith(("SELECT", "DELETE", "UPDATE", "INSERT"))
        for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}")
        if row[-1].startswith("SCAN")
    }
    # One row, the audiences' heads, what is under an embargo, and lists given as a parameter.
    short = ("SCAN generation", "SCAN head", "SCAN waiting", "SCAN anon_", "SCAN CONSTANT ROW")
    assert len(seen) > 50
    assert {walk for walk in walks if not walk.startswith(short)} == set()


def _everything_once_more(japan: Follower, log: Log) -> None:
    log.bury(3)
    log.bury(4, Kind.RETRACT)
    log.bury(30)
    log.share(stix("new"), expires="2030-06-01T13:00:00.000000Z")
    log.share(stix("held back"))
    japan.server.withheld.add(log.commitment(len(log.entries) - 1))
    report = japan.one()
    assert (report.new, report.withheld, report.recalled) == (1, 1, 3)
    japan.now = LATER
    japan.one()


def test_a_large_pull_in_worker_processes_ends_in_the_same_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "FEW", 50)
    monkeypatch.setattr(pull, "BATCH", 64)
    server = LogServer("australia", "japan", directory())
    log = server.log()
    for n in range(300):
        log.share(stix(f"a{n}"))
        if n % 50 == 7:
            log.bury(len(log.entries) - 3)
    log.share(stix("poison"), version="")
    server.blobs_at_most = 30
    alone, many = follower(tmp_path / "1", server), follower(tmp_path / "2", server)
    many.workers = True
    reports = [alone.one()]
    log.acknowledged.clear()
    begun: list[int] = []

    def counted(_request: Request, answer: Response) -> Response:
        begun.append(len(multiprocessing.active_children()))
        return answer

    server.lie("entries", counted)
    reports.append(many.one())
    assert min(begun) > 0, "they start while the entries are fetched"
    assert not multiprocessing.active_children()
    assert [(r.new, r.recalled, len(r.quarantined)) for r in reports] == [(294, 6, 1)] * 2
    assert alone.node.views.state_hash() == many.node.views.state_hash()
    assert alone.states() == many.states()
