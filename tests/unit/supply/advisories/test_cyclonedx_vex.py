from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from shared import real_members

from accord.core.errors import Invalid, Unreadable
from accord.core.reading import Fact, NotEvaluated, Reading, Refused
from accord.supply.advisories.cyclonedx_vex import read
from accord.supply.advisories.facts import Advisory, Score, Vex
from accord.supply.products import cpe

DATA = Path(__file__).parents[3] / "data" / "cyclonedx"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
LINK = "urn:cdx:7c9e6679-7425-40de-944b-e07fc1f90ae7/1#part"


def bom(vulnerability: dict[str, Any], **fields: Any) -> bytes:
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    return json.dumps({**head, "vulnerabilities": [vulnerability], **fields}).encode()


def about(*affects: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"id": "CVE-2020-0001", "affects": list(affects), **fields}


def vex(reading: Reading) -> list[Vex]:
    return [fact for fact in reading.facts if isinstance(fact, Vex)]


PRODUCT = {
    "component": {
        "type": "application",
        "bom-ref": "p",
        "name": "Pump",
        "version": "2.0",
        "supplier": {"name": "Acme Inc."},
    }
}
PARTS = [
    {"type": "library", "bom-ref": "log", "name": "log", "purl": "pkg:npm/log@1.0"},
    {"type": "library", "bom-ref": "nameless", "name": "n/a"},
]


def test_a_statement_about_a_part_holds_within_the_product_only() -> None:
    statement = vex(read((DATA / "bill-1.7.json").read_bytes()))[0]
    link = f"urn:cdx:{UUID}/3#log"
    assert statement == Vex(
        vulnerability="CVE-2021-44228",
        status="not_affected",
        products=(
            "cpe:2.3:o:gridworks:grid_controller:4.2.1:*:*:*:*:*:*:*",
            f"urn:uuid:{UUID}",
            link,
        ),
        subcomponents=("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", link),
        aliases=("GHSA-jfh8-c2jp-5v3q",),
        justification="vulnerable_code_not_in_execute_path",
        impact="Lookups are switched off at build time.",
        author="Asha Rao",
        supplier="Gridworks GmbH",
        at="2026-02-02T00:00:00.000000Z",
        id="v1",
        place="/vulnerabilities/0",
    )


def test_the_vulnerability_itself_is_told() -> None:
    reading = read((DATA / "bill-1.7.json").read_bytes())
    assert (reading.kind, reading.subject) == ("CycloneDX VEX", f"cyclonedx:urn:uuid:{UUID}")
    assert reading.edition == "000000000003"
    assert reading.facts[:2] == [
        Advisory(
            advisory="GHSA-jfh8-c2jp-5v3q",
            vulnerability="CVE-2021-44228",
            aliases=("GHSA-jfh8-c2jp-5v3q",),
            publisher="GitHub",
            published="2021-12-10T00:00:00.000000Z",
            modified="2021-12-20T00:00:00.000000Z",
            place="/vulnerabilities/0",
        ),
        Score(
            vulnerability="CVE-2021-44228",
            vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
            score=10.0,
            word="critical",
            source="NVD",
            place="/vulnerabilities/0/ratings/0",
        ),
    ]


def test_json_and_xml_say_the_same() -> None:
    one, other = (read((DATA / f"bill-1.7.{end}").read_bytes()) for end in ("json", "xml"))
    assert [_placeless(fact) for fact in one.facts] == [_placeless(fact) for fact in other.facts]
    assert vex(other)[0].place == "line 96"


def _placeless(fact: Fact) -> Fact:
    return msgspec.structs.replace(fact, place="")


