from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared import real_members

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import Reading
from accord.supply.advisories.csaf import read
from accord.supply.advisories.csaf.document import ProductStatus
from accord.supply.advisories.csaf.entries import platform_stream
from accord.supply.advisories.csaf.ranges import Span, span
from accord.supply.advisories.csaf.vocabularies import is_language
from accord.supply.advisories.facts import Advisory, Affected, Event, Score, Vex

DATA = Path(__file__).parents[3] / "data" / "csaf"
RAW = (DATA / "vex.json").read_bytes()
LINUX = (DATA / "linux.json").read_bytes()
START = Event("introduced", "0")


def of(reading: Reading, kind: type) -> list[Any]:
    return [fact for fact in reading.facts if isinstance(fact, kind)]


def specimen(**tracking: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(RAW)
    document["document"]["tracking"].update(tracking)
    return document


def advisory(names: dict[str, str], status: dict[str, list[str]]) -> Reading:
    """A security advisory on versions of one product: `{"A": "< V2"}` or `{"B": "= V2"}`."""
    document = specimen()
    document["document"]["category"] = "csaf_security_advisory"
    versions = [
        {
            "category": "product_version" if name.startswith("=") else "product_version_range",
            "name": name.removeprefix("="),
            "product": {"name": f"Pump {name}", "product_id": product},
        }
        for product, name in names.items()
    ]
    pump = {"category": "product_name", "name": "Pump", "branches": versions}
    vendor = {"category": "vendor", "name": "Acme Inc.", "branches": [pump]}
    document["product_tree"] = {"branches": [vendor]}
    document["vulnerabilities"] = [
        {
            "cve": "CVE-2024-1",
            "notes": [{"category": "summary", "text": "x"}],
            "product_status": status,
        }
    ]
    document["vulnerabilities"][0]["cve"] = "CVE-2024-1000"
    return read(msgspec.json.encode(document))


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


def ranged(*events: tuple[str, str]) -> Span:
    return Span(ranges=(tuple(Event(kind, version) for kind, version in events),))


RANGES: list[tuple[str, Span]] = [
    ("<V2.3", ranged(("introduced", "0"), ("fixed", "V2.3"))),
    ("< 2.3", ranged(("introduced", "0"), ("fixed", "2.3"))),
    ("<=2.3", ranged(("introduced", "0"), ("last_affected", "2.3"))),
    (">= V3", ranged(("introduced", "V3"))),
    ("> V3 < V4", ranged(("after", "V3"), ("fixed", "V4"))),
    (">=1.0|<2.0", ranged(("introduced", "1.0"), ("fixed", "2.0"))),
    (">= 1.0 | <= 1.4", ranged(("introduced", "1.0"), ("last_affected", "1.4"))),
    (">= V1 and < V2", ranged(("introduced", "V1"), ("fixed", "V2"))),
    ("vers:all/*", ranged(("introduced", "0"))),
    ("vers:all/>=V3.1<V3.3 SP1", ranged(("introduced", "V3.1"), ("fixed", "V3.3 SP1"))),
    ("vers:intdot/>=1.2|<1.4", ranged(("introduced", "1.2"), ("fixed", "1.4"))),
    ("All versions", ranged(("introduced", "0"))),
    ("*", ranged(("introduced", "0"))),
    ("All versions < V5 Update 2", ranged(("introduced", "0"), ("fixed", "V5 Update 2"))),
    ("<V5_Update_2", ranged(("introduced", "0"), ("fixed", "V5 Update 2"))),
    ("prior to 2.3", ranged(("introduced", "0"), ("fixed", "2.3"))),
    ("versions prior to V2.3", ranged(("introduced", "0"), ("fixed", "V2.3"))),
    ("1.4 and earlier", ranged(("introduced", "0"), ("last_affected", "1.4"))),
    ("1.4 and later versions", ranged(("introduced", "1.4"))),
    ("V1.0 to V1.4", ranged(("introduced", "V1.0"), ("last_affected", "V1.4"))),
    ("8.2.x", ranged(("introduced", "8.2"), ("fixed", "8.3"))),
    ("V9.X", ranged(("introduced", "V9"), ("fixed", "V10"))),
    ("Prior to V2.3", ranged(("introduced", "0"), ("fixed", "V2.3"))),
    (
        "V5SP2 Update 3 and EARLIER",
        ranged(("introduced", "0"), ("last_affected", "V5SP2 Update 3")),
    ),
    ("1.2 | 1.4", Span(versions=("1.2", "1.4"))),
    ("version 1.2", Span(versions=("1.2",))),
    ("<= 1.2 | 1.4", Span(("1.4",), ((START, Event("last_affected", "1.2")),))),
]


@pytest.mark.parametrize(("text", "expected"), RANGES)
def test_ranges_as_publishers_write_them(text: str, expected: Span) -> None:
    assert span(text, exact=False) == expected


@pytest.mark.parametrize(
    "text",
    [
        "All versions with Ethernet interface",
        "<=the_first_5_digits_of_serial_number_22081",
        "<= 4.2.21 | <= 5.0.27",
        "< V3.X.17",
        "<= 2.x",
        "NMC3 <= 1.4",
        "< January 31 2014",
        ">= 1 | >= 2 | < 3",
        "!= 2",
        "some builds",
        "< ",
    ],
)
def test_a_text_of_two_meanings_is_not_evaluated(text: str) -> None:
    assert span(text, exact=False) == Span(words=True)


def test_an_exact_version_stands_as_it_is_written() -> None:
    assert span("MX-V4.4.1.56", exact=True) == Span(versions=("MX-V4.4.1.56",))
    assert span("Edition Blue", exact=True) == Span(versions=("Edition Blue",))
    assert span("Edition Blue", exact=False).words


@given(st.text(max_size=60), st.booleans())
def test_any_text_has_a_span(text: str, exact: bool) -> None:  # noqa: FBT001
    found = span(text, exact=exact)
    assert found.words != bool(found.versions or found.ranges)


def test_words_are_reported_and_neighbours_kept() -> None:
    reading = advisory({"A": "some builds", "B": "< V2"}, {"known_affected": ["A", "B"]})
    assert [fact.package for fact in of(reading, Affected)] == ["name:acme/pump"]
    (item,) = reading.not_evaluated
    assert (item.reason, item.subject) == ("version range in words", "Pump some builds")
    assert item.place == "/vulnerabilities/0/product_status/known_affected/0"
    assert item.name == "CVE-2024-1000"


@pytest.mark.parametrize(
    ("status", "ranges", "versions"),
    [
        ({"known_affected": ["V1", "V2"]}, (), ("1", "2")),
        ({"first_affected": ["V1"]}, ((Event("introduced", "1"),),), ()),
        ({"last_affected": ["V2"]}, ((START, Event("last_affected", "2")),), ()),
        (
            {"first_affected": ["V1"], "last_affected": ["V2"]},
            ((Event("introduced", "1"), Event("last_affected", "2")),),
            (),
        ),
        (
            {"first_affected": ["V1"], "first_fixed": ["V3"]},
            ((Event("introduced", "1"), Event("fixed", "3")),),
            (),
        ),
        ({"first_fixed": ["V3"]}, ((START, Event("fixed", "3")),), ()),
        ({"fixed": ["FROM3"]}, ((START, Event("fixed", "3")),), ()),
        ({"known_affected": ["V1"], "fixed": ["V3"]}, (), ("1",)),
        ({"known_affected": ["ALL"], "recommended": ["V3"]}, ((START,),), ()),
        ({"last_affected": ["V1", "V3"]}, (), ("1", "3")),
    ],
)
def test_statuses_that_bound_a_range(
    status: dict[str, list[str]], ranges: tuple[Any, ...], versions: tuple[str, ...]
) -> None:
    names = {"V1": "=1", "V2": "=2", "V3": "=3", "FROM3": ">= 3", "ALL": "vers:all/*"}
    (fact,) = of(advisory(names, status), Affected)
    assert (fact.ranges, fact.versions) == (ranges, versions)


def test_several_last_versions_without_their_first_are_reported() -> None:
    reading = advisory({"A": "=1", "B": "=3"}, {"last_affected": ["A", "B"]})
    assert [item.reason for item in reading.not_evaluated] == ["several release trains"]


def test_a_closing_statement_never_reaches_past_its_words() -> None:
    reading = advisory({"A": ">= V2", "B": "vers:all/*"}, {"known_not_affected": ["A", "B"]})
    assert [item.products for item in of(reading, Vex)] == [("name:acme/pump",)]
    assert [item.reason for item in reading.not_evaluated] == ["version range in a VEX statement"]
    ranged_only = advisory({"A": ">= V2"}, {"known_not_affected": ["A"]})
    assert of(ranged_only, Vex) == []


def product(path: list[tuple[str, str]], status: str, **helper: Any) -> Reading:
    """An advisory on one product at the end of a path of branches."""
    document = specimen()
    document["document"]["category"] = "csaf_security_advisory"
    named: dict[str, Any] = {"name": "One", "product_id": "P"}
    if helper:
        named["product_identification_helper"] = helper
    knot: dict[str, Any] = {"product": named}
    for category, name in reversed(path):
        knot = {"category": category, "name": name} | knot
        knot = {"branches": [knot]}
    document["product_tree"] = knot
    document["vulnerabilities"] = [
        {
            "cve": "CVE-2024-1000",
            "notes": [{"category": "summary", "text": "x"}],
            "product_status": {status: ["P"]},
        }
    ]
    return read(msgspec.json.encode(document))


ACME = [("vendor", "Acme"), ("product_name", "Pump")]


def test_a_cpe_without_version_takes_that_of_its_branch() -> None:
    path = [*ACME, ("product_version", "2.3 SP+1")]
    reading = product(path, "fixed", cpe="cpe:/a:acme:pump")
    (fact,) = of(reading, Affected)
    assert (fact.package, fact.ranges) == (
        "cpe:a:acme:pump",
        ((START, Event("fixed", "2.3 SP+1")),),
    )
    (statement,) = of(reading, Vex)
    assert statement.products == (r"cpe:2.3:a:acme:pump:2.3_sp\+1:*:*:*:*:*:*:*",)


def test_a_cpe_that_names_no_product_falls_back_to_the_name() -> None:
    reading = product([*ACME, ("product_version", "2")], "known_affected", cpe="cpe:/a:acme")
    assert [fact.package for fact in of(reading, Affected)] == ["name:acme/pump"]


def test_a_range_in_the_branch_of_a_package_url() -> None:
    path = [*ACME, ("product_version_range", "< 2")]
    (fact,) = of(product(path, "known_affected", purl="pkg:npm/pump"), Affected)
    assert (fact.package, fact.ranges) == ("pkg:npm/pump", ((START, Event("fixed", "2")),))


def test_the_name_of_a_package_is_not_its_version() -> None:
    path = [*ACME, ("product_version", "pump-kit")]
    (fact,) = of(product(path, "known_affected", purl="pkg:npm/pump-kit"), Affected)
    assert (fact.versions, fact.ranges) == ((), ((START,),))
    (fact,) = of(product([*ACME, ("product_version", "Pump")], "known_affected"), Affected)
    assert (fact.versions, fact.ranges) == ((), ((START,),))


def test_a_service_pack_belongs_to_the_version() -> None:
    path = [*ACME, ("product_version", "V5"), ("service_pack", "SP1")]
    (fact,) = of(product(path, "known_affected"), Affected)
    assert fact.versions == ("V5 SP1",)


def test_a_branch_without_product_name_names_the_product() -> None:
    reading = product([("vendor", "Acme"), ("product_version", "flow-lib")], "known_affected")
    (fact,) = of(reading, Affected)
    assert (fact.package, fact.ranges) == ("name:acme/flow lib", ((START,),))


def test_a_digest_bounds_no_range_but_is_stated_as_fixed() -> None:
    purl = "pkg:oci/pump@sha256%3A" + "0a" * 32
    reading = product([*ACME, ("product_version", "x")], "fixed", purl=purl)
    assert of(reading, Affected) == []
    assert [item.reason for item in reading.not_evaluated] == ["unorderable version"]
    assert [item.products for item in of(reading, Vex)] == [(purl,)]


def test_fixed_in_all_versions_bounds_nothing() -> None:
    reading = product([*ACME, ("product_version_range", "vers:all/*")], "fixed")
    assert of(reading, Affected) == []


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


def nested(depth: int) -> dict[str, Any]:
    branch: dict[str, Any] = {
        "category": "product_version",
        "name": "1",
        "product": {"name": "x", "product_id": "X"},
    }
    for _ in range(depth):
        branch = {"category": "product_family", "name": "f", "branches": [branch]}
    return branch


def test_a_tree_of_ninety_levels_is_read_and_of_three_hundred_refused() -> None:
    document = specimen()
    document["product_tree"]["branches"].append(nested(90))
    assert read(msgspec.json.encode(document)).facts
    document["product_tree"]["branches"].append(nested(300))
    with pytest.raises(TooLarge, match="nested"):
        read(json.dumps(document).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        RAW.replace(b'"status": "final"', b'"status": "draft", "status": "final"'),
        RAW.replace(b'"baseScore": 7.5', b'"baseScore": NaN'),
        RAW.replace(b"Grid Master V2.3 on", b"\\ud800"),
    ],
)
def test_what_is_not_json_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data)


