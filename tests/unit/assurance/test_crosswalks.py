"""Mapping collections: what each map becomes, and what refuses a whole collection."""

from __future__ import annotations

from typing import Any

import pytest
import standards

from accord.assurance.assessing.baseline import Baseline, Need, Table
from accord.assurance.crosswalks import oscal
from accord.assurance.crosswalks.carrying import Crosswalk
from accord.assurance.facts import Mapping
from accord.assurance.model import Level
from accord.core.errors import Invalid


def mappings(*maps: tuple[str, str, str], **words: Any) -> list[tuple[str, str, str]]:
    reading = oscal.read(standards.written(standards.collection(*maps, **words)))
    return [
        (fact.source, fact.relationship, fact.target)
        for fact in reading.facts
        if isinstance(fact, Mapping)
    ]


@pytest.mark.parametrize(
    ("published", "here"),
    [
        ("equal-to", "equal"),
        ("equivalent-to", "equivalent"),
        ("superset-of", "superset"),
        ("subset-of", "subset"),
        ("intersects-with", "intersects"),
    ],
)
def test_relationships_keep_their_direction(published: str, here: str) -> None:
    assert mappings(("a:1", published, "b:2")) == [("a@1#1", here, "b@1#2")]


@pytest.mark.parametrize(
    ("source", "relationship", "target", "single"),
    [
        ("a:1+2", "equal-to", "b:1", "subset"),
        ("a:1", "equal-to", "b:1+2", "superset"),
        ("a:1+2", "equivalent-to", "b:1+2", "intersects"),
        ("a:1", "superset-of", "b:1+2", "superset"),
        ("a:1+2", "superset-of", "b:1", "intersects"),
        ("a:1+2", "subset-of", "b:1", "subset"),
        ("a:1", "subset-of", "b:1+2", "intersects"),
        ("a:1+2", "intersects-with", "b:1", "intersects"),
    ],
)
def test_of_several_items_together_each_alone_counts_for_what_it_must(
    source: str, relationship: str, target: str, single: str
) -> None:
    found = mappings((source, relationship, target))
    assert {one[1] for one in found} == {single}


def refused(collection: dict[str, Any]) -> Invalid:
    with pytest.raises(Invalid) as wrong:
        oscal.read(standards.written(collection))
    return wrong.value


@pytest.mark.parametrize(
    ("collection", "place", "told"),
    [
        (
            standards.collection(("a:1", "equal-to", "b:1"), ("b:1", "superset-of", "a:1")),
            "/mapping-collection/mappings/0/maps/0",
            "a loop",
        ),
        (
            standards.collection(
                ("a:1", "superset-of", "a:2"),
                ("b:9", "equal-to", "b:8"),
                ("a:2", "superset-of", "a:3"),
                ("a:3", "equivalent-to", "a:1"),
            ),
            "/mapping-collection/mappings/0/maps/0",
            "a@1#1 to a@1#2, a@1#2 to a@1#3, a@1#3 to a@1#1",
        ),
        (
            standards.collection(("a:1", "subset-of", "a:1")),
            "/mapping-collection/mappings/0/maps/0",
            "to itself",
        ),
        (
            standards.collection(("a:1", "equal-to", "b: ")),
            "/mapping-collection/mappings/0/maps/0/targets/0/id-ref",
            "points to nothing",
        ),
        (
            standards.collection(("a:1", "greater-than", "b:1")),
            "/mapping-collection/mappings/0/maps/0/relationship",
            "no relationship",
        ),
        (
            standards.collection(("a:1", "equal-to", "b:1"), confidence={"percentage": 2}),
            "/mapping-collection/mappings/0/maps/0",
            "from 0 to 1",
        ),
        (
            standards.collection(("a:1", "equal-to", "b:1"), confidence={"category": "huge"}),
            "/mapping-collection/mappings/0/maps/0",
            "low, medium or high",
        ),
        (standards.collection(), "/mapping-collection/mappings", "maps nothing"),
    ],
)
def test_a_collection_is_taken_whole_or_not_at_all(
    collection: dict[str, Any], place: str, told: str
) -> None:
    wrong = refused(collection)
    assert wrong.place == place
    assert told in wrong.reason


def test_an_item_that_its_catalogue_cannot_have_is_named() -> None:
    collection = standards.collection(("a:1", "equal-to", "b:1"))
    resource = collection["mapping-collection"]["mappings"][0]["target-resource"]
    resource["props"][0]["value"] = "ssdf@1.1"
    assert "ssdf@1.1 has no item '1'" in refused(collection).reason
    resource["props"][0]["value"] = "ssdf"
    assert "not a name and a version" in refused(collection).reason
    resource["props"] = []
    assert "names no catalogue" in refused(collection).reason


def test_a_resource_of_the_back_matter_names_a_catalogue() -> None:
    collection = standards.collection(("a:1", "equal-to", "b:PO.1.1"))
    inner = collection["mapping-collection"]
    inner["mappings"][0]["target-resource"]["props"] = []
    inner["back-matter"] = {
        "resources": [
            {
                "uuid": "x",
                "title": "Secure Software Development Framework",
                "props": [{"name": "version", "value": "1.1"}],
            }
        ]
    }
    reading = oscal.read(standards.written(collection))
    assert isinstance(reading.facts[0], Mapping)
    assert reading.facts[0].target == "ssdf@1.1#PO.1.1"


def test_no_relationship_maps_nothing_and_is_reported() -> None:
    reading = oscal.read(standards.written(standards.collection(("a:1", "no-relationship", "b:1"))))
    assert (reading.facts, len(reading.not_evaluated)) == ([], 1)


@pytest.mark.parametrize(
    "item", ["fact@1#no-known-exploited", "sbom@ntia-2021#all", "sigstore@1#signed"]
)
def test_no_claim_is_carried_to_what_only_the_node_finds(item: str) -> None:
    """Neither a document's nor another authority's: only a denial goes back the same way."""
    mappings = [
        Mapping("x", "ssdf@1.1#PO.1.1", item, "superset"),
        Mapping("x", item, "ssdf@1.1#PS.1.1", "equal"),
    ]
    need = Need(id="n", title="n", items=((item,), ("ssdf@1.1#PS.1.1",)), level=Level.VERIFIED)
    table = Table([Baseline(name="b", needs=(need,))], Crosswalk(mappings))
    assert [reach.item for reach in table.satisfying[item]] == [item]
    assert [reach.item for reach in table.supporting[item]] == ["ssdf@1.1#PO.1.1"]
    assert [one.item for one in table.satisfying["ssdf@1.1#PS.1.1"]][1:] == [item]
    assert table.denied_by(item) == {item, "ssdf@1.1#PO.1.1"}