@pytest.mark.parametrize(
    ("analysis", "status", "justification"),
    [
        ({"state": "resolved"}, "fixed", ""),
        ({"state": "resolved_with_pedigree"}, "fixed", ""),
        ({"state": "exploitable"}, "affected", ""),
        ({"state": "in_triage"}, "under_investigation", ""),
        ({"state": "false_positive"}, "not_affected", ""),
        (
            {"state": "not_affected", "justification": "code_not_present"},
            "not_affected",
            "vulnerable_code_not_present",
        ),
        ({"detail": "we are looking"}, "under_investigation", ""),
        ({}, "affected", ""),
    ],
)
def test_the_status_follows_the_analysis(
    analysis: dict[str, str], status: str, justification: str
) -> None:
    [statement] = vex(read(bom(about({"ref": "p"}, analysis=analysis), metadata=PRODUCT)))
    assert (statement.status, statement.justification) == (status, justification)
    assert statement.products == ("name:acme/pump@2.0",)
    assert statement.subcomponents == ()


def test_a_statement_about_the_product_is_about_the_whole_bill() -> None:
    serial = f"urn:uuid:{UUID}"
    [statement] = vex(read(bom(about({"ref": "p"}), metadata=PRODUCT, serialNumber=serial)))
    assert statement.products == ("name:acme/pump@2.0", f"urn:cdx:{UUID}/1#p", serial)
    one = about({"ref": "p", "versions": [{"version": "1"}]})
    [limited] = vex(read(bom(one, metadata=PRODUCT, serialNumber=serial)))
    assert limited.products == ("name:acme/pump@1", f"urn:cdx:{UUID}/1#p#vers:generic/1")


def test_a_cpe_limited_to_a_version_is_a_cpe() -> None:
    part = {"type": "library", "bom-ref": "c", "name": "c", "cpe": "cpe:/a:acme:c:7"}
    versions = [{"version": "1.0:b"}, {"range": "vers:generic/<1"}]
    [statement] = vex(read(bom(about({"ref": "c", "versions": versions}), components=[part])))
    assert statement.products == (
        "cpe:2.3:a:acme:c:1.0\\:b",
        "cpe:2.3:a:acme:c#vers:generic/<1",
    )
    assert cpe.parse(statement.products[0]).version == "1.0:b"


def test_without_a_product_the_part_is_what_the_statement_speaks_of() -> None:
    [statement] = vex(read(bom(about({"ref": "log"}), components=PARTS)))
    assert (statement.products, statement.subcomponents) == (("pkg:npm/log@1.0",), ())


def test_a_bom_link_stays_as_it_is() -> None:
    [statement] = vex(read(bom(about({"ref": LINK}))))
    assert statement.products == (LINK,)


def test_versions_limit_products_and_say_their_own_status() -> None:
    versions = [
        {"version": "1.0+b"},
        {"version": "1.1", "status": "unaffected"},
        {"range": "vers:npm/>=2|<3", "status": "affected"},
        {"version": "9", "status": "unknown"},
    ]
    found = about(
        {"ref": "log", "versions": versions},
        {"ref": LINK, "versions": versions[:1]},
        analysis={"state": "exploitable"},
    )
    statements = vex(read(bom(found, components=PARTS)))
    assert {statement.status: statement.products for statement in statements} == {
        "affected": (
            "pkg:npm/log@1.0%2Bb",
            "pkg:npm/log#vers:npm/>=2|<3",
            f"{LINK}#vers:generic/1.0%2Bb",
        ),
        "not_affected": ("pkg:npm/log@1.1",),
        "under_investigation": ("pkg:npm/log@9",),
    }


def test_an_affected_version_is_never_cleared_by_the_analysis() -> None:
    entry = {"ref": "log", "versions": [{"version": "1", "status": "affected"}]}
    found = about(entry, analysis={"state": "resolved"})
    [statement] = vex(read(bom(found, components=PARTS)))
    assert statement.status == "affected"


