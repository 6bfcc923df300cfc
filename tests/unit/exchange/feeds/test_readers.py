"""What publishers' indexes lead to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accord.core.errors import Invalid, NotFound
from accord.exchange.feeds import addresses
from accord.exchange.feeds.csaf import Csaf
from accord.exchange.feeds.errors import Misanswered
from accord.exchange.feeds.kinds import KINDS, kind_of
from accord.exchange.feeds.misp import Misp
from accord.exchange.feeds.taxii import Taxii
from accord.exchange.feeds.values import Answer, Ask, Read, Reader

BASE = "https://publisher.example/"
UUID = "5bf7a3b2-8e1c-4d3a-9f0e-0123456789ab"
NOW = "2026-11-23T12:00:00.000000Z"


def read(reader: Reader, path: str, body: Any, position: Any = None, **headers: str) -> Read:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    ask = Ask(url=BASE + path)
    return reader.read(ask, Answer(BASE + path, 200, headers, data, NOW), position or {})


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://x/", "begin it with"), ("https://", "begin it with"),
        ("file:///x", "begin it with"),
        ("https://u:p@x/", "must not hold"), ("https://x:99999/", "no address"),
        ("https://[::1/", "no address"), ("https://b\u00fccher.example/", "ASCII"),
        ("https://x/a b", "ASCII"), ("https://x/\r\nHost: y", "ASCII"), ("http://x/", "--plain"),
    ],
)  # fmt: skip
def test_addresses_that_are_not_asked(url: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        addresses.checked(url, plain=False)


def test_no_secret_of_an_address_is_shown() -> None:
    assert addresses.shown("https://u:p@x.example/a/b?key=canary#c") == "https://x.example/a/b"


@pytest.mark.parametrize(
    "name", ["../x.json", "/etc/passwd", "a/../../b", "https://evil.example/x", "a//b", "a?b", "",
             "a\\b", "%2e%2e/x", "./x"],
)  # fmt: skip
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(Misanswered, match="no file below"):
        addresses.below(f"{BASE}csaf/index.txt", name)


def test_a_kind_brings_what_it_is_for() -> None:
    with pytest.raises(NotFound, match="no kind of feed"):
        kind_of("rss")
    for name, kind in KINDS.items():
        for never in ("confirmation", "choice", "claim", "estate", "accord record", "unrecognised",
                      "CycloneDX bill", "SPDX bill", "SSVC decision table"):  # fmt: skip
            assert not kind.admits(never), name
    assert KINDS["kev"].admits("KEV catalogue")
    assert not KINDS["kev"].admits("OSV advisory")
    assert KINDS["taxii"].admits("STIX 2.1 object")
    assert KINDS["url"].admits("OpenVEX document")


def test_a_manifest_of_misp() -> None:
    other = UUID.replace("5", "6")
    found = read(
        Misp(), "feed/manifest.json",
        {UUID: {"info": "x", "timestamp": "1700000000"}, other: {"timestamp": 1800000000},
         "../../etc/passwd": {"timestamp": "1"}},
    )  # fmt: skip
    assert [(one.key, one.revision, one.url) for one in found.items] == [
        (other, "1800000000", f"{BASE}feed/{other}.json"),
        (UUID, "1700000000", f"{BASE}feed/{UUID}.json"),
    ]
    assert found.notes == ("1 entries are no UUIDs",)
    assert Misp().begin(f"{BASE}feed")[0].url == f"{BASE}feed/manifest.json"
    with pytest.raises(Misanswered, match="not a manifest"):
        read(Misp(), "manifest.json", [1])


def test_provider_metadata_leads_to_its_feeds_first() -> None:
    told = {
        "distributions": [
            {"directory_url": f"{BASE}csaf"},
            {"rolie": {"feeds": [
                {"url": f"{BASE}white.json", "tlp_label": "WHITE"},
                {"url": "amber.json", "tlp_label": "AMBER"},
            ]}},
        ]
    }  # fmt: skip
    found = read(Csaf(), "provider-metadata.json", told)
    assert [(one.url, one.optional) for one in found.asks] == [
        (f"{BASE}white.json", False), (f"{BASE}amber.json", True),
    ]  # fmt: skip
    told["distributions"] = told["distributions"][:1]
    assert [one.url for one in read(Csaf(), "p.json", told).asks] == [f"{BASE}csaf/changes.csv"]
    wrongs: list[Any] = [{"distributions": []}, {"document": {}}, b"<html>"]
    for wrong in wrongs:
        with pytest.raises(Misanswered):
            read(Csaf(), "p.json", wrong)


def test_a_rolie_feed() -> None:
    entry = {
        "id": "A", "updated": "2024-01-01T00:00:00Z",
        "link": [{"rel": "hash", "href": "x.sha512"}, {"rel": "self", "href": "2024/a.json"}],
    }  # fmt: skip
    (item,) = read(Csaf(), "csaf/feed.json", {"feed": {"entry": [entry]}}).items
    assert (item.url, item.revision) == (f"{BASE}csaf/2024/a.json", "2024-01-01T00:00:00Z")
    entry["link"] = [{"rel": "self", "href": "javascript:alert(1)"}]
    with pytest.raises(Misanswered, match="leads nowhere"):
        read(Csaf(), "csaf/feed.json", {"feed": {"entry": [entry]}})


def test_a_directory_by_its_changes_or_its_index() -> None:
    changes = b'"2024/a.json","2024-02-01T00:00:00Z"\n"b.json","2024-01-01T00:00:00Z"\n'
    found = read(Csaf(), "csaf/changes.csv", changes + b'"b.json","2023-01-01T00:00:00Z"\n')
    assert [(one.key, one.revision) for one in found.items] == [
        ("2024/a.json", "2024-02-01T00:00:00Z"), ("b.json", "2024-01-01T00:00:00Z"),
    ]  # fmt: skip
    index = read(Csaf(), "csaf/index.txt", b"2024/a.json\r\nb.json\n\n")
    assert [(one.url, one.revision) for one in index.items] == [
        (f"{BASE}csaf/2024/a.json", ""), (f"{BASE}csaf/b.json", ""),
    ]  # fmt: skip
    (ask,) = Csaf().begin(f"{BASE}csaf/")
    absent = Csaf().read(ask, Answer(ask.url, 404, {}, b"", NOW), {})
    assert [one.url for one in absent.asks] == [f"{BASE}csaf/index.txt"]
    with pytest.raises(Misanswered, match="no date"):
        read(Csaf(), "csaf/changes.csv", b"a.json\n")


def test_taxii_leads_from_discovery_to_objects() -> None:
    found = read(Taxii(), "taxii2/", {"title": "x", "api_roots": ["/api/", f"{BASE}api/"]})
    assert [one.url for one in found.asks] == [f"{BASE}api/"]
    found = read(Taxii(), "api/", {"title": "x", "versions": [], "max_content_length": 1})
    assert [one.url for one in found.asks] == [f"{BASE}api/collections/"]
    listed = {"collections": [{"id": UUID, "can_read": True}, {"id": "w", "can_read": False}]}
    found = read(Taxii(), "api/collections/", listed)
    objects = f"{BASE}api/collections/{UUID}/objects/"
    assert [one.url for one in found.asks] == [f"{objects}?limit=1000"]
    position = {objects: {"added_after": "2026-01-01T00:00:00.000001Z", "next": "n/1"}}
    found = read(Taxii(), "api/collections/", listed, position)
    assert found.asks[0].url.endswith(
        "?limit=1000&added_after=2026-01-01T00%3A00%3A00.000001Z&next=n%2F1"
    )
    with pytest.raises(Misanswered, match="may not be read"):
        read(Taxii(), f"api/collections/{UUID}/", {"id": UUID, "can_read": False})
    for wrong in ({}, {"error": 1}, b"<html>", {"collections": [{"id": "../x"}]}):
        with pytest.raises(Misanswered):
            read(Taxii(), "api/", wrong)


OBJECTS = f"{BASE}c/objects/"
_LAST = "x-taxii-date-added-last"


def page(body: Any, position: Any = None, last: str = "", query: str = "") -> Read:
    path = f"c/objects/?limit=1000{query}"
    return read(Taxii(), path, body, position, **({_LAST: last} if last else {}))


def test_pages_of_taxii() -> None:
    raw = b'{"type":"x",  "id":"indicator--1","modified":"2026-01-01T00:00:00Z"}'
    found = page(b'{"more":true,"next":"2","objects":[%b]}' % raw, last="2026-01-01T00:00:00Z")
    assert found.documents == (("indicator--1 2026-01-01T00:00:00Z", raw),)
    assert found.asks[0].url == f"{OBJECTS}?limit=1000&next=2"
    found = page({"objects": [{}]}, found.position, "2026-01-02T00:00:00Z")
    assert found.position == {OBJECTS: {"added_after": "2026-01-02T00:00:00.000000Z"}}
    assert found.asks == ()
    found = page({}, found.position)
    assert found.position == {OBJECTS: {"added_after": "2026-01-02T00:00:00.000000Z"}}


def test_pages_of_taxii_that_go_round() -> None:
    found = page({"more": True, "next": "2", "objects": [{}]})
    # One cursor for all pages is no circle: some servers give no other.
    found = page({"more": True, "next": "2", "objects": [{"a": 1}]}, found.position, "", "&next=2")
    with pytest.raises(Misanswered, match="comes again"):
        page({"more": True, "next": "2", "objects": [{"a": 1}]}, found.position, "", "&next=2")
    with pytest.raises(Misanswered, match="without a cursor"):
        page({"more": True, "objects": [{}]})
    at = "2026-01-01T00:00:00.000000Z"
    found = page({"more": True, "objects": [{}]}, last=at)
    assert found.asks[0].url == f"{OBJECTS}?limit=1000&added_after=2026-01-01T00%3A00%3A00.000000Z"
    with pytest.raises(Misanswered, match="without a cursor"):
        page({"more": True, "objects": [{}]}, found.position, at, f"&added_after={at}")
    position: Any = {}
    for number in range(3):
        position = page({"more": True, "next": f"e{number}"}, position, "", "&next=e").position
    with pytest.raises(Misanswered, match="that hold nothing"):
        page({"more": True, "next": "e9"}, position, "", "&next=e")
    with pytest.raises(Misanswered, match="not a date"):
        page({"objects": []}, last="yesterday")


def test_a_date_ahead_of_time_is_no_place_to_go_on() -> None:
    """A day is what clocks and zones may differ by; more would pass over all that comes."""
    day = "2026-11-24T12:00:00.000000Z"
    assert page({"objects": [{}]}, last=day).position == {OBJECTS: {"added_after": day}}
    for wrong in ("2026-11-24T12:00:00.000001Z", "9999-12-31T23:59:59.999999Z"):
        for more in ({}, {"more": True, "next": "n"}):
            with pytest.raises(Misanswered, match="ahead of time"):
                page({"objects": [{}], **more}, last=wrong)


@pytest.mark.parametrize("name", ["last", "added_after"])
def test_a_date_ahead_that_was_kept_before_is_forgotten(name: str) -> None:
    kept = {OBJECTS: {name: "9999-12-31T23:59:59.999999Z", "next": "n"}}
    (ask,) = read(Taxii(), "c/", {"id": "c", "can_read": True}, kept).asks
    assert ask.url == f"{OBJECTS}?limit=1000"
    at = "2026-01-02T00:00:00.000000Z"
    assert page({"objects": [{}]}, kept, at).position == {OBJECTS: {"added_after": at}}
    assert page({"objects": [{}]}, kept).position == {OBJECTS: {}}


def test_a_reading_that_broke_off_goes_on_by_date() -> None:
    """A cursor may have moved on without us; what shares the last date is asked for again."""
    at = "2026-01-01T00:00:01.000000Z"
    found = page({"more": True, "next": "n", "objects": [{}]}, {}, at)
    assert found.asks[0].url == f"{OBJECTS}?limit=1000&next=n"
    listed = {"id": "c", "can_read": True}
    (ask,) = read(Taxii(), "c/", listed, found.position).asks
    assert ask.url == f"{OBJECTS}?limit=1000&added_after=2026-01-01T00%3A00%3A00.999999Z"
    bare = page({"more": True, "next": "n", "objects": [{}]})
    (ask,) = read(Taxii(), "c/", listed, bare.position).asks
    assert ask.url == f"{OBJECTS}?limit=1000&next=n"


def test_a_cursor_that_is_not_taken_leads_back_to_the_last_date() -> None:
    since = "2026-01-01T00:00:00.000000Z"
    position = {OBJECTS: {"added_after": since, "next": "old"}}
    ask = Ask(url=f"{OBJECTS}?limit=1000&next=old")
    found = Taxii().read(ask, Answer(ask.url, 400, {}, b"", NOW), position)
    assert found.position == {OBJECTS: {"added_after": since, "again": ""}}
    again = found.asks[0]
    assert "next" not in again.url
    assert "added_after=2026-01-01T00%3A00%3A00.000000Z" in again.url
    with pytest.raises(Misanswered, match="its own cursor"):
        Taxii().read(ask, Answer(ask.url, 400, {}, b"", NOW), found.position or {})
    with pytest.raises(Misanswered, match="does not take the question"):
        Taxii().read(again, Answer(again.url, 400, {}, b"", NOW), found.position or {})
