"""What the door answers about audience logs and envelopes."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sealed
from door_house import EARLY, ME, House, made, partner, sighting_or_link, stix, stix_id
from sqlalchemy import func, select, update

from accord.core.errors import AccordError
from accord.exchange import acknowledgements, envelope
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names, tiles
from accord.exchange.log.entries import SALT, Kind, commitment
from accord.exchange.log.merkle import EMPTY, HASH, leaf, root
from accord.flows.exchange.answering import blobs
from accord.flows.exchange.messages import Response
from accord.identity.markings import Marking, Tlp
from accord.identity.recipients import Recipient
from accord.store.exchange import logs as stored_logs
from accord.store.exchange import tables

JAPAN = partner("japan")
LATER = "2030-07-01T00:00:00.000000Z"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return made(database_url, tmp_path)


@pytest.fixture
def embedded(tmp_path: Path) -> House:
    return made("", tmp_path)


def indicators(count: int, **more: Any) -> list[bytes]:
    return [stix("indicator", f"seen {number}", **more) for number in range(count)]


def noted(house: House, log: str, caller: Recipient = JAPAN) -> notes.Checkpoint:
    answer = house.get(caller, f"/logs/{log}/checkpoint")
    assert answer.status == 200
    name = names.key_name(sealed.PARTNERSHIP, ME)
    return notes.open_note(answer.body, name, [sealed.signer(ME).key()])


def damage(house: House, table: Any, column: str, where: Any) -> None:
    """Flip the last bit of one row's bytes."""
    with house.engine.begin() as connection:
        data = bytes(connection.execute(select(table.c[column]).where(where)).scalar_one())
        flipped = data[:-1] + bytes((data[-1] ^ 1,))
        connection.execute(update(table).where(where).values({column: flipped}))


def kept(house: House, table: Any) -> int:
    with house.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_member_is_told_of_its_own_logs_only(house: House) -> None:
    quad = house.audience("quad", "japan", "india")
    house.audience("two", "usa")
    everybody = house.audience("all of us", everyone=True)
    house.share("quad", indicators(3))
    told = msgspec.json.decode(house.get(JAPAN, "/logs").body)["logs"]
    assert [(one["log"], one["name"], one["size"]) for one in told] == [
        (everybody, "all of us", 0),
        (quad, "quad", 3),
    ]
    assert told[1]["origin"] == names.origin(sealed.PARTNERSHIP, ME, quad)
    same = house.get(JAPAN, "/changes", f"since={quad}:3,{everybody}:0&wait=25")
    assert msgspec.json.decode(same.body)["logs"] == told


