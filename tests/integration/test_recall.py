"""Recall: gone from every log and from the database, for good, and who has said so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nodes
import pytest
import sharing
from exchange_nodes import NOW, HandClock, close, partnership
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sharing import entries, give, house, indicator, load, one, shared

from accord.core.digests import digest as digest_of
from accord.core.errors import Invalid, NotFound
from accord.exchange.envelope import Header, seal
from accord.exchange.log.entries import Kind
from accord.flows.exchange.events import Event, Listeners, Recalled
from accord.flows.exchange.sharing import audience, due, recall, wanted
from accord.flows.exchange.sharing.port import Copy
from accord.identity.keys import Signers
from accord.identity.markings import Tlp, marking_id
from accord.store.exchange import tables
from accord.wiring import Node

DAY = 24 * 3600.0
LATEST = "2026-01-03T00:00:00.000Z"


def test_every_version_in_every_log_gets_a_tombstone(node: Node) -> None:
    audience.create(node.owner, "all", everyone=True)
    name = indicator("a")["id"]
    for at in (sharing.AT, sharing.LATER):
        digest = load(node, indicator("a", modified=at), indicator("b", modified=at))
        for to in ("pair", "all"):
            shared(node, digest, to)
    taken = recall.recall(node.recaller, name, "wrong")
    assert (taken.versions, taken.tombstones) == (2, 4)
    assert taken.audiences == ("all", "pair")
    assert taken.partners == ("india", "japan", "united-states")
    for to in ("pair", "all"):
        stones = [entry for entry in entries(node, to) if entry.kind is Kind.RECALL]
        assert [stone.target for stone in stones] == [0, 2]
        states = [row.state for row in sharing.rows(node, to)]
        assert states == ["recalled", "live", "recalled", "live", "", ""]


def test_recalled_is_final(node: Node) -> None:
    name = indicator("a")["id"]
    give(node, "pair", indicator("a"))
    recall.recall(node.recaller, name, "wrong")
    assert one(node, name, "pair").rule == "recalled-for-good"
    (newer,) = give(node, "pair", indicator("a", modified=sharing.LATER))
    assert newer.rule == "recalled-for-good"
    source = sharing.name_of("identity", "x")
    (unnamed,) = give(
        node, "pair", indicator("a", modified=LATEST, created_by_ref=source), anonymous=True
    )
    assert unnamed.rule == "recalled-for-good"
    with pytest.raises(NotFound, match="already"):
        recall.recall(node.recaller, name, "wrong")
    assert len(entries(node)) == 2


def test_own_documents_stay(node: Node) -> None:
    digest = load(node, indicator("a"))
    shared(node, digest, "pair")
    recall.recall(node.recaller, indicator("a")["id"], "wrong")
    assert node.holdings.held([digest])[0].outcome == "taken"


def test_what_was_never_shared_cannot_be_recalled(node: Node) -> None:
    load(node, indicator("a"))
    for name in (indicator("a")["id"], "CVE-2026-1"):
        with pytest.raises(NotFound, match="is not shared by this node"):
            recall.recall(node.recaller, name, "wrong")


def test_what_was_made_of_it_goes_with_it(node: Node) -> None:
    audience.create(node.owner, "all", everyone=True)
    secret = indicator("a", description="x")
    secret["granular_markings"] = [
        {"marking_ref": marking_id(Tlp.RED), "selectors": ["description"]}
    ]
    (cut,) = give(node, "all", secret)
    (anonymous,) = give(
        node, "pair", indicator("b", created_by_ref=sharing.name_of("identity", "x")),
        anonymous=True,
    )  # fmt: skip
    taken = recall.recall(node.recaller, secret["id"], "wrong")
    assert taken.also == (cut.object,)
    recall.recall(node.recaller, indicator("b")["id"], "wrong")
    assert [row.state for row in sharing.rows(node, "all")] == ["recalled", ""]
    assert [row.state for row in sharing.rows(node)] == ["recalled", ""]
    assert one(node, secret["id"], "all").rule == "recalled-for-good"
    assert anonymous.object != indicator("b")["id"]


def test_an_embargoed_object_is_recalled_before_its_day(node: Node, clock: HandClock) -> None:
    soon = "2026-03-02T09:00:00.000000Z"
    give(node, "pair", indicator("a"), release_at=soon)
    recall.recall(node.recaller, indicator("a")["id"], "wrong")
    clock.at = soon
    assert due.release_due(node.sharing, clock.now()) == 0
    assert entries(node) == []


def test_a_document_is_recalled_by_its_advisory(node: Node) -> None:
    nodes.give(node, [("osv.json", nodes.osv("GHSA-1"))])
    assert one(node, "GHSA-1", "pair").what == "shared"
    assert recall.recall(node.recaller, "GHSA-1", "wrong").object == "osv:GHSA-1"


def test_a_document_is_recalled_by_another_name_of_its_vulnerability(node: Node) -> None:
    nodes.give(node, [("osv.json", nodes.osv("GHSA-1", aliases=["CVE-2026-0001"]))])
    assert one(node, "GHSA-1", "pair").what == "shared"
    assert recall.recall(node.recaller, "CVE-2026-0001", "wrong").object == "osv:GHSA-1"
    with pytest.raises(NotFound, match="is not shared by this node"):
        recall.recall(node.recaller, "CVE-2026-0002", "wrong")


def test_those_who_listen_hear_of_it(here: Node) -> None:
    heard: list[Event] = []
    give(here, "pair", indicator("a"))
    owner = here.recaller
    listening = recall.Recaller(
        owner.directory, owner.me, owner.sharing, owner.now, owner.holdings,
        owner.signers, Listeners((heard.append,)),
    )  # fmt: skip
    recall.recall(listening, indicator("a")["id"], "wrong")
    assert heard == [Recalled("australia", indicator("a")["id"])]


def test_the_disclosure_log_names_whom_it_is_taken_from(here: Node) -> None:
    give(here, "pair", indicator("a"))
    recall.recall(here.recaller, indicator("a")["id"], "wrong")
    with here.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT line, recipient FROM receipt").all()
    assert [row.recipient for row in found] == ["partner:india", "partner:japan"]
    assert all(b'"way":"recall"' in row.line for row in found)


def own_parts(number: int, envelopes: dict[int, bytes]) -> list[bytes]:
    """Stretches of an envelope that stand in no other one."""
    mine = envelopes[number]
    others = b"".join(data for at, data in envelopes.items() if at != number)
    parts = [mine[at : at + 24] for at in range(0, len(mine) - 24, 8)]
    own = [part for part in parts if part not in others]
    assert len(own) > 10
    return own


def test_an_erased_object_has_no_bytes_left(here: Node, tmp_path: Path) -> None:
    """Law: after a recall neither the database nor its write-ahead log holds the envelope."""
    many = [indicator(str(n), description=f"CANARY-{n:03d}-" + "x" * 5000) for n in range(40)]
    give(here, "pair", *many)
    envelopes, salts = {}, {}
    for row in sharing.rows(here):
        envelopes[row.number] = here.sharing.envelopes([row.shared_id])[row.shared_id]
        salts[row.number] = bytes(row.salt)
    for number in (0, 17, 39):
        recall.recall(here.recaller, many[number]["id"], "wrong")
    files = [path.read_bytes() for path in (tmp_path / "australia").glob("accord.sqlite*")]
    with here.engine.connect() as connection:
        query = "SELECT notice FROM final WHERE notice IS NOT NULL"
        notices = list(connection.exec_driver_sql(query).scalars())
    assert len(notices) == 3
    for number in range(40):
        # A notice names its object, as the log of disclosures does.
        own = [p for p in own_parts(number, envelopes) if not any(p in one for one in notices)]
        kept = any(part in data for part in own for data in files)
        salted = any(salts[number] in data for data in files)
        assert (kept, salted) == ((False, False) if number in (0, 17, 39) else (True, True))


def received(node: Node, origin: str, signers: Signers, body: bytes, tlp: Tlp) -> int:
    """A partner's envelope as sync keeps it, with its document."""
    header = Header(
        origin=origin, object=indicator("theirs")["id"], version="2026-01-01T00:00:00.000000Z",
        type="indicator", media="application/stix+json;version=2.1", tlp=tlp.word, issued=NOW,
    )  # fmt: skip
    envelope = seal(header, body, signers.all())
    copy = Copy(
        origin=origin, object=header.object, version=header.version, type="indicator",
        media=header.media, digest=digest_of(envelope), tlp=int(tlp), pap=0, release_at="",
        expires="", created="", issued=NOW, state="live", refs=(), title="theirs",
        content=digest_of(body),
    )  # fmt: skip
    with node.sharing.unit() as unit:
        return unit.keep([(copy, envelope)])[0]


