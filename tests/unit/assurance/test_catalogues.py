"""Catalogues in each form: what becomes an item, and what is said of slips and defects."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

import pytest
import standards
import yaml
from shared import real, real_members

from accord.assurance.catalogues import cyclonedx, identifiers, names, oscal, osps, own, psscrm
from accord.assurance.catalogues.assembling import Entry, assemble
from accord.assurance.facts import Catalogue, CatalogueItem, Mapping
from accord.core.errors import Invalid
from accord.core.reading import Reading


def items(reading: Reading) -> list[CatalogueItem]:
    return [fact for fact in reading.facts if isinstance(fact, CatalogueItem)]


def kinds(reading: Reading) -> dict[str, int]:
    return dict(Counter(item.kind for item in items(reading)))


def notes(reading: Reading) -> list[tuple[str, str, str]]:
    return [(note.reason, note.subject, note.name) for note in reading.not_evaluated]


def test_oscal_groups_and_controls_nest() -> None:
    reading = oscal.read(standards.written(standards.OSCAL))
    assert [(one.item, one.parent, one.kind, one.title) for one in items(reading)] == [
        ("group-1", "", "group", "Wicks"),
        ("trim", "group-1", "group", "Trimming"),
        ("lm-1", "trim", "principle", "Wicks are trimmed."),
        ("lm-1.1", "lm-1", "control", "By hand"),
    ]
    assert items(reading)[2].levels == ("ALL",)
    assert items(reading)[3].place == "/catalog/groups/0/groups/0/controls/0/controls/0"
    assert reading.subject == "catalogue:lantern-manual@2026.1"
    assert isinstance(reading.facts[0], Catalogue)
    assert reading.facts[0].publisher == "Lantern Office"


def test_cyclonedx_slips_are_put_right_and_reported() -> None:
    reading = cyclonedx.read(standards.written(standards.CYCLONEDX))
    assert [(one.item, one.parent, one.kind) for one in items(reading)] == [
        ("PO", "", "group"),
        ("PO.1", "PO", "practice"),
        ("PO.1.1", "PO.1", "task"),
    ]
    assert items(reading)[2].levels == ("L1",)
    assert notes(reading) == [
        ("identifier corrected", "P0.1 ", "ssdf@9.9#PO.1"),
        ("identifier corrected", "PO 1.1", "ssdf@9.9#PO.1.1"),
    ]


def _changed(change: Any) -> Reading:
    document = copy.deepcopy(standards.CYCLONEDX)
    change(document["definitions"]["standards"][0])
    return cyclonedx.read(standards.written(document))


def test_what_stands_twice_counts_once_and_is_refused_with_both_places() -> None:
    twice = {"bom-ref": "other", "identifier": "PO", "text": "Again"}
    reading = _changed(lambda one: one["requirements"].append(twice))
    first = "/definitions/standards/0/requirements/0"
    assert [(refused.place, refused.reason) for refused in reading.refused] == [
        (
            "/definitions/standards/0/requirements/3",
            f"'PO' stands twice in this catalogue; the first is at {first}",
        )
    ]
    assert len(items(reading)) == 3


def test_a_parent_or_a_level_that_is_not_there_is_reported() -> None:
    def change(one: Any) -> None:
        one["requirements"][1]["parent"] = "gone"
        one["levels"][0]["requirements"].append("nowhere")

    reading = _changed(change)
    assert ("parent does not exist", "PO.1", "parent gone") in notes(reading)
    assert ("a level names nothing", "nowhere", "L1") in notes(reading)
    assert items(reading)[1].parent == ""


def test_items_that_hold_each_other_are_reported_and_do_not_hang() -> None:
    def change(one: Any) -> None:
        one["requirements"][0]["parent"] = "po.1.1"

    reading = _changed(change)
    assert [note[0] for note in notes(reading)].count("an item holds itself") == 3


def test_a_line_of_items_without_an_end_costs_no_more_than_its_bound() -> None:
    entries = [
        Entry(key=str(n), identifier=str(n), parent=str(n - 1) if n else "", place=f"/{n}")
        for n in range(5000)
    ]
    account = assemble("x@1", entries)
    assert len(account.items) == 5000
    assert {note.reason for note in account.notes} == {"an item holds itself"}
    assert account.notes[0].place == "/101"


def test_osps_controls_requirements_and_references() -> None:
    reading = osps.read(standards.OSPS.encode())
    assert kinds(reading) == {
        "group": 1,
        "control": 1,
        "requirement": 1,
        "retired requirement": 1,
    }
    found = [fact for fact in reading.facts if isinstance(fact, Mapping)]
    assert [(one.source, one.target, one.relationship) for one in found] == [
        ("osps@unversioned#OSPS-AC-01", "ssdf@1.1#PO.3.1", "intersects"),
        ("osps@unversioned#OSPS-AC-01", "ssdf@1.1#RV.2.2", "intersects"),
    ]
    assert notes(reading) == [
        ("identifier corrected", "P0.3.1", "ssdf@1.1#PO.3.1"),
        ("identifier corrected", "RV 2.2", "ssdf@1.1#RV.2.2"),
        ("a reference that names nothing", "OSPS-AC-01", ""),
        ("refers to a catalogue whose edition is not known", "CSF", "1 references"),
    ]


def test_psscrm_lists_of_references_are_divided_and_nonsense_is_reported() -> None:
    reading = psscrm.read(standards.written(standards.PSSCRM))
    assert kinds(reading) == {"group": 1, "practice": 1, "task": 1}
    targets = [fact.target for fact in reading.facts if isinstance(fact, Mapping)]
    assert targets == ["ssdf@1.1#PO.1.1", "ssdf@1.1#PO.1.2", "scvs@1.0#V6-Pedigree_and_Provenance"]
    assert ("not an identifier of its catalogue", "PO.9.x", "ssdf@1.1") in notes(reading)


def test_a_catalogue_of_ones_own() -> None:
    reading = own.read(standards.CATALOGUE.encode())
    assert [(one.item, one.parent) for one in items(reading)] == [("warp", ""), ("weft", "warp")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (standards.CATALOGUE.replace("publisher:", "publisherr:"), ""),
        (standards.CATALOGUE.replace("catalogue: loom", "catalogue: lo@om"), "/catalogue"),
        (standards.CATALOGUE.partition("items:")[0] + "items: []\n", "/items"),
    ],
)
def test_a_catalogue_of_ones_own_is_strict(text: str, place: str) -> None:
    with pytest.raises(Invalid) as wrong:
        own.read(text.encode())
    assert wrong.value.place == place


@pytest.mark.parametrize(
    ("catalogue", "found", "meant"),
    [
        ("ssdf@1.1", "P0.3.1", "PO.3.1"),
        ("ssdf@1.1", "RV 2.2", "RV.2.2"),
        ("ssdf@1.1", " po.1.1 ", "PO.1.1"),
        ("ssdf@1.1", "P0 1.1", "PO.1.1"),
        ("ssaf@DRAFT-2023-11", "1f", "1-f"),
        ("bsimm@15", "SE.3.9", "SE3.9"),
        ("scvs@1.0", "6", "V6-Pedigree_and_Provenance"),
        ("anything@1", " A  b ", "A b"),
    ],
)
def test_identifiers_as_people_write_them(catalogue: str, found: str, meant: str) -> None:
    assert identifiers.normal(catalogue, found) == meant


@pytest.mark.parametrize("text", ["PO.1.1.1", "PX.1", "", "PO.0.1", "P00.1"])
def test_what_is_no_identifier_is_not_bent_into_one(text: str) -> None:
    with pytest.raises(identifiers.Unlike):
        identifiers.normal("ssdf@1.1", text)


@pytest.mark.parametrize(
    ("title", "version", "name"),
    [
        ("Mobile Application Security Verification Standard (MASVS)", "v2.1.0", "masvs@2.1.0"),
        ("Application Security Verification Standard (ASVS)", "5.0.0", "asvs@5.0.0"),
        ("Some Other  Standard!", "", "some-other-standard@unversioned"),
    ],
)
def test_names_of_catalogues(title: str, version: str, name: str) -> None:
    assert names.reference(title, version) == name


def test_the_ism_has_as_many_controls_as_its_publisher_counts() -> None:
    found = kinds(oscal.read(real("data/standards/ISM_catalog.json").read_bytes()))
    assert found["control"] + found["principle"] == 1107
    assert found == {"group": 562, "control": 1073, "principle": 34}


COUNTS = {
    "ssdf@1.1": {"group": 4, "practice": 19, "task": 42},
    "ssaf@DRAFT-2023-11": {"group": 1, "requirement": 9},
    "asvs@4.0.3": {"group": 83, "requirement": 288},
    "asvs@5.0.0": {"group": 97, "requirement": 345},
    "masvs@2.0.0": {"group": 7, "requirement": 20},
    "masvs@2.1.0": {"group": 8, "requirement": 24},
    "samm@2.1.0": {"group": 50, "requirement": 90},
    "scvs@1.0": {"group": 6, "requirement": 87},
    "bsimm@13": {"group": 14, "requirement": 126},
    "bsimm@14": {"group": 15, "requirement": 127},
    "bsimm@15": {"group": 15, "requirement": 129},
    "pci-secure-slc@1.1": {"group": 38, "requirement": 116},
}
"""One of 141 entries of BSIMM 13 has the reference of another, and is refused."""


def test_every_standard_in_cyclonedx_has_as_many_requirements_as_it_was_published_with() -> None:
    found = {}
    for _, data in real_members("data/standards/cyclonedx-standards.zip", ".cdx.json"):
        reading = cyclonedx.read(data)
        found[reading.subject.removeprefix("catalogue:")] = kinds(reading)
        assert len(items(reading)) + len(reading.refused) == _published(data)
    assert found == COUNTS


def _published(data: bytes) -> int:
    return sum(len(one["requirements"]) for one in json.loads(data)["definitions"]["standards"])


def test_osps_and_psscrm_have_as_many_as_they_were_published_with() -> None:
    whole: Counter[str] = Counter()
    corrected = set()
    for _, data in real_members("data/standards/osps-baseline.zip", ".yaml"):
        reading = osps.read(data)
        whole.update(kinds(reading))
        corrected |= {note[1] for note in notes(reading) if note[0] == "identifier corrected"}
    assert whole == {"group": 8, "control": 41, "requirement": 64, "retired requirement": 1}
    assert corrected == {"P0.3.1", "P0.4.2", "RV 2.2"}
    tasks = psscrm.read(real("data/standards/p-sscrm-2_0.json").read_bytes())
    assert kinds(tasks) == {"group": 4, "practice": 15, "task": 73}


def _controls(part: dict[str, Any]) -> int:
    """OSCAL controls below a group or control, counted without the reader."""
    own = part.get("controls", [])
    return len(own) + sum(_controls(one) for one in (*own, *part.get("groups", [])))


def test_each_item_of_the_publishers_files_is_counted_without_the_reader() -> None:
    """Of every file but those in CycloneDX, which are counted so above."""
    ism = real("data/standards/ISM_catalog.json").read_bytes()
    found = kinds(oscal.read(ism))
    assert found["control"] + found["principle"] == _controls(json.loads(ism)["catalog"])
    for name, data in real_members("data/standards/osps-baseline.zip", ".yaml"):
        read, published = Counter(kinds(osps.read(data))), yaml.safe_load(data)
        assert read["group"] == len(published["groups"]), name
        assert read["control"] == len(published["controls"]), name
        wanted = sum(len(one["assessment-requirements"]) for one in published["controls"])
        assert read["requirement"] + read["retired requirement"] == wanted, name
    data = real("data/standards/p-sscrm-2_0.json").read_bytes()
    groups = json.loads(data)["groups"]
    practices = [practice for group in groups for practice in group["practices"]]
    assert kinds(psscrm.read(data)) == {
        "group": len(groups),
        "practice": len(practices),
        "task": sum(len(practice["tasks"]) for practice in practices),
    }
