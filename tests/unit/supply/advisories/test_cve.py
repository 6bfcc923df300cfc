from __future__ import annotations

import zipfile
from collections import Counter
from typing import Any

import pytest
from cve_records import ANY, CISA, CPE, VECTOR, affected, entry, only, read, record, said
from shared import real

from accord.core.reading import Reading
from accord.supply.advisories import cve
from accord.supply.advisories.facts import Advisory, Affected, KnownExploited, Score, Ssvc


def test_a_record_is_an_edition_of_its_identifier() -> None:
    adp = [{"providerMetadata": {"shortName": "CISA-ADP", "dateUpdated": "2030-05-06T00:00:00Z"}}]
    reading = cve.read(record({"affected": []}, adp))
    assert (reading.subject, reading.edition) == (
        "cve:CVE-2030-0001",
        "2030-05-06T00:00:00.000000Z",
    )
    (advisory,) = reading.facts
    assert isinstance(advisory, Advisory)
    assert (advisory.vulnerability, advisory.title) == ("CVE-2030-0001", "Gate opens")
    assert advisory.modified == "2030-01-02T00:00:00.000000Z"
    assert advisory.withdrawn == ""


def test_a_rejected_record_is_withdrawn_and_affects_nothing() -> None:
    metadata = {"state": "REJECTED", "dateRejected": "2030-01-03T00:00:00Z"}
    reading = cve.read(record({"affected": [entry({"version": "1"})]}, metadata=metadata))
    (advisory,) = reading.facts
    assert isinstance(advisory, Advisory)
    assert advisory.withdrawn == "2030-01-03T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ({"version": "1.0"}, ["=1.0"]),
        ({"version": "= 1.0"}, ["=1.0"]),
        ({"version": "1.0", "lessThan": "2.0"}, ["introduced 1.0 fixed 2.0"]),
        ({"version": "0", "lessThan": "2.0"}, ["introduced 0 fixed 2.0"]),
        ({"version": "unspecified", "lessThan": "2.0"}, ["introduced 0 fixed 2.0"]),
        ({"version": "n/a", "lessThanOrEqual": "2.0"}, ["introduced 0 last_affected 2.0"]),
        ({"version": "1.0", "lessThanOrEqual": "<= 2.0"}, ["introduced 1.0 last_affected 2.0"]),
        ({"version": "1.0", "lessThanOrEqual": "2.9.*"}, ["introduced 1.0 fixed 2.10"]),
        ({"version": "1.0", "lessThan": "*"}, ["introduced 1.0"]),
        ({"version": "1.0", "lessThan": "unspecified"}, ["introduced 1.0"]),
        ({"version": "*"}, ["introduced 0"]),
        ({"version": "All versions"}, ["introduced 0"]),
        ({"version": "0", "lessThanOrEqual": "*"}, ["introduced 0"]),
        ({"version": ">= 1.0, < 1.6.3"}, ["introduced 1.0 fixed 1.6.3"]),
        ({"version": "7.4.1 and prior"}, ["introduced 0 last_affected 7.4.1"]),
        ({"version": "4.1, 4.2"}, ["=4.1", "=4.2"]),
        ({"version": "Gate 8 Gen 2"}, ["=Gate 8 Gen 2"]),
        (
            {"version": "1", "lessThan": "3", "changes": [{"at": "2", "status": "unaffected"}]},
            ["introduced 1 fixed 2"],
        ),
        (
            {
                "version": "1",
                "lessThanOrEqual": "9",
                "changes": [
                    {"at": "2", "status": "unaffected"},
                    {"at": "3", "status": "affected"},
                ],
            },
            ["introduced 1 fixed 2", "introduced 3 last_affected 9"],
        ),
    ],
)
def test_an_entry_is_a_version_or_a_span(version: Any, expected: list[str]) -> None:
    assert only(entry(version | {"status": "affected"}, defaultStatus="unaffected")) == expected


def test_what_is_not_affected_is_cut_out_of_an_affected_default() -> None:
    stable = entry(
        {"version": "5.19", "status": "affected"},
        {"version": "0", "lessThan": "5.19", "status": "unaffected"},
        {"version": "5.19.9", "lessThanOrEqual": "5.19.*", "status": "unaffected"},
        {"version": "6.0", "lessThanOrEqual": "*", "status": "unaffected"},
        defaultStatus="affected",
    )
    assert only(stable) == ["introduced 5.19 fixed 5.19.9 introduced 5.20 fixed 6.0"]


def test_unaffected_spans_that_meet_leave_nothing_between() -> None:
    parts = entry(
        {"version": "2", "lessThan": "3", "status": "unaffected"},
        {"version": "3", "lessThanOrEqual": "4", "status": "unaffected"},
        defaultStatus="affected",
    )
    assert only(parts) == ["introduced 0 fixed 2 after 4"]


