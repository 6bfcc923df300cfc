"""Evidence on a node: verified before it is kept, believed by whose word it is, all or nothing."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import evidence_made as made
import pytest
from evidence_made import ARTEFACT, BUILDER, PRODUCT, RELEASE, Desk, Key

from accord.assurance.evidence.errors import (
    NoStanding,
    NotAble,
    OutOfDate,
    Unsigned,
    WrongSignature,
    WrongSubject,
)
from accord.core.digests import digest
from accord.core.errors import Invalid, NotFound
from accord.flows.evidence.add import remove
from accord.flows.evidence.issuers import end
from accord.flows.ports import DocumentRow
from accord.flows.rebuild import rebuild

L1, L2, L3 = (f"slsa@1.0#build-l{number}" for number in (1, 2, 3))
OTHER = f"sha256:{'0' * 64}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def key() -> Key:
    return Key()


def builder(desk: Desk, key: Key, *items: str) -> None:
    desk.issuer("Forge", "builder", keys=key.given, identities=(BUILDER,), items=items)


def test_provenance_by_a_builder_with_a_standing_is_verified(desk: Desk, key: Key) -> None:
    builder(desk, key)
    (taken,) = desk.add(made.envelope(made.provenance(), key)).taken
    assert (taken.issuer, taken.how, taken.matched) == ("Forge", "key", (ARTEFACT,))
    assert desk.claims() == {L1: (True, "verified"), L2: (True, "verified")}


def test_hardened_builds_need_a_standing_that_says_so(desk: Desk, key: Key) -> None:
    builder(desk, key, "slsa@1.0#build-l*")
    desk.add(made.envelope(made.provenance(), key))
    assert desk.claims()[L3] == (True, "verified")


def test_an_unsigned_statement_is_the_suppliers_own_word(desk: Desk) -> None:
    desk.add(made.provenance())
    assert desk.claims() == {L1: (True, "self-asserted")}


def test_an_envelope_without_signatures_is_not_signed(desk: Desk, key: Key) -> None:
    builder(desk, key)
    desk.add(made.envelope(made.provenance(), signatures=[]))
    assert desk.claims() == {L1: (True, "self-asserted")}


def test_a_missing_signature_is_refused_where_somebody_is_named(desk: Desk, key: Key) -> None:
    builder(desk, key)
    before = desk.documents()
    with pytest.raises(Unsigned, match="not signed, and the word of Forge"):
        desk.add(made.provenance(), issuer="Forge")
    assert desk.documents() == before


@pytest.mark.parametrize("given", ["signed", "plain"])
def test_a_wrong_digest_is_refused(desk: Desk, key: Key, given: str) -> None:
    builder(desk, key)
    other = made.provenance(digest=OTHER)
    before = desk.documents()
    with pytest.raises(WrongSubject, match=r"no artefact of Lantern 2\.1"):
        desk.add(made.envelope(other, key) if given == "signed" else other)
    assert desk.documents() == before


def test_a_statement_of_sha_1_alone_proves_nothing(desk: Desk) -> None:
    weak = f"sha1:{'a' * 40}"
    with pytest.raises(WrongSubject):
        desk.add(made.provenance(digest=weak), artefacts=frozenset({weak, ARTEFACT}))


def test_without_an_artefact_nothing_is_compared(desk: Desk) -> None:
    with pytest.raises(NotAble, match="--artefact"):
        desk.add(made.provenance(), artefacts=frozenset())
    with pytest.raises(NotAble, match="--release"):
        desk.add(made.provenance(), release="")


def test_artefacts_of_the_release_are_known_from_then_on(desk: Desk) -> None:
    desk.add(made.form())
    desk.add(made.provenance(), artefacts=frozenset())
    with pytest.raises(NotAble):
        desk.add(made.provenance(), artefacts=frozenset(), release="2.2")


def test_a_bill_does_not_name_the_artefact(desk: Desk) -> None:
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "component": {
                "name": PRODUCT,
                "type": "application",
                "version": RELEASE,
                "hashes": [{"alg": "SHA-256", "content": ARTEFACT.partition(":")[2]}],
            }
        },
        "components": [{"name": "wick", "type": "library", "version": "1"}],
    }
    written = json.dumps(bill).encode()
    with pytest.raises(NotAble, match="give one with --artefact"):
        desk.add(written, made.provenance(), artefacts=frozenset())
    added = desk.add(written, made.provenance())
    assert [one.kind for one in added.taken] == ["bill", "provenance"]


def test_a_wrong_key_is_refused(desk: Desk, key: Key) -> None:
    builder(desk, key)
    with pytest.raises(NoStanding, match="signed by a key without a standing"):
        desk.add(made.envelope(made.provenance(), Key()))
    with pytest.raises(WrongSignature, match="by a key of Forge"):
        desk.add(made.envelope(made.provenance(), Key()), issuer="Forge")


def test_changed_bytes_are_refused(desk: Desk, key: Key) -> None:
    builder(desk, key)
    keyid = desk.proofs.standings()["Forge"].keys[0].keyid
    made_for = made.provenance()
    signed = [made.signature(key, made_for, keyid=keyid)]
    desk.add(made.envelope(made_for, signatures=signed))
    with pytest.raises(WrongSignature, match="does not hold over these bytes"):
        desk.add(made.envelope(made_for + b" ", signatures=signed))
    with pytest.raises(WrongSignature):  # the type is under the signature too
        desk.add(made.envelope(made_for, signatures=signed, media="application/json"))


def test_one_good_signature_among_others_is_enough(desk: Desk, key: Key) -> None:
    builder(desk, key)
    desk.add(made.envelope(made.provenance(), Key(), key, Key()))
    assert desk.claims()[L2] == (True, "verified")


def test_nobody_signs_in_another_builders_name(desk: Desk, key: Key) -> None:
    builder(desk, key)
    with pytest.raises(NoStanding, match="in the name of the builder"):
        desk.add(made.envelope(made.provenance(builder="https://else.example"), key))


def test_a_builder_has_no_standing_for_anything_else(desk: Desk, key: Key) -> None:
    builder(desk, key)
    with pytest.raises(NoStanding, match="not for a verification summary"):
        desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1"), key))


def test_a_suppliers_signature_is_still_the_suppliers_word(desk: Desk, key: Key) -> None:
    desk.issuer("Lantern Works", "supplier", keys=key.given)
    desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1"), key))
    desk.add(made.envelope(made.provenance(), key))
    assert set(desk.claims().values()) == {(True, "self-asserted")}


@pytest.mark.parametrize(
    ("role", "level"), [("assessor", "third party"), ("authority", "verified")]
)
def test_whose_word_it_is_makes_the_level(desk: Desk, key: Key, role: str, level: str) -> None:
    desk.issuer("Lab", role, keys=key.given)
    desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1", "SLSA_BUILD_LEVEL_2"), key))
    assert desk.claims() == dict.fromkeys(("ssdf@1.1#PO.1.1", L1, L2), (True, level))


def test_a_standing_covers_some_items_and_products(desk: Desk, key: Key) -> None:
    desk.issuer("Lab", "assessor", keys=key.given, items=("ssdf@1.1#PO.*",), products=("Lan*",))
    desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1", "ssdf@1.1#PS.1.1"), key))
    assert desk.claims() == {
        "ssdf@1.1#PO.1.1": (True, "third party"),
        "ssdf@1.1#PS.1.1": (True, "unknown"),
    }
    with pytest.raises(NoStanding, match="no standing for Torch"):
        desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1"), key), product="Torch")
    with pytest.raises(NoStanding, match=r"PS\.2"):
        desk.add(made.envelope(made.result("ssdf@1.1#PS.2"), key))


def test_from_the_future_and_expired_are_refused(desk: Desk) -> None:
    with pytest.raises(OutOfDate, match="yet to come"):
        desk.add(made.result("ssdf@1.1#PO.1.1", at="2026-11-24T00:00:00Z"))
    with pytest.raises(OutOfDate, match="expired on 2026-11-01"):
        desk.add(made.form(expires="2026-11-01"))


def test_what_expires_later_no_longer_counts_and_is_named(desk: Desk) -> None:
    desk.add(made.form(expires="2026-12-01"))
    assert desk.claims()
    (found,) = desk.proofs.proven([(PRODUCT, RELEASE)], "2026-12-02T00:00:00.000000Z").values()
    assert found.claims == ()
    assert [one.why for one in found.left_out] == ["expired on 2026-12-01"]


def test_a_standing_that_ends_takes_its_word_along(desk: Desk, key: Key) -> None:
    desk.issuer("Lab", "assessor", keys=key.given, until="2027-01-01T00:00:00.000000Z")
    desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1"), key))
    item = "ssdf@1.1#PO.1.1"
    assert desk.claims()[item] == (True, "third party")
    assert desk.claims(at="2027-01-01T00:00:00.000000Z")[item] == (True, "unknown")
    desk.at("2026-11-24T00:00:00.000000Z")
    end(desk, "Lab", "Ana", "it closed")
    assert desk.claims()[item] == (True, "unknown")
    with pytest.raises(NoStanding, match="was ended on 2026-11-24"):
        desk.add(made.envelope(made.result("ssdf@1.1#PO.1.2"), key))
    with pytest.raises(NotFound):
        end(desk, "Lab", "Ana", "again")


def test_a_key_that_is_taken_away_takes_its_word_along(desk: Desk, key: Key) -> None:
    desk.issuer("Lab", "assessor", keys=key.given)
    desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1"), key))
    desk.at("2026-11-24T00:00:00.000000Z")
    desk.issuer("Lab", "assessor", keys=Key().given)
    assert desk.claims()["ssdf@1.1#PO.1.1"] == (True, "unknown")


def test_several_files_are_all_kept_or_none(desk: Desk) -> None:
    with pytest.raises(WrongSubject, match="file-1"):
        desk.add(made.form(), made.provenance(digest=OTHER))
    with pytest.raises(Invalid, match="file-1"):
        desk.add(made.form(), b"{}")
    assert desk.documents() == 0
    desk.add(made.form(), made.provenance())
    assert desk.documents() == 4


def test_the_same_evidence_twice_changes_nothing(desk: Desk, key: Key) -> None:
    builder(desk, key)
    files = (made.form(), made.envelope(made.provenance(), key))
    desk.add(*files)
    state = desk.node.views.state_hash()
    desk.at("2026-11-25T00:00:00.000000Z")
    assert [one.new for one in desk.add(*files).taken] == [False, False]
    assert not desk.issuer("Forge", "builder", keys=key.given, identities=(BUILDER,))
    assert desk.node.views.state_hash() == state


def test_a_standing_that_comes_later_is_recorded_anew(desk: Desk, key: Key) -> None:
    signed = made.envelope(made.provenance(), signatures=[])
    desk.add(signed)
    desk.issuer("Lantern Works", "supplier")
    (taken,) = desk.add(signed, issuer="Lantern Works").taken
    assert taken.new


def test_it_survives_a_rebuild(desk: Desk, key: Key) -> None:
    builder(desk, key)
    desk.add(made.form(), made.envelope(made.provenance(), key), made.scorecard(Fuzzing=9))
    claims, state = desk.claims(), desk.node.views.state_hash()
    rebuild(desk.node.intake)
    assert (desk.claims(), desk.node.views.state_hash()) == (claims, state)


def test_removed_evidence_stays_kept_and_no_longer_counts(desk: Desk) -> None:
    (taken,) = desk.add(made.form()).taken
    documents = desk.documents()
    desk.at("2026-11-24T00:00:00.000000Z")
    assert remove(desk, PRODUCT, taken.digest[:10], None, ("Ana", "a mistake")) == 1
    assert desk.claims() == {}
    assert desk.documents() == documents + 1
    with pytest.raises(NotFound, match="no evidence"):
        remove(desk, PRODUCT, taken.digest, None, ("Ana", "again"))
    desk.at("2026-11-25T00:00:00.000000Z")
    spaced = json.dumps(json.loads(made.form()), indent=3).encode()
    for one in (made.form(), spaced):
        with pytest.raises(NotAble, match="which Ana removed as evidence on 2026-11-24"):
            desk.add(one)
    assert desk.claims() == {}
    with pytest.raises(Invalid, match="say why"):
        desk.add(spaced, again=True)
    assert desk.add(spaced, again=True, why="it was none").taken[0].new
    assert desk.claims()
    assert not desk.add(spaced).taken[0].new
    desk.add(made.form(), again=True, why="as it was sent")
    desk.at("2026-11-26T00:00:00.000000Z")
    assert remove(desk, PRODUCT, digest(spaced)[:10], None, ("Ana", "a mistake")) == 2
    assert desk.claims() == {}


def test_a_form_says_yes_no_and_by_when(desk: Desk) -> None:
    desk.add(made.form())
    assert desk.claims() == {
        "ssaf@DRAFT-2023-11#1-a": (True, "self-asserted"),
        "ssaf@DRAFT-2023-11#1-b": (False, "self-asserted"),
    }
    (found,) = desk.proofs.proven([(PRODUCT, RELEASE)], made.NOW).values()
    assert [(one.item, one.due[:10]) for one in found.planned] == [
        ("ssaf@DRAFT-2023-11#2", "2027-03-01")
    ]


def test_a_form_is_for_the_releases_that_it_names(desk: Desk) -> None:
    with pytest.raises(WrongSubject, match="not about release 3"):
        desk.add(made.form(), release="3")
    with pytest.raises(WrongSubject, match="not Torch"):
        desk.add(made.form(), product="Torch")
    desk.add(made.form(releases=["2.0", "2.1"]), release="", artefacts=frozenset())
    assert desk.claims("2.0") == desk.claims("2.1") != {}
    assert desk.claims("2.2") == {}


def test_what_names_no_release_counts_for_each(desk: Desk) -> None:
    desk.add(made.certificate(), release="", artefacts=frozenset())
    assert desk.claims("7") == {"ssdf@1.1#PO.1.1": (True, "self-asserted")}


def test_the_page_is_kept_beside_its_description(desk: Desk) -> None:
    page = b"%PDF-1.7 signed by hand"
    named = made.certificate(document=f"sha256:{digest(page)}")
    with pytest.raises(NotAble, match="give it along"):
        desk.add(named)
    added = desk.add(named, ("lab.pdf", page))
    assert added.beside == ("lab.pdf",)
    desk.add(made.certificate(document=f"sha256:{digest(page)}", number="2"))


def test_a_commit_must_be_the_releases_own(desk: Desk) -> None:
    results = made.scorecard(Fuzzing=9)
    desk.add(results)
    with pytest.raises(WrongSubject, match="gitCommit"):
        desk.add(results, artefacts=frozenset({f"gitCommit:{'d' * 40}"}), release="2.2")
    right = frozenset({f"gitCommit:{'b' * 40}"})
    (taken,) = desk.add(results, artefacts=right, release="2.3").taken
    assert taken.matched == tuple(right)


def test_what_is_no_evidence_is_refused(desk: Desk) -> None:
    for data in (b"", b"hello", b"%PDF-1.7", b"PK\x03\x04", b'{"accord": "evidence"}', b"[]"):
        with pytest.raises(Invalid):
            desk.add(data)
    assert desk.documents() == 0


def test_a_private_key_is_refused_by_name(desk: Desk) -> None:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    private = Key().private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(Invalid, match=r"key\.pem: a private key"):
        desk.issuer("Lab", "assessor", keys=(("key.pem", private),))
    with pytest.raises(Invalid, match="--key"):
        desk.issuer("Lab", "assessor")


def test_url_safe_base64_is_read_too(desk: Desk, key: Key) -> None:
    builder(desk, key)
    body = json.loads(made.envelope(made.provenance(), key))
    for holder, name in ((body, "payload"), (body["signatures"][0], "sig")):
        raw = base64.b64decode(holder[name])
        holder[name] = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    desk.add(json.dumps(body).encode())
    assert desk.claims()[L2] == (True, "verified")


def test_as_of_an_earlier_day(desk: Desk, key: Key) -> None:
    desk.issuer("Lab", "assessor", keys=key.given)
    desk.add(made.envelope(made.result("ssdf@1.1#PO.1.1"), key))
    desk.at("2026-11-24T00:00:00.000000Z")
    desk.add(made.form())
    end(desk, "Lab", "Ana", "it closed")
    release = (PRODUCT, RELEASE)
    (then,) = desk.proofs.proven([release], made.NOW, as_of=made.NOW).values()
    assert [(one.item, one.level.words) for one in then.claims] == [
        ("ssdf@1.1#PO.1.1", "third party")
    ]
    (now,) = desk.proofs.proven([release], desk.clock.now()).values()
    assert {one.level.words for one in now.claims} == {"unknown", "self-asserted"}


def test_what_a_partner_sends_is_no_record_here(desk: Desk, key: Key) -> None:
    """The door refuses a partner's records; were one kept, it still would not count."""
    desk.issuer("Lab", "assessor", keys=key.given)
    desk.add(made.form())
    with desk.intake.unit() as unit:
        digests = [d.digest for d in rows_of_records(desk)]
        unit.belong(dict.fromkeys(digests, "in"))
    assert desk.proofs.standings() == {}
    assert desk.claims() == {}
    assert desk.proofs.standings(as_of=desk.clock.now()) == {}


