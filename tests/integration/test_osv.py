"""Scanners ask a node as they ask osv.dev: at its own pages, everything that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import nodes
import pytest
import shared
from litestar.testing import TestClient
from scanners import CVE, JINJA, audited, by_name, by_purl, check, served
from sqlalchemy import text

from accord.core.yaml import decode as decode_yaml
from accord.flows.osv import api, questions
from accord.flows.osv.api import Api
from accord.supply.advisories import osv
from accord.supply.advisories.facts import Affected
from accord.web.app import application
from accord.web.scanners import Own
from accord.wiring import Node


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    made = nodes.on(database_url, tmp_path) if database_url else nodes.new_node(tmp_path / "node")
    yield made
    made.engine.dispose()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.engine.dispose()


def asking(node: Node) -> Api:
    return Api(node.advisories, Own(node.advisories))


def ids(node: Node, question: bytes) -> list[str]:
    status, body = asking(node).query(question)
    assert status == 200, body
    (short,) = msgspec.json.decode(asking(node).batch(b'{"queries":[' + question + b"]}")[1])[
        "results"
    ]
    found = [one["id"] for one in msgspec.json.decode(body).get("vulns", [])]
    assert [one["id"] for one in short.get("vulns", [])] == found
    return found


def record(node: Node, name: str) -> Any:
    status, body = asking(node).vulnerability(name)
    assert status == 200, body
    return msgspec.json.decode(body)


def refused(node: Node, question: bytes) -> str:
    status, body = asking(node).query(question)
    assert status == 400
    said = msgspec.json.decode(body)
    assert said["code"] == 3
    return str(said["message"])


def test_by_name_and_by_purl_with_bounds(node: Node) -> None:
    nodes.give(node, [("a", nodes.osv("GHSA-a", introduced="1.0.0"))])
    for version, hit in (("0.9.9", False), ("1.0.0", True), ("1.9.9", True), ("2.0.0", False)):
        wanted = ["GHSA-a"] * hit
        assert ids(node, by_name("left-pad", version)) == wanted
        assert ids(node, by_purl(f"pkg:npm/left-pad@{version}")) == wanted
        assert ids(node, by_purl("pkg:npm/left-pad", version=version)) == wanted
    assert ids(node, by_name("left-pad")) == ["GHSA-a"]
    assert ids(node, by_purl("pkg:npm/left-pad")) == ["GHSA-a"]
    assert ids(node, by_purl("pkg:npm/right-pad@1.0.0")) == []
    assert asking(node).query(by_name("right-pad", "1")) == (200, b"{}")


def test_bytes_are_those_that_came_in(node: Node) -> None:
    odd = nodes.osv("GHSA-a").replace(b'"id"', b' "\\u0069d" \t')
    nodes.give(node, [("a", odd)])
    assert odd in asking(node).query(by_name("left-pad", "1.0.0"))[1]
    assert asking(node).vulnerability("GHSA-a") == (200, odd)


def test_only_editions_that_count_and_stand(node: Node) -> None:
    nodes.give(node, [("a", nodes.osv("GHSA-a", fixed="9.0.0"))])
    newer = nodes.osv("GHSA-a", fixed="1.0.0", modified="2026-01-02T00:00:00Z")
    gone = nodes.osv("GHSA-b", withdrawn="2026-01-03T00:00:00Z")
    nodes.give(node, [("b", newer), ("c", gone)])
    assert ids(node, by_name("left-pad", "1.5.0")) == []
    assert ids(node, by_name("left-pad", "0.5.0")) == ["GHSA-a"]
    assert record(node, "GHSA-b")["withdrawn"] == "2026-01-03T00:00:00Z"


def test_aliases_are_told(node: Node) -> None:
    nodes.give(node, [("a", nodes.osv("GHSA-a", aliases=["CVE-2026-1", "PYSEC-1"]))])
    assert record(node, "GHSA-a")["aliases"] == ["CVE-2026-1", "PYSEC-1"]
    for name in ("CVE-2026-1", "PYSEC-1"):
        status, body = asking(node).vulnerability(name)
        assert status == 404
        assert b"the following aliases were: GHSA-a" in body
    missing = {"code": 5, "message": "Bug not found."}
    assert asking(node).vulnerability("CVE-9") == (404, msgspec.json.encode(missing))


def test_a_record_is_made_of_other_kinds(node: Node) -> None:
    nodes.give(node, [("cve", nodes.text(CVE))])
    assert ids(node, by_name("left-pad", "1.2.0")) == ["CVE-2026-4242"]
    assert ids(node, by_name("left-pad", "1.5.0")) == []
    made = record(node, "CVE-2026-4242")
    check(made)
    assert made["summary"] == "A flaw in left-pad"
    assert made["references"] == [{"type": "WEB", "url": "https://example.org/a"}]
    assert made["severity"][0]["type"] == "CVSS_V3"
    assert made["affected"] == [
        {
            "package": {"ecosystem": "npm", "name": "left-pad", "purl": "pkg:npm/left-pad"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "1.0.0"}, {"fixed": "1.5.0"}]}
            ],
        }
    ]


def test_a_record_that_came_goes_before_one_that_is_made(node: Node) -> None:
    own = nodes.osv("CVE-2026-4242", fixed="1.5.0")
    nodes.give(node, [("cve", nodes.text(CVE)), ("osv", own)])
    assert asking(node).vulnerability("CVE-2026-4242") == (200, own)
    assert ids(node, by_name("left-pad", "1.2.0")) == ["CVE-2026-4242"]


def test_releases_of_a_distribution(node: Node) -> None:
    for release, fixed in (("11", "3.0.5"), ("12", "3.0.1")):
        text = nodes.osv(f"DSA-{release}", "openssl", ecosystem=f"Debian:{release}", fixed=fixed)
        nodes.give(node, [(release, text)])
    both = ["DSA-11", "DSA-12"]
    assert ids(node, by_name("openssl", "3.0.3", "Debian:11")) == ["DSA-11"]
    assert ids(node, by_name("openssl", "3.0.3", "Debian:12")) == []
    assert ids(node, by_name("openssl", "3.0.0", "Debian")) == both
    assert ids(node, by_purl("pkg:deb/debian/openssl@3.0.0")) == both
    assert ids(node, by_purl("pkg:deb/debian/libssl3@3.0.0?upstream=openssl&distro=debian-11")) == [
        "DSA-11"
    ]


def test_pages_go_on_where_they_ended(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PAGE", 3)
    nodes.give(node, [(str(n), nodes.osv(f"GHSA-{n:02}")) for n in range(8)])
    for call in ("query", "batch"):
        seen: list[str] = []
        more: dict[str, Any] = {}
        for _ in range(3):
            question = by_name("left-pad", "1.0.0", **more)
            body = question if call == "query" else b'{"queries":[' + question + b"]}"
            found = msgspec.json.decode(getattr(asking(node), call)(body)[1])
            found = found if call == "query" else found["results"][0]
            seen += [one["id"] for one in found["vulns"]]
            more = {"page_token": found.get("next_page_token", "")}
        assert seen == [f"GHSA-{n:02}" for n in range(8)]
        assert more == {"page_token": ""}


def test_a_page_ends_by_its_bytes(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "LARGEST", 10)
    nodes.give(node, [(str(n), nodes.osv(f"GHSA-{n}")) for n in range(2)])
    found = msgspec.json.decode(asking(node).query(by_name("left-pad"))[1])
    assert [one["id"] for one in found["vulns"]] == ["GHSA-0"]
    assert found["next_page_token"]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (b"", "not JSON"),
        (b"[]", "Expected"),
        (b"{}", "name a package"),
        (b'{"package":{"name":"a"}}', "name a package"),
        (b'{"package":7}', "Expected"),
        (b'{"version":{"a":1},"package":{"purl":"pkg:npm/a"}}', "Expected"),
        (by_name("a", "1", "Nowhere"), "not an ecosystem"),
        (by_purl("npm/a@1"), "not a package URL"),
        (by_purl("pkg:npm/a@1", version="1"), "both in the purl and beside it"),
        (by_name("a", commit="6879efc2c1596d11a6a6ad296f80063b558d5e0f"), "commits are not"),
        (b'{"commit":"6879efc2"}', "commits are not evaluated"),
        (by_name("a", "???"), "version '???' has no place in the order"),
        (by_purl("pkg:pypi/a@not%20a%20version"), "cannot be evaluated"),
        (by_name("a" * 5000), "too long"),
        (by_name("a\0b"), "NUL"),
        (by_name("a", page_token="%%%"), "page token"),
        (by_name("a", page_token="/w=="), "page token"),
        (b'{"package":' * 300 + b"1" + b"}" * 300, "deep"),
        (msgspec.json.encode({"package": {"name": "a", "ecosystem": "npm", "purl": "pkg:npm/a"}}),
         "not by both"),
    ],
)  # fmt: skip
def test_hostile_questions_are_told_why(embedded: Node, question: bytes, told: str) -> None:
    assert told in refused(embedded, question)


def test_a_version_without_order_counts_where_it_is_listed_itself(embedded: Node) -> None:
    listed = {
        "id": "GHSA-listed", "modified": "2026-01-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["???"]}],
    }  # fmt: skip
    nodes.give(embedded, [("listed.json", msgspec.json.encode(listed))])
    assert ids(embedded, by_name("a", "???")) == ["GHSA-listed"]
    batch = b'{"queries":[' + by_name("a", "???") + b"]}"
    assert b"GHSA-listed" in asking(embedded).batch(batch)[1]
    assert "cannot be evaluated" in refused(embedded, by_name("a", "????"))


def test_a_batch_is_bounded_and_names_what_is_wrong(embedded: Node) -> None:
    many = b'{"queries":[' + b",".join([by_name("a", "1")] * 1001) + b"]}"
    assert b"too many queries" in asking(embedded).batch(many)[1]
    mixed = b'{"queries":[' + by_name("a", "1") + b"," + by_purl("x") + b"]}"
    status, body = asking(embedded).batch(mixed)
    assert status == 400
    assert b"query 1: " in body
    unread = b'{"queries":[' + by_name("a", "1") + b"," + by_name("a", "???") + b"]}"
    status, body = asking(embedded).batch(unread)
    assert (status, b"query 1: " in body) == (400, True)
    assert asking(embedded).batch(b"{}") == (200, b'{"results":[]}')
    same = b'{"queries":[' + b",".join([by_name("a", "1")] * questions.MOST) + b"]}"
    assert asking(embedded).batch(same)[1].count(b"{}") == questions.MOST


def test_records_made_of_real_documents_keep_the_rules(embedded: Node) -> None:
    """And what the documents name as affected is affected by the record, read as any other."""
    documents = [
        *list(shared.real_members("data/cve/vulnrichment.zip", ".json"))[:400],
        *list(shared.real_members("data/csaf/redhat-sample.zip", ".json"))[:2],
        *list(shared.real_members("data/osv/rustsec-source.zip", ".md"))[:40],
    ]
    nodes.give(embedded, documents)
    with embedded.engine.connect() as connection:
        query = (
            "SELECT DISTINCT a.vulnerability FROM affected a JOIN package p ON p.id = a.package_id"
            " WHERE p.name LIKE 'pkg:%' ORDER BY a.vulnerability"
        )
        names = list(connection.scalars(text(query)))
    assert len(names) > 30
    intervals = 0
    for name in names[:: max(1, len(names) // 150)]:
        made = record(embedded, name)
        check(made)
        assert made["id"] == name
        facts = osv.read_json(msgspec.json.encode(made)).facts
        intervals += sum(isinstance(fact, Affected) for fact in facts)
    assert intervals >= len(names[:: max(1, len(names) // 150)])


@pytest.mark.parametrize("name", ["", "x" * 400, "a\0b", "\ud800", "%", "../x"])
def test_hostile_names_are_not_found(node: Node, name: str) -> None:
    assert asking(node).vulnerability(name)[0] == 404


def test_at_the_pages_address(embedded: Node) -> None:
    nodes.give(embedded, [("a", nodes.osv("GHSA-a")), ("cve", nodes.text(CVE))])
    with TestClient(application(embedded), base_url="http://127.0.0.1:8400") as client:
        answer = client.post("/v1/query", content=by_name("left-pad", "1.2.0"))
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert [one["id"] for one in answer.json()["vulns"]] == ["CVE-2026-4242", "GHSA-a"]
        assert client.get("/v1/vulns/GHSA-a").json()["id"] == "GHSA-a"
        assert client.get("/v1/vulns/GHSA%2Da").json()["id"] == "GHSA-a"
        assert client.get("/v1/vulns/x").status_code == 404
        assert client.post("/v1/query", content=b"x" * (1 << 21)).status_code == 413
        assert client.post("/exposures", content=b"").status_code == 405
        elsewhere = {"host": "evil.example"}
        assert client.post("/v1/query", content=b"{}", headers=elsewhere).status_code == 400


@pytest.mark.timeout(600)
def test_real_advisories_are_answered_and_agree_with_the_index(embedded: Node) -> None:
    documents = list(shared.real_members("data/osv/PyPI.zip", ".yaml"))
    nodes.give(embedded, documents)
    by_version: dict[tuple[str, str], set[str]] = {}
    for _, data in documents:
        one = decode_yaml(data)
        for affected in one.get("affected", []):
            if one.get("withdrawn") or affected["package"]["ecosystem"] != "PyPI":
                continue
            for version in affected.get("versions", [])[:1]:
                by_version.setdefault((affected["package"]["name"], version), set()).add(one["id"])
    asked = sorted(by_version)[:300]
    for name, version in asked:
        _, body = asking(embedded).query(by_name(name, version, "PyPI"))
        found = {one["id"] for one in msgspec.json.decode(body).get("vulns", [])}
        assert by_version[name, version] <= found


def test_pip_audit_asks_this_node(embedded: Node, tmp_path: Path) -> None:
    nodes.give(embedded, [("a", JINJA)])
    with served(embedded) as port:
        found = audited(tmp_path, f"http://127.0.0.1:{port}/v1/query")
    assert found["whole"] == []
    (one,) = found["jinja2"]
    assert {one["id"], *one["aliases"]} == {"GHSA-jinja", "CVE-2014-1402"}
    assert one["fix_versions"] == ["2.7.3"]
