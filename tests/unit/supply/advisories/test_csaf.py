from __future__ import annotations

import json
import time
from collections import Counter

import msgspec
import pytest
from csaf_specimens import LINUX, RAW, START, advisory, of, specimen
from shared import real_members

from accord.supply.advisories.csaf import read
from accord.supply.advisories.csaf.document import ProductStatus
from accord.supply.advisories.csaf.entries import platform_stream
from accord.supply.advisories.csaf.vocabularies import is_language
from accord.supply.advisories.facts import Advisory, Affected, Event, Score, Vex


def test_kind_subject_edition_and_title() -> None:
    reading = read(RAW)
    assert reading.kind == "CSAF VEX"
    assert reading.subject == "csaf:https://controls.example/SC-2024-001"
    assert reading.title == "Two vulnerabilities in Sample Controls products"
    assert read(LINUX).kind == "CSAF advisory"


def test_a_later_revision_has_a_higher_edition() -> None:
    later = specimen(current_release_date="2024-05-02T10:00:01Z")
    east = specimen(current_release_date="2024-05-02T11:00:00+02:00")
    editions = [read(msgspec.json.encode(item)).edition for item in (east, specimen(), later)]
    assert editions == sorted(editions)
    assert len(set(editions)) == 3
    nine, ten = specimen(version="9"), specimen(version="10")
    for document, last in ((nine, 9), (ten, 10)):
        document["document"]["tracking"]["revision_history"] = [
            {"date": "2024-05-02T10:00:00Z", "number": str(number), "summary": "x"}
            for number in range(1, last + 1)
        ]
    assert read(msgspec.json.encode(nine)).edition < read(msgspec.json.encode(ten)).edition


def test_one_advisory_for_each_vulnerability_with_global_aliases_only() -> None:
    first, second = of(read(RAW), Advisory)
    assert (first.vulnerability, first.aliases) == ("CVE-2024-10001", ("GHSA-aaaa-bbbb-cccc",))
    assert (second.vulnerability, second.aliases) == ("SC-2024-001#2", ())
    assert first.published == "2024-05-01T10:00:00.000000Z"
    assert second.place == "/vulnerabilities/1"


def test_the_highest_score_of_each_cvss_generation() -> None:
    three, two = of(read(RAW), Score)
    assert (three.score, three.word) == (7.5, "high")
    assert three.place == "/vulnerabilities/0/scores/0/cvss_v3"
    assert (two.score, two.vector) == (7.8, "AV:N/AC:L/Au:N/C:N/I:N/A:C")


def test_affected_products_by_name_purl_and_range() -> None:
    by_package = {fact.package: fact for fact in of(read(RAW), Affected)}
    assert set(by_package) == {"name:sample controls/grid master", "pkg:npm/%40sample/relay-kit"}
    grid = by_package["name:sample controls/grid master"]
    assert grid.ranges == ((START, Event("fixed", "V2.3")),)
    assert grid.fixed_in == ("V2.3",)
    assert grid.place == "/vulnerabilities/0/product_status/known_affected/0"
    assert by_package["pkg:npm/%40sample/relay-kit"].versions == ("1.4.0",)


def test_vex_statements_with_their_texts() -> None:
    statements = {(item.status, item.products): item for item in of(read(RAW), Vex)}
    name = "name:sample controls/grid master"
    relay = "pkg:npm/%40sample/relay-kit@1.4.0"
    assert set(statements) == {
        ("not_affected", (f"{name}@V2.3",)),
        ("fixed", (f"{name}@V2.3",)),
        ("affected", (name,)),
        ("affected", (relay,)),
        ("under_investigation", (relay,)),
    }
    spared = statements["not_affected", (f"{name}@V2.3",)]
    assert (spared.justification, spared.impact) == (
        "vulnerable_code_not_present",
        "Not compiled in.",
    )
    assert statements["affected", (name,)].action == "Update to V2.3.\n\nClose port 1234."
    assert statements["affected", (relay,)].action == "Update to V2.3."
    assert (spared.author, spared.supplier) == ("Sample Controls GmbH", "Sample Controls GmbH")
    assert spared.at == "2024-05-02T10:00:00.000000Z"


def test_only_a_vendor_speaks_as_supplier() -> None:
    document = specimen()
    document["document"]["publisher"]["category"] = "coordinator"
    assert {item.supplier for item in of(read(msgspec.json.encode(document)), Vex)} == {""}


