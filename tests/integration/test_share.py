"""Sharing: what goes into a log, what stays, and that log, tiles, head and rows always agree."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import nodes
import pytest
import sharing
from exchange_nodes import NOW, HandClock
from sharing import entries, give, house, indicator, load, one, shared, stix

from accord.core.errors import AccordError, Invalid, NotFound
from accord.exchange.envelope import open_envelope
from accord.exchange.log import checkpoint, names
from accord.exchange.log.entries import Kind
from accord.flows.exchange.sharing import audience, due, share, wanted
from accord.flows.exchange.sharing.port import Sealed
from accord.identity.markings import Pap, Tlp, marking_id
from accord.store.exchange import logs
from accord.wiring import Node

SOON = "2026-03-02T09:00:00.000000Z"
LATER = "2026-03-03T09:00:00.000000Z"


def opened(node: Node, number: int, name: str = "pair") -> tuple[bytes, str]:
    """Body and TLP of what an entry commits to, verified as a partner does."""
    row = sharing.rows(node, name)[number]
    directory = node.trust.directory()
    assert directory
    data = node.sharing.envelopes([row.shared_id])[row.shared_id]
    envelope = open_envelope(data, directory, node.clock.now())
    assert envelope.header.origin == "australia"
    return envelope.body, envelope.header.tlp


def test_an_object_goes_into_the_log_byte_for_byte(node: Node) -> None:
    first, second = indicator("a", Tlp.AMBER), indicator("b", Tlp.GREEN)
    data = b'{"type":"bundle","id":"bundle--%s","objects":[ %s ,\n%s]}' % (
        b"0c6f4a5e-45ba-4a9b-9b3f-6d9a4e9d1c11",
        json.dumps(first, indent=3).encode(),
        json.dumps(second).encode(),
    )
    digest = nodes.give(node, [("b.json", data)]).digests[0]
    found = shared(node, digest[:12], "pair")
    assert [(o.what, o.tlp) for o in found.outcomes] == [("shared", "AMBER"), ("shared", "GREEN")]
    assert found.members == ("india", "japan")
    assert opened(node, 0) == (json.dumps(first, indent=3).encode(), "AMBER")
    assert opened(node, 1) == (json.dumps(second).encode(), "GREEN")


def test_sharing_the_same_again_does_nothing(node: Node) -> None:
    digest = load(node, indicator("a"), indicator("b"))
    shared(node, digest, "pair")
    before = entries(node)
    assert [o.what for o in shared(node, digest, "pair").outcomes] == ["already shared"] * 2
    assert entries(node) == before


def test_another_audience_gets_the_same_envelope_under_another_salt(node: Node) -> None:
    audience.create(node.owner, "all", everyone=True)
    digest = load(node, indicator("a"))
    shared(node, digest, "pair")
    shared(node, digest, "all")
    (one_row,), (other,) = sharing.rows(node, "pair"), sharing.rows(node, "all")
    assert one_row.shared_id == other.shared_id
    assert one_row.salt != other.salt
    assert one_row.data != other.data


def test_a_stix_identifier_is_its_newest_version(node: Node) -> None:
    old, new = indicator("a"), indicator("a", modified=sharing.LATER)
    load(node, old)
    load(node, new)
    assert one(node, old["id"], "pair").version == "2026-01-02T00:00:00.000000Z"
    assert json.loads(opened(node, 0)[0]) == new


def test_versions_stay_live_side_by_side(node: Node) -> None:
    give(node, "pair", indicator("a"))
    give(node, "pair", indicator("a", modified=sharing.LATER))
    assert [row.state for row in sharing.rows(node)] == ["live", "live"]


def test_a_version_never_changes(node: Node) -> None:
    give(node, "pair", indicator("a"))
    (outcome,) = give(node, "pair", indicator("a", description="other"))
    assert (outcome.what, outcome.rule) == ("refused", "immutable")
    data = sharing.bundle(indicator("b"), indicator("b", description="other"))
    digest = nodes.give(node, [("twice.json", data)]).digests[0]
    first, second = shared(node, digest, "pair").outcomes
    assert (first.what, second.rule) == ("shared", "immutable")
    assert len(entries(node)) == 2


def test_marking_again_replaces_the_envelope(node: Node) -> None:
    digest = load(node, indicator("a", None))
    assert one(node, digest, "pair").tlp == "AMBER"
    assert one(node, digest, "pair", tlp=Tlp.GREEN).what == "shared"
    first, second, third = entries(node)
    assert (first.kind, second.kind) == (Kind.COMMITMENT, Kind.COMMITMENT)
    assert (third.kind, third.target) == (Kind.RETRACT, 0)
    assert [row.state for row in sharing.rows(node)] == ["retracted", "live", ""]
    with pytest.raises(logs.Gone):
        node.sharing.envelopes([sharing.rows(node)[0].shared_id])
    assert one(node, digest, "pair", tlp=Tlp.GREEN).what == "already shared"


def test_the_strictest_marking_counts(here: Node) -> None:
    (outcome,) = give(here, "pair", indicator("a", Tlp.AMBER), tlp=Tlp.GREEN, pap=Pap.RED)
    assert outcome.tlp == "AMBER"
    (copy,) = here.sharing.known([outcome.object]).copies
    assert (copy.tlp, copy.pap) == (Tlp.AMBER, Pap.RED)


def test_what_bears_no_marking_gets_the_default(here: Node) -> None:
    assert give(here, "pair", indicator("a", None))[0].tlp == "AMBER"
    here.trust.set({"marking": "AMBER+STRICT"})
    assert give(here, "pair", indicator("b", None))[0].tlp == "AMBER+STRICT"
    assert give(here, "pair", indicator("c", None), tlp=Tlp.CLEAR)[0].tlp == "CLEAR"


def test_what_a_member_may_not_have_leaves_no_trace(node: Node) -> None:
    audience.create(node.owner, "all", everyone=True)
    (outcome,) = give(node, "all", indicator("red", Tlp.RED))
    assert (outcome.what, outcome.rule, outcome.partner) == (
        "refused",
        "tlp-red-named-only",
        "india",
    )
    assert entries(node, "all") == []
    assert node.sharing.known([outcome.object]).copies == ()
    assert one(node, outcome.object, "pair").what == "shared"


def test_a_refusal_is_in_the_disclosure_log(here: Node) -> None:
    audience.create(here.owner, "all", everyone=True)
    (outcome,) = give(here, "all", indicator("red", Tlp.RED))
    with here.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT line, recipient, object FROM receipt").all()
    assert [(row.recipient, row.object) for row in found] == [("partner:india", outcome.object)]
    assert b'"decision":"no"' in found[0].line
    assert b'"rule":"tlp-red-named-only"' in found[0].line


def test_an_empty_audience_is_nobody(here: Node) -> None:
    audience.create(here.owner, "nobody")
    (outcome,) = give(here, "nobody", indicator("a", Tlp.CLEAR))
    assert (outcome.what, outcome.rule) == ("refused", "empty-audience")
    assert entries(here, "nobody") == []


def test_unknown_markings_and_look_alikes_stay(here: Node) -> None:
    strange = indicator("a", object_marking_refs=[sharing.name_of("marking-definition", "x")])
    assert give(here, "pair", strange)[0].rule == "unknown-marking"
    assert entries(here) == []


def test_a_relationship_shows_with_both_its_ends(here: Node) -> None:
    malware = stix("malware", "m", name="m", is_family=False)
    both = stix(
        "relationship", "r", relationship_type="indicates",
        source_ref=indicator("a")["id"], target_ref=malware["id"],
    )  # fmt: skip
    (alone,) = give(here, "pair", both)
    assert (alone.what, alone.rule) == ("refused", "ends-hidden")
    assert [o.what for o in give(here, "pair", indicator("a"), malware, both)] == ["shared"] * 3


def test_an_end_that_is_shared_already_counts(here: Node) -> None:
    malware = stix("malware", "m", name="m", is_family=False)
    give(here, "pair", indicator("a"), malware)
    both = stix(
        "relationship", "r", relationship_type="indicates",
        source_ref=indicator("a")["id"], target_ref=malware["id"],
    )  # fmt: skip
    assert give(here, "pair", both)[0].what == "shared"


def test_fields_that_a_member_may_not_see_are_cut(node: Node) -> None:
    audience.create(node.owner, "all", everyone=True)
    secret = indicator("a", description="CANARY")
    secret["granular_markings"] = [
        {"marking_ref": marking_id(Tlp.RED), "selectors": ["description"]}
    ]
    (outcome,) = give(node, "all", secret)
    assert (outcome.what, outcome.redacted) == ("shared", True)
    assert outcome.object != secret["id"]
    body, _ = opened(node, 0, "all")
    assert b"CANARY" not in body
    assert one(node, secret["id"], "all").what == "already shared"


def test_anonymous_leaves_the_source_out(node: Node) -> None:
    source = sharing.name_of("identity", "somebody")
    (outcome,) = give(node, "pair", indicator("a", created_by_ref=source), anonymous=True)
    assert (outcome.what, outcome.redacted) == ("shared", True)
    body, _ = opened(node, 0)
    assert source.encode() not in body
    assert indicator("a")["id"].encode() not in body


def test_nobody_shares_in_the_name_of_another_partner(here: Node) -> None:
    directory = here.trust.directory()
    assert directory
    japan = directory.partner("japan")
    assert japan
    forged = indicator("a", created_by_ref=japan.identity)
    assert give(here, "pair", forged)[0].rule == "originator-only"
    assert one(here, forged["id"], "pair", anonymous=True).what == "shared"
    assert japan.identity.encode() not in opened(here, 0)[0]


def test_an_embargo_waits_for_its_day(node: Node, clock: HandClock) -> None:
    digest = load(node, indicator("a"))
    outcome = one(node, digest, "pair", release_at=SOON)
    assert (outcome.what, outcome.reason) == ("waits", f"until {SOON}")
    assert entries(node) == []
    assert one(node, digest, "pair", release_at=SOON).what == "waits"
    assert due.release_due(node.sharing, clock.now()) == 0
    clock.at = SOON
    assert due.release_due(node.sharing, clock.now()) == 1
    assert due.release_due(node.sharing, clock.now()) == 0
    assert [row.state for row in sharing.rows(node)] == ["live"]
    assert one(node, digest, "pair", release_at=SOON).what == "already shared"


def test_what_expires_under_embargo_never_goes_out(node: Node, clock: HandClock) -> None:
    (outcome,) = give(node, "pair", indicator("a"), release_at=SOON, expires=LATER)
    assert outcome.what == "waits"
    clock.at = LATER
    assert due.release_due(node.sharing, clock.now()) == 0
    assert entries(node) == []
    assert node.sharing.known([outcome.object]).copies == ()


def test_what_has_expired_is_refused(here: Node) -> None:
    assert give(here, "pair", indicator("a"), expires=NOW)[0].rule == "expired"


def test_personal_data_waits_for_a_person(here: Node) -> None:
    personal = stix(
        "identity", "person", name="Jane Roe", identity_class="individual",
        contact_information="jane.roe@mail.example",
    )  # fmt: skip
    plain, held = give(here, "pair", indicator("a"), personal)
    assert (plain.what, held.what) == ("shared", "held for review")
    assert held.review == 1
    assert len(entries(here)) == 1
    assert one(here, personal["id"], "pair").review == 1


def test_a_document_is_shared_whole(node: Node) -> None:
    data = nodes.osv("GHSA-1", "left-pad")
    digest = nodes.give(node, [("osv.json", data)]).digests[0]
    for name in ("GHSA-1", digest, f"sha256:{digest}"):
        assert wanted.find([name], node.holdings)[0].document.digest == digest
    assert one(node, "GHSA-1", "pair", anonymous=True).rule == "stix-only"
    outcome = one(node, "GHSA-1", "pair")
    assert (outcome.object, outcome.what) == ("osv:GHSA-1", "shared")
    assert opened(node, 0)[0] == data


def test_what_operators_run_is_never_shared(here: Node) -> None:
    digest = nodes.give(here, [("e.csv", nodes.estate(("O", "P", "1", "b")))]).digests[0]
    assert one(here, digest, "pair").rule == "ours-to-say"


def test_names_that_mean_nothing_or_too_much(here: Node) -> None:
    with pytest.raises(NotFound, match="nothing that this node keeps"):
        wanted.find(["CVE-2026-1"], here.holdings)
    with pytest.raises(NotFound, match="in no document"):
        wanted.find([indicator("a")["id"]], here.holdings)
    for name in ("GHSA-1", "GHSA-2"):
        nodes.give(here, [(name, nodes.osv(name, aliases=["CVE-2026-1"]))])
    with pytest.raises(Invalid, match="2 documents"):
        wanted.find(["CVE-2026-1"], here.holdings)


def test_a_crash_between_batches_is_made_good_by_sharing_again(
    here: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "BATCH", 3)
    digest = load(here, *(indicator(str(n)) for n in range(8)))
    keep = logs.append
    calls = []

    def dies(*given: object) -> range:
        calls.append(given)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return keep(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(logs, "append", dies)
        with pytest.raises(RuntimeError):
            shared(here, digest, "pair")
    sharing.check(here)
    assert len(entries(here)) == 3
    with here.engine.connect() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM shared").scalar()
    assert count == 3
    counts = shared(here, digest, "pair").counts
    assert counts == {"already shared": 3, "shared": 5}


def test_what_changes_while_it_is_sealed_is_planned_anew(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = load(node, indicator("a"))
    unit = node.sharing.unit
    done: list[object] = []

    def another_is_quicker() -> object:
        if not done:
            done.append(None)
            shared(node, digest, "pair")
        return unit()

    monkeypatch.setattr(node.sharing, "unit", another_is_quicker)
    assert one(node, digest, "pair").what == "already shared"
    assert len(entries(node)) == 1


def note(node: Node, name: str = "pair") -> bytes:
    found = node.sharing.audience(name)
    assert found
    return node.notary.checkpoint(found.log)


def test_a_checkpoint_is_signed_when_it_is_asked_for(node: Node) -> None:
    give(node, "pair", indicator("a"))
    found = node.sharing.audience("pair")
    directory = node.trust.directory()
    assert found
    assert directory
    head = node.sharing.head(found.log)
    assert head
    assert head.checkpoint == b""
    made = note(node)
    australia = directory.partner("australia")
    assert australia
    read = checkpoint.open_note(made, names.key_name("pacific", "australia"), australia.keys)
    assert (read.size, read.root) == (1, head.root)
    assert read.origin == f"pacific/australia/{found.log}"
    assert note(node) == made
    give(node, "pair", indicator("b"))
    assert checkpoint.peek(note(node)).size == 2
    with pytest.raises(NotFound):
        node.notary.checkpoint("0" * 32)


def test_a_node_restored_from_an_old_backup_signs_nothing(tmp_path: Path) -> None:
    node = house(tmp_path)
    give(node, "pair", indicator("a"))
    note(node)
    backup = tmp_path / "backup.sqlite"
    file = tmp_path / "australia" / "accord.sqlite"
    with closing(sqlite3.connect(file)) as connection, closing(sqlite3.connect(backup)) as copy:
        connection.backup(copy)
    give(node, "pair", indicator("b"))
    newest = note(node)
    node.engine.dispose()
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink(missing_ok=True)
    backup.replace(file)
    with pytest.raises(Sealed, match="old backup"):
        note(node)
    assert "old backup" in node.sharing.sealed()
    with pytest.raises(Sealed):
        give(node, "pair", indicator("c"))
    with node.engine.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT ours, theirs FROM evidence").all()
    assert (checkpoint.peek(row.ours).size, row.theirs) == (1, newest)
    node.engine.dispose()


def test_a_sealed_node_does_not_even_repeat_itself(here: Node) -> None:
    give(here, "pair", indicator("a"))
    note(here)
    here.trust.set({"sealed": "two statements contradict each other"})
    with pytest.raises(Sealed, match="contradict"):
        note(here)
    with pytest.raises(Sealed):
        give(here, "pair", indicator("b"))


def test_a_restored_node_that_grew_again_is_found_out(tmp_path: Path) -> None:
    node = house(tmp_path)
    mark = tmp_path / "australia" / "log-state.json"
    give(node, "pair", indicator("a"))
    note(node)
    other = mark.read_text().replace('"root":"', '"root":"00')
    give(node, "pair", indicator("b"))
    mark.write_text(other)
    with pytest.raises(Sealed):
        note(node)
    node.engine.dispose()


def test_without_the_mark_nothing_is_signed(tmp_path: Path) -> None:
    node = house(tmp_path)
    give(node, "pair", indicator("a"))
    (tmp_path / "australia" / "log-state.json").write_text("{")
    with pytest.raises(AccordError, match=r"log-state\.json"):
        note(node)
    assert node.sharing.sealed() == ""
    node.engine.dispose()
