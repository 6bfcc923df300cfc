from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from shared import real_members

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.supply.inventory.cyclonedx import read
from accord.supply.inventory.facts import Bill, Component
from accord.supply.products.identity import Identity

DATA = Path(__file__).parents[3] / "data" / "cyclonedx"
EXAMPLES = "data/sbom/cyclonedx-examples.zip"
SERIAL = "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e"


def bom(**fields: Any) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **fields}).encode()


def library(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "library", "name": name, **fields}


def components(reading: Reading) -> list[Component]:
    return [fact for fact in reading.facts if isinstance(fact, Component)]


def without_places(reading: Reading) -> list[object]:
    """What must be equal in both syntaxes."""
    kept: list[object] = []
    for fact in reading.facts:
        if isinstance(fact, Component):
            kept.append(msgspec.structs.replace(fact, place=""))
        elif isinstance(fact, Bill):
            kept.append(msgspec.structs.replace(fact, format=""))
    return kept


@pytest.fixture
def whole() -> Reading:
    return read((DATA / "bill-1.7.json").read_bytes())


def test_the_bill_says_what_it_describes(whole: Reading) -> None:
    assert (whole.kind, whole.title) == ("CycloneDX bill", "Grid Controller 4.2.1")
    assert (whole.subject, whole.edition) == (f"cyclonedx:{SERIAL}", "000000000003")
    assert whole.facts[0] == Bill(
        format="CycloneDX 1.7 JSON",
        id=SERIAL,
        product="Grid Controller",
        release="4.2.1",
        supplier="Gridworks GmbH",
        cpe="cpe:2.3:o:gridworks:grid_controller:4.2.1:*:*:*:*:*:*:*",
        ref="controller",
        created="2026-03-01T08:00:00.000000Z",
        operating_system="debian-12",
    )


def test_every_component_counts_but_ancestors_and_tools_do_not(whole: Reading) -> None:
    assert [component.ref for component in components(whole)] == [
        "controller", "modbus", "os", "ssl", "log", "runtime", "panel", "config", "aes",
        "historian",
    ]  # fmt: skip


def test_identities_come_from_purl_cpe_evidence_or_else_names(whole: Reading) -> None:
    by_ref = {component.ref: component for component in components(whole)}
    assert by_ref["controller"].identities == (
        Identity("cpe:o:gridworks:grid_controller", "4.2.1"),
    )
    assert by_ref["log"].identities == (
        Identity("pkg:maven/org.apache.logging.log4j/log4j-core", "2.14.1"),
        Identity("cpe:a:apache:log4j", "2.14.1"),
    )
    assert by_ref["panel"].identities == (Identity("name:panel makers/operator panel", "2.0"),)
    assert by_ref["historian"].kind == "service"
    assert by_ref["historian"].identities == (Identity("name:cloud historian/historian", "2026.1"),)


def test_a_distribution_package_takes_its_release_from_the_system_beside_it(
    whole: Reading,
) -> None:
    ssl = next(component for component in components(whole) if component.ref == "ssl")
    assert ssl.identities[0] == Identity("pkg:deb/debian/openssl", "3.0.11-1", "12")


def test_what_cannot_take_part_is_told(whole: Reading) -> None:
    assert whole.not_evaluated == [
        NotEvaluated("/components/3", "version range", "runtime-api"),
        NotEvaluated("/components/5", "no identity", "/etc/controller.conf"),
        NotEvaluated("/components/6", "no identity", "AES-128-GCM"),
    ]
    assert whole.refused == [Refused("/dependencies/2/dependsOn/0", '"gone" is not in this bill')]


def test_json_and_xml_give_equal_facts(whole: Reading) -> None:
    other = read((DATA / "bill-1.7.xml").read_bytes())
    assert without_places(other) == without_places(whole)
    assert (other.kind, other.subject, other.edition) == (whole.kind, whole.subject, whole.edition)
    reasons = [(item.reason, item.subject) for item in whole.not_evaluated]
    assert [(item.reason, item.subject) for item in other.not_evaluated] == reasons
    assert [component.place for component in components(other)][:3] == [
        "line 13", "line 19", "line 30",
    ]  # fmt: skip
    assert other.refused == [Refused("line 93", '"gone" is not in this bill')]


