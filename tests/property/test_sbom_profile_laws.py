"""Laws of scores: the syntax does not count, and placeholders never pass."""

from __future__ import annotations

import json
from typing import Any

import bills
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.assurance.profiles.scoring import Score
from accord.flows.score import score_bill

placeholders = st.sampled_from(
    ["", "NOASSERTION", "unknown", "n/a", "N/A", "tbd", "-", "none", "redacted", "[withheld]"]
)
words = st.text("abcdefg -.", min_size=1, max_size=12).map(str.strip).filter(bool)
texts = placeholders | words
agents = st.fixed_dictionaries(
    {}, optional={"name": texts.filter(bool), "url": st.just(["https://example.org/"])}
).filter(bool)
licences = st.one_of(
    st.sampled_from(["MIT", "Apache-2.0 OR MIT", "NOASSERTION"]).map(
        lambda text: [{"expression": text}]
    ),
    words.map(lambda text: [{"license": {"name": text}}]),
    st.just([{"license": {"id": "MIT"}}]),
)
digests = st.sampled_from(
    [
        {"alg": "SHA-256", "content": "a" * 64},
        {"alg": "SHA-512", "content": "b" * 128},
        {"alg": "MD5", "content": "c" * 31},
    ]
)
hashes = digests.map(lambda one: [one])
references = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["vcs", "distribution", "source-distribution", "rfc-9116"]),
            "url": st.sampled_from(["https://example.org/a", "https://example.org/b"]),
        },
        optional={"hashes": hashes},
    ),
    max_size=3,
    unique_by=lambda one: (one["type"], one["url"]),
)
properties = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(
                ["bsi:component:archive", "bsi:component:filename", "cert-in:Criticality", "x:y"]
            ),
            "value": texts,
        }
    ),
    max_size=3,
    unique_by=lambda one: one["name"],
)


def components(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"type": st.just("library"), "name": words},
        optional={
            "version": texts,
            "publisher": texts,
            "description": texts,
            "supplier": agents,
            "manufacturer": agents,
            "licenses": licences,
            "hashes": hashes,
            "externalReferences": references,
            "properties": properties,
            "purl": st.just("pkg:pypi/django@3.2.10"),
            "cpe": st.just("cpe:2.3:a:x:y:1:*:*:*:*:*:*:*"),
            "components": inner,
        },
    )


@st.composite
def written(draw: st.DrawFn) -> dict[str, Any]:
    parts = draw(st.lists(components(st.lists(components(st.just([])), max_size=2)), max_size=4))
    count = 0

    def name(part: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        count += 1
        named = {**part, "bom-ref": f"r{count}"}
        return {**named, "components": [name(one) for one in part.get("components", [])]}

    made = [name(part) for part in parts]
    refs = [f"r{n}" for n in range(1, count + 1)]
    edges = {ref: draw(st.lists(st.sampled_from(refs), max_size=2)) for ref in refs}
    graph = [{"ref": ref, "dependsOn": sorted(set(to) - {ref})} for ref, to in edges.items()]
    metadata = draw(
        st.fixed_dictionaries(
            {
                "component": st.just({"type": "application", "name": "app", "bom-ref": "r0"}),
                "timestamp": st.just("2026-03-04T05:06:07+00:00"),
            },
            optional={
                "authors": st.lists(st.fixed_dictionaries({"name": words}), min_size=1, max_size=2),
                "lifecycles": st.just([{"phase": "build"}]),
                "manufacturer": agents,
                "supplier": agents,
            },
        )
    )
    return bills.cyclonedx(*made, metadata=metadata, dependencies=graph)


def counts(scores: tuple[Score, ...]) -> list[Any]:
    return [
        (one.profile, one.components, one.listed, one.passes, field.id, field.stated, field.unknown,
         field.withheld, field.missing)
        for one in scores
        for field in one.fields
    ]  # fmt: skip


def without_the_tool(scores: list[Any]) -> list[Any]:
    """The library that writes the XML names itself as a tool."""
    return [row for row in scores if row[4] != "tool-name"]


@settings(max_examples=40)
@given(written())
def test_json_and_xml_score_the_same(bill: dict[str, Any]) -> None:
    root = {"ref": "r0", "dependsOn": [part["bom-ref"] for part in bill["components"]]}
    whole = {**bill, "dependencies": [root, *bill["dependencies"]]}
    as_json = score_bill(json.dumps(whole).encode()).scores
    as_xml = score_bill(bills.as_xml(whole)).scores
    assert without_the_tool(counts(as_json)) == without_the_tool(counts(as_xml))


@settings(max_examples=60)
@given(written(), placeholders)
def test_placeholders_never_pass(bill: dict[str, Any], text: str) -> None:
    emptied = [
        {**part, "version": text, "description": text, "components": []}
        for part in bill["components"]
    ]
    data = json.dumps({**bill, "metadata": {}, "components": emptied}).encode()
    for score in score_bill(data).scores:
        assert not score.passes
        for field in score.fields:
            if field.id in ("component-version", "component-description"):
                assert field.stated == 0


@settings(max_examples=60)
@given(written())
def test_every_component_is_counted_once_in_every_field(bill: dict[str, Any]) -> None:
    for score in score_bill(json.dumps(bill).encode()).scores:
        for field in score.fields:
            total = score.components if field.level == "component" else 1
            assert field.total == total
            assert field.stated + field.unknown + field.withheld + field.missing == total
            assert 0 <= field.share <= 1
