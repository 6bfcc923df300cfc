"""What a node finds by itself fails closed: the unknown and the unproven do not pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import evidence_made as made
import nodes
import pytest
from evidence_made import NOW, PRODUCT, RELEASE, Desk, Key

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.evidence.errors import WrongSubject
from accord.flows.assessing.assess import Question, assess_one
from accord.flows.load import Giver, load_documents

CLEAN, PROMPT, AGREES = (
    f"fact@1#{name}"
    for name in ("no-known-exploited", "answered-in-time", "bill-matches-provenance")
)
GUARDED = "ssdf@1.1#PS.1.1"
LEFT_PAD = "pkg:npm/left-pad@1.0.0"
KNOWN = nodes.kev("CVE-2026-0001")
OTHER = nodes.kev("CVE-2020-9999", released="2026-01-01T00:00:00Z")


def baseline(item: str, level: str) -> bytes:
    need = {
        "id": "it", "group": "protect", "title": "it", "items": [item], "level": level,
        "source": "made up",
    }  # fmt: skip
    return json.dumps({
        "baseline": "b", "owner": "b", "version": "1", "since": "2026-01-01", "title": "b",
        "requirements": [need],
    }).encode()  # fmt: skip


def desk_for(folder: Path, item: str, level: str = "verified", *bodies: bytes) -> Desk:
    desk = Desk(folder)
    give(desk, baseline(item, level), *bodies)
    return desk


def give(desk: Desk, *bodies: bytes, learned: str = nodes.TODAY) -> None:
    named = [(f"given {number}", body) for number, body in enumerate(bodies)]
    nodes.give(desk.node, named, learned)


def assessed(desk: Desk) -> Assessment:
    asked = Question(product=PRODUCT, release=RELEASE, buyers=("b",))
    return assess_one(desk.node.assessing, desk.node.me, NOW, asked).assessments[0]


def believed(desk: Desk) -> str:
    return assessed(desk).judged[0].verdict


@pytest.mark.parametrize(
    "component",
    [
        "pkg:npm/left-pad@banana",
        "pkg:npm/left-pad",
        "pkg:deb/debian/openssl@1.1.1",
        "pkg:generic/openssl@1.0.1",
    ],
)
def test_one_component_that_was_not_evaluated_is_not_clean(tmp_path: Path, component: str) -> None:
    bill = nodes.bill(PRODUCT, RELEASE, ["pkg:npm/right-pad@1.0.0", component])
    spoken = [nodes.osv("CVE-2020-0001", "other", ecosystem=name) for name in ("npm", "Debian:11")]
    desk = desk_for(tmp_path, CLEAN, "self-asserted", OTHER, bill, *spoken)
    assert believed(desk) == "unknown"


@pytest.mark.parametrize(
    ("component", "ecosystem", "verdict"),
    [
        ("pkg:npm/left-pad@1.0.0", "npm", "verified"),
        ("pkg:npm/left-pad@1.0.0", "PyPI", "unknown"),
        ("pkg:deb/debian/openssl@1.1.1?distro=debian-11", "Debian:11", "verified"),
        ("pkg:deb/ubuntu/openssl@1.1.1?distro=ubuntu-22.04", "Debian:11", "unknown"),
    ],
)
def test_where_no_advisory_speaks_of_anything_nothing_is_known(
    tmp_path: Path, component: str, ecosystem: str, verdict: str
) -> None:
    bill = nodes.bill(PRODUCT, RELEASE, [component])
    elsewhere = nodes.osv("CVE-2020-0001", "other", ecosystem=ecosystem)
    desk = desk_for(tmp_path, CLEAN, "verified", OTHER, bill, elsewhere)
    assert believed(desk) == verdict


def test_only_a_catalogue_of_this_nodes_own_says_what_is_not_exploited(tmp_path: Path) -> None:
    elsewhere = nodes.osv("CVE-2020-0001", "right-pad")
    desk = desk_for(tmp_path, CLEAN, "verified", nodes.bill(PRODUCT, RELEASE), elsewhere)
    others = Giver("feed:elsewhere", "elsewhere")
    load_documents([("kev", OTHER)], desk.intake, NOW, giver=others)
    assert believed(desk) == "unknown"
    give(desk, OTHER)
    assert believed(desk) == "verified"


@pytest.mark.parametrize(
    ("author", "expected"), [("Total stranger", "contradicted"), ("Maker", "self-asserted")]
)
def test_only_a_supplier_closes_what_is_exploited(
    tmp_path: Path, author: str, expected: str
) -> None:
    bill = nodes.bill(PRODUCT, RELEASE)
    desk = desk_for(tmp_path, CLEAN, "verified", bill, nodes.osv("CVE-2026-0001"), KNOWN)
    assert believed(desk) == "contradicted"
    give(desk, nodes.openvex("CVE-2026-0001", "not_affected", LEFT_PAD, author=author))
    assert believed(desk) == expected


@pytest.mark.parametrize(
    ("author", "at", "learned", "expected"),
    [
        ("Maker", "2026-01-20", "2026-01-21", "verified"),
        ("Maker", "2026-01-20", "2026-06-01", "self-asserted"),
        ("Maker", "2026-03-20", "2026-06-01", "contradicted"),
        ("Total stranger", "2026-01-20", "2026-01-21", "contradicted"),
    ],
)
def test_an_answer_is_the_suppliers_and_verified_by_the_day_it_came(
    tmp_path: Path, author: str, at: str, learned: str, expected: str
) -> None:
    advisory = nodes.osv("CVE-2026-0001", published="2026-01-05T00:00:00Z")
    desk = desk_for(tmp_path, PROMPT, "verified", nodes.bill(PRODUCT, RELEASE), advisory)
    desk.add(made.form(responds_within_days=30))
    vex = nodes.openvex(
        "CVE-2026-0001", "affected", LEFT_PAD, author=author, at=f"{at}T00:00:00Z", name="vex:1"
    )
    give(desk, vex, learned=f"{learned}T00:00:00.000000Z")
    assert believed(desk) == expected
    # A newer edition that says the same takes nothing from what was here before.
    again = nodes.openvex(
        "CVE-2026-0001", "affected", LEFT_PAD, author=author, at="2026-07-01T00:00:00Z",
        name="vex:1", action_statement="Update today.",
    )  # fmt: skip
    give(desk, again, learned="2026-07-02T00:00:00.000000Z")
    assert believed(desk) == expected


def described(**hashes: str) -> bytes:
    body: dict[str, Any] = json.loads(nodes.bill(PRODUCT, RELEASE))
    body["metadata"]["component"]["hashes"] = [
        {"alg": f"SHA-{name[3:]}", "content": content} for name, content in hashes.items()
    ]
    return json.dumps(body).encode()


def test_provenance_of_nobody_is_a_word(tmp_path: Path) -> None:
    desk = desk_for(tmp_path, AGREES)
    digest = made.ARTEFACT.removeprefix("sha256:")
    desk.add(described(sha256=digest), made.provenance())
    assert believed(desk) == "self-asserted"
    key = Key()
    desk.issuer("Forge", "builder", keys=key.given, identities=(made.BUILDER,))
    desk.add(made.envelope(made.provenance(), key))
    assert believed(desk) == "verified"


def test_an_equal_commit_excuses_no_other_digest(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    commit = "a" * 40
    body: dict[str, Any] = json.loads(made.provenance())
    body["subject"][0]["digest"] = {"sha256": "0" * 64, "gitCommit": commit}
    known = frozenset({made.ARTEFACT, f"gitCommit:{commit}"})
    with pytest.raises(WrongSubject, match="sha256"):
        desk.add(json.dumps(body).encode(), artefacts=known)
    own = {"sha256": made.ARTEFACT.removeprefix("sha256:"), "gitCommit": commit}
    other = {"name": "another file", "digest": {"sha256": "1" * 64}}
    body["subject"] = [{"name": "lantern.tar", "digest": own}, other]
    (taken,) = desk.add(json.dumps(body).encode(), artefacts=known).taken
    assert set(taken.matched) == known


@pytest.mark.parametrize("billed", [False, True])
def test_a_rivals_no_is_passed_over_and_the_suppliers_own_counts(
    tmp_path: Path, *, billed: bool
) -> None:
    desk = desk_for(tmp_path, GUARDED, "self-asserted")
    if billed:
        give(desk, nodes.bill(PRODUCT, RELEASE, supplier="Lantern Works Ltd."))
    desk.add(made.form(items=[{"item": GUARDED, "answer": "yes"}]))
    no = [{"item": GUARDED, "answer": "no"}]
    desk.add(made.form(producer="Rival Ltd", items=no))
    asked = Question(product=PRODUCT, release=RELEASE, buyers=("b",))
    found = assess_one(desk.node.assessing, "", NOW, asked)
    assert found.assessments[0].verdict == "accept"
    (over,) = found.passed["b"]["it"]
    assert "Rival Ltd, who is not known as the supplier" in over.reason
    desk.add(made.form(date="2026-10-02", items=no))
    assert assessed(desk).verdict == "reject"


def test_a_lab_with_a_standing_denies(tmp_path: Path) -> None:
    desk = desk_for(tmp_path, "vsa@1#passed", "self-asserted")
    desk.add(made.summary("PASSED"), made.form(items=[{"item": GUARDED, "answer": "yes"}]))
    key = Key()
    desk.issuer("Lab", "authority", keys=key.given)
    desk.add(made.envelope(made.summary("FAILED"), key))
    assert assessed(desk).verdict == "reject"
