from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shared import real_members

from accord.core.errors import Invalid, Unreadable
from accord.core.reading import NotEvaluated, Reading
from accord.supply.advisories.facts import Vex
from accord.supply.advisories.openvex import read

DATA = Path(__file__).parents[3] / "data" / "openvex"
PURL = "pkg:deb/debian/openssl@3.0.11-1"


def document(*statements: dict[str, Any], **fields: Any) -> bytes:
    head = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://vex.example/1",
        "author": "Asha Rao",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": 2,
        "statements": statements,
    }
    return json.dumps({**head, **fields}).encode()


def statement(**fields: Any) -> dict[str, Any]:
    base = {"vulnerability": {"name": "CVE-2020-0001"}, "products": [{"@id": PURL}]}
    return {**base, "status": "fixed", **fields}


def vex(reading: Reading) -> list[Vex]:
    return [fact for fact in reading.facts if isinstance(fact, Vex)]


def test_a_whole_document_is_read() -> None:
    reading = read((DATA / "document-0.2.0.json").read_bytes())
    assert reading.kind == "OpenVEX document"
    assert reading.subject == "openvex:https://vex.gridworks.example/2026/7"
    assert (reading.edition, reading.title) == ("000000000004", "Gridworks Product Security")
    assert (reading.refused, reading.not_evaluated) == ([], [])
    inherited, own = vex(reading)
    assert inherited == Vex(
        vulnerability="CVE-2021-44228",
        status="not_affected",
        products=(
            "https://gridworks.example/products/controller",
            "pkg:generic/gridworks/controller@4.2.1",
            "cpe:2.3:o:gridworks:grid_controller:4.2.1:*:*:*:*:*:*:*",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
        subcomponents=("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",),
        aliases=("GHSA-jfh8-c2jp-5v3q",),
        justification="vulnerable_code_not_in_execute_path",
        impact="Lookups are switched off.",
        author="Gridworks Product Security",
        supplier="Gridworks GmbH",
        at="2026-03-05T00:00:00.000000Z",
        id="https://vex.gridworks.example/2026/7#1",
        place="/statements/0",
    )
    assert (own.status, own.supplier) == ("affected", "Other GmbH")
    assert own.at == "2026-03-04T00:00:00.000000Z"
    assert own.action == "Update to 4.2.2."


def test_the_first_version_names_things_by_plain_strings() -> None:
    reading = read((DATA / "document-0.0.1.json").read_bytes())
    [found] = vex(reading)
    assert (found.vulnerability, found.products) == ("CVE-2023-12345", ("pkg:apk/wolfi/git@2.39",))
    assert found.subcomponents == ("pkg:generic/zlib@1.2",)
    assert reading.edition == "2023-01-08T18:02:03.000000Z"


def test_the_edition_is_the_version_or_else_the_latest_date() -> None:
    late = statement(timestamp="2026-02-02T00:00:00Z")
    early = statement(timestamp="2026-01-02T00:00:00Z")
    assert read(document(late, version="12")).edition == "000000000012"
    undated = document(late, early, version="", timestamp="")
    assert read(undated).edition == "2026-02-02T00:00:00.000000Z"
    updated = document(late, version="", last_updated="2026-03-03T00:00:00Z")
    assert read(updated).edition == "2026-03-03T00:00:00.000000Z"


def test_products_with_other_subcomponents_are_other_statements() -> None:
    part = {"@id": "pkg:npm/a@1"}
    products = [{"@id": "pkg:oci/x@1", "subcomponents": [part]}, "pkg:oci/y@1", "pkg:oci/z@1"]
    found = vex(read(document(statement(products=products))))
    assert [(one.products, one.subcomponents) for one in found] == [
        (("pkg:oci/x@1",), ("pkg:npm/a@1",)),
        (("pkg:oci/y@1", "pkg:oci/z@1"), ()),
    ]


def test_the_cve_identifier_is_the_name_and_the_others_are_aliases() -> None:
    name = {"name": "GO-2023-2402", "aliases": ["CVE-2023-48795", "GO-2023-2402"]}
    [found] = vex(read(document(statement(vulnerability=name))))
    assert (found.vulnerability, found.aliases) == ("CVE-2023-48795", ("GO-2023-2402",))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "not_affected"}, "needs `justification` or `impact_statement`"),
        ({"status": "safe"}, "safe"),
        ({"status": None}, "null"),
        ({"status": "not_affected", "justification": "because"}, "because"),
        ({"vulnerability": ""}, "nothing names the vulnerability"),
        ({"vulnerability": {}}, "name"),
        ({"products": [{"@id": "pkg:nothing"}]}, "not a package URL"),
        ({"products": [{"@id": PURL, "subcomponents": [{}]}]}, "names the subcomponent"),
        ({"products": [{"@id": PURL, "subcomponents": [{"@id": "pkg:x"}]}]}, "package URL"),
    ],
)
def test_a_statement_that_breaks_a_rule_is_refused_alone(
    fields: dict[str, Any], reason: str
) -> None:
    reading = read(document(statement(**fields), statement()))
    assert [found.place for found in vex(reading)] == ["/statements/1"]
    [refused] = reading.refused
    assert refused.place.startswith("/statements/0")
    assert reason in refused.reason


