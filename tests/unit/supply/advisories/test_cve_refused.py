"""What in a CVE record is bad is refused in its place, and what stands beside it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from cve_records import ANY, CISA, CPE, VECTOR, entry, read, record

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.supply.advisories import cve
from accord.supply.advisories.cve import wording
from accord.supply.advisories.facts import Affected


@pytest.mark.parametrize(
    "metric",
    [
        {"cvssV3_1": {"baseScore": 11, "vectorString": VECTOR}},
        {"cvssV3_1": {"baseScore": "high"}},
        {"cvssV3_1": {"vectorString": "nonsense"}},
        {"other": {"type": "ssvc", "content": {"options": [{"Exploitation": "rumour"}]}}},
        {"other": {"type": "ssvc", "content": {}}},
        {"other": {"type": "kev", "content": {"dateAdded": "soon"}}},
        {"other": {"type": "kev", "content": {"dateAdded": ""}}},
        None,
    ],
)
def test_a_bad_metric_is_refused_and_its_neighbours_kept(metric: Any) -> None:
    good = {"cvssV3_1": {"baseScore": 9.8, "vectorString": VECTOR, "baseSeverity": "CRITICAL"}}
    reading = cve.read(record({"metrics": [metric, good]}))
    assert [one.place.startswith("/containers/cna/metrics/0") for one in reading.refused] == [True]
    assert len(reading.facts) == 2


@pytest.mark.parametrize(
    "product",
    [
        "Gate",
        None,
        entry({"version": 1, "status": "affected"}),
        entry({"version": "1", "status": "doomed"}),
        entry({"version": "1", "status": "affected", "changes": [{"at": "2", "status": "x"}]}),
        entry(ANY, defaultStatus="perhaps"),
        entry(ANY, cpes="cpe"),
    ],
)
def test_a_bad_product_is_refused_and_its_neighbours_kept(product: Any) -> None:
    reading = read(entry(ANY, product="One"), product, entry(ANY, product="Two"))
    places = [one.place for one in reading.refused]
    assert [place.startswith("/containers/cna/affected/1") for place in places] == [True]
    assert [fact.package for fact in reading.facts if isinstance(fact, Affected)] == [
        "name:acme/one",
        "name:acme/two",
    ]


def test_a_bad_name_is_refused_and_the_other_names_kept() -> None:
    reading = read(entry(ANY, cpes=["cpe:2.3:nonsense", CPE]))
    assert [one.place for one in reading.refused] == ["/containers/cna/affected/0"]
    assert len(reading.facts) == 3


def test_a_bad_container_is_refused_and_the_record_kept() -> None:
    adp = [{"affected": "all"}, {"providerMetadata": {"dateUpdated": "soon"}}, CISA]
    reading = cve.read(record({"affected": [entry(ANY)]}, adp))
    assert [one.place for one in reading.refused] == [
        "/containers/adp/0/affected",
        "/containers/adp/1/providerMetadata/dateUpdated",
    ]
    assert len(reading.facts) == 5


@pytest.mark.parametrize(
    ("data", "error", "place"),
    [
        (b"{}", Invalid, "/dataType"),
        (b'{"dataType": "CVE_RECORD"}', Invalid, "/cveMetadata"),
        (record(dataType="CVE"), Invalid, "/dataType"),
        (record(dataVersion="4.0"), Invalid, "/dataVersion"),
        (record(cveMetadata=None), Invalid, "/cveMetadata"),
        (record(metadata={"cveId": "CVE-1"}), Invalid, "/cveMetadata/cveId"),
        (record(metadata={"state": "MAYBE"}), Invalid, "/cveMetadata/state"),
        (record(metadata={"dateUpdated": "soon"}), Invalid, "/cveMetadata/dateUpdated"),
        (record(containers=[]), Invalid, "/containers"),
        (record(extra=float("nan")), Unreadable, ""),
        (record({"title": "\udc00"}), Unreadable, ""),
        (record()[:-2], Unreadable, ""),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, TooLarge, None),
    ],
)
def test_what_is_no_record_is_refused(data: bytes, error: type[Invalid], place: str | None) -> None:
    with pytest.raises(error) as caught:
        cve.read(data)
    assert place is None or caught.value.place == place


def test_huge_numbers_do_no_harm() -> None:
    data = record({"affected": [entry(ANY)]}).replace(b'"dataType"', b'"x": 1e999, "dataType"', 1)
    assert len(cve.read(data).facts) == 2
    huge = record({"metrics": [{"cvssV3_1": {"baseScore": 7}}]}).replace(b": 7", b": 1e999")
    (refused,) = cve.read(huge).refused
    assert refused.place == "/containers/cna/metrics/0/cvssV3_1/baseScore"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("before version 2.1", "introduced 0 fixed 2.1"),
        ("Versions prior to 2.1", "introduced 0 fixed 2.1"),
        ("All versions < V3.2", "introduced 0 fixed V3.2"),
        ("All versions >= V3.2", "introduced V3.2"),
        ("firmware version 1.2.3 and earlier", "introduced 0 last_affected 1.2.3"),
        ("1.0 to 1.5", "introduced 1.0 last_affected 1.5"),
        ("3.7.0-3.10.15", "introduced 3.7.0 last_affected 3.10.15"),
        ("3.7.0-2.10.15", ""),
        ("1.2.3-4", ""),
        (">1.2, <=1.5", "after 1.2 last_affected 1.5"),
        ("< 1, < 2", ""),
        (">= 1.0 with the sun in the east", ""),
        ("V9.9 SP1", ""),
        ("<" * 100_000, ""),
        ("1" * 100_000, ""),
    ],
)
def test_words_are_understood_or_left_alone(text: str, expected: str) -> None:
    found = wording.interval(text)
    assert " ".join(f"{event.kind} {event.version}" for event in found) == expected


def test_a_pattern_of_hostile_length_is_left_alone() -> None:
    assert wording.past("1" * 100_000 + "a*") == ""
    assert wording.past("5.4.*") == "5.5"
    assert wording.past("*") == ""


def test_names_times_versions_are_bounded() -> None:
    versions = [{"version": f"1.{n}", "status": "affected"} for n in range(1500)]
    names = [CPE.replace("gate", f"gate{n}") for n in range(1500)]
    with pytest.raises(TooLarge):
        read(entry(*versions, cpes=names))
