"""What arrives in single objects from several partners joins, and says where it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
from litestar.testing import TestClient
from stix_objects import GROUP, HOLE, SIGN, WATCH, WORM, bare, bundle, link, sighting

from accord.flows.explain import explain
from accord.flows.prepare import prepare
from accord.supply.inventory import records
from accord.supply.matching.signals import Signal
from accord.web.app import application
from accord.wiring import Node

CVE = "CVE-2030-0001"
LATER = "2030-03-01T00:00:00.000Z"
SCENE = [
    ("bill", nodes.bill("Pump", "1", ["pkg:npm/left-pad@1.0.0"], supplier="Maker")),
    ("advisory", nodes.osv("OSV-1", aliases=[CVE])),
]


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    made = nodes.on(database_url, tmp_path)
    nodes.give(made, SCENE)
    yield made
    made.engine.dispose()


def arrive(node: Node, origin: str, *documents: Any, learned: str = nodes.TODAY) -> None:
    """Documents as sync takes them from a partner, one by one."""
    for one in documents:
        data = one if isinstance(one, bytes) else bare(one)
        with node.intake.unit() as unit:
            unit.take([prepare(f"exchange:{origin}", data)], learned, origin)
            unit.settle()


def signals(node: Node, kind: str = "") -> list[Signal]:
    with node.views.view() as view:
        found = view.known().signals.of((CVE,)).signals
    return [one for one in found if kind in ("", one.kind)]


def row(node: Node) -> dict[str, Any]:
    (found,) = nodes.listed(node)
    return found


def gaps(node: Node) -> list[str]:
    return [reason for reason, _ in nodes.reasons(node)]


def test_a_partners_sighting_moves_the_rank_and_says_whose_it_is(node: Node) -> None:
    nodes.give(node, [("kev", nodes.kev("CVE-2030-9999"))])
    assert (row(node)["decision"], row(node)["sightings"]) == ("attend", 0)
    arrive(node, "australia", sighting(60, HOLE, count=3, where_sighted_refs=[WATCH["id"]]))
    assert gaps(node) == ["points to what is not here"]
    arrive(node, "japan", HOLE)
    assert (row(node)["decision"], row(node)["sightings"]) == ("act", 3)
    assert gaps(node) == []
    (found,) = signals(node, "sighting")
    assert (found.origin, found.values[2]) == ("australia", WATCH["id"])
    arrive(node, "india", WATCH)
    reasons = explain(row(node)["id"], node.exposures, node.views).reasons
    (said,) = [one for one in reasons if one.about == "sighting"]
    assert said.sentence == "Seen 3 times by CERT-X (from partner australia)."
    assert said.source is not None
    assert said.source.origin == "australia"
    assert "exploitation is active (3 sightings)." in {one.sentence for one in reasons}


def test_a_chain_runs_through_objects_of_several_partners(node: Node) -> None:
    arrive(node, "australia", link(41, WORM, "exploits", HOLE), WORM)
    arrive(node, "japan", link(40, GROUP, "uses", WORM), GROUP)
    arrive(node, "india", link(42, SIGN, "indicates", WORM), SIGN, sighting(60, SIGN))
    assert signals(node) == []
    assert len(gaps(node)) == 2
    nodes.give(node, [("hole", bare(HOLE))])
    assert {one.values[:2]: one.origin for one in signals(node, "exploits")} == {
        ("Worm", "exploits"): "australia",
        ("Night Owl", "uses Worm, exploits"): "australia",
    }
    (seen,) = signals(node, "sighting")
    assert (seen.origin, len(seen.via)) == ("india", 2)
    reasons = explain(row(node)["id"], node.exposures, node.views).reasons
    origins = [one.source.origin for one in reasons if one.source and one.about == "sighting"]
    assert origins == ["india", "india", "australia"]


def test_the_longest_chain_has_three_relationships(node: Node) -> None:
    raid = GROUP | {"type": "campaign", "id": GROUP["id"].replace("intrusion-set", "campaign")}
    far = GROUP | {
        "type": "threat-actor",
        "id": GROUP["id"].replace("intrusion-set", "threat-actor"),
    }
    made = link(43, raid, "attributed-to", GROUP), link(44, far, "uses", raid)
    uses = link(40, raid, "uses", WORM), link(41, WORM, "exploits", HOLE)
    arrive(node, "japan", *made, *uses, raid, far, GROUP, WORM, HOLE)
    names = sorted(str(one.values[1]) for one in signals(node, "exploits"))
    assert names == [
        "Night Owl attributed-to it, uses Worm, exploits",
        "exploits",
        "uses Night Owl, uses Worm, exploits",
        "uses Worm, exploits",
    ]


def test_a_partners_version_never_takes_the_place_of_anothers(node: Node) -> None:
    nodes.give(node, [("worm", bundle(WORM, HOLE, link(41, WORM, "exploits", HOLE)))])
    arrive(node, "mallory", WORM | {"modified": LATER, "name": "Kitten"})
    arrive(node, "mallory", HOLE | {"modified": LATER, "revoked": True})
    arrive(node, "mallory", link(41, WORM, "exploits", HOLE, modified=LATER, revoked=True))
    assert [one.values[0] for one in signals(node, "exploits")] == ["Worm"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_who_did_not_create_it_revokes_it_for_nobody(node: Node, order: tuple[int, ...]) -> None:
    """Sharing rule 12: a sighting by one partner of what another says stands against a third."""
    said = [
        ("japan", HOLE),
        ("australia", HOLE | {"modified": LATER, "revoked": True}),
        ("india", sighting(60, HOLE, count=2)),
    ]
    for one in order:
        origin, value = said[one]
        arrive(node, origin, value)
    assert row(node)["sightings"] == 2
    arrive(node, "japan", HOLE | {"modified": LATER, "revoked": True, "description": "void"})
    assert row(node)["sightings"] == 0, "nobody says any more that there is one"


def test_an_object_that_its_own_origin_revoked_ties_nothing_of_that_origin(node: Node) -> None:
    nodes.give(node, [("hole", bare(HOLE))])
    arrive(node, "india", HOLE | {"modified": LATER, "revoked": True}, sighting(60, HOLE, count=2))
    assert row(node)["sightings"] == 0
    assert gaps(node) == ["revoked"]


def test_each_partner_that_says_so_is_named(node: Node) -> None:
    nodes.give(node, [("hole", bare(HOLE))])
    arrive(node, "japan", WORM, link(41, WORM, "exploits", HOLE))
    arrive(node, "australia", link(42, WORM, "targets", HOLE))
    found = signals(node, "exploits")
    assert [(one.origin, one.values[1]) for one in found] == [
        ("australia", "targets"), ("japan", "exploits"),
    ]  # fmt: skip
    assert row(node)["exploited_by"] == ("Worm",)


def test_a_sighting_that_several_gave_was_seen_once(node: Node) -> None:
    seen = sighting(60, HOLE, count=4)
    nodes.give(node, [("ours", bundle(HOLE, seen, WATCH))])
    arrive(node, "japan", bare(seen))
    assert row(node)["sightings"] == 4
    assert {one.origin for one in signals(node, "sighting")} == {"", "japan"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_what_was_revoked_stays_revoked(node: Node, order: tuple[int, ...]) -> None:
    seen = sighting(60, HOLE)
    versions = [
        seen,
        seen | {"modified": "2030-02-01T00:00:00Z", "revoked": True},
        seen | {"modified": LATER},
    ]
    nodes.give(node, [("hole", bare(HOLE))])
    arrive(node, "japan", *(versions[one] for one in order))
    assert signals(node, "sighting") == []
    assert gaps(node) == ["revoked"]


def test_a_persons_choice_goes_before_a_rival_that_revokes(node: Node) -> None:
    seen = sighting(60, HOLE, count=7)
    good, bad = bare(seen), bare(seen | {"revoked": True})
    nodes.give(node, [("hole", bare(HOLE)), ("good", good), ("bad", bad)])
    assert row(node)["sightings"] == 0
    digests = [digest_of(data) for data in (good, bad)]
    nodes.give(node, [("choice", nodes.choice(*digests))])
    assert row(node)["sightings"] == 7


def digest_of(data: bytes) -> str:
    return prepare("", data).digest


def test_what_was_known_on_a_day_is_replayed(node: Node) -> None:
    nodes.give(node, [("hole", bare(HOLE))])
    arrive(node, "japan", sighting(60, HOLE), learned="2026-02-10T00:00:00.000000Z")
    assert nodes.listed(node, "2026-02-01T00:00:00.000000Z")[0]["sightings"] == 0
    assert nodes.listed(node, "2026-02-11T00:00:00.000000Z")[0]["sightings"] == 1


def test_what_is_taken_back_takes_its_joins_along(node: Node) -> None:
    seen = bare(sighting(60, HOLE))
    nodes.give(node, [("hole", bare(HOLE))])
    before = node.views.state_hash()
    arrive(node, "japan", seen)
    assert row(node)["sightings"] == 1
    with node.intake.unit() as unit:
        unit.remove([digest_of(seen)])
        unit.settle()
    assert row(node)["sightings"] == 0
    assert node.views.state_hash() == before


def test_a_partners_statement_never_closes_what_the_supplier_leaves_open(node: Node) -> None:
    pad = "pkg:npm/left-pad@1.0.0"
    open_ = nodes.openvex(CVE, "affected", pad, author="Maker", at="2026-01-01T00:00:00Z")
    close = nodes.openvex(CVE, "not_affected", pad, author="Maker", at="2026-01-09T00:00:00Z")
    arrive(node, "mallory", close)
    assert row(node)["status"] == "not_affected"  # another party's word, while nobody else speaks
    nodes.give(node, [("vex", open_)])
    assert row(node)["status"] == "exposed"
    reasons = explain(row(node)["id"], node.exposures, node.views).reasons
    said = [one.sentence for one in reasons if one.about == "statement"]
    assert said[0].startswith("VEX by Maker (the supplier) says affected")
    assert said[1].startswith(
        "VEX by Maker (another party, from partner mallory) says not_affected"
    )


def test_the_suppliers_word_that_it_is_affected_counts_whoever_brings_it(node: Node) -> None:
    pad = "pkg:npm/left-pad@1.0.0"
    close = nodes.openvex(CVE, "not_affected", pad, author="Maker", at="2026-01-01T00:00:00Z")
    nodes.give(node, [("vex", close)])
    open_ = nodes.openvex(CVE, "affected", pad, author="Maker", at="2026-01-09T00:00:00Z")
    arrive(node, "japan", open_)
    assert row(node)["status"] == "exposed"


def test_a_partners_catalogue_says_what_is_exploited_and_never_what_is_not(node: Node) -> None:
    arrive(node, "mallory", nodes.kev("CVE-2030-9999"))
    assert row(node)["assumed"][0].startswith("exploitation")
    arrive(node, "japan", nodes.kev(CVE, released="2026-01-12T00:00:00Z"))
    assert row(node)["known_exploited"]


def test_partners_judge_and_claim_nothing_here(node: Node) -> None:
    one = row(node)
    at = "2026-02-01T00:00:00.000000Z"
    verdict = records.Confirmation("confirmation", one["id"], "not_affected", "P", "W", at)
    made = records.write(verdict)
    arrive(node, "mallory", made)
    arrive(node, "mallory", nodes.claim_of(digest_of(SCENE[0][1]), "Elsewhere", "Pump"))
    assert (row(node)["status"], row(node)["operator"]) == ("exposed", "")
    nodes.give(node, [("verdict", made)])
    assert row(node)["status"] == "not_affected"


def test_objects_are_found_by_their_identifier(node: Node) -> None:
    newer = WORM | {"modified": LATER}
    nodes.give(node, [("two", bundle(WORM, HOLE)), ("one", bare(newer))])
    arrive(node, "japan", WORM)
    with node.views.view() as view:
        found = view.stix_objects(WORM["id"])
        assert [(one.version[:7], one.origin, one.place) for one in found] == [
            ("2030-03", "", ""), ("2030-01", "", "/objects/0"), ("2030-01", "japan", ""),
        ]  # fmt: skip
        assert json.loads(view.body(found[0].document)) == newer
        assert view.stix_objects("malware--gone") == []
        assert {one.origin for one in view.list_documents(quarantined=False)} == {"", "japan"}


def test_a_partners_alias_never_makes_two_vulnerabilities_one(node: Node) -> None:
    pad = "pkg:npm/left-pad@1.0.0"
    open_ = nodes.openvex(CVE, "affected", pad, author="Maker", at="2026-01-01T00:00:00Z")
    other = nodes.openvex(
        "CVE-2030-0002", "not_affected", pad, author="Maker", at="2026-01-09T00:00:00Z"
    )
    nodes.give(node, [("one", open_), ("two", other)])
    arrive(node, "mallory", nodes.osv("M-1", "gone", aliases=[CVE, "CVE-2030-0002"]))
    assert (row(node)["status"], row(node)["aliases"]) == ("exposed", ("OSV-1",))
    assert gaps(node).count("alias of another vulnerability") == 2
    with node.views.view() as view:
        found = view.vulnerability(CVE)
        assert found is not None
        assert found.aliases == ("OSV-1",)


def test_nor_through_the_alias_that_a_statement_gives(node: Node) -> None:
    pad = "pkg:npm/left-pad@1.0.0"
    close = json.loads(nodes.openvex("MAKER-1", "not_affected", pad, author="Maker"))
    close["statements"][0]["vulnerability"]["aliases"] = ["CVE-2030-0002"]
    nodes.give(node, [("vex", nodes.text(close))])
    arrive(node, "mallory", nodes.osv("M-1", "gone", aliases=[CVE, "CVE-2030-0002"]))
    assert row(node)["status"] == "exposed"


def test_a_partner_may_give_a_vulnerability_one_more_name(node: Node) -> None:
    arrive(node, "japan", nodes.osv("JP-1", aliases=[CVE]))
    (found,) = nodes.listed(node)
    assert found["aliases"] == ("JP-1", "OSV-1")
    assert gaps(node) == []


def test_a_link_into_a_bill_is_not_followed_through_a_partners_bill(node: Node) -> None:
    serial = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
    link_ = f"urn:cdx:{serial.removeprefix('urn:uuid:')}/1#c0"
    nodes.give(node, [("vex", nodes.openvex(CVE, "not_affected", link_, author="Maker"))])
    pad = ["pkg:npm/left-pad@1.0.0"]
    arrive(node, "mallory", nodes.bill("Pump", "1", pad, supplier="Maker", serial=serial))
    ours = [one for one in nodes.listed(node) if one["status"] == "exposed"]
    assert len(ours) == 1


def test_pages_say_which_partner_a_document_came_from(node: Node) -> None:
    nodes.give(node, [("hole", bare(HOLE))])
    arrive(node, "japan", sighting(60, HOLE, count=3))
    id_ = row(node)["id"]
    with TestClient(application(node), base_url="http://127.0.0.1:8400") as client:
        for path in (f"/exposures/{id_}", f"/advisories/{CVE}", "/documents"):
            page = client.get(path)
            assert page.status_code == 200
            assert "from partner <bdi>japan</bdi>" in page.text
        steps = client.get(f"/exposures/{id_}.json").json()["reasons"]
    said = [step for one in steps if one["about"] == "sighting" for step in one["steps"]]
    assert [step["origin"]["partner"] for step in said] == ["japan"]
