"""Real bills and provenance assessed for four buyers; each figure was read in the documents."""

from __future__ import annotations

import json
import re
import zipfile
from hashlib import sha256
from pathlib import Path

import nodes
import pytest
from evidence_made import Desk
from shared import real

from accord.cli import verdicts
from accord.flows.assessing.assess import Question, assess_one
from accord.flows.assessing.shown import Shown, ShownVerdict, shown

BUYERS = ("us", "au", "in", "jp")
ZOOKEEPER = "zookeeper-3.9.2-cyclonedx.json"
QUARKUS = "spdx/quarkus-bom-3.2.11.Final-redhat-00001.json"
NGINX = "docs/cyclonedx/syft-cyclonedx-docker.io-library-nginx.latest.json"
PROVENANCE = "docs/slsa/kube-slsa-v1.24.1.json"
SCORECARD = "docs/scorecard/scorecard-kubernetes-aaf024b5e8dc5e08e4414583203968ca0a5ec043.json"
APISERVER = "sha256:901449b60a1ec0610e9b70b1aff30b425adba1c049dfc556ee71600725cda801"
"""Of bin/linux/s390x/kube-apiserver, a subject of the provenance."""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "worked-example.md"


def member(pack: str, name: str) -> bytes:
    with zipfile.ZipFile(real(f"data/{pack}.zip")) as archive:
        return archive.read(name)


def jetty() -> bytes:
    return member("eol/endoflife", "eclipse-jetty.md")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    found = Desk(tmp_path)
    kept = [("kev", real("data/kev/known_exploited_vulnerabilities.json").read_bytes())]
    kept += [
        (name, member("eol/endoflife", name))
        for name in ("eclipse-jetty.md", "debian.md", "hibernate-orm.md")
    ]
    nodes.give(found.node, kept)
    return found


def assessed(desk: Desk, product: str, release: str) -> Shown:
    asked = Question(product=product, release=release, buyers=BUYERS)
    return shown(assess_one(desk.node.assessing, desk.node.me, desk.clock.now(), asked))


def tied(desk: Desk, product: str, release: str, *files: bytes, artefact: str = "") -> Shown:
    artefacts = frozenset({artefact} if artefact else ())
    desk.add(*files, product=product, release=release, artefacts=artefacts)
    return assessed(desk, product, release)


def zookeeper(desk: Desk) -> Shown:
    return tied(desk, "zookeeper", "3.9.2", member("sbom/redhat-and-syft", ZOOKEEPER))


def met(one: ShownVerdict) -> set[str]:
    """But what is known to be exploited: that follows from advisories, and here are none."""
    return {need.id for need in one.requirements if need.met and need.id != "known-exploited"}


def denials(one: ShownVerdict) -> dict[str, list[tuple[str, str]]]:
    """By requirement: what denies it, and the document that tells of it."""
    return {
        need.id: [(claim.why, claim.document) for claim in need.denied_by]
        for need in one.requirements
        if need.denied_by
    }


def by_buyer(found: Shown) -> dict[str, ShownVerdict]:
    return {one.buyer: one for one in found.verdicts}


def test_a_component_past_its_support_is_told_with_the_document_that_says_so(desk: Desk) -> None:
    """The bill lists jetty-server 9.4.53; eclipse-jetty.md ends the cycle 9.4 on 2025-08-14."""
    found = by_buyer(zookeeper(desk))
    assert {buyer: one.verdict for buyer, one in found.items()} == dict.fromkeys(BUYERS, "reject")
    said = [
        (
            "support of jetty-server 9.4.53.v20231009 ended on 2025-08-14",
            f"sha256:{sha256(jetty()).hexdigest()}",
        )
    ]
    assert denials(found["us"]) == {"supported": said, "ssdf-produce-03": said}
    assert denials(found["au"]) == {"supported": said}
    assert denials(found["in"]) == {"supported": said, "dev-produce-03": said}
    assert denials(found["jp"]) == {"supported": said, "produce-03": said}
    sides = [side for reason in found["us"].reasons for side in reason.denied]
    assert sides == [f"this node (fact): {said[0][0]}, by document {said[0][1][7:19]}"] * 2