def test_the_first_xml_versions_are_read() -> None:
    reading = read(
        b"<bom xmlns='http://cyclonedx.org/schema/bom/1.0' version='1'><components>"
        b"<component type='library'><publisher>Apache</publisher><name>tomcat</name>"
        b"<version>9.0.14</version><modified>false</modified></component></components></bom>"
    )
    [component] = components(reading)
    assert component.identities[0] == Identity("name:apache/tomcat", "9.0.14")
    assert isinstance(reading.facts[0], Bill)
    assert reading.facts[0].format == "CycloneDX 1.0 XML"
    assert (reading.subject, reading.edition) == ("", "")


def test_without_a_serial_number_the_date_orders_editions() -> None:
    reading = read(bom(metadata={"timestamp": "2026-01-02T03:04:05Z"}, version=7))
    assert (reading.subject, reading.edition) == ("", "2026-01-02T03:04:05.000000Z")


def test_a_component_with_an_invalid_purl_is_kept_by_its_name() -> None:
    reading = read(bom(components=[library("A", version="1", purl="invalid purl", group="g")]))
    [component] = components(reading)
    assert component.identities == (Identity("name:g/a", "1"),)
    [refused] = reading.refused
    assert refused.place == "/components/0/purl"
    assert "'invalid purl' is not a package URL" in refused.reason


def test_a_purl_without_a_version_is_of_the_component_s_version() -> None:
    reading = read(bom(components=[library("a", version="1.2", purl="pkg:npm/a")]))
    assert components(reading)[0].identities == (Identity("pkg:npm/a", "1.2"),)
    assert read(bom(components=[library("a", purl="pkg:npm/a")])).not_evaluated == [
        NotEvaluated("/components/0", "no version", "a")
    ]


def test_properties_of_syft_count_only_beside_a_purl_without_upstream() -> None:
    properties = [
        {"name": "syft:cpe23", "value": "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*"},
        {"name": "syft:metadata:source", "value": "origin"},
    ]
    purl = "pkg:deb/debian/x@1?distro=debian-11"
    bare, told = (
        read(bom(components=[library("x", version="1", purl=text, properties=properties)]))
        for text in (purl, f"{purl}&upstream=true-origin")
    )
    assert {identity.package for identity in components(bare)[0].identities} == {
        "pkg:deb/debian/origin", "cpe:a:b:c",
    }  # fmt: skip
    assert {identity.package for identity in components(told)[0].identities} == {
        "pkg:deb/debian/true-origin"
    }


def test_two_systems_in_one_bill_name_none() -> None:
    systems = [
        {"type": "operating-system", "name": "debian", "version": "11"},
        {"type": "operating-system", "name": "alpine", "version": "3.18"},
    ]
    both, one = read(bom(components=systems)), read(bom(components=systems[:1]))
    assert isinstance(both.facts[0], Bill)
    assert isinstance(one.facts[0], Bill)
    assert (both.facts[0].operating_system, one.facts[0].operating_system) == ("", "debian-11")


def test_a_reference_that_stands_twice_is_refused_and_its_component_kept_once() -> None:
    first = library("a", version="1", purl="pkg:npm/a@1", **{"bom-ref": "r"})
    other = library("b", version="2", purl="pkg:npm/b@2", **{"bom-ref": "r"})
    reading = read(bom(components=[first, first, other]))
    assert [component.name for component in components(reading)] == ["a", "b"]
    assert [item.place for item in reading.refused] == [
        "/components/1/bom-ref", "/components/2/bom-ref",
    ]  # fmt: skip
    assert reading.refused[0].reason == "'r' is already the reference of /components/0"


