"""Scores of made-up bills, counted by hand, and what is claimed of them."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import bills
import pytest
from msgspec.structs import replace

from accord.assurance.model import Level
from accord.assurance.profiles.scoring import EXAMPLES, Score, claims
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.flows.score import named, score_bill

WHOLE = {
    "version": "1.0",
    "supplier": {"name": "Example"},
    "purl": "pkg:pypi/part@1.0",
}
HEAD: dict[str, Any] = {
    "metadata": {
        "timestamp": "2026-03-04T05:06:07Z",
        "authors": [{"name": "Ada"}],
        "component": {
            "type": "application",
            "name": "app",
            "bom-ref": "app",
            "version": "1",
            "cpe": "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*",
            "publisher": "Example",
        },
    },
}


def ntia(*components: dict[str, Any], **more: Any) -> Score:
    refs = [f"c{n}" for n in range(len(components))]
    graph = {"dependencies": [{"ref": "app", "dependsOn": refs}]}
    data = json.dumps(bills.cyclonedx(*components, **{**HEAD, **graph, **more})).encode()
    return score_bill(data, [named("ntia-2021")]).scores[0]


def by_field(score: Score) -> dict[str, tuple[int, int]]:
    return {field.id: (field.stated, field.total) for field in score.fields}


def test_a_whole_bill_passes() -> None:
    found = ntia(WHOLE, WHOLE)
    assert (found.passes, found.components, found.listed) == (True, 3, 2)
    assert all(field.passes and field.share == 1 for field in found.fields)
    assert all(claim.level == Level.VERIFIED for claim in claims(found))


def test_one_field_of_one_component_is_enough_to_fail() -> None:
    for lacking in ("version", "supplier", "purl"):
        less = {key: value for key, value in WHOLE.items() if key != lacking}
        found = ntia(WHOLE, less)
        assert not found.passes
        (short,) = [field for field in found.fields if not field.passes]
        assert (short.stated, short.total, short.missing) == (2, 3, 1)
        assert short.share == Fraction(2, 3)
        assert [lack.place for lack in short.lacking] == ["/components/1"]


def test_what_lacks_is_counted_by_its_kind() -> None:
    made = [{**WHOLE, "version": text} for text in ("NOASSERTION", "redacted", "")]
    found = ntia(*made, *[{**WHOLE, "version": "unknown"}] * 7)
    (short,) = [field for field in found.fields if not field.passes]
    assert (short.stated, short.unknown, short.withheld, short.missing) == (1, 8, 1, 1)
    assert len(short.lacking) == EXAMPLES
    assert [lack.said for lack in short.lacking][:3] == ["unknown", "withheld", "missing"]
    claim = next(one for one in claims(found) if one.item.endswith("#component-version"))
    assert claim.why == "1 of 11 components, 8 unknown, 1 withheld"
    assert (claim.holds, claim.level, claim.issuer) == (True, Level.UNKNOWN, "")
    assert claim.place == "/components/0"


def test_nothing_listed_nothing_passed() -> None:
    found = ntia()
    assert (found.components, found.listed, found.passes) == (1, 0, False)
    assert not any(field.passes for field in found.fields if field.level == "component")
    made = {claim.item: claim for claim in claims(found)}
    assert made["sbom@ntia-2021#supplier-name"].why == ("the bill lists nothing beside its product")
    assert made["sbom@ntia-2021#supplier-name"].level == Level.UNKNOWN
    assert made["sbom@ntia-2021#all"].why.endswith("lists nothing beside its product")
    empty = ntia(metadata={}, dependencies=[])
    assert (empty.components, empty.passes) == (0, False)
    assert all(field.share == 0 for field in empty.fields if field.level == "component")


def test_a_profile_of_the_bill_alone_needs_components_too() -> None:
    profile = named("ntia-2021")
    alone = replace(profile, fields=tuple(f for f in profile.fields if f.level == "bill"))
    for parts, passes in (((), False), ((WHOLE,), True)):
        data = json.dumps(bills.cyclonedx(*parts, **HEAD)).encode()
        (found,) = score_bill(data, [alone]).scores
        assert all(field.passes for field in found.fields)
        assert found.passes is passes


def test_an_entry_on_nothing_speaks_for_no_component() -> None:
    nameless = {**WHOLE, "bom-ref": ""}
    found = ntia(nameless, dependencies=[{"ref": "", "dependsOn": ["", "app"]}])
    assert by_field(found)["dependency-relationship"] == (1, 2)
    profile = named("cert-in-2.0")
    bill = bills.cyclonedx(nameless, dependencies=[{"ref": "", "dependsOn": ["x"]}])
    (scored,) = score_bill(json.dumps(bill).encode(), [profile]).scores
    assert by_field(scored)["component-dependencies"] == (0, 1)


def test_the_whole_is_claimed_with_what_lacks() -> None:
    whole = claims(ntia(WHOLE, {}), evidence="sha256:aa", issued="2026-03-04T05:06:07.000000Z")[-1]
    assert whole.item == "sbom@ntia-2021#all"
    assert whole.why == (
        "4 of 7 required fields; lacking: supplier-name, component-version, unique-identifier"
    )
    assert (whole.evidence, whole.kind, whole.level) == ("sha256:aa", "bill", Level.UNKNOWN)


def test_what_is_recommended_is_never_in_the_way() -> None:
    profile = named("ntia-2021")
    soft = tuple(replace(field, required=field.check != "version") for field in profile.fields)
    data = json.dumps(
        bills.cyclonedx(
            {**WHOLE, "version": ""}, **HEAD, dependencies=[{"ref": "app", "dependsOn": ["c0"]}]
        )
    ).encode()
    (found,) = score_bill(data, [replace(profile, fields=soft)]).scores
    assert found.passes
    assert [field.id for field in found.fields if not field.passes] == ["component-version"]


def test_the_product_takes_its_maker_from_the_bill() -> None:
    product = {"type": "application", "name": "app", "bom-ref": "app", "version": "1"}
    for name in ("supplier", "manufacture"):
        metadata = {**HEAD["metadata"], "component": product, name: {"name": "Example"}}
        assert by_field(ntia(WHOLE, metadata=metadata))["supplier-name"] == (2, 2)


def test_nested_components_count() -> None:
    found = ntia({**WHOLE, "components": [{"type": "library", "name": "inner"}]})
    assert by_field(found)["component-version"] == (2, 3)
    assert by_field(found)["dependency-relationship"] == (3, 3)
    assert found.fields[0].lacking[0].place == "/components/0/components/0"


def test_a_component_that_breaks_the_schema_counts_and_states_nothing() -> None:
    found = ntia(WHOLE, {"name": 5})
    assert by_field(found)["component-name"] == (2, 3)
    assert [entry.place for entry in found.refused] == ["/components/1"]
    broken = bills.spdx2({}, {"name": ["x"]}, {"checksums": 5})
    (spdx,) = score_bill(json.dumps(broken).encode(), [named("ntia-2021")]).scores
    assert by_field(spdx)["component-name"] == (1, 3)
    assert [entry.place for entry in spdx.refused] == ["/packages/1", "/packages/2"]
    graph = bills.spdx3([{}], [{"name": 5}])
    (three,) = score_bill(graph, [named("ntia-2021")]).scores
    assert by_field(three)["component-name"] == (1, 2)


def test_xml_tells_lines() -> None:
    xml = b"""<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>