@pytest.mark.parametrize(
    "query", ["since=x", "since=a:01", "since=a:1&since=b:2", "wait=-1", "wait=x", "other=1", "&"]
)
def test_what_changes_is_asked_in_one_form_only(embedded: House, query: str) -> None:
    assert embedded.get(JAPAN, "/changes", query).status == 400


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 600])
def test_tiles_and_entries_lead_to_the_signed_root(embedded: House, size: int) -> None:
    log = embedded.audience("quad", "japan")
    if size:
        embedded.share("quad", indicators(size))
    point = noted(embedded, log)
    assert point.size == size

    def tile(level: int | None, number: int, width: int) -> bytes:
        path = tiles.path(level, number, width)
        answer = embedded.get(JAPAN, f"/logs/{log}/{path}")
        assert answer.status == 200
        whole = width == tiles.WIDTH
        wanted = "private, max-age=31536000, immutable" if whole else "private, no-store"
        assert answer.header("cache-control") == wanted
        return answer.body

    assert tiles.TileReader(tile, size).root() == point.root
    found = []
    for number in range(-(-size // 256)):
        width = min(256, size - number * 256)
        found += tiles.unbundle(tile(None, number, width), width)
    assert root([leaf(entry) for entry in found]) == point.root


def test_a_large_log_has_tiles_of_three_levels(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    news = [stored_logs.New(b"\x01" + sha256(b"%d" % number).digest()) for number in range(70_000)]
    with embedded.engine.begin() as connection:
        stored_logs.append(connection, 1, news, EARLY)
    point = noted(embedded, log)
    path = f"/logs/{log}/"
    top = embedded.get(JAPAN, f"{path}{tiles.path(2, 0, 1)}").body
    below = embedded.get(JAPAN, f"{path}{tiles.path(1, 0)}").body
    assert tiles.tile_root(below) == top
    assert embedded.get(JAPAN, f"{path}{tiles.path(0, 255)}").status == 200
    assert embedded.get(JAPAN, f"{path}{tiles.path(None, 273, 112)}").status == 200
    assert point.root == root([leaf(new.data) for new in news])


def test_a_partial_tile_has_the_width_that_was_asked_for(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    embedded.share("quad", indicators(300))
    whole = embedded.get(JAPAN, f"/logs/{log}/tile/0/000").body
    for width in (1, 5, 255):
        part = embedded.get(JAPAN, f"/logs/{log}/tile/0/000.p/{width}")
        assert part.body == whole[: width * HASH]
        assert part.header("cache-control") == "private, no-store"
        bundle = embedded.get(JAPAN, f"/logs/{log}/tile/entries/000.p/{width}").body
        assert len(tiles.unbundle(bundle, width)) == width
    for path in (
        "0/001", "0/001.p/45", "0/002.p/1", "1/000", "1/000.p/2", "2/000.p/1", "entries/001",
        "0/000.p/0", "0/000.p/256", "0/0", "0/x000/000", "8/000", "-1/000",
    ):  # fmt: skip
        assert embedded.get(JAPAN, f"/logs/{log}/tile/{path}").status == 404, path


def test_blobs_are_given_in_order_and_are_what_was_committed_to(house: House) -> None:
    log = house.audience("quad", "japan")
    house.share("quad", indicators(5))
    wanted = [*reversed(house.commitments(log)), bytes(32)]
    found = house.blobs("japan", log, wanted)
    assert [commitment(one[:SALT], one[SALT:]) for one in found[:5]] == wanted[:5]
    assert found[5] == b""
    opened = envelope.open_envelope(found[0][SALT:], house.trust.known, sealed.NOW)
    assert opened.body == indicators(5)[4]
    lines = [msgspec.json.decode(line) for line in house.receipts.newest((), "", 0)]
    assert [line["recipient"] for line in lines] == ["partner:japan"] * 5
    assert lines[-1]["digest"] == sha256(found[0][SALT:]).hexdigest()


def test_live_only(house: House) -> None:
    """Nothing is sent that is not live in this log, for this member, now."""
    log = house.audience("quad", "japan", "usa")
    other = house.audience("other", "usa")
    marking = Marking(Tlp.GREEN)
    shared = house.keep(indicators(4), marking)
    (lapsing,) = house.keep(
        [stix("malware", "soon gone")], Marking(Tlp.GREEN, expires="2030-06-15T00:00:00.000000Z")
    )
    house.append("quad", [*shared, lapsing])
    house.append("other", shared)
    commitments = house.commitments(log)
    house.sharing.dismiss("quad", "japan", EARLY)
    house.sharing.admit("quad", "japan", 4, EARLY)
    with house.sharing.unit() as unit:
        unit.retract([shared[1]], Kind.RETRACT, EARLY, "quad")
    house.recall([shared[2]])
    sent = house.blobs("japan", log, commitments)
    assert [bool(one) for one in sent] == [False, False, False, True, True]
    assert not any(house.blobs("japan", log, house.commitments(other, "usa")))
    house.clock.at = LATER
    assert not house.blobs("japan", log, commitments)[4]
    lines = [msgspec.json.decode(line) for line in house.receipts.newest((), "", 5)]
    assert {line["rule"] for line in lines} == {
        "history", "retracted", "recalled", "green", "expired",
    }  # fmt: skip


def test_receipt_first(embedded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every decision is in the disclosure log, for good, before a byte leaves."""
    log = embedded.audience("quad", "japan")
    embedded.share("quad", indicators(2))

    def full(_lines: object) -> None:
        raise AccordError("the disk is full")

    monkeypatch.setattr(embedded.answers, "record", full)
    with pytest.raises(AccordError, match="full"):
        embedded.blobs("japan", log, embedded.commitments(log))


def test_what_does_not_fit_is_left_to_the_next_request(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    large = [stix("malware", f"large {n}", description="x" * 5_000_000) for n in range(3)]
    embedded.share("quad", large)
    commitments = embedded.commitments(log)
    assert len(embedded.blobs("japan", log, commitments)) == 2
    assert len(embedded.blobs("japan", log, commitments[2:])) == 1
    assert kept(embedded, tables.receipt) == 3


def test_one_is_answered_however_large(embedded: House, monkeypatch: pytest.MonkeyPatch) -> None:
    log = embedded.audience("quad", "japan")
    embedded.share("quad", indicators(3))
    monkeypatch.setattr(blobs, "LARGEST", 10)
    assert len(embedded.blobs("japan", log, embedded.commitments(log))) == 1


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"x" * 31, 400), (bytes(32 * 1001), 413)]
)
def test_a_request_for_blobs_is_bounded(embedded: House, body: bytes, status: int) -> None:
    log = embedded.audience("quad", "japan")
    assert embedded.post(JAPAN, f"/logs/{log}/blobs", body).status == status


def test_a_link_goes_only_where_both_its_ends_may_go(embedded: House) -> None:
    log = embedded.audience("everybody", everyone=True)
    ends = [stix("indicator", "open"), stix("malware", "closed"), stix("malware", "open")]
    embedded.keep(ends[:1], Marking(Tlp.GREEN))
    embedded.keep(ends[1:2], Marking(Tlp.RED))
    embedded.keep(ends[2:], Marking(Tlp.CLEAR), origin="usa")
    links = [
        sighting_or_link(
            "relationship", name, relationship_type="indicates",
            source_ref=stix_id("indicator", "open"), target_ref=target,
        )
        for name, target in (
            ("shown", stix_id("malware", "open")),
            ("hidden", stix_id("malware", "closed")),
            ("unknown", stix_id("malware", "nowhere")),
        )
    ]  # fmt: skip
    embedded.share("everybody", links)
    sent = embedded.blobs("japan", log, embedded.commitments(log))
    assert [bool(one) for one in sent] == [True, False, False]
    first = msgspec.json.decode(embedded.receipts.newest((), "", 1)[0])
    assert (first["decision"], first["rule"]) == ("no", "ends-hidden")


def test_an_object_that_names_what_may_not_be_seen_is_not_sent(embedded: House) -> None:
    log = embedded.audience("everybody", everyone=True)
    embedded.keep([stix("identity", "secret", identity_class="group")], Marking(Tlp.RED))
    embedded.share("everybody", indicators(1, created_by_ref=stix_id("identity", "secret")))
    assert embedded.blobs("japan", log, embedded.commitments(log)) == [b""]


def test_an_object_whose_fields_are_marked_is_not_sent_in_part(embedded: House) -> None:
    log = embedded.audience("everybody", everyone=True)
    marks = [{"selectors": ["description"], "marking_ref": _RED}]
    escaped = stix("malware", "b", description="who", granular_markings=marks).replace(
        b"granular_markings", b"gr\\u0061nular_markings"
    )
    embedded.share(
        "everybody",
        [stix("malware", "a", description="who", granular_markings=marks), escaped],
    )
    assert embedded.blobs("japan", log, embedded.commitments(log)) == [b"", b""]


_RED = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"


@pytest.mark.parametrize(
    ("table", "column", "path"),
    [
        (tables.shared, "envelope", "blobs"),
        (tables.entry, "salt", "blobs"),
        (tables.entry, "data", "tile/entries/000.p/3"),
        (tables.tile, "hashes", "tile/0/000.p/3"),
        (tables.tile, "hashes", "checkpoint"),
        (tables.head, "root", "checkpoint"),
    ],
)
def test_what_is_damaged_is_not_given_out(
    embedded: House, table: Any, column: str, path: str
) -> None:
    log = embedded.audience("quad", "japan")
    embedded.share("quad", indicators(3))
    commitments = embedded.commitments(log)
    where = table.c.id == 2 if table is tables.shared else table.c.audience_id == 1
    if table is tables.entry:
        where &= table.c.number == 1
    damage(embedded, table, column, where)
    for _ in range(2):
        if path == "blobs":
            answer = embedded.post(JAPAN, f"/logs/{log}/blobs", b"".join(commitments))
        else:
            answer = embedded.get(JAPAN, f"/logs/{log}/{path}")
        assert answer.status == 500
        assert answer.body == b'{"error":"this node cannot answer; its people have been told why"}'
    assert kept(embedded, tables.receipt) == 0
    assert kept(embedded, tables.evidence) == 1


def test_a_damaged_tile_is_no_contradiction(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    embedded.share("quad", indicators(300))
    held = embedded.get(JAPAN, f"/logs/{log}/checkpoint").body
    embedded.share("quad", indicators(600)[300:])
    where = (tables.tile.c.level == 0) & (tables.tile.c.number == 1)
    damage(embedded, tables.tile, "hashes", where)
    assert embedded.post(JAPAN, f"/logs/{log}/checkpoint", held).status == 500
    assert embedded.answers.sealed() == ""


def test_a_checkpoint_that_the_log_continues_is_answered_with_the_newest(house: House) -> None:
    log = house.audience("quad", "japan")
    path = f"/logs/{log}/checkpoint"
    for size in (0, 1, 3, 260):
        have = noted(house, log).size
        if size > have:
            house.share("quad", indicators(size)[have:])
        held = house.get(JAPAN, path).body
        assert house.post(JAPAN, path, held).body == held
    old = house.note(log, 0, EMPTY)
    assert house.post(JAPAN, path, old).body == held
    assert house.post(JAPAN, path, b"").body == held
    assert house.answers.sealed() == ""


@pytest.mark.parametrize("size", [2, 3, 4, 900])
def test_a_checkpoint_of_ours_that_the_log_does_not_continue_stops_all_signing(
    embedded: House, size: int
) -> None:
    log = embedded.audience("quad", "japan")
    embedded.share("quad", indicators(3))
    ours = embedded.get(JAPAN, f"/logs/{log}/checkpoint").body
    forged = embedded.note(log, size, bytes(32))
    answer = embedded.post(JAPAN, f"/logs/{log}/checkpoint", forged)
    assert answer.status == 409
    assert answer.body == ours
    assert "restored" in embedded.answers.sealed()
    with embedded.engine.connect() as connection:
        row = connection.execute(select(tables.evidence)).one()
    assert (row.partner, row.log) == ("japan", log)
    assert (bytes(row.ours), bytes(row.theirs)) == (ours, forged)
    assert embedded.get(JAPAN, f"/logs/{log}/checkpoint").status == 503
    assert embedded.post(JAPAN, f"/logs/{log}/checkpoint", b"").status == 503
    assert embedded.post(JAPAN, f"/logs/{log}/checkpoint", forged).status == 409
    assert kept(embedded, tables.evidence) == 1


def test_a_checkpoint_that_is_not_ours_proves_nothing(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    other = embedded.audience("other", "japan")
    embedded.share("quad", indicators(1))
    for body in (
        b"x",
        embedded.note(log, 9, bytes(32), signer="usa"),
        embedded.note(other, 9, bytes(32)),
        b"x" * (1 << 20),
    ):
        answer = embedded.post(JAPAN, f"/logs/{log}/checkpoint", body)
        assert answer.status in (400, 413)
    assert embedded.answers.sealed() == ""
    assert kept(embedded, tables.evidence) == 0


def word(
    house: House, here: str, old: int, *, note: bytes = b"", signer: str = "japan", **more: Any
) -> bytes:
    """Japan's acknowledgement of the newest checkpoint."""
    note = note or house.get(JAPAN, f"/logs/{here}/checkpoint").body
    point = notes.peek(note)
    name = names.key_name(sealed.PARTNERSHIP, "japan")
    key = sealed.signer(signer)
    cosigned = notes.cosign(note, name, key, notes.posix(house.clock.now()))
    made_ = acknowledgements.Acknowledgement(
        **{
            "log": here, "old": old, "size": point.size, "root": point.root.hex(),
            "quarantined": (), "checkpoint": cosigned.decode(), **more,
        }
    )  # fmt: skip
    return acknowledgements.write(made_, key)


def acknowledge(house: House, log: str, body: bytes) -> Response:
    return house.post(JAPAN, f"/logs/{log}/acknowledgements", body)


def test_a_word_is_kept_as_the_receipt(house: House) -> None:
    log = house.audience("quad", "japan")
    house.share("quad", indicators(3))
    first = word(house, log, 0, quarantined=((1, "no reader takes it"),))
    assert acknowledge(house, log, first).status == 200
    house.share("quad", indicators(5)[3:])
    for wrong in (0, 2, 4):
        answer = acknowledge(house, log, word(house, log, wrong))
        assert (answer.status, answer.header("content-type")) == (409, "text/x.tlog.size")
        assert answer.body.strip() == b"3"
    assert acknowledge(house, log, word(house, log, 3)).status == 200
    rows = list(house.receipts.cosignatures())
    assert [(one.partner, one.size) for one in rows] == [("japan", 3), ("japan", 5)]
    assert rows[0].statement == first
    assert rows[0].quarantined == '[[1,"no reader takes it"]]'
    assert house.answers.acknowledged(1, "japan") == 5


def test_a_later_word_of_the_same_size_does_not_move_the_time(house: House) -> None:
    log = house.audience("quad", "japan")
    house.share("quad", indicators(3))
    acknowledge(house, log, word(house, log, 0, quarantined=((1, "not yet"),)))
    house.clock.at = LATER
    assert acknowledge(house, log, word(house, log, 3)).status == 200
    (row,) = house.receipts.cosignatures()
    assert (row.received, row.quarantined) == (sealed.NOW, "[]")


def test_a_word_that_does_not_hold_is_not_kept(embedded: House) -> None:
    log = embedded.audience("quad", "japan")
    other = embedded.audience("other", "japan")
    embedded.share("quad", indicators(3))
    embedded.share("other", indicators(6)[3:])
    there = embedded.get(JAPAN, f"/logs/{other}/checkpoint").body
    for body in (
        b"",
        b"{}",
        word(embedded, log, 0, signer="usa"),
        word(embedded, log, 0, note=there),
        word(embedded, log, 0, note=there, log=other),
        word(embedded, log, 0, note=embedded.note(log, 3, bytes(32), signer="usa")),
        word(embedded, log, 0)[:-9],
    ):
        assert acknowledge(embedded, log, body).status == 422
    assert acknowledge(embedded, log, bytes((16 << 20) + 1)).status == 413
    assert not list(embedded.receipts.cosignatures())
    assert embedded.answers.sealed() == ""


def test_a_word_for_another_log_that_this_node_signed_is_evidence(house: House) -> None:
    log = house.audience("quad", "japan")
    house.share("quad", indicators(3))
    body = word(house, log, 0, note=house.note(log, 7, bytes(32)))
    assert acknowledge(house, log, body).status == 422
    assert house.answers.sealed()
    assert kept(house, tables.evidence) == 1


def test_an_embargoed_object_is_in_the_log_once_its_date_has_come(house: House) -> None:
    log = house.audience("quad", "japan")
    held = house.keep(indicators(1), Marking(Tlp.GREEN, release_at=LATER), state="held")
    with house.sharing.unit() as unit:
        unit.wait("quad", held[0], LATER)
    assert noted(house, log).size == 0
    house.clock.at = LATER
    assert noted(house, log).size == 1
    assert all(house.blobs("japan", log, house.commitments(log)))