@pytest.mark.parametrize(("tlp", "goes"), [(Tlp.GREEN, True), (Tlp.AMBER, False)])
def test_a_relay_passes_on_what_its_marking_allows(tmp_path: Path, tlp: Tlp, *, goes: bool) -> None:
    made = partnership(tmp_path, ("australia", "india", "japan"))
    node = made["australia"]
    audience.create(node.owner, "pair", ["india"])
    digest = load(node, indicator("theirs", None))
    (item,) = wanted.items(wanted.find([digest], node.holdings), node.holdings)
    assert isinstance(item, wanted.Item)
    number = received(node, "japan", made["japan"].signers, item.body, tlp)
    outcome = one(node, indicator("theirs")["id"], "pair")
    if goes:
        assert outcome.what == "shared"
        assert [row.shared_id for row in sharing.rows(node)] == [number]
        with pytest.raises(Invalid, match="--relay"):
            recall.recall(node.recaller, outcome.object, "wrong")
        assert recall.recall(node.recaller, outcome.object, "wrong", relay=True).deadline == ""
        assert [entry.kind for entry in entries(node)] == [Kind.COMMITMENT, Kind.RETRACT]
        assert node.sharing.envelopes([number])
    else:
        assert (outcome.what, outcome.rule) == ("refused", "relay")
        assert entries(node) == []
    stricter = one(node, indicator("theirs")["id"], "pair", tlp=Tlp.AMBER)
    assert stricter.rule == "originator-only"
    sharing.check(node)
    close(made)