<component type="library"><name>a</name>
</component>
<component type="library"><version>1</version></component>
</components></bom>"""
    (found,) = score_bill(xml, [named("ntia-2021")]).scores
    assert by_field(found)["component-name"] == (1, 2)
    lacking = {field.id: [lack.place for lack in field.lacking] for field in found.fields}
    assert lacking["component-name"] == ["line 4"]
    assert lacking["component-version"] == ["line 2"]


ENTITY = b"""<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>&b;</components></bom>"""


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (ENTITY, Unreadable, "document type"),
        (b"", Unreadable, "empty"),
        (b"{", Unreadable, "not JSON"),
        (b'{"bomFormat":"CycloneDX","specVersion":"9.9"}', Invalid, "1.2 to 1.7"),
        (b'{"bomFormat":"CycloneDX","specVersion":"1.5","components":{}}', Invalid, "array"),
        (b'{"bomFormat":"CycloneDX","specVersion":"1.5","metadata":[]}', Invalid, "object"),
        (b'{"bomFormat":"CycloneDX","components":' + b"[" * 300, TooLarge, "deep"),
        (b'{"spdxVersion":"SPDX-9.9","packages":[]}', Invalid, "SPDX-9.9"),
        (b'{"spdxVersion":"SPDX-2.3","packages":5}', Invalid, "array"),
        (b"SPDXVersion: SPDX-2.3\nnonsense", Unreadable, "nonsense"),
        (b"spdxVersion: SPDX-2.3\npackages: 5", Invalid, "lists"),
        (b"spdxVersion: SPDX-2.3\npackages: [&a {}, *a]", Invalid, "anchor"),
        (b'{"@context":"https://x.org/","@graph":[]}', Invalid, "context"),
        (b'{"@context":"https://spdx.org/rdf/3.0.1/x","@graph":5}', Invalid, "array"),
        (b'{"cveMetadata":{},"dataType":"CVE_RECORD"}', Invalid, "this is CVE record"),
        (b"nothing that is known", Invalid, "a bill in CycloneDX or SPDX is expected"),
        (b'<bom xmlns="http://cyclonedx.org/schema/bom/9.9"/>', Invalid, "bom/1.x"),
    ],
)  # fmt: skip
def test_bad_input_is_named(data: bytes, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        score_bill(data)


def test_odd_shapes_do_not_break_a_score() -> None:
    deep: dict[str, Any] = {"type": "library", "name": "x"}
    for _ in range(80):
        deep = {"type": "library", "name": "x", "components": [deep]}
    (found,) = score_bill(json.dumps(bills.cyclonedx(deep)).encode(), [named("ntia-2021")]).scores
    assert found.components == 81
    circle = [{"ref": "c0", "dependsOn": ["c0"]}, {"ref": 5}, "text", {"ref": "gone"}]
    found = ntia(WHOLE, dependencies=circle)
    assert [entry.place for entry in found.refused] == ["/dependencies/1", "/dependencies/2"]
    graph = bills.spdx3([{}, {"type": "Relationship", "relationshipType": "dependsOn"}, {}])
    assert score_bill(graph).scores[0].components == 1