def test_everything_by_default_and_everything_by_entry_are_one() -> None:
    clear = {"version": "2.0", "lessThan": "*", "status": "unaffected"}
    by_entry = entry({"version": "0", "lessThan": "*", "status": "affected"}, clear)
    assert (
        only(by_entry) == only(entry(clear, defaultStatus="affected")) == ["introduced 0 fixed 2.0"]
    )


def test_an_unaffected_version_is_the_only_one_cut_out() -> None:
    (found,) = affected(entry({"version": "2.0", "status": "unaffected"}, defaultStatus="affected"))
    assert said(found) == ["introduced 0 fixed 2.0 after 2.0"]


def test_a_list_of_affected_spans_bounds_an_affected_default() -> None:
    listed = entry(
        {"version": "1.0", "lessThan": "2.0", "status": "affected"}, defaultStatus="affected"
    )
    assert only(listed) == ["introduced 1.0 fixed 2.0"]
    assert [one.reason for one in read(listed).not_evaluated] == ["default status"]


def test_an_affected_default_without_entries_is_everything() -> None:
    assert only(entry(defaultStatus="affected")) == ["introduced 0"]


@pytest.mark.parametrize(
    ("product", "reasons"),
    [
        (entry({"version": "a1b2", "lessThan": "c3d4", "versionType": "git"}), ["commit range"]),
        (
            entry({"version": "a1b2", "versionType": "git"}, defaultStatus="affected"),
            ["commit range"],
        ),
        (entry({"version": "1", "lessThan": "publication"}), ["unorderable version"]),
        (entry({"version": "n/a"}), ["no version"]),
        (entry({"version": "See the advisory"}), ["no version"]),
        (entry({"version": "1", "status": "unknown"}), ["unknown status"]),
        (entry(), ["unknown status"]),
        (entry({"version": "1"}, vendor="n/a", product="n/a"), ["no identity"]),
        (entry({"version": "1", "status": "unaffected"}), []),
        (entry(defaultStatus="unaffected"), []),
    ],
)
def test_what_cannot_be_evaluated_is_said_once(product: Any, reasons: list[str]) -> None:
    for version in product["versions"]:
        version.setdefault("status", "affected")
    reading = read(product)
    assert [one.reason for one in reading.not_evaluated] == reasons
    assert len(reading.facts) == 1
    assert reading.refused == []


def packages(product: Any) -> list[str]:
    return [found.package for found in affected(product)]


def test_a_product_goes_by_all_its_names() -> None:
    product = entry(
        ANY,
        collectionURL="https://www.npmjs.example",
        packageName="@acme/gate",
        cpes=[CPE, CPE.replace("gate", "gate_pro")],
    )
    assert packages(product) == [
        "pkg:npm/%40acme/gate",
        "cpe:a:acme:gate",
        "cpe:a:acme:gate_pro",
        "name:acme/gate",
    ]


@pytest.mark.parametrize(
    ("url", "name", "package"),
    [
        ("https://repo.maven.example/maven2", "org.acme:gate", "pkg:maven/org.acme/gate"),
        ("https://index.pypi.example/", "Acme_Gate", "pkg:pypi/acme-gate"),
        ("https://packagist.example", "acme/gate", "pkg:composer/acme/gate"),
        ("https://crates.example", "gate", "pkg:cargo/gate"),
    ],
)
def test_a_registry_and_a_name_are_a_package(url: str, name: str, package: str) -> None:
    assert packages(entry(ANY, collectionURL=url, packageName=name))[0] == package


def test_the_go_library_is_one_package() -> None:
    product = entry(
        ANY,
        vendor="Go standard library",
        collectionURL="https://pkg.go.dev",
        packageName="net/http",
    )
    assert packages(product)[0] == "pkg:golang/stdlib"


def test_a_package_url_is_taken() -> None:
    assert packages(entry(ANY, packageURL="pkg:pypi/acme"))[0] == "pkg:pypi/acme"


def test_a_package_of_a_distribution_goes_by_nothing_else() -> None:
    product = entry(
        {"version": "0:4.18-1", "lessThan": "*", "status": "unaffected", "versionType": "rpm"},
        vendor="Red Hat",
        product="Red Hat Enterprise Linux 8",
        collectionURL="https://access.redhat.com/downloads/content/package-browser/",
        packageName="kernel",
        cpes=["cpe:/o:redhat:enterprise_linux:8::baseos", "cpe:/a:redhat:rhel_eus:9.2::appstream"],
        defaultStatus="affected",
    )
    found = affected(product)
    assert {one.package for one in found} == {"pkg:rpm/redhat/kernel"}
    assert {one.stream for one in found} > {"8"}
    assert said(found[0]) == ["introduced 0 fixed 0:4.18-1"]


