"""One bill, written to the specification in each serialisation, gives the same facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shared import real_members

from accord.core import yaml
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.supply.inventory import spdx
from accord.supply.inventory.facts import Bill, Component
from accord.supply.products.identity import Identity

SPECIMENS = Path(__file__).parents[3] / "data" / "spdx"
YAML = (SPECIMENS / "written-to-specification.spdx.yaml").read_bytes()
TAGS = (SPECIMENS / "written-to-specification.spdx").read_bytes()
GRAPH = (SPECIMENS / "written-to-specification.spdx3.json").read_bytes()


def _json(**changes: Any) -> bytes:
    return json.dumps({**yaml.decode(YAML), **changes}).encode()


def _package(**fields: Any) -> dict[str, Any]:
    return {"SPDXID": "SPDXRef-x", "name": "x", "versionInfo": "1", **fields}


def _ref(kind: str, locator: str) -> dict[str, str]:
    return {"referenceCategory": "X", "referenceType": kind, "referenceLocator": locator}


def _bill(reading: Reading) -> Bill:
    assert isinstance(reading.facts[0], Bill)
    return reading.facts[0]


def _components(reading: Reading) -> dict[str, Component]:
    return {fact.name: fact for fact in reading.facts if isinstance(fact, Component)}


SERIALISATIONS = pytest.mark.parametrize(
    ("read", "data", "format_"),
    [
        (spdx.read_json, _json(), "SPDX 2.3 JSON"),
        (spdx.read_yaml, YAML, "SPDX 2.3 YAML"),
        (spdx.read_tag_value, TAGS, "SPDX 2.3 tag-value"),
        (spdx.read_jsonld, GRAPH, "SPDX 3.0.1 JSON-LD"),
    ],
)


@SERIALISATIONS
def test_the_bill(read: Callable[[bytes], Reading], data: bytes, format_: str) -> None:
    reading = read(data)
    assert reading.kind == "SPDX bill"
    assert reading.subject == "spdx:https://sbom.example/pump-portal-4.2"
    assert reading.edition == "2026-03-04T05:06:07.000000Z"
    assert _bill(reading) == Bill(
        format=format_,
        id="https://sbom.example/pump-portal-4.2",
        product="Pump Portal",
        release="4.20",
        supplier="Example Ltd",
        created="2026-03-04T05:06:07.000000Z",
        operating_system="debian-11",
    )
    assert reading.refused == []


@SERIALISATIONS
def test_the_components(read: Callable[[bytes], Reading], data: bytes, format_: str) -> None:
    reading = read(data)
    components = _components(reading)
    assert set(components) == {"Pump Portal", "django", "libssl1.1", "debian"}
    portal = components["Pump Portal"]
    assert (portal.kind, portal.supplier, portal.version) == ("application", "Example Ltd", "4.20")
    assert portal.identities == (Identity("name:example/pump portal", "4.20"),)
    assert components["django"].identities == (Identity("pkg:pypi/django", "3.2.10"),)
    assert components["libssl1.1"].identities == (
        Identity("pkg:deb/debian/openssl", "1.1.1n-0+deb11u3", "11"),
        Identity("pkg:deb/debian/openssl", "1.1.1n-0+deb11u3"),
        Identity("cpe:a:openssl:openssl", "1.1.1n"),
    )
    assert components["debian"].kind == "operating-system"
    assert [(one.reason, one.subject) for one in reading.not_evaluated] == [
        ("no identity", "debian")
    ]


def test_places() -> None:
    assert _components(spdx.read_json(_json()))["django"].place == "/packages/1"
    assert _components(spdx.read_tag_value(TAGS))["django"].place == "line 20"
    assert _components(spdx.read_jsonld(GRAPH))["django"].place == "/@graph/4"


def test_an_invalid_name_is_refused_and_the_component_kept() -> None:
    refs = [_ref("purl", "npm/x"), _ref("cpe22Type", "cpe:/a:b"), _ref("purl", "pkg:npm/x@1")]
    reading = spdx.read_json(_json(packages=[_package(externalRefs=refs)], relationships=[]))
    places = [one.place for one in reading.refused]
    assert places == ["/documentDescribes/0", "/packages/0/externalRefs/0",
                      "/packages/0/externalRefs/1"]  # fmt: skip
    assert _components(reading)["x"].identities == (Identity("pkg:npm/x", "1"),)


def test_a_version_of_the_package_completes_its_names() -> None:
    refs = [_ref("purl", "pkg:npm/x"), _ref("cpe23Type", "cpe:2.3:a:x:x:*:*:*:*:*:*:*:*")]
    reading = spdx.read_json(_json(packages=[_package(externalRefs=refs)]))
    assert _components(reading)["x"].identities == (
        Identity("pkg:npm/x", "1"),
        Identity("cpe:a:x:x", "1"),
    )


def test_why_a_component_cannot_be_matched() -> None:
    packages = [
        _package(),
        _package(SPDXID="SPDXRef-y", name="y", versionInfo="NOASSERTION", originator="Person: Y"),
        _package(SPDXID="SPDXRef-z", name="z", supplier="NOASSERTION", originator="Tool: z <a@b>"),
    ]
    reading = spdx.read_json(_json(packages=packages))
    assert reading.not_evaluated == [
        NotEvaluated("/packages/0", "no identity", "x"),
        NotEvaluated("/packages/1", "no version", "y"),
    ]
    assert _components(reading)["z"].supplier == "z"


def test_a_misshapen_entry_is_refused_alone() -> None:
    packages = [_package(), {"name": "no id"}, "text", _package(SPDXID="SPDXRef-y", name="y")]
    relations = [
        {"spdxElementId": "SPDXRef-x", "relationshipType": 5, "relatedSpdxElement": "SPDXRef-y"}
    ]
    data = _json(packages=packages, relationships=relations, documentDescribes=["SPDXRef-y"])
    reading = spdx.read_json(data)
    assert set(_components(reading)) == {"x", "y"}
    assert _components(reading)["y"].place == "/packages/3"
    assert _bill(reading).product == "y"
    assert [one.place for one in reading.refused] == [
        "/packages/1",
        "/packages/2",
        "/relationships/0",
    ]


def test_an_identifier_stands_once() -> None:
    reading = spdx.read_json(_json(packages=[_package(), _package(name="y")], relationships=[]))
    assert set(_components(reading)) == {"x"}
    assert Refused("/packages/1", "the identifier 'SPDXRef-x' stands twice") in reading.refused


@pytest.mark.parametrize(
    ("kind", "other", "refused"),
    [
        ("CONTAINS", "SPDXRef-nowhere", True),
        ("SWALLOWS", "SPDXRef-django", True),
        ("CONTAINS", "DocumentRef-other:SPDXRef-x", False),
        ("CONTAINS", "NOASSERTION", False),
        ("CONTAINS", "SPDXRef-file", False),
    ],
)
def test_relationships(kind: str, other: str, refused: bool) -> None:  # noqa: FBT001
    relation = {
        "spdxElementId": "SPDXRef-portal", "relationshipType": kind, "relatedSpdxElement": other,
    }  # fmt: skip
    reading = spdx.read_json(_json(relationships=[relation]))
    assert [one.place for one in reading.refused] == ["/relationships/0"] * refused


@pytest.mark.parametrize("kind", ["DESCRIBES", "DESCRIBED_BY"])
def test_what_is_described_may_be_said_by_a_relationship(kind: str) -> None:
    ends = ["SPDXRef-DOCUMENT", "SPDXRef-django"]
    first, second = ends if kind == "DESCRIBES" else reversed(ends)
    relation = {
        "spdxElementId": first, "relationshipType": kind, "relatedSpdxElement": second,
    }  # fmt: skip
    reading = spdx.read_json(_json(documentDescribes=None, relationships=[relation]))
    assert (_bill(reading).product, _bill(reading).purl) == ("django", "pkg:pypi/Django@3.2.10")


def test_the_system_follows_from_package_urls_where_they_agree() -> None:
    def read(*distros: str) -> str:
        packages = [
            _package(SPDXID=f"SPDXRef-{at}", externalRefs=[
                _ref("purl", f"pkg:deb/debian/x@1?arch=all&distro={distro}")])
            for at, distro in enumerate(distros)
        ]  # fmt: skip
        return _bill(spdx.read_json(_json(packages=packages))).operating_system

    assert read("debian-11", "debian-11") == "debian-11"
    assert read("debian-11", "debian-12") == ""


def test_a_date_that_is_none_leaves_the_document_undated() -> None:
    reading = spdx.read_json(_json(creationInfo={"created": "yesterday"}))
    assert reading.edition == ""
    assert [one.place for one in reading.refused] == ["/creationInfo/created"]


@pytest.mark.parametrize(
    ("read", "data", "error", "reason"),
    [
        (spdx.read_json, b'{"SPDXVersion": "SPDX-2.2"}', Invalid, "spdxVersion"),
        (spdx.read_json, _json(spdxVersion="SPDX-9.0"), Invalid, "SPDX-9.0"),
        (spdx.read_json, _json(documentNamespace=""), Invalid, "documentNamespace"),
        (spdx.read_json, _json(packages={"a": 1}), Invalid, "list"),
        (spdx.read_json, _json(name=5), Invalid, "name"),
        (spdx.read_json, b"[]", Invalid, "object"),
        (spdx.read_json, b"{", Unreadable, "JSON"),
        (spdx.read_json, b'{"packages":' + b"[" * 300, TooLarge, "deep"),
        (spdx.read_yaml, b"- a", Invalid, "object"),
        (spdx.read_yaml, b"a: *b", Invalid, "alias"),
        (spdx.read_tag_value, b"hello", Unreadable, "Tag: value"),
        (spdx.read_tag_value, b"\xff", Unreadable, "UTF-8"),
        (spdx.read_tag_value, b"SPDXVersion: <text>x", Unreadable, "never ends"),
        (spdx.read_tag_value, b"PackageName: x", Invalid, "spdxVersion"),
        (spdx.read_jsonld, b"{}", Invalid, "@graph"),
        (spdx.read_jsonld, b'{"@context": "x", "@graph": []}', Invalid, "context"),
        (spdx.read_jsonld, GRAPH.replace(b"software_Sbom", b"SpdxDocument"), Invalid, "second"),
    ],
)
def test_what_is_refused_as_a_whole(
    read: Callable[[bytes], Reading], data: bytes, error: type[Invalid], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        read(data)


def test_tag_value_entries_that_are_refused_alone() -> None:
    text = TAGS + b"Relationship: a CONTAINS\nPackageName: nameless\nExternalRef: SECURITY purl\n"
    reading = spdx.read_tag_value(text)
    assert len(_components(reading)) == 4
    lines = TAGS.count(b"\n")
    places = {one.place for one in reading.refused}
    assert places == {f"line {lines + number}" for number in (1, 2, 3)}


def test_a_misshapen_element_of_a_graph_is_refused_alone() -> None:
    graph = json.loads(GRAPH)
    graph["@graph"][4]["name"] = 5
    del graph["@graph"][5]["name"]
    reading = spdx.read_jsonld(json.dumps(graph).encode())
    assert set(_components(reading)) == {"Pump Portal", "debian"}
    assert [one.place for one in reading.refused] == ["/@graph/4", "/@graph/5"]


def test_real_examples_in_every_serialisation() -> None:
    read = 0
    for name, data in real_members("data/sbom/spdx-examples.zip"):
        if name.endswith(".spdx"):
            reading = spdx.read_tag_value(data)
        elif b'"@graph"' in data[:4000]:
            reading = spdx.read_jsonld(data)
        elif b'"spdxVersion"' in data:
            reading = spdx.read_json(data)
        else:
            continue
        read += 1
        assert reading.refused == [], name
        assert reading.subject, name
        assert reading.edition, name
    assert read == 49


def test_real_bills_of_containers_and_products() -> None:
    components, refused = 0, 0
    for name, data in real_members("data/sbom/redhat-and-syft.zip", ".json"):
        if "spdx" in name and b'"spdxVersion"' in data:
            reading = spdx.read_json(data)
            components += len(_components(reading))
            refused += len(reading.refused)
    assert components > 5000
    assert refused == 2


def test_a_hostile_supplier_costs_no_time() -> None:
    packages = [_package(supplier="Organization: a" + " (" * 200_000)]
    reading = spdx.read_json(_json(packages=packages, relationships=[]))
    assert _components(reading)["x"].identities == ()


@pytest.mark.timeout(10)
def test_roots_that_go_in_a_circle_describe_nothing() -> None:
    circle = GRAPH.replace(b'https://sbom.example/portal"]', b'https://sbom.example/bill"]')
    assert _bill(spdx.read_jsonld(circle)).product == ""


LONE = {
    "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
    "type": "software_Package",
    "spdxId": "https://example.org/p",
    "name": "django",
    "software_packageVersion": "3.2",
    "software_packageUrl": "pkg:pypi/django@3.2",
}


def test_an_element_without_a_graph_is_a_document_of_one() -> None:
    reading = spdx.read_jsonld(json.dumps(LONE).encode())
    assert _components(reading)["django"].purl == "pkg:pypi/django@3.2"
    assert _components(reading)["django"].place == ""
    with pytest.raises(Invalid, match="context"):
        spdx.read_jsonld(json.dumps({**LONE, "@context": "x"}).encode())
    with pytest.raises(Invalid, match="name"):
        spdx.read_jsonld(json.dumps({**LONE, "name": 5}).encode())


@pytest.mark.parametrize(
    ("told", "locator", "source", "version"),
    [
        ("built package from: openssl 1:1.1-2", "", "openssl", "1:1.1-2"),
        ("built package from: openssl", "", "openssl", "1.1-1"),
        ("built package from: openssl 2", "&upstream=other", "other", "1.1-1"),
        ("acquired package info from DPKG DB: status", "", "libssl1.1", "1.1-1"),
    ],
)
def test_the_source_package_that_trivy_notes_counts(
    told: str, locator: str, source: str, version: str
) -> None:
    locator = f"pkg:deb/debian/libssl1.1@1.1-1?distro=debian-11{locator}"
    package = {
        "SPDXID": "SPDXRef-p",
        "name": "libssl1.1",
        "versionInfo": "1.1-1",
        "sourceInfo": told,
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": locator,
            }
        ],
    }
    document = {"spdxVersion": "SPDX-2.3", "documentNamespace": "https://example.org/t"}
    reading = spdx.read_json(json.dumps({**document, "packages": [package]}).encode())
    found = _components(reading)["libssl1.1"].identities
    assert found[0] == Identity(f"pkg:deb/debian/{source}", version, "11")
    lines = "\n".join(
        [
            "SPDXVersion: SPDX-2.3", "DocumentNamespace: https://example.org/u",
            "PackageName: libssl1.1", "SPDXID: SPDXRef-p", "PackageVersion: 1.1-1",
            f"PackageSourceInfo: <text>{told}</text>",
            f"ExternalRef: PACKAGE-MANAGER purl {locator}",
        ]
    )  # fmt: skip
    assert _components(spdx.read_tag_value(lines.encode()))["libssl1.1"].identities == found