def test_only_the_originator_changes_an_object(tmp_path: Path) -> None:
    made = partnership(tmp_path, ("australia", "japan"))
    node = made["australia"]
    audience.create(node.owner, "pair", ["japan"])
    received(node, "japan", made["japan"].signers, b"{}", Tlp.GREEN)
    partner = node.owner.directory.partner("japan")
    assert partner
    changed = indicator("theirs", created_by_ref=partner.identity)
    (outcome,) = give(node, "pair", changed)
    assert (outcome.rule, "japan" in outcome.reason) == ("originator-only", True)
    (ours,) = give(node, "pair", indicator("theirs"))
    assert ours.what == "shared", "its bytes are our own people's, and name nobody else"
    close(made)


def acknowledged(node: Node, partner: str, size: int, at: str) -> None:
    found = node.sharing.audience("pair")
    assert found
    row = {
        "audience_id": found.id, "partner": partner, "size": size, "root": b"", "statement": b"",
        "at": at, "received": at, "quarantined": "[]",
    }  # fmt: skip
    with node.engine.begin() as connection:
        connection.execute(tables.cosignature.insert().values(row))


def test_who_has_acknowledged_and_who_is_late(node: Node, clock: HandClock) -> None:
    give(node, "pair", indicator("a"), indicator("b"))
    acknowledged(node, "india", 2, NOW)
    recall.recall(node.recaller, indicator("a")["id"], "wrong")
    first = {one_.partner: one_ for one_ in recall.status(node.owner)}
    assert {name: (r.acknowledged, r.late) for name, r in first.items()} == {
        "india": ("", 0.0),
        "japan": ("", 0.0),
    }
    assert first["india"].deadline == "2026-03-02T09:00:00.000000Z"
    clock.at = "2026-03-03T09:00:00.000000Z"
    acknowledged(node, "japan", 3, clock.at)
    found = {r.partner: (r.acknowledged, r.late) for r in recall.status(node.owner)}
    assert found == {"india": ("", DAY), "japan": (clock.at, DAY)}
    acknowledged(node, "india", 3, "2026-03-02T08:00:00.000000Z")
    found = {r.partner: (r.acknowledged, r.late) for r in recall.status(node.owner)}
    assert found["india"] == ("2026-03-02T08:00:00.000000Z", 0.0)


def test_who_came_later_or_left_before_is_not_asked(node: Node, clock: HandClock) -> None:
    audience.remove(node.owner, "pair", "india")
    clock.at = "2026-03-01T10:00:00.000000Z"
    give(node, "pair", indicator("a"))
    clock.at = "2026-03-01T11:00:00.000000Z"
    recall.recall(node.recaller, indicator("a")["id"], "wrong")
    clock.at = "2026-03-01T12:00:00.000000Z"
    audience.add(node.owner, "pair", "united-states", None)
    audience.remove(node.owner, "pair", "japan")
    (only,) = recall.status(node.owner, indicator("a")["id"])
    assert (only.partner, only.left) == ("japan", clock.at)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["share", "share", "strict", "wait", "recall", "tick", "remove"]),
        st.integers(0, 3),
        st.sampled_from(["pair", "all"]),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_head(steps: list[tuple[str, int, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Law (head): after any sequence of commands, head, tiles and rows are those of the entries."""
    clock = HandClock()
    node = house(tmp_path_factory.mktemp("house"), clock=clock)
    audience.create(node.owner, "all", everyone=True)
    lasting: dict[str, list[object]] = {}
    hour = 9
    for what, which, to in steps:
        thing = indicator(str(which), None)
        if what == "tick":
            hour += 1
            clock.at = f"2026-03-01T{hour:02d}:00:00.000000Z"
            due.release_due(node.sharing, clock.now())
        elif what == "recall":
            try:
                recall.recall(node.recaller, thing["id"], "wrong")
            except NotFound:
                continue
        elif what == "remove":
            name = ("india", "japan")[which % 2]
            audience.add(node.owner, "pair", name, which)
        else:
            ways: dict[str, dict[str, Any]] = {
                "share": {},
                "strict": {"tlp": Tlp.RED},
                "wait": {"release_at": f"2026-03-01T{hour + 1:02d}:30:00.000000Z"},
            }
            options = ways[what]
            give(node, to, thing, **options)
        sharing.check(node)
        for name in ("pair", "all"):
            now = list(entries(node, name))
            before = lasting.get(name, [])
            assert now[: len(before)] == before
            lasting[name] = list(now)
    node.engine.dispose()