def test_the_version_in_a_cpe_limits_a_list_but_not_a_span() -> None:
    own = [CPE.replace("gate:*", "gate:1.0")]
    listed = [{"version": version, "status": "affected"} for version in ("1.0", "2.0")]
    by_package = {one.package: said(one) for one in affected(entry(*listed, cpes=own))}
    assert by_package == {"cpe:a:acme:gate": ["=1.0"], "name:acme/gate": ["=1.0", "=2.0"]}
    assert {tuple(said(one)) for one in affected(entry(ANY, cpes=own))} == {
        ("introduced 0 fixed 2",)
    }
    nameless = entry({"version": "-", "status": "affected"}, cpes=own)
    assert [said(one) for one in affected(nameless)] == [["=1.0"]]


def test_two_containers_that_say_the_same_are_one_fact() -> None:
    product = entry(ANY, cpes=[CPE])
    reading = cve.read(record({"affected": [product]}, [{"affected": [product, entry(ANY)]}]))
    found = [fact.package for fact in reading.facts if isinstance(fact, Affected)]
    assert found == ["cpe:a:acme:gate", "name:acme/gate"]


def applicable(*matches: Any, **fields: Any) -> Reading:
    nodes = [{"operator": "OR", "negate": False, "cpeMatch": list(matches)} | fields]
    return cve.read(record({"cpeApplicability": [{"nodes": nodes}]}))


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({"versionStartIncluding": "1", "versionEndExcluding": "2"}, ["introduced 1 fixed 2"]),
        ({"versionStartExcluding": "1", "versionEndIncluding": "2"}, ["after 1 last_affected 2"]),
        ({"versionEndExcluding": "2"}, ["introduced 0 fixed 2"]),
        ({"versionStartIncluding": "1"}, ["introduced 1"]),
        ({}, ["introduced 0"]),
        ({"criteria": CPE.replace("gate:*", "gate:1.0")}, ["=1.0"]),
    ],
)
def test_a_cpe_match_is_a_range(match: Any, expected: list[str]) -> None:
    reading = applicable({"vulnerable": True, "criteria": CPE} | match)
    (found,) = (fact for fact in reading.facts if isinstance(fact, Affected))
    assert (found.package, said(found)) == ("cpe:a:acme:gate", expected)


def test_platforms_and_negations_are_not_affected() -> None:
    platform = {"vulnerable": False, "criteria": CPE}
    assert len(applicable(platform).facts) == 1
    reading = applicable({"vulnerable": True, "criteria": CPE}, negate=True)
    assert [one.reason for one in reading.not_evaluated] == ["negated configuration"]
    assert len(reading.facts) == 1
    refused = applicable({"vulnerable": True, "criteria": "gate"}).refused
    assert [one.place for one in refused] == [
        "/containers/cna/cpeApplicability/0/nodes/0/cpeMatch/0/criteria"
    ]


def test_cisa_adds_ssvc_known_exploitation_and_scores() -> None:
    cna = {"affected": [entry(ANY)], "metrics": [CISA["metrics"][3]]}  # type: ignore[index]
    reading = cve.read(record(cna, [CISA]))
    assert reading.refused == []
    score, ssvc, known = reading.facts[2:]
    assert score == Score(
        "CVE-2030-0001", VECTOR, 9.8, "critical", "acme", "/containers/cna/metrics/0"
    )
    assert ssvc == Ssvc(
        "CVE-2030-0001", "public poc", "yes", "total", "2030-01-03T04:05:06.000000Z",
        "CISA Coordinator", "/containers/adp/0/metrics/0",
    )  # fmt: skip
    assert isinstance(known, KnownExploited)
    assert (known.vendor, known.product) == ("Acme, Inc.", "Gate")
    assert known.added == "2030-01-04T00:00:00.000000Z"


def test_scores_of_every_version() -> None:
    metrics = [
        {"cvssV2_0": {"baseScore": 7.5, "vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}},
        {"cvssV3_0": {"vectorString": VECTOR.replace("3.1", "3.0")}},
        {"cvssV4_0": {"baseScore": 0, "vectorString": "", "baseSeverity": "NONE"}},
        {"other": {"type": "Red Hat severity rating", "content": {"value": "Moderate"}}},
    ]
    reading = cve.read(record({"metrics": metrics}))
    found = [(fact.score, fact.word) for fact in reading.facts if isinstance(fact, Score)]
    assert found == [(7.5, "high"), (9.8, "critical"), (0.0, "none"), (None, "medium")]


def test_the_real_records() -> None:
    kinds: Counter[str] = Counter()
    with zipfile.ZipFile(real("data/cve/vulnrichment.zip")) as archive:
        sample = archive.namelist()[::40]
        for name in sample:
            reading = cve.read(archive.read(name))
            kinds.update(type(fact).__name__ for fact in reading.facts)
            assert all("CPE" in one.reason for one in reading.refused)
    assert kinds["Advisory"] == len(sample) == 1104
    assert kinds["Affected"] > 4000
    assert kinds["Ssvc"] > 1090