def test_what_matches_nothing_is_told() -> None:
    reading = read(bom(about({"ref": "gone"}), components=PARTS))
    assert reading.refused == [
        Refused("/vulnerabilities/0/affects/0/ref", '"gone" is not in this document')
    ]
    assert vex(reading) == []
    assert read(bom(about())).not_evaluated == [
        NotEvaluated("/vulnerabilities/0", "no product", "CVE-2020-0001", "CVE-2020-0001")
    ]
    assert read(bom(about({"ref": "nameless"}), components=PARTS)).not_evaluated == [
        NotEvaluated("/vulnerabilities/0/affects/0", "no identity", "nameless", "CVE-2020-0001")
    ]
    assert read(bom({"bom-ref": "v"})).not_evaluated == [
        NotEvaluated("/vulnerabilities/0", "no identifier", "v")
    ]


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"analysis": {"state": "fine"}}, "/vulnerabilities/0/analysis/state"),
        ({"id": 5}, "/vulnerabilities/0/id"),
        ({"affects": [{}]}, "/vulnerabilities/0/affects/0"),
        ({"affects": [{"ref": LINK, "versions": [{}]}]}, "/vulnerabilities/0/affects/0/versions/0"),
        ({"ratings": [{"score": 11, "method": "CVSSv31"}]}, "/vulnerabilities/0/ratings/0"),
        ({"published": "yesterday"}, "/vulnerabilities/0/published"),
    ],
)
def test_a_fault_is_refused_with_its_place_and_neighbours_are_kept(
    fields: dict[str, Any], place: str
) -> None:
    document = json.loads(bom({**about({"ref": LINK}), **fields}))
    document["vulnerabilities"].append(about({"ref": LINK}))
    reading = read(json.dumps(document).encode())
    assert [item.place for item in reading.refused] == [place]
    assert vex(reading)[-1].place == "/vulnerabilities/1"


def test_a_fault_in_xml_is_refused_with_its_line() -> None:
    reading = read(
        b"<bom xmlns='http://cyclonedx.org/schema/bom/1.5'><vulnerabilities>\n"
        b"<vulnerability><id>CVE-2020-1</id><analysis><state>fine</state></analysis>"
        b"</vulnerability></vulnerabilities></bom>"
    )
    assert [item.place for item in reading.refused] == ["line 2"]
    assert "analysis/state" in reading.refused[0].reason


@pytest.mark.parametrize(
    "document",
    [
        bom(about()).replace(b'"id"', b'"id": "CVE-2020-2", "id"'),
        bom(about()).replace(b'"CVE-2020-0001"', b"NaN"),
        bom(about()).replace(b'"CVE-2020-0001"', b'"\\ud800"'),
        b"<!DOCTYPE bom [<!ENTITY a 'b'>]><bom xmlns='http://cyclonedx.org/schema/bom/1.4'/>",
    ],
)
def test_hostile_documents_are_unreadable(document: bytes) -> None:
    with pytest.raises(Unreadable):
        read(document)


@pytest.mark.parametrize(
    "document",
    [
        b'{"bomFormat": "Other", "specVersion": "1.6"}',
        b'{"bomFormat": "CycloneDX"}',
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1"}',
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": {}}',
        b"<bom xmlns='http://cyclonedx.org/schema/bom/9.9'/>",
        b"[]",
    ],
)
def test_what_is_not_the_format_is_refused(document: bytes) -> None:
    with pytest.raises(Invalid):
        read(document)


def test_a_bill_without_vulnerabilities_says_nothing() -> None:
    assert read(bom({}, vulnerabilities=[])).facts == []


def test_real_examples_are_read_without_a_fault() -> None:
    statements = 0
    for name, data in real_members("data/sbom/cyclonedx-examples.zip", ".json"):
        if b'"vulnerabilities"' in data:
            reading = read(data)
            assert reading.refused == [], name
            statements += len(vex(reading))
    assert statements > 100


@pytest.mark.parametrize("part", ["components", "services"])
def test_a_bad_component_takes_no_statement_with_it(part: str) -> None:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        part: ["bad", {"name": "good", "bom-ref": "g"}, {"name": 5}],
        "vulnerabilities": [
            {"id": "CVE-2026-1", "analysis": {"state": "in_triage"}, "affects": [{"ref": "g"}]}
        ],
    }
    statements = [
        fact.products for fact in read(json.dumps(document).encode()).facts if isinstance(fact, Vex)
    ]
    assert statements == [("name:/good",)]
    with pytest.raises(Invalid):
        read(json.dumps({**document, part: "bad"}).encode())