def test_dependencies_in_a_circle_are_no_fault() -> None:
    parts = [library(name, version="1", **{"bom-ref": name}) for name in "abc"]
    circle = [{"ref": a, "dependsOn": [b]} for a, b in ("ab", "bc", "ca")]
    reading = read(bom(components=parts, dependencies=circle))
    assert (len(components(reading)), reading.refused) == (3, [])


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"bomFormat": "Cyclone"}, "/bomFormat"),
        ({"specVersion": "1.8"}, "/specVersion"),
        ({"specVersion": "1.1"}, "/specVersion"),
        ({"specVersion": 1.6}, "/specVersion"),
        ({"serialNumber": "urn:uuid:not-a-uuid"}, "/serialNumber"),
        ({"serialNumber": f"{SERIAL}\n"}, "/serialNumber"),
        ({"version": 0}, "/version"),
        ({"version": "1"}, "/version"),
        ({"metadata": {"component": {"type": "library"}}}, "/metadata/component"),
        ({"components": {}}, "/components"),
    ],
)
def test_a_document_that_breaks_the_schema_is_refused_with_the_place(
    fields: dict[str, Any], place: str
) -> None:
    with pytest.raises(Invalid) as caught:
        read(bom(**fields))
    assert caught.value.place == place
    assert caught.value.reason


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"components": ["a"]}, "/components/0"),
        ({"components": [library("a"), {"type": "library"}]}, "/components/1"),
        ({"components": [{"name": "a"}]}, "/components/0"),
        ({"components": [library("a", type="thing")]}, "/components/0/type"),
        ({"components": [library("a", scope="maybe")]}, "/components/0/scope"),
        ({"components": [library("a", purl=5)]}, "/components/0/purl"),
        ({"components": [library("a", **{"bom-ref": ""})]}, "/components/0/bom-ref"),
        ({"components": [library("a", version="1", versionRange="vers:npm/1")]}, "/components/0"),
        ({"components": [library("a", versionRange="vers:npm/1")]}, "/components/0"),
        ({"services": [{"version": "1"}]}, "/services/0"),
        ({"dependencies": [{"dependsOn": []}]}, "/dependencies/0"),
    ],
)
def test_an_item_that_breaks_the_schema_is_refused_and_its_neighbours_kept(
    fields: dict[str, Any], place: str
) -> None:
    good = library("good", version="1", purl="pkg:npm/good@1")
    fields = {**fields, "components": [*fields.get("components", ()), good]}
    reading = read(bom(**fields))
    assert [one.place for one in reading.refused] == [place]
    assert reading.refused[0].reason
    assert components(reading)[-1].name == "good"


def test_a_place_within_nested_components_is_told() -> None:
    inner = [library("a", components=[library("b", components=[{"name": "c"}])])]
    (refused,) = read(bom(components=inner)).refused
    assert refused.place.startswith("/components/0")


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ("<components>\n<component><name>x</name></component>{}</components>", 2),
        ("<components>\n<component type='thing'><name>x</name></component>{}</components>", 2),
        ("<components>\n<service><name>x</name></service>{}</components>", 2),
        (
            (
                "<components>\n<component type='library'><name>x</name><components>\n"
                "<component/></components></component>{}</components>"
            ),
            3,
        ),
        ("<components>{}</components>\n<services><service/></services>", 2),
        ("<components>{}</components>\n<dependencies><dependency/></dependencies>", 2),
        (
            (
                "<components>{}</components><dependencies><dependency ref='g'>\n<dependency/>"
                "</dependency></dependencies>"
            ),
            2,
        ),
    ],
)
def test_a_bad_element_is_refused_and_its_neighbours_kept(bad: str, line: int) -> None:
    good = "<component type='library' bom-ref='g'><name>good</name><version>1</version></component>"
    text = f"<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>{bad.format(good)}</bom>"
    reading = read(text.encode())
    assert [one.place for one in reading.refused] == [f"line {line}"]
    assert [one.name for one in components(reading)] == ["good"]


def test_a_product_that_breaks_the_schema_refuses_the_whole() -> None:
    product = "<metadata>\n<component type='thing'><name>x</name></component></metadata>"
    text = f"<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>{product}</bom>"
    with pytest.raises(Invalid) as caught:
        read(text.encode())
    assert caught.value.place == "line 2"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"nothing",
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": NaN}',
        bom(components=[library("a")]).replace(b'"a"', b'"\\ud800"'),
        bom(components=[library("a")]).replace(b'"a"', b'"\xff"'),
        b"<bom xmlns='http://cyclonedx.org/schema/bom/2.0'/>",
        b"<bom xmlns='http://cyclonedx.org/schema/bom/1.4' version='x'/>",
        b"<!DOCTYPE bom [<!ENTITY a 'b'>]><bom xmlns='http://cyclonedx.org/schema/bom/1.4'/>",
    ],
)
def test_what_is_not_the_format_is_refused(document: bytes) -> None:
    with pytest.raises(Invalid):
        read(document)


