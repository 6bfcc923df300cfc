from __future__ import annotations

import json
from typing import Any

import pytest
from shared import real

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.supply.advisories import kev
from accord.supply.advisories.facts import KnownExploited

ENTRY = {
    "cveID": "CVE-2030-0001",
    "vendorProject": "Acme",
    "product": "Gate",
    "vulnerabilityName": "Acme Gate Overflow",
    "dateAdded": "2030-02-01",
    "dueDate": "2030-02-22",
    "knownRansomwareCampaignUse": "Known",
}


def catalogue(*entries: Any, **fields: Any) -> bytes:
    whole = {
        "title": "Catalogue",
        "dateReleased": "2030-02-02T03:04:05.6Z",
        "count": len(entries),
        "vulnerabilities": list(entries),
    }
    return json.dumps(whole | fields).encode()


def test_an_entry_becomes_a_dated_fact() -> None:
    reading = kev.read(catalogue(ENTRY))
    assert (reading.subject, reading.edition) == ("kev", "2030-02-02T03:04:05.600000Z")
    assert reading.facts == [
        KnownExploited(
            "CVE-2030-0001", "Acme", "Gate", "Acme Gate Overflow", "2030-02-01T00:00:00.000000Z",
            "2030-02-22T00:00:00.000000Z", ransomware=True, place="/vulnerabilities/0",
        )
    ]  # fmt: skip
    assert not reading.refused


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cveID": "CVE-30-1"}, "not a CVE identifier"),
        ({"dateAdded": "soon"}, "not a date"),
        ({"dateAdded": ""}, "does not say when"),
        ({"dueDate": "2030-13-01"}, "not a date"),
        ({"product": 7}, "Expected `str`"),
    ],
)
def test_a_bad_entry_is_refused_and_its_neighbours_kept(change: Any, reason: str) -> None:
    reading = kev.read(catalogue(ENTRY, ENTRY | change, ENTRY))
    assert len(reading.facts) == 2
    assert [one.place.startswith("/vulnerabilities/1") for one in reading.refused] == [True]
    assert reason in reading.refused[0].reason


def test_unknown_ransomware_use_is_not_known_use() -> None:
    reading = kev.read(catalogue(ENTRY | {"knownRansomwareCampaignUse": "Unknown"}))
    assert [fact.ransomware for fact in reading.facts if isinstance(fact, KnownExploited)] == [
        False
    ]


def test_a_count_that_differs_is_reported() -> None:
    reading = kev.read(catalogue(ENTRY, count=2))
    assert [one.place for one in reading.refused] == ["/count"]
    assert len(reading.facts) == 1


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"{}", Invalid),
        (b'{"vulnerabilities": {}}', Invalid),
        (b"[" * 1000 + b"]" * 1000, TooLarge),
        (b'{"vulnerabilities": [], "x": NaN}', Unreadable),
        (b'{"vulnerabilities": []', Unreadable),
        (catalogue(ENTRY, dateReleased="yesterday"), Invalid),
        (b"\xff\xfe", Unreadable),
        (catalogue(ENTRY, title="\ud800"), Unreadable),
        (catalogue(ENTRY | {"product": "\ud800"}), Unreadable),
    ],
)
def test_what_is_no_catalogue_is_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        kev.read(data)


def test_csv_gives_the_facts_of_json() -> None:
    head = (
        "cveID,vendorProject,product,vulnerabilityName,dateAdded,dueDate,knownRansomwareCampaignUse"
    )
    rows = ",".join(ENTRY.values())
    reading = kev.read_csv(f"{head}\r\n{rows}\r\nCVE-1,,,,2030-01-01,,\r\n".encode())
    assert reading.edition == "2030-02-01T00:00:00.000000Z"
    (fact,) = reading.facts
    (same,) = kev.read(catalogue(ENTRY)).facts
    assert isinstance(fact, KnownExploited)
    assert isinstance(same, KnownExploited)
    assert (fact.vulnerability, fact.added, fact.due) == (same.vulnerability, same.added, same.due)
    assert fact.ransomware
    assert [one.place for one in reading.refused] == ["line 3"]


def test_csv_of_something_else_is_refused() -> None:
    with pytest.raises(Invalid, match="cveID"):
        kev.read_csv(b"a,b\n1,2\n")


def test_the_real_catalogue() -> None:
    reading = kev.read(real("data/kev/known_exploited_vulnerabilities.json").read_bytes())
    assert (len(reading.facts), reading.refused) == (1404, [])