def test_affected_without_advice_is_told_and_kept() -> None:
    reading = read(document(statement(status="affected")))
    assert [found.status for found in vex(reading)] == ["affected"]
    assert "`affected` needs `action_statement`" in reading.refused[0].reason
    assert read(document(statement(status="affected", action_statement="Update."))).refused == []


def test_a_statement_about_nothing_is_not_evaluated() -> None:
    reading = read(document(statement(products=[]), statement(products=[{}])))
    assert reading.facts == []
    assert reading.not_evaluated == [
        NotEvaluated("/statements/0", "no product", "/statements/0", "CVE-2020-0001"),
        NotEvaluated("/statements/1/products/0", "no identity", "/statements/1", "CVE-2020-0001"),
    ]


def test_a_bad_date_is_told_and_the_statement_kept() -> None:
    reading = read(document(statement(timestamp="soon")))
    assert [item.place for item in reading.refused] == ["/statements/0/timestamp"]
    assert vex(reading)[0].at == "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"@context": "https://openvex.dev/ns/v9"}, "/@context"),
        ({"@context": "https://other.example"}, "/@context"),
        ({"@id": ""}, "/@id"),
        ({"author": " "}, "/author"),
        ({"author": 5}, "/author"),
        ({"version": "two"}, "/version"),
        ({"version": -1}, "/version"),
        ({"version": 10**13}, "/version"),
        ({"version": "9" * 5000}, "/version"),
        ({"statements": {}}, "/statements"),
    ],
)
def test_a_document_that_breaks_a_rule_is_refused(fields: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(document(statement(), **fields))
    assert caught.value.place == place


@pytest.mark.parametrize(
    "data",
    [
        document(statement()).replace(b'"author"', b'"author": "Other", "author"', 1),
        document(statement()).replace(b'"fixed"', b'"fixed", "status": "not_affected"'),
        document(statement()).replace(b'"fixed"', b"NaN"),
        document(statement()).replace(b'"fixed"', b'"\\ud800"'),
        document(statement()).replace(b'"fixed"', b"1e999"),
        document(statement())[:-5],
        b"",
    ],
)
def test_hostile_documents_are_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data)


def test_deep_nesting_is_refused() -> None:
    deep = b"[" * 1000 + b"]" * 1000
    with pytest.raises(Invalid, match="nested more than 200 deep"):
        read(document(statement()).replace(b'"fixed"', deep))


def test_the_real_hub_is_read_without_a_fault() -> None:
    count = 0
    for name, data in real_members("data/vex/vexhub.zip", ".openvex.json"):
        reading = read(data)
        assert (reading.refused, reading.not_evaluated) == ([], []), name
        count += len(vex(reading))
    assert count > 15_000