@pytest.mark.parametrize("data", [b"[]", b"null", b"{}", b'"x"', b'{"document": []}'])
def test_other_json_is_refused_by_the_schema(data: bytes) -> None:
    with pytest.raises(Invalid, match="schema"):
        read(data)


def test_a_score_past_all_numbers_is_refused() -> None:
    with pytest.raises(Invalid):
        read(RAW.replace(b'"baseScore": 7.5', b'"baseScore": 1e999'))


def chain(count: int, *, closed: bool) -> dict[str, Any]:
    document = specimen()
    document["product_tree"]["relationships"] += [
        {
            "category": "installed_on",
            "full_product_name": {"name": f"n{at}", "product_id": f"R{at}"},
            "product_reference": f"R{at + 1}" if at + 1 < count else "R0" if closed else "RK",
            "relates_to_product_reference": "PANEL",
        }
        for at in range(count)
    ]
    return document


def test_a_loop_of_relationships_is_refused() -> None:
    with pytest.raises(Invalid, match=r"6\.1\.3 ") as refused:
        read(msgspec.json.encode(chain(500, closed=True)))
    assert refused.value.place == "/product_tree/relationships/1/full_product_name/product_id"


def test_ten_thousand_chained_relationships_take_linear_time() -> None:
    document = chain(10_000, closed=False)
    document["vulnerabilities"][1]["product_status"]["under_investigation"] = ["R0"]
    data = msgspec.json.encode(document)
    began = time.perf_counter()
    reading = read(data)
    assert time.perf_counter() - began < 5
    statement = next(item for item in of(reading, Vex) if item.status == "under_investigation")
    assert statement.products == ("pkg:npm/%40sample/relay-kit@1.4.0",)