def test_duplicate_keys_are_refused_beside_statements_only() -> None:
    twice = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "version": 2'
    assert read(twice + b"}").kind == "CycloneDX bill"
    with pytest.raises(Unreadable):
        read(twice + b', "vulnerabilities": [{"id": "CVE-2020-1"}]}')
    with pytest.raises(Unreadable):
        read(twice + b', "declarations": {}}')


def tower(depth: int) -> dict[str, Any]:
    part = library("bottom", version="1")
    for _ in range(depth):
        part = library("a", version="1", components=[part])
    return part


def test_nesting_is_followed_within_its_bound() -> None:
    reading = read(bom(components=[tower(90)]))
    assert len(components(reading)) == 91
    assert components(reading)[-1].place == "/components/0" + "/components/0" * 90
    with pytest.raises(TooLarge, match="nested more than 200 deep"):
        read(bom(components=[tower(120)]))


def test_a_document_that_is_no_bill_gives_no_bill() -> None:
    product = {"type": "application", "name": "p", "bom-ref": "p", "purl": "pkg:npm/p@1"}
    vex = read(bom(metadata={"component": product}, vulnerabilities=[{"id": "CVE-2020-1"}]))
    assert (vex.kind, vex.facts) == ("CycloneDX VEX", [])
    assert read(bom(declarations={})).kind == "CycloneDX attestation"
    assert read(bom(definitions={"standards": []})).kind == "CycloneDX standard"
    assert read(bom(components=[library("a")], declarations={})).kind == "CycloneDX bill"


def test_real_pairs_of_json_and_xml_hold_the_same_components() -> None:
    readings = {
        name: read(data)
        for name, data in real_members(EXAMPLES)
        if "SBOM/" in name and name.endswith((".json", ".xml"))
    }
    pairs = [name for name in readings if f"{name.removesuffix('.xml')}.json" in readings]
    assert len(pairs) > 10
    for name in pairs:
        one, other = readings[name], readings[f"{name.removesuffix('.xml')}.json"]
        assert {_known(part) for part in components(one)} == {
            _known(part) for part in components(other)
        }, name


def test_real_bills_with_faults_tell_them_and_keep_the_rest() -> None:
    wanted = ("invalid-purl", "broken-refs", "loop", "simple-ext-a", "cyclonedx-circular")
    found = {}
    for name, data in real_members("data/sbom/redhat-and-syft.zip", ".json"):
        stem = Path(name).stem
        if "/cyclonedx/" in f"/{name}" and stem in wanted:
            found[stem] = data
    with pytest.raises(Invalid, match="serialNumber"):
        read(found.pop("simple-ext-a"))
    told = {stem: read(data) for stem, data in found.items()}
    assert {stem: (len(components(one)), len(one.refused)) for stem, one in told.items()} == {
        "invalid-purl": (1, 1),
        "broken-refs": (1, 1),
        "loop": (3, 6),
        "cyclonedx-circular": (242, 1),
    }


def _known(component: Component) -> tuple[str, str, tuple[Identity, ...]]:
    return component.name, component.version, component.identities


def test_trivy_notes_the_source_package_in_parts() -> None:
    told = [
        {"name": f"aquasecurity:trivy:Src{name}", "value": value}
        for name, value in (
            ("Name", "bind9"),
            ("Version", "9.16"),
            ("Release", "4"),
            ("Epoch", "1"),
        )
    ]
    purl = "pkg:deb/debian/libdns1110@9.16-4?distro=debian-11"
    reading = read(bom(components=[library("x", version="1", purl=purl, properties=told)]))
    assert components(reading)[0].identities == (
        Identity("pkg:deb/debian/bind9", "1:9.16-4", "11"),
        Identity("pkg:deb/debian/bind9", "1:9.16-4"),
    )


def test_a_package_of_no_known_release_is_reported() -> None:
    packages = [
        library("a", purl="pkg:deb/debian/a@1"),
        library("b", purl="pkg:deb/debian/b@1?distro=debian-11"),
        library("c", purl="pkg:apk/wolfi/c@1"),
        library("d", purl="pkg:rpm/redhat/d@1-1.el9"),
    ]
    assert read(bom(components=packages)).not_evaluated == [
        NotEvaluated("/components/0", "no release", "a")
    ]
    system = {"type": "operating-system", "name": "debian", "version": "11"}
    reasons = [one.reason for one in read(bom(components=[system, packages[0]])).not_evaluated]
    assert "no release" not in reasons