def test_a_bill_meets_what_it_states_of_every_component(desk: Desk) -> None:
    """Its 40 components and its product have names, versions, descriptions, package URLs and
    dependencies; ten have no publisher; the bill has neither author nor time."""
    found = by_buyer(zookeeper(desk))
    assert {buyer: met(one) for buyer, one in found.items()} == {
        "us": set(),
        "au": set(),
        "in": {"bill-names", "bill-dependencies", "bill-identifiers"},
        "jp": {"bill-dependencies"},
    }
    short = {need.id: need for need in found["jp"].requirements}
    assert [one.why for one in short["bill-suppliers"].not_counted] == ["31 of 41 components"]
    assert [one.why for one in short["bill"].not_counted] == [
        "4 of 7 required fields; lacking: supplier-name, author, timestamp"
    ]


def test_the_delta_list_begins_with_what_most_requirements_share(desk: Desk) -> None:
    """PO.5.1 stands twice in the baseline of us, and once in each other; so does PS.3.2, which
    jp asks for twice. RV.1.3 stands in us and in once and in jp twice; au asks for more beside."""
    found = zookeeper(desk)
    first = [(one.item, len(one.unlocks), one.level) for one in found.missing[:3]]
    assert first == [
        ("ssdf@1.1#PO.5.1", 5, "self-asserted"),
        ("ssdf@1.1#PS.3.2", 5, "self-asserted"),
        ("ssdf@1.1#RV.1.3", 4, "self-asserted"),
    ]
    assert [one.requirement for one in found.missing[0].wanted] == [
        "environments-separated", "ssdf-protect-01", "environments", "dev-protect-01",
        "protect-01",
    ]  # fmt: skip


def test_a_distribution_past_its_support_ends_a_container(desk: Desk) -> None:
    """The image of nginx stands on Debian 11; debian.md ends its support on 2024-08-14. Of 144
    components and the image, libintl, debian and the image have no publisher."""
    release = json.loads(member("sbom/guac-data", NGINX))["metadata"]["component"]
    data = member("sbom/guac-data", NGINX)
    found = by_buyer(tied(desk, release["name"], release["version"], data))
    (said,) = denials(found["au"])["supported"]
    assert said[0] == "support of debian 11 ended on 2024-08-14"
    needs = {need.id: need for need in found["jp"].requirements}
    assert [one.why for one in needs["bill-suppliers"].not_counted] == ["142 of 145 components"]
    assert [one.why for one in needs["bill-dependencies"].not_counted] == ["0 of 145 components"]
    assert {buyer: met(one) for buyer, one in found.items()} == {key: set() for key in BUYERS}


def test_what_somebody_else_built_anew_does_not_end_with_the_authors_support(desk: Desk) -> None:
    """Red Hat's bill lists its own build of hibernate-core 6.2.18; the cycle 6.2, which ended on
    2026-05-03, is of the authors' support."""
    data = member("sbom/redhat-and-syft", QUARKUS)
    assert b"hibernate-core" in data
    assert b"6.2.18.Final-redhat-00001" in data
    found = by_buyer(tied(desk, "quarkus-bom", "3.2.11.Final-redhat-00001", data))
    assert {buyer: denials(one) for buyer, one in found.items()} == {key: {} for key in BUYERS}
    assert {one.verdict for one in found.values()} == {"cannot decide"}


def test_provenance_of_nobody_known_is_self_asserted_and_no_more(desk: Desk) -> None:
    """It is not signed: level 1 as the supplier's own word is enough for us and au alone."""
    names = ("sbom/guac-data", PROVENANCE), ("sbom/guac-data", SCORECARD)
    given = [member(*name) for name in names]
    subjects = {one["digest"]["sha256"] for one in json.loads(given[0])["subject"]}
    assert APISERVER.removeprefix("sha256:") in subjects
    found = by_buyer(tied(desk, "kubernetes", "v1.24.1", *given, artefact=APISERVER))
    assert {buyer: met(one) for buyer, one in found.items()} == {
        "us": {"built"}, "au": {"provenance"}, "in": set(), "jp": set(),
    }  # fmt: skip
    assert {one.verdict for one in found.values()} == {"cannot decide"}
    built = next(need for need in found["us"].requirements if need.id == "built")
    assert built.verdict == "self-asserted"


def test_the_worked_example_is_what_a_node_prints(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    found = zookeeper(desk)
    capsys.readouterr()
    verdicts.assessed(found, 0)
    printed = capsys.readouterr().out
    shown_ = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(shown_) == 2
    for part in shown_:
        assert part in printed
    assert sha256(jetty()).hexdigest()[:12] in shown_[0]