def test_a_rule_broken_a_hundred_thousand_times_is_refused_briefly() -> None:
    document = specimen()
    ids = [f"N{number}" for number in range(100_000)]
    document["vulnerabilities"][0]["product_status"] = {"known_affected": ids}
    with pytest.raises(Invalid) as refused:
        read(msgspec.json.encode(document))
    assert len(refused.value.reason) < 2_000


def test_patterns_do_not_explode() -> None:
    began = time.perf_counter()
    for text in (
        "1" * 190 + "!",
        "1" + "sp1" * 60 + "!",
        "<1" + " sp 1" * 38 + "!",
        "1 sp" * 45,
        "a.1" * 60,
        "1-" * 95,
        "v " * 90 + "1",
        "- " * 99,
    ):
        span(text, exact=False)
    document = specimen()
    helper = document["product_tree"]["branches"][0]["branches"][1]["product"]
    helper["product_identification_helper"] = {"cpe": "cpe:2.3:a:" + "??a" * 5_000}
    with pytest.raises(Invalid, match="CPE"):
        read(msgspec.json.encode(document))
    document["document"]["tracking"]["version"] = "1.0.0-" + "0a." * 5_000
    with pytest.raises(Invalid):
        read(msgspec.json.encode(document))
    assert time.perf_counter() - began < 2


def test_a_version_of_ten_thousand_digits_is_refused() -> None:
    with pytest.raises(Invalid, match="schema"):
        read(msgspec.json.encode(specimen(version="1" * 10_000)))


def test_the_eight_statuses_are_those_of_the_standard() -> None:
    assert len(ProductStatus.__struct_fields__) == 8


def test_the_advisories_of_cisa() -> None:
    kinds: Counter[str] = Counter()
    worded = read_documents = size = 0
    began = time.perf_counter()
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
    assert time.perf_counter() - began < 30
