"""Versions and ranges as publishers of CSAF write them, and the statuses that bound them."""

from __future__ import annotations

from typing import Any

import pytest
from csaf_specimens import START, advisory, of, product
from hypothesis import given
from hypothesis import strategies as st

from accord.supply.advisories.csaf.ranges import Span, span
from accord.supply.advisories.facts import Affected, Event, Vex


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