def rows_of_records(desk: Desk) -> list[DocumentRow]:
    with desk.node.views.view() as view:
        found = list(view.list_documents(quarantined=False))
    return [one for one in found if one.kind.endswith("record")]


def test_many_releases_at_once(desk: Desk) -> None:
    wanted = [(f"P{number}", "1") for number in range(40)]
    for product, release in wanted:
        data = made.form(product=product, releases=[release])
        desk.add(data, product=product, release=release, artefacts=frozenset())
    found = desk.proofs.proven([*wanted, ("none", "1")], made.NOW)
    assert {len(one.claims) for name, one in found.items() if name in wanted} == {2}
    assert found["none", "1"].claims == ()


def test_on_each_database(empty_url: str, tmp_path: Path, key: Key) -> None:
    desk = Desk(tmp_path, url=empty_url)
    builder(desk, key)
    (taken, _) = desk.add(made.envelope(made.provenance(), key), made.form()).taken
    assert desk.claims()[L2] == (True, "verified")
    assert len(desk.proofs.listed("", made.NOW)) == 2
    desk.at("2026-11-24T00:00:00.000000Z")
    remove(desk, PRODUCT, taken.digest, RELEASE, ("Ana", "a mistake"))
    assert L2 not in desk.claims()
    (then,) = desk.proofs.proven([(PRODUCT, RELEASE)], made.NOW, as_of=made.NOW).values()
    assert L2 in {claim.item for claim in then.claims}
    desk.node.engine.dispose()


