from __future__ import annotations

import json
from typing import Any

import pytest
from shared import real_members

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.exchange.threats import kev_attack
from accord.exchange.threats.facts import Technique

MAPPING = {
    "capability_id": "CVE-2030-0001",
    "mapping_type": "exploitation_technique",
    "attack_object_id": "T1190",
    "attack_object_name": "Exploit Public-Facing Application",
}


def mappings(*objects: Any, **about: Any) -> bytes:
    metadata = {
        "mapping_framework": "kev",
        "technology_domain": "enterprise",
        "creation_date": "07/28/2030",
        "last_update": "8/9/2030",
    }
    return json.dumps({"metadata": metadata | about, "mapping_objects": objects}).encode()


def test_a_mapping_becomes_a_technique() -> None:
    reading = kev_attack.read(mappings(MAPPING))
    assert reading.subject == "mapping:kev-attack:enterprise"
    assert reading.edition == "2030-08-09T00:00:00.000000Z"
    assert reading.facts == [
        Technique(
            "CVE-2030-0001",
            "T1190",
            "Exploit Public-Facing Application",
            "exploitation_technique",
            "/mapping_objects/0",
        )
    ]


def test_the_day_of_creation_stands_in_for_an_update() -> None:
    edition = kev_attack.read(mappings(last_update=None)).edition
    assert edition == "2030-07-28T00:00:00.000000Z"


def test_a_mapping_without_a_technique_is_not_evaluated() -> None:
    reading = kev_attack.read(mappings(MAPPING | {"attack_object_id": None}))
    assert [one.reason for one in reading.not_evaluated] == ["no technique"]
    assert reading.facts == []


@pytest.mark.parametrize(
    "change",
    [
        {"capability_id": "CVE-1"},
        {"capability_id": None},
        {"attack_object_id": "X1190"},
        {"attack_object_id": 1190},
        {"attack_object_name": ["Phishing"]},
    ],
)
def test_a_bad_mapping_is_refused_and_its_neighbours_kept(change: Any) -> None:
    reading = kev_attack.read(mappings(MAPPING, MAPPING | change, MAPPING))
    assert [one.place for one in reading.refused] == ["/mapping_objects/1"]
    assert len(reading.facts) == 2


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"{}", Invalid),
        (mappings(mapping_framework="nist_800_53"), Invalid),
        (mappings(last_update="13/40/2030"), Invalid),
        (b'{"metadata": NaN}', Unreadable),
        (mappings(MAPPING | {"attack_object_name": "\udfff"}), Unreadable),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, TooLarge),
    ],
)
def test_other_documents_are_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        kev_attack.read(data)


def test_the_real_mappings() -> None:
    found = [
        kev_attack.read(data) for _, data in real_members("data/threat/kev-to-attack.zip", ".json")
    ]
    assert sorted(len(reading.facts) for reading in found) == [45, 1183]
    assert not any(reading.refused for reading in found)
