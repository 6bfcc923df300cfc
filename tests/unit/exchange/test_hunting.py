"""Values, plans and weights of hunting."""

from __future__ import annotations

import re

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.exchange.hunting import values
from accord.exchange.hunting.known_good import KnownGood, WarningList
from accord.exchange.hunting.plan import Indicator, plan
from accord.identity.markings import Marking, Tlp
from accord.store.hunting.duck import MACROS

_END = "network-traffic:dst_ref"
AT = "2030-01-01T00:00:00.000000Z"


def planned(*patterns: str) -> object:
    return plan([
        Indicator(f"indicator--{n}", "", "", one, "stix", AT, "", None, False, Marking(Tlp.RED), "", "")  # noqa: E501, FBT003
        for n, one in enumerate(patterns)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "exact"),
    [
        ("[domain-name:value = 'Evil.Example.']", [("domain", "evil.example", "")]),
        ("[ ipv6-addr:value='2001:DB8::0:1' ]", [("ip", "2001:db8::1", "")]),
        ("[file:hashes.'SHA-256' = 'AB']", [("hash", "ab", "")]),
        (
            f"[{_END}.type = 'ipv4-addr' AND {_END}.value = '192.0.2.1']",
            [("ip", "192.0.2.1", "dst")],
        ),
        (
            "[url:value = 'HTTP://A.test/%7Eb' OR domain-name:value IN ('a.test', 'b.test')]",
            [("url", "a.test/~b", ""), ("domain", "a.test", ""), ("domain", "b.test", "")],
        ),
        ("[domain-name:value = 'a.test'] OR [file:name = 'C:\\\\x\\\\Y.exe']",
         [("domain", "a.test", ""), ("file", "y.exe", "")]),
    ],
)  # fmt: skip
def test_plain_values_need_no_query(pattern: str, exact: list[tuple[str, str, str]]) -> None:
    made = planned(pattern)
    assert [(one.kind, one.value, one.side) for one in made.exact] == exact  # type: ignore[attr-defined]
    assert made.rest == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "pattern",
    [
        "[domain-name:value != 'a.test']",
        "[domain-name:value NOT = 'a.test']",
        "[domain-name:value = 'a.test' AND domain-name:value LIKE 'a%']",
        f"[network-traffic:src_ref.type = 'ipv4-addr' AND {_END}.value = '1.1.1.1']",
        "[domain-name:value = 'a.test'] AND [domain-name:value = 'b.test']",
        "[domain-name:value = 'a.test'] START t'2030-01-01T00:00:00Z' STOP t'2030-01-02T00:00:00Z'",
        "[domain-name:value = 'a.test' OR file:size > 3]",
        "[domain-name:value = 'not a name']",
    ],
)
def test_everything_else_is_a_query_of_its_own(pattern: str) -> None:
    made = planned(pattern)
    assert (made.exact, made.ranges, len(made.rest)) == ([], [], 1)  # type: ignore[attr-defined]


@given(st.ip_addresses(), st.ip_addresses())
def test_digits_order_as_addresses_do(one: object, other: object) -> None:
    (first, _), (second, _) = values.network(str(one)), values.network(str(other))  # type: ignore[misc]
    if one.version == other.version:  # type: ignore[attr-defined]
        assert (first < second) == (one < other)  # type: ignore[operator]


_PIECE = st.text(alphabet="aZ0-_.~%/é?=&+ ", max_size=12)


@given(st.sampled_from(["", "http://", "HTTPS://"]), st.sampled_from(["", ":80", ":443", ":8080"]),
       _PIECE, st.sampled_from(["", "#x"]))  # fmt: skip
def test_a_logged_url_has_the_form_of_an_indicators(
    scheme: str, port: str, path: str, end: str
) -> None:
    text = f"{scheme}Host.test{port}/{path.strip().replace(' ', '%20')}{end}"
    database = duckdb.connect()
    database.execute(MACROS)
    query = "SELECT odd_url($1), logged_url($1)"
    odd, found = database.execute(query, [text]).fetchone() or (False, "")
    assert odd or found == values.url(text)
    # Only what may hold a step, or other letters and their escapes, is too odd for SQL.
    assert not odd or "." in path or re.search("%2e|%[89a-f]", path.lower()) or not path.isascii()


def test_a_warning_list_counts_for_what_it_says_that_it_matches() -> None:
    lists = KnownGood([
        WarningList("dns", ["192.0.2.1"], "cidr", ["ip-dst"]),
        WarningList("cloud", ["198.51.0.0/16"], "cidr", ["ip-dst"]),
        WarningList("hashes", ["AB" * 16], "string", ["md5"]),
        WarningList("names", [".good.test"], "hostname", ["domain"]),
    ])  # fmt: skip
    assert lists.about("hash", "ab" * 16) == ("suppressed", f"{'ab' * 16} is on the list 'hashes'")
    assert lists.about("domain", "ab" * 16) is None
    assert (lists.about("domain", "good.test") or ("", ""))[0] == "suppressed"
    assert (lists.about("domain", "bad.good.test") or ("", ""))[0] == "weak"
    assert (lists.about("url", "good.test/x") or ("", ""))[0] == "weak"
    assert lists.about("domain", "notgood.test") is None


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("ip", ["192.0.2.1", " 192.0.2.1 ", "192.0.2.1:80", "::ffff:192.0.2.1"]),
        ("ip", ["2001:db8::1", "[2001:DB8:0::1]:443", "[2001:db8::1]", "2001:db8::1%eth0"]),
        ("domain", ["xn--bcher-kva.example", "B\u00dcCHER.example.", "*.b\u00fccher.example"]),
        ("url", [
            "http://a.test/b?c", "https://u:p@A.test.:443/./x/../b?c#d", "a.test/%62?%63",
            "x://mail@a.test/../b?c",
        ]),
        ("url", ["http://xn--bcher-kva.test/", "b\u00fccher.test", "B\u00dcCHER.test:80/x/.."]),
        ("hash", ["ab12", "AB12", " ab:12 "]),
    ],
)  # fmt: skip
def test_all_spellings_of_one_thing_are_one(kind: values.Kind, texts: list[str]) -> None:
    assert len({values.NORMAL[kind](one) for one in texts} - {""}) == 1


@pytest.mark.parametrize("text", ["10.0.0", "evil.example:80", "[192.0.2.1", "1.2.3.4:x", "::1]:3"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert not values.ip(text)