def test_a_claim_whose_evidence_expired_is_left_out(desk: Desk) -> None:
    declared = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "declarations": {
            "attestations": [{"map": [{"requirement": "ssdf@1.1#PO.1.1", "claims": ["c"]}]}],
            "claims": [{"bom-ref": "c", "predicate": "done", "evidence": ["e"]}],
            "evidence": [{"bom-ref": "e", "expires": "2027-01-01"}],
        },
    }
    (taken,) = desk.add(json.dumps(declared).encode()).taken
    assert taken.kind == "declaration"
    assert desk.claims() == {"ssdf@1.1#PO.1.1": (True, "self-asserted")}
    (later,) = desk.proofs.proven([(PRODUCT, RELEASE)], "2027-01-01T00:00:00.000000Z").values()
    assert later.claims == ()
    assert [one.item for one in later.left_out] == ["ssdf@1.1#PO.1.1"]


def test_an_unsigned_claim_is_never_this_nodes_own_finding(desk: Desk) -> None:
    """A claim without an issuer is what this node found by itself."""
    desk.add(made.form(), made.scorecard(Fuzzing=9), made.provenance())
    found = desk.proofs.claims(PRODUCT, RELEASE, made.NOW)
    assert {claim.issuer for claim in found} == {"Lantern Works", "Scorecard v5.1.0", BUILDER}
