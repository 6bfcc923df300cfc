from __future__ import annotations

import json
from typing import Any

import pytest
from shared import real_members

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.supply.advisories import osv
from accord.supply.advisories.facts import Advisory, Affected, Event, Score

VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:H"
ENTRY: dict[str, Any] = {
    "package": {"ecosystem": "PyPI", "name": "Acme_Gate"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}],
}


def advisory(*affected: Any, **fields: Any) -> bytes:
    whole = {"id": "ACME-2030-1", "modified": "2030-02-03T04:05:06Z", "affected": affected}
    return json.dumps(whole | fields).encode()


def affected(data: bytes) -> list[Affected]:
    return [fact for fact in osv.read_json(data).facts if isinstance(fact, Affected)]


def scores(data: bytes) -> list[Score]:
    return [fact for fact in osv.read_json(data).facts if isinstance(fact, Score)]


def first(data: bytes) -> Advisory:
    fact = osv.read_json(data).facts[0]
    assert isinstance(fact, Advisory)
    return fact


def test_an_advisory_is_an_edition_of_its_identifier() -> None:
    reading = osv.read_json(advisory(ENTRY))
    assert (reading.subject, reading.edition) == (
        "osv:ACME-2030-1",
        "2030-02-03T04:05:06.000000Z",
    )
    assert reading.facts[1:] == [
        Affected(
            "ACME-2030-1",
            "pkg:pypi/acme-gate",
            ranges=((Event("introduced", "0"), Event("fixed", "1.2")),),
            place="/affected/0",
        )
    ]


def test_the_cve_names_the_vulnerability_and_the_rest_are_aliases() -> None:
    found = first(
        advisory(
            ENTRY,
            aliases=["GHSA-aaaa-bbbb-cccc", "CVE-2030-0001"],
            related=["CVE-2030-0002"],
            upstream=["CVE-2030-0003"],
        )
    )
    assert found.vulnerability == "CVE-2030-0001"
    assert found.aliases == ("ACME-2030-1", "GHSA-aaaa-bbbb-cccc")
    assert found.related == ("CVE-2030-0002", "CVE-2030-0003")


def test_withdrawn_is_dated() -> None:
    assert first(advisory(ENTRY)).withdrawn == ""
    found = first(advisory(ENTRY, withdrawn="2030-03-01T00:00:00Z"))
    assert found.withdrawn == "2030-03-01T00:00:00.000000Z"


def test_the_year_one_is_no_date() -> None:
    reading = osv.read_json(advisory(ENTRY, modified="0001-01-01T00:00:00Z"))
    assert reading.edition == ""


def test_a_release_of_a_distribution_is_a_stream() -> None:
    (found,) = affected(
        advisory(ENTRY | {"package": {"ecosystem": "Debian:11", "name": "openssl"}})
    )
    assert (found.package, found.stream) == ("pkg:deb/debian/openssl", "11")


def test_a_package_url_stands_in_for_ecosystem_and_name() -> None:
    (found,) = affected(advisory(ENTRY | {"package": {"purl": "pkg:npm/%40acme/gate"}}))
    assert found.package == "pkg:npm/%40acme/gate"


@pytest.mark.parametrize(
    ("entry", "reason", "facts"),
    [
        (ENTRY | {"package": {"ecosystem": "Nowhere", "name": "x"}}, "unknown ecosystem", 0),
        (ENTRY | {"package": None}, "no identity", 0),
        ({"package": ENTRY["package"]}, "no version", 0),
        (ENTRY | {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, "commit range", 0),
        (
            ENTRY
            | {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}], "versions": ["1"]},
            "commit range",
            1,
        ),
    ],
)
def test_what_cannot_be_evaluated_is_said(entry: Any, reason: str, facts: int) -> None:
    reading = osv.read_json(advisory(entry))
    assert [(one.place, one.reason) for one in reading.not_evaluated] == [("/affected/0", reason)]
    assert len(reading.facts) == 1 + facts
    assert reading.refused == []


def test_versions_count_beside_ranges() -> None:
    (found,) = affected(advisory(ENTRY | {"versions": ["1.0", "1.1", "1.0"]}))
    assert (len(found.ranges), found.versions) == (1, ("1.0", "1.1"))


def semver(*events: Any) -> dict[str, Any]:
    return {"type": "SEMVER", "events": list(events)}


@pytest.mark.parametrize(
    ("ranges", "place"),
    [
        ([{"type": "ECOSYSTEM", "events": [{"fixed": "1"}]}], "/affected/1/ranges/0/events"),
        ([{"type": "ECOSYSTEM", "events": []}], "/affected/1/ranges/0/events"),
        (
            [semver({"introduced": "0"}, {"fixed": "2"}, {"last_affected": "1"})],
            "/affected/1/ranges/0/events",
        ),
        ([semver({"introduced": "0", "fixed": "2"})], "/affected/1/ranges/0/events/0"),
        ([semver({})], "/affected/1/ranges/0/events/0"),
        ([semver({"introduced": " "})], "/affected/1/ranges/0/events/0"),
        ([{"type": "VIBES", "events": [{"introduced": "0"}]}], "/affected/1/ranges/0/type"),
        ([{"events": [{"introduced": "0"}]}], "/affected/1/ranges/0"),
        ([semver({"introduced": 1})], "/affected/1/ranges/0/events/0/..."),
        ("all", "/affected/1/ranges"),
    ],
)  # fmt: skip
def test_a_bad_entry_is_refused_and_its_neighbours_kept(ranges: Any, place: str) -> None:
    reading = osv.read_json(advisory(ENTRY, ENTRY | {"ranges": ranges}, ENTRY))
    assert [one.place for one in reading.refused] == [place]
    assert len(reading.facts) == 3


