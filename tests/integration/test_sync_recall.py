"""What partners take back goes, everywhere and for good; what came by several ways is one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import nodes
import pytest
from following import Follower, follower, kept, origin
from log_server import LogServer, sealed, stix, stix_id
from sealed import NOW, directory, partner
from sqlalchemy import text

from accord.core.digests import digest
from accord.exchange.envelope import peek
from accord.exchange.log.entries import Kind
from accord.flows.exchange.carrying import Unreachable
from accord.flows.exchange.events import Recalled
from accord.flows.exchange.following.port import New
from accord.flows.exchange.messages import Request, Response

CANARY = "canary-77ab01"
LATER = "2030-06-02T12:00:00.000000Z"


def test_a_recall_takes_every_version_everywhere_and_is_final(japan: Follower) -> None:
    one, other = japan.server.log("one"), japan.server.log("other")
    old, new = stix("a"), stix("a", modified="2030-02-01T00:00:00.000Z")
    again = stix("a", modified="2030-03-01T00:00:00.000Z")
    first = one.share(old)
    other.share(new)
    japan.sync()
    assert japan.holds(old)
    one.bury(first)
    other.share(again)
    reports = japan.sync().logs
    assert [japan.holds(body) for body in (old, new, again)] == [False] * 3
    assert kept(japan, "state") == ["recalled"] * 2
    assert sorted(report.applied for report in reports) == [2, 2]
    assert all(report.acknowledged == 2 for report in reports)
    assert japan.states("other") == ["applied", "recalled"]
    (recalled,) = [event for event in japan.events if isinstance(event, Recalled)]
    assert (recalled.origin, recalled.object) == ("australia", stix_id("a"))
    assert set(recalled.documents) == {digest(old), digest(new)}


def test_a_recall_is_applied_although_nothing_else_can_be_had(japan: Follower) -> None:
    log = japan.server.log()
    recalled, replaced = log.share(stix("a")), log.share(stix("b"))
    japan.one()
    log.share(stix("c"))
    log.bury(recalled)
    log.bury(replaced, Kind.RETRACT)

    def away(_request: Request, _answer: Response) -> Response:
        raise Unreachable("cut off")

    def looking(request: Request, answer: Response) -> Response:
        assert not japan.holds(stix("a")), "a recall goes ahead of everything else"
        assert japan.holds(stix("b"))
        return away(request, answer)

    japan.server.lie("blobs", looking)
    report = japan.one()
    assert report.failed == "cut off"
    assert (report.applied, report.acknowledged, len(log.acknowledged)) == (2, 2, 1)
    assert not japan.holds(stix("a"))
    assert not japan.holds(stix("b"))
    japan.server.honest()
    report = japan.one()
    assert (report.new, report.applied, report.acknowledged) == (1, 5, 5)
    assert japan.states() == ["recalled", "retracted", "applied", "tombstone", "tombstone"]


def test_what_was_taken_back_before_it_came_is_never_asked_for(japan_here: Follower) -> None:
    log = japan_here.server.log()
    log.share(stix("a"))
    log.bury(log.share(stix("b")))
    gone = log.commitment(1)
    report = japan_here.one()
    assert (report.new, report.recalled) == (1, 1)
    asked = b"".join(r.body for r in japan_here.server.asked if r.path.endswith("/blobs"))
    assert gone not in asked
    assert japan_here.states() == ["applied", "recalled", "tombstone"]


def test_a_document_that_our_own_people_gave_stays(japan: Follower) -> None:
    log = japan.server.log()
    shared, ours = nodes.osv("CVE-2030-1"), nodes.osv("CVE-2030-2")
    nodes.give(japan.node, [("ours", ours)])
    before = log.share_document(ours, "osv:CVE-2030-2")
    after = log.share_document(shared, "osv:CVE-2030-1")
    japan.one()
    assert (origin(japan, ours), origin(japan, shared)) == ("", "australia")
    nodes.give(japan.node, [("later", shared)])
    assert origin(japan, shared) == ""
    log.bury(before)
    log.bury(after)
    japan.one()
    assert japan.holds(ours)
    assert japan.holds(shared)
    assert kept(japan, "state") == ["recalled"] * 2


def test_nothing_of_a_recalled_object_is_left_in_the_files(
    japan_here: Follower, tmp_path: Path
) -> None:
    log = japan_here.server.log()
    for n in range(40):
        log.share(stix(f"a{n}", description="x" * 300))
    number = log.share(stix("b", description=f"{CANARY} " * 30), title=f"{CANARY} title")
    bad = log.share(stix("c", description=f"{CANARY} " * 30), tlp="CLEAR", version="")
    japan_here.one()
    assert CANARY.encode() in _files(tmp_path)
    log.bury(number)
    log.bury(bad)
    japan_here.one()
    assert CANARY.encode() not in _files(tmp_path)
    with closing(sqlite3.connect(tmp_path / "node" / "accord.sqlite")) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _files(folder: Path) -> bytes:
    return b"".join(f.read_bytes() for f in sorted((folder / "node").glob("accord.sqlite*")))


def test_a_new_marking_replaces_the_envelope_and_keeps_the_document(japan: Follower) -> None:
    log = japan.server.log()
    body = stix("a")
    first = log.share(body, tlp="AMBER")
    japan.one()
    learned = kept(japan, "learned")
    japan.now = LATER
    log.share(body, tlp="GREEN")
    log.bury(first, Kind.RETRACT)
    japan.one()
    assert japan.holds(body)
    assert kept(japan, "state") == ["live", "replaced"]
    with japan.node.engine.connect() as connection:
        days = connection.scalars(text("SELECT learned FROM document")).all()
    assert list(days) == learned


def test_an_envelope_that_was_retracted_may_come_again(japan: Follower) -> None:
    log = japan.server.log()
    envelope = sealed(stix("a"), "australia")
    log.bury(log.give(envelope), Kind.RETRACT)
    first = log.give(envelope)
    japan.one()
    log.bury(first, Kind.RETRACT)
    japan.one()
    assert not japan.holds(stix("a"))
    log.give(envelope)
    assert japan.one().new == 1
    assert japan.holds(stix("a"))
    assert kept(japan, "state") == ["live"]


# Several ways.


@pytest.fixture
def quad(tmp_path: Path) -> tuple[Follower, LogServer]:
    """Japan follows Australia, and India besides."""
    known = directory(partner("australia"), partner("india"), partner("japan"))
    made = follower(tmp_path, LogServer("australia", "japan", known))
    return made, LogServer("india", "japan", known)


def by(japan: Follower, server: LogServer) -> Follower:
    """The same node, following another partner."""
    other = Follower(japan.node, server, japan.me, japan.now)
    other.events = japan.events
    return other


@pytest.mark.parametrize("relay_first", [True, False])
def test_an_object_that_comes_twice_is_one_and_stays_until_both_took_it_back(
    quad: tuple[Follower, LogServer], *, relay_first: bool
) -> None:
    japan, india = quad
    envelope = sealed(stix("a"), "australia")
    direct = japan.server.log().give(envelope)
    relayed = india.log().give(envelope)
    both = [japan, by(japan, india)]
    counts = [f.one() for f in (both[::-1] if relay_first else both)]
    assert [(c.new, c.same) for c in counts] == [(1, 0), (0, 1)]
    assert kept(japan, "state") == ["live"]
    assert origin(japan, stix("a")) == "australia"
    india.log().bury(relayed)
    both[1].one()
    assert japan.holds(stix("a")), "a relay's recall takes its own copy only"
    japan.server.log().bury(direct, Kind.RETRACT)
    both[0].one()
    assert not japan.holds(stix("a"))


def test_a_recall_by_its_originator_takes_relayed_copies_too(
    quad: tuple[Follower, LogServer],
) -> None:
    japan, india = quad
    direct = japan.server.log().share(stix("a"))
    india.log().give(sealed(stix("a", modified="2030-02-01T00:00:00.000Z"), "australia"))
    both = [japan, by(japan, india)]
    for one in both:
        one.one()
    japan.server.log().bury(direct)
    both[0].one()
    assert kept(japan, "state") == ["recalled"] * 2
    india.log().give(sealed(stix("a", modified="2030-03-01T00:00:00.000Z"), "australia"))
    report = both[1].one()
    assert (report.new, report.quarantined) == (0, [])
    assert both[1].states() == ["applied", "recalled"]


@pytest.mark.parametrize("relay_first", [True, False])
def test_a_narrower_marking_replaces_what_a_relay_has_passed_on(
    quad: tuple[Follower, LogServer], *, relay_first: bool
) -> None:
    """Sharing rule 4: a narrowing replaces the copy downstream, by whichever way it came."""
    japan, india = quad
    wide = sealed(stix("a"), "australia")
    log, relay = japan.server.log(), by(japan, india)
    first = log.give(wide)
    japan.one()
    if relay_first:
        india.log().give(wide)
        relay.one()
    log.share(stix("a"), tlp="AMBER")
    log.bury(first, Kind.RETRACT)
    japan.one()
    if not relay_first:
        india.log().give(wide)
        assert relay.one().new == 0
    with japan.node.engine.connect() as connection:
        rows = connection.execute(text("SELECT tlp, state FROM shared ORDER BY tlp")).all()
    assert [tuple(row) for row in rows] == [(1, "replaced"), (2, "live")]
    assert japan.holds(stix("a"))


def test_bytes_of_two_partners_stay_while_one_of_them_stands_by_them(
    quad: tuple[Follower, LogServer],
) -> None:
    japan, india = quad
    body = nodes.osv("CVE-2030-1")
    first = japan.server.log().share_document(body, "osv:CVE-2030-1")
    india.log().share_document(body, "osv:CVE-2030-1")
    both = [by(japan, india), japan]
    for one in both:
        one.one()
    assert origin(japan, body) == "australia"
    japan.server.log().bury(first)
    japan.one()
    assert origin(japan, body) == "india"


def test_what_originates_here_comes_back_as_known_or_not_at_all(japan_here: Follower) -> None:
    """Sharing rule 10: edits by others to what originates here are refused and reported."""
    log = japan_here.server.log()
    own = sealed(stix("a"), "japan")
    _own_copy(japan_here, own)
    log.give(own)
    log.give(sealed(stix("a", description="other"), "japan"))
    log.give(sealed(stix("b"), "japan", by="australia"))
    report = japan_here.one()
    assert (report.new, report.same) == (0, 1)
    reasons = dict(report.quarantined)
    assert "originates here" in reasons[1]
    assert "not a key of japan" in reasons[2]
    log.bury(0)
    japan_here.one()
    assert kept(japan_here, "state") == ["live"], "nobody else takes away what originates here"


def _own_copy(japan: Follower, envelope: bytes) -> None:
    """As share leaves it: an envelope of this node's own."""
    header = peek(envelope).header
    new = New(
        origin=header.origin, object=header.object, version=header.version, type=header.type,
        media=header.media, digest=digest(envelope), tlp=1, pap=0, release_at="", expires="",
        created="", issued=header.issued, refs="[]", learned=NOW, title="", envelope=envelope,
        document=digest(peek(envelope).body),
    )  # fmt: skip
    with japan.following.unit() as unit:
        unit.keep([new])


def test_what_another_log_of_the_originator_still_holds_stays(japan: Follower) -> None:
    """Sealed anew for one audience, under an embargo say, it stays as it is in the other."""
    one, other = japan.server.log("one"), japan.server.log("other")
    before = sealed(stix("a"), "australia")
    after = sealed(stix("a"), "australia", issued="2030-06-01T11:00:00.000000Z")
    assert before != after
    first = one.give(before)
    other.give(before)
    japan.sync()
    one.give(after)
    one.bury(first, Kind.RETRACT)
    japan.sync()
    assert kept(japan, "state") == ["live", "live"]
    other.bury(0, Kind.RETRACT)
    japan.sync()
    assert kept(japan, "state") == ["live", "replaced"]