def test_packages_of_a_distribution_in_the_stream_of_their_platform() -> None:
    found = {(fact.package, fact.stream): fact for fact in of(read(LINUX), Affected)}
    assert set(found) == {
        ("pkg:rpm/redhat/tomcat", "8"),
        ("pkg:rpm/redhat/tomcat", "9"),
        ("pkg:rpm/redhat/npm", "9/nodejs:18"),
    }
    assert found["pkg:rpm/redhat/tomcat", "8"].ranges == ((START,),)
    assert found["pkg:rpm/redhat/tomcat", "9"].ranges == (
        (START, Event("fixed", "1:9.0.87-1.el9")),
    )
    assert found["pkg:rpm/redhat/npm", "9/nodejs:18"].ranges[0][1].kind == "fixed"


def test_statements_about_a_distribution_stay_within_its_release() -> None:
    fixed, affected = of(read(LINUX), Vex)
    assert affected.products == ("pkg:rpm/redhat/tomcat?arch=src&distro=rhel-8",)
    assert fixed.products == (
        "pkg:rpm/redhat/npm@8.0-1.module+el9.0.0+1?arch=noarch&distro=rhel-9&rpmmod=nodejs:18",
        "pkg:rpm/redhat/tomcat@9.0.87-1.el9?arch=noarch&distro=rhel-9&epoch=1",
        "pkg:rpm/redhat/tomcat@9.0.87-1.el9?arch=src&distro=rhel-9&epoch=1",
    )


def test_a_component_without_release_is_limited_to_its_platform() -> None:
    document = json.loads(LINUX)
    platform = document["product_tree"]["branches"][0]["branches"][0]["branches"][1]
    helper = platform["product"]["product_identification_helper"]
    helper["cpe"] = "cpe:/a:redhat:openshift:3.11"
    reading = read(msgspec.json.encode(document))
    affected = next(item for item in of(reading, Vex) if item.status == "affected")
    assert affected.products == ("cpe:/a:redhat:openshift:3.11",)
    assert affected.subcomponents == ("pkg:rpm/redhat/tomcat?arch=src",)
    assert ("pkg:rpm/redhat/tomcat", "openshift:3.11") in {
        (fact.package, fact.stream) for fact in of(reading, Affected)
    }


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("cpe:/o:redhat:enterprise_linux:9::baseos", "9"),
        ("cpe:/a:redhat:openshift:4.12::el8", "8"),
        ("cpe:/a:redhat:rhel_eus:9.4::appstream", "9"),
        ("cpe:2.3:o:redhat:enterprise_linux:7:*:*:*:*:*:*:*", "7"),
        ("cpe:/o:suse:sles:15:sp4", "15.4"),
        ("not a cpe", ""),
    ],
)
def test_streams_of_platforms(name: str, stream: str) -> None:
    assert platform_stream(name) == stream


def test_reading_is_a_function_of_the_bytes() -> None:
    assert read(RAW) == read(bytes(RAW))
    assert read(b"\xef\xbb\xbf" + RAW) == read(RAW)


def test_one_statement_lists_many_products() -> None:
    names = {f"P{number}": f"={number}.0" for number in range(300)}
    reading = advisory(names, {"fixed": list(names)})
    (statement,) = of(reading, Vex)
    assert len(statement.products) == 300
    assert len(of(reading, Affected)) == 1


@pytest.mark.parametrize("tag", ["en", "de-CH-1996", "zh-Hant-TW", "es-419", "sl-rozaj", "i-mingo"])
def test_languages_that_exist(tag: str) -> None:
    assert is_language(tag)
    assert is_language(tag.upper())


@pytest.mark.parametrize(
    "tag", ["", "EZ", "en-EZZ", "en_US", "xx", "en-a-bbb", "de-1996-1996", "zh-yue-cmn"]
)
def test_languages_that_do_not_exist(tag: str) -> None:
    assert not is_language(tag)


def test_the_eight_statuses_are_those_of_the_standard() -> None:
    assert len(ProductStatus.__struct_fields__) == 8


def test_the_advisories_of_cisa() -> None:
    kinds: Counter[str] = Counter()
    worded = read_documents = size = 0
    began = time.process_time()
    for name, data in real_members("data/csaf/cisa.zip", ".json"):
        if "tlp-white" in name:
            continue
        reading = read(data)
        read_documents, size = read_documents + 1, size + len(data)
        kinds.update(type(fact).__name__ for fact in reading.facts)
        worded += sum(item.reason == "version range in words" for item in reading.not_evaluated)
    assert read_documents == 2383
    assert kinds["Advisory"] == 7916
    assert kinds["Affected"] > 36_000
    assert worded < 2_500
    assert time.process_time() - began < 30