def test_severities_are_scored_once() -> None:
    severity = [{"type": "CVSS_V3", "score": VECTOR}]
    data = advisory(
        ENTRY | {"severity": severity},
        ENTRY | {"severity": severity},
        severity=[{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}],
        database_specific={"severity": "MODERATE", "cpes": ["cpe:2.3:a:x:y:*:*:*:*:*:*:*:*"]},
    )
    assert [(one.vector, one.score, one.word, one.place) for one in scores(data)] == [
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5, "high", "/severity/0"),
        (VECTOR, 8.2, "high", "/affected/0/severity/0"),
        ("", None, "medium", "/database_specific/severity"),
    ]


def test_a_version_4_vector_is_scored() -> None:
    vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
    (found,) = scores(advisory(severity=[{"type": "CVSS_V4", "score": vector}]))
    assert (found.score, found.word) == (9.3, "critical")


@pytest.mark.parametrize("score", ["CVSS:3.1/AV:N", "9.8", "CVSS:4.0/AV:X", "A" * 1000, 9.8])
def test_a_bad_severity_is_refused(score: Any) -> None:
    reading = osv.read_json(
        advisory(ENTRY, severity=[{"type": "CVSS_V3", "score": one} for one in (score, VECTOR)])
    )  # fmt: skip
    assert [one.place.startswith("/severity/0") for one in reading.refused] == [True]
    assert len(reading.facts) == 3


def test_malicious_packages_are_advisories_too() -> None:
    data = advisory(
        ENTRY | {"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}, id="MAL-2030-1"
    )
    (found,) = affected(data)
    assert found.ranges == ((Event("introduced", "0"),),)


def test_yaml_gives_the_facts_of_json() -> None:
    text = """
id: ACME-2030-1
modified: 2030-02-03T04:05:06Z
affected:
- package: {ecosystem: PyPI, name: Acme_Gate}
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: 0
    - fixed: 1.2
"""
    assert osv.read_yaml(text.encode()) == osv.read_json(advisory(ENTRY))


@pytest.mark.parametrize("field", ["aliases", "related", "affected", "severity", "summary"])
def test_null_is_nothing(field: str) -> None:
    assert len(osv.read_json(advisory(**{field: None})).facts) == 1


def test_affected_that_is_null_is_nothing() -> None:
    data = json.dumps({"id": "A-1", "modified": "2030-01-01", "affected": None}).encode()
    assert len(osv.read_json(data).facts) == 1


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"{}", Invalid),
        (b'{"id": "A-1"}', Invalid),
        (advisory(id=""), Invalid),
        (advisory(id=7), Invalid),
        (advisory(modified="today"), Invalid),
        (advisory(modified=1e300), Invalid),
        (advisory(withdrawn="2030-99-99T00:00:00Z"), Invalid),
        (advisory(affected={"0": ENTRY}), Invalid),
        (advisory(summary="\ud800"), Unreadable),
        (advisory(details=float("nan")), Unreadable),
        (advisory()[:-1], Unreadable),
        (b"", Unreadable),
        (b'{"id":' + b"[" * 1000 + b"]" * 1000 + b"}", TooLarge),
    ],
)
def test_what_is_no_advisory_is_refused(data: bytes, error: type[Invalid]) -> None:
    with pytest.raises(error):
        osv.read_json(data)


def test_huge_numbers_in_foreign_fields_do_no_harm() -> None:
    data = advisory(ENTRY).replace(b'"id"', b'"x": 1e999, "y": ' + b"9" * 5000 + b', "id"', 1)
    assert len(osv.read_json(data).facts) == 2


def test_yaml_with_aliases_is_refused() -> None:
    with pytest.raises(Invalid):
        osv.read_yaml(b"id: &a A-1\nmodified: *a\n")


@pytest.mark.parametrize(
    ("pack", "documents", "facts"),
    [
        ("npm-restated", 459, 459),
        ("Maven-restated", 160, 210),
        ("Debian-restated", 7272, 8272),
        ("Go", 4291, 6125),
        ("Bitnami", 7444, 7444),
    ],
)
def test_the_real_advisories(pack: str, documents: int, facts: int) -> None:
    found = [osv.read_json(data) for _, data in real_members(f"data/osv/{pack}.zip", ".json")]
    assert len(found) == documents
    assert not any(reading.refused for reading in found)
    assert sum(isinstance(fact, Affected) for one in found for fact in one.facts) == facts


def test_the_real_advisories_in_yaml() -> None:
    found = [osv.read_yaml(data) for _, data in real_members("data/osv/PyPI.zip", ".yaml")]
    assert len(found) == 2661
    assert not any(reading.refused for reading in found)
    assert sum(isinstance(fact, Affected) for one in found for fact in one.facts) == 2660
