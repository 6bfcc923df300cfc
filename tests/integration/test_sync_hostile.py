"""A partner that lies, cuts, forges or breaks: refused, told, and nothing else is harmed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import nodes
import pytest
from following import Follower, follower
from log_server import Lie, LogServer, document_header, sealed, stix, stix_id, with_body
from sealed import directory, partner, signer
from sqlalchemy import text

from accord.core.digests import digest
from accord.exchange.envelope import seal
from accord.exchange.log import checkpoint, names
from accord.exchange.log.entries import Entry, Kind, write
from accord.flows.exchange.carrying import ClockOff
from accord.flows.exchange.messages import Request, Response
from accord.identity.directory.trusted import Lookup
from accord.identity.markings import Tlp, marking_id


@pytest.fixture
def japan(tmp_path: Path) -> Follower:
    """Japan follows Australia; India is a partner too."""
    known = directory(partner("australia"), partner("india"), partner("japan"))
    return follower(tmp_path, LogServer("australia", "japan", known))


def evidence(japan: Follower) -> list[tuple[str, bytes, bytes]]:
    with japan.node.engine.connect() as connection:
        rows = connection.execute(text("SELECT what, ours, theirs FROM evidence ORDER BY id"))
        return [(row.what, bytes(row.ours), bytes(row.theirs)) for row in rows]


def refused_blobs(japan: Follower) -> list[bytes]:
    with japan.node.engine.connect() as connection:
        query = text("SELECT data FROM quarantined_blob ORDER BY number")
        return [bytes(data) for data in connection.scalars(query)]


# Contradictions: an old, split or forked log.


def _rolled_back(entries: list[bytes]) -> None:
    del entries[2:]


def _split(entries: list[bytes]) -> None:
    entries[2] = write(Entry(Kind.COMMITMENT, b"\x07" * 32))


def _forked(entries: list[bytes]) -> None:
    _split(entries)
    entries += [write(Entry(Kind.COMMITMENT, bytes([n]) * 32)) for n in range(4)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_rolled_back, "went back from 3 entries to 2"),
        (_split, "two different states of 3 entries"),
        (_forked, "with 7 entries does not begin with the 3"),
    ],
)
def test_a_log_that_contradicts_itself_is_followed_no_more(
    japan: Follower, change: Callable[[list[bytes]], None], said: str
) -> None:
    log, other = japan.server.log(), japan.server.log("zebra")
    for n in range(3):
        log.share(stix(f"a{n}"))
    other.share(stix("other"))
    japan.sync()
    before = japan.node.views.state_hash()
    ours = log.note()
    change(log.entries)
    other.share(stix("more"))
    report = japan.sync()
    assert not report.good
    assert said in report.logs[0].stopped
    ((what, first, second),) = evidence(japan)
    assert said in what
    assert (first, second) == (ours, log.note())
    _both_are_signed(first, second)
    japan.server.asked.clear()
    again = japan.sync()
    assert said in again.logs[0].stopped
    assert not [r for r in japan.server.asked if r.method == "POST"], "nothing more is asked for"
    assert japan.node.views.state_hash() == before
    assert log.acknowledged[-1].size == 3


def _both_are_signed(*notes: bytes) -> None:
    """Whoever is shown the evidence can verify it without this node."""
    for note in notes:
        checkpoint.open_note(note, names.key_name("quad.example", "australia"), [_key()])


def _key() -> Any:
    return signer("australia").key()


def test_a_person_may_let_a_stopped_log_be_asked_for_again(japan: Follower) -> None:
    log = japan.server.log()
    for n in range(3):
        log.share(stix(f"a{n}"))
    japan.one()
    whole = list(log.entries)
    _rolled_back(log.entries)
    assert japan.one().stopped
    assert japan.following.resume("australia") == 1
    assert japan.one().stopped, "it still contradicts itself"
    assert japan.following.resume("australia") == 1
    log.entries[:] = whole
    log.share(stix("new"))
    report = japan.one()
    assert (report.stopped, report.new) == ("", 1)
    assert len(evidence(japan)) == 2


def test_a_partner_that_says_itself_that_its_log_is_another(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    japan.one()
    japan.server.contradicting.add(log.log)
    assert "no longer begins with" in japan.one().stopped
    assert len(evidence(japan)) == 1


def test_wrong_entries_under_a_good_checkpoint_are_asked_for_again(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    japan.one()
    log.share(stix("b"))
    log.share(stix("c"))

    def flipped(body: bytes) -> bytes:
        return body[:-1] + bytes([body[-1] ^ 1])

    japan.server.lie("entries", with_body(flipped))
    report = japan.one()
    assert "are not those of its checkpoint" in report.failed
    assert (report.stopped, report.applied) == ("", 1)
    assert evidence(japan) == []
    japan.server.honest()
    assert japan.one().new == 2


def test_wrong_entries_of_a_log_that_is_new_to_us(japan: Follower) -> None:
    japan.server.log().share(stix("a"))
    japan.server.lie("entries", with_body(lambda body: body[:-1] + b"\x00"))
    report = japan.one()
    assert "are not those of its checkpoint" in report.failed
    assert report.stopped == ""


@pytest.mark.parametrize("how", ["another key", "another log", "another partner", "unsigned"])
def test_a_checkpoint_that_is_not_the_partners_is_no_checkpoint(japan: Follower, how: str) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    notes = {
        "another key": lambda: log.note(by="india"),
        "another log": lambda: log.note(origin="quad.example/australia/other"),
        "another partner": lambda: _note_of_india(log.note()),
        "unsigned": lambda: log.note().split(b"\n\n")[0] + b"\n",
    }
    japan.server.lie("checkpoint", lambda *_: Response(200, body=notes[how]()))
    report = japan.one()
    assert report.failed
    assert (report.applied, report.stopped, japan.holds(stix("a"))) == (0, "", False)
    japan.server.honest()
    assert japan.one().new == 1


def _note_of_india(note: bytes) -> bytes:
    point = checkpoint.peek(note)
    return checkpoint.sign(point, names.key_name("quad.example", "india"), signer("india"))


# Cut, wrong and endless answers.


@pytest.mark.parametrize(
    "lie",
    [
        with_body(lambda body: body[:-1]),
        with_body(lambda body: body[:2]),
        with_body(lambda body: body + b"\x00"),
        with_body(lambda body: body + b"\x00\x00\x00\x00"),
        with_body(lambda body: b"\xff\xff\xff\xff" + body[4:]),
        with_body(lambda _: b""),
        lambda *_: Response(500),
        lambda *_: Response(404),
        lambda *_: Response(429),
    ],
)
def test_envelopes_that_are_cut_or_wrong_are_asked_for_again(japan: Follower, lie: Lie) -> None:
    log = japan.server.log()
    for n in range(3):
        log.share(stix(f"a{n}"))
    japan.server.lie("blobs", lie)
    report = japan.one()
    assert report.failed
    assert (report.new, report.applied, report.quarantined) == (0, 0, [])
    assert log.acknowledged == []
    japan.server.honest()
    assert japan.one().new == 3


def test_fewer_envelopes_than_were_asked_for_are_no_failure(japan: Follower) -> None:
    log = japan.server.log()
    for n in range(10):
        log.share(stix(f"a{n}"))
    japan.server.blobs_at_most = 3
    report = japan.one()
    assert (report.new, report.failed) == (10, "")


@pytest.mark.parametrize("kind", ["logs", "checkpoint", "entries", "acknowledgements"])
@pytest.mark.parametrize(
    "lie",
    [
        with_body(lambda body: body[: len(body) // 2]),
        with_body(lambda body: body + b"x" * (20 << 20)),
        with_body(lambda _: b"\xff\x00" * 40),
        with_body(lambda _: b'{"logs": [{"log": "../..", "name": "a", "size": -1}]}'),
        lambda *_: Response(503),
        lambda *_: Response(200, body=b"[" * 100_000),
    ],
)
def test_nonsense_never_does_harm(japan: Follower, kind: str, lie: Lie) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    japan.server.lie(kind, lie)
    report = japan.sync()
    if kind != "acknowledgements":
        assert not report.good
        assert not japan.holds(stix("a"))
    japan.server.honest()
    japan.sync()
    assert japan.holds(stix("a"))
    assert japan.states() == ["applied"]


@pytest.mark.parametrize("size", [10**7, 10**18])
def test_an_endless_log_is_not_begun(japan: Follower, size: int) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    point = checkpoint.Checkpoint(log.origin, size, b"\x01" * 32)
    note = checkpoint.sign(point, names.key_name("quad.example", "australia"), signer("australia"))
    japan.server.lie("checkpoint", lambda *_: Response(200, body=note))
    assert "are taken at once" in japan.one().failed
    assert japan.server.count("entries") == 0


def test_thousands_of_logs_are_not_followed(japan: Follower) -> None:
    rows = [{"log": f"l{n}", "name": "n", "origin": "o", "size": 1} for n in range(1001)]
    answer = Response(200, body=json.dumps({"logs": rows}).encode())
    japan.server.lie("logs", lambda *_: answer)
    assert "1001 logs" in japan.sync().failed


# One poisonous object among many.


def test_one_poisonous_object_among_a_thousand(japan: Follower) -> None:
    log = japan.server.log()
    for n in range(999):
        log.share(stix(f"a{n}"))
        if n == 500:
            log.give(b"not an envelope at all" + b"\x00" * 40)
    report = japan.one()
    assert (report.new, report.applied, report.acknowledged) == (999, 1000, 1000)
    ((index, reason),) = report.quarantined
    assert (index, reason.startswith("not an envelope")) == (501, True)
    (refused,) = refused_blobs(japan)
    assert refused.endswith(b"not an envelope at all" + b"\x00" * 40)
    assert log.acknowledged[-1].quarantined == ((501, reason),)


def _altered(envelope: bytes) -> bytes:
    middle = len(envelope) // 2
    return envelope[:middle] + bytes([envelope[middle] ^ 1]) + envelope[middle + 1 :]


RED = marking_id(Tlp.RED)
AMBER = marking_id(Tlp.AMBER)


def poisons() -> list[Any]:
    """An envelope that is not to be taken, and what is said about it."""
    of_india = stix_id("india", "identity")
    bundle = json.dumps(
        {"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
         "objects": [json.loads(stix("x", created_by_ref=stix_id("india", "identity")))]}
    ).encode()  # fmt: skip
    australia = "australia"
    return [
        pytest.param(_altered(sealed(stix("x"), australia)), "", id="altered"),
        pytest.param(sealed(stix("x"), "india", by=australia), "not a key of india", id="forged"),
        pytest.param(sealed(stix("x"), "russia"), "not a partner", id="stranger"),
        pytest.param(
            sealed(stix("x", object_marking_refs=[RED]), australia, tlp="CLEAR"),
            "never relaxed", id="relaxed TLP",
        ),
        pytest.param(
            sealed(stix("x", labels=["PAP:RED"]), australia, tlp="AMBER"),
            "never relaxed", id="relaxed PAP",
        ),
        pytest.param(sealed(stix("x"), "india", tlp="AMBER"), "only CLEAR and GREEN", id="relay"),
        pytest.param(
            sealed(stix("x", object_marking_refs=[AMBER]), "india", tlp="AMBER"),
            "only CLEAR and GREEN", id="relay by its body",
        ),
        pytest.param(
            sealed(stix("x"), australia, object=stix_id("y")), "names the object", id="object"
        ),
        pytest.param(
            sealed(stix("x"), australia, version="2031-01-01T00:00:00.000000Z"),
            "names the version", id="version",
        ),
        pytest.param(sealed(stix("x"), australia, type="malware"), "names the type", id="type"),
        pytest.param(
            sealed(stix("x", created_by_ref=of_india), australia), "in the name of india",
            id="another's name",
        ),
        pytest.param(_document(b"nothing that anybody knows"), "no reader", id="unreadable"),
        pytest.param(_document(nodes.choice("a" * 64, "b" * 64)), "own people", id="choice"),
        pytest.param(_document(nodes.claim_of("a" * 64, "G", "P")), "own people", id="claim"),
        pytest.param(_document(nodes.estate(("G", "P", "1", ""))), "own people", id="estate"),
        pytest.param(_document(nodes.osv("CVE-2030-1"), "osv:CVE-2030-2"), "names", id="subject"),
        pytest.param(_document(bundle), "in the name of india", id="in a bundle"),
        pytest.param(_document(stix("x", labels=["tlp:red"])), "names", id="STIX as another sort"),
        pytest.param(_document(stix("x") + b"{}"), "more than one", id="two documents"),
        pytest.param(
            sealed(stix("x")[:-1] + b',"object_marking_refs":[],"object_marking_refs":[]}',
                   australia), "", id="duplicate keys",
        ),
    ]  # fmt: skip


def _document(body: bytes, subject: str = "") -> bytes:
    return seal(document_header(body, "australia", subject), body, [signer("australia")])


@pytest.mark.parametrize(("poison", "said"), poisons())
def test_what_may_not_be_taken_is_set_aside_with_its_reason(
    tmp_path: Path, poison: bytes, said: str
) -> None:
    known = directory(
        partner("australia"),
        msgspec.structs.replace(partner("india"), identity=stix_id("india", "identity")),
        partner("japan"),
    )
    japan = follower(tmp_path, LogServer("australia", "japan", known))
    log = japan.server.log()
    log.share(stix("before"))
    log.give(poison)
    log.share(stix("after"))
    report = japan.one()
    ((index, reason),) = report.quarantined
    assert index == 1
    assert said in reason
    assert (report.new, report.applied, report.acknowledged) == (2, 3, 3)
    assert japan.states() == ["applied", "quarantined", "applied"]
    with japan.node.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM document")) == 2
        assert connection.scalar(text("SELECT count(*) FROM shared")) == 2


def test_bytes_that_are_wrong_on_one_way_only_are_asked_for_once_more(japan: Follower) -> None:
    log = japan.server.log()
    for n in range(3):
        log.share(stix(f"a{n}"))
    calls = 0

    def once(_request: Request, answer: Response) -> Response:
        nonlocal calls
        calls += 1
        body = answer.body[:300] + b"X" + answer.body[301:] if calls == 1 else answer.body
        return msgspec.structs.replace(answer, body=body)

    japan.server.lie("blobs", once)
    report = japan.one()
    assert (report.new, report.quarantined, calls) == (3, [], 2)


def test_bytes_that_stay_wrong_are_set_aside(japan: Follower) -> None:
    log = japan.server.log()
    for n in range(3):
        log.share(stix(f"a{n}"))
    name = log.commitment(1)
    log.blobs[name] = log.blobs[name][:-1] + b"!"
    report = japan.one()
    assert report.new == 2
    ((index, reason),) = report.quarantined
    assert (index, "not those that the log commits to" in reason) == (1, True)


def test_a_version_never_changes(japan: Follower) -> None:
    log, other = japan.server.log("one"), japan.server.log("two")
    log.share(stix("a"))
    log.share(stix("a", description="other words"))
    other.share(stix("a", description="third words"))
    one, two = japan.sync().logs
    assert one.new == 1
    assert "a version never changes" in dict(one.quarantined)[1]
    assert "a version never changes" in dict(two.quarantined)[0]


def test_a_partner_overwrites_nothing_of_ours_or_anothers(japan: Follower) -> None:
    ours, theirs = stix("a"), stix("a", modified="2030-05-01T00:00:00.000Z")
    nodes.give(japan.node, [("ours", ours)])
    japan.server.log().share(theirs)
    assert japan.one().new == 1
    with japan.node.views.view() as view:
        both = [view.document(digest(body)) for body in (ours, theirs)]
    assert [row and row.current for row in both] == [True, True]


def test_entries_that_nobody_knows_are_set_aside(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    log.entries += [b"\x09 of a later version", b"", write(Entry(Kind.RECALL, target=900))]
    log.share(stix("b"))
    report = japan.one()
    assert (report.new, [index for index, _ in report.quarantined]) == (2, [1, 2, 3])
    assert japan.states() == ["applied", *["quarantined"] * 3, "applied"]


def test_tombstones_for_tombstones_do_nothing(japan: Follower) -> None:
    log = japan.server.log()
    number = log.share(stix("a"))
    stone = log.bury(number, Kind.RETRACT)
    log.entries.append(write(Entry(Kind.RECALL, target=stone)))
    log.share(stix("b"))
    assert japan.one().new == 1
    log.entries.append(write(Entry(Kind.RECALL, target=stone)))
    log.entries.append(write(Entry(Kind.RECALL, target=number)))
    report = japan.one()
    assert (report.failed, report.applied) == ("", 6)


# Clocks, and partners that are not, or no longer, members.


def test_what_is_sealed_in_the_future_waits_until_the_clocks_agree(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))
    log.share(stix("b"), issued="2030-06-01T12:09:00.000000Z")
    assert japan.one().new == 2
    log.share(stix("c"))
    log.share(stix("d"), issued="2040-06-01T12:00:00.000000Z")
    report = japan.one()
    assert "2040-06-01" in report.failed
    assert (report.new, report.applied, report.quarantined) == (0, 2, [])
    assert log.acknowledged[-1].size == 2
    japan.now = "2040-06-01T12:00:00.000000Z"
    assert japan.one().new == 2
    assert japan.states() == ["applied"] * 4


def test_clocks_that_are_off_stop_everything_and_skip_nothing(japan: Follower) -> None:
    log = japan.server.log()
    log.share(stix("a"))

    def off(_request: Request, _answer: Response) -> Response:
        raise ClockOff("our clock and australia's are ten years apart")

    japan.server.lie("logs", off)
    assert "ten years apart" in japan.sync().failed
    assert not japan.holds(stix("a"))
    japan.server.honest()
    assert japan.one().new == 1


def test_metadata_that_cannot_be_trusted_stops_this_partner_only(japan: Follower) -> None:
    japan.server.log().share(stix("a"))

    def refresh(look_up: Lookup) -> None:
        assert look_up("timestamp.json", 1000) is None
        assert look_up("../../etc/passwd", 1000) is None
        raise ClockOff("the directory has expired")

    japan.refresh = refresh
    report = japan.sync()
    assert report.failed == "the directory has expired"
    assert japan.server.count("logs") == 0
