"""Hunts over logs with planted hits: all found, none invented, whatever the logs hold besides."""

from __future__ import annotations

import gzip
import json
import os
import random
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodes
import pytest
import zstandard
from hunted import ZEEK, found, given, indicator, looked, of_misp, zeek
from shared import real_members
from stix_objects import bundle, link, ref, thing

from accord.exchange.hunting.values import NORMAL
from accord.flows.hunting.port import Mapping
from accord.flows.hunting.tally import tally
from accord.wiring import Node

duckdb = pytest.importorskip("duckdb")

EVIL = indicator(1, "[domain-name:value = 'evil.example']")
BAD = indicator(2, "[ipv4-addr:value = '198.51.100.7']")
DAY = "1893456000.5"  # 2030-01-01
HIT = (DAY, "10.0.0.1", "9.9.9.9", "www.evil.example", "-", "-", "-")
CLEAN = (DAY, "10.0.0.1", "9.9.9.9", "notevil.example", "-", "-", "-")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.hunting.close()
    made.engine.dispose()


def log(folder: Path, data: bytes, name: str = "dns.log") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_hit_becomes_a_sighting_once(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(EVIL, BAD))
    path = log(tmp_path, zeek([HIT, CLEAN, HIT]))
    done = looked(node, path)
    (one,) = done.findings
    assert (one.strength, one.indicator, one.value, one.count) == (
        "strong", EVIL["id"], "www.evil.example", 2,
    )  # fmt: skip
    assert len(done.sightings) == 1
    again = looked(node, path)
    assert (again.sightings, again.same) == ([], 1)
    (row,) = tally(node)
    assert (row.sighted, row.count, row.own, row.partners) == (EVIL["id"], 2, 2, {})
    assert row.first_seen.startswith("2030-01-01T00:00:00.5")


def test_a_sighting_says_no_more_than_it_must(node: Node, tmp_path: Path) -> None:
    strict = indicator(
        3, "[domain-name:value = 'evil.example']", labels=["tlp:amber+strict", "PAP:AMBER"]
    )
    nodes.give(node, given(strict))
    done = looked(node, log(tmp_path, zeek([HIT])))
    with node.views.view() as view:
        (row,) = view.stix_objects(done.sightings[0])
        body = view.body(row.document)
    made = json.loads(body)["objects"]
    assert [one["type"] for one in made] == ["domain-name", "observed-data", "sighting"]
    assert b"10.0.0.1" not in body
    assert b"www" not in body
    mark = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
    assert {tuple(one["object_marking_refs"]) for one in made} == {(mark,)}
    assert made[-1]["labels"] == ["PAP:AMBER"]


def test_a_sighting_of_what_indicates_a_vulnerability_changes_its_rank(
    node: Node, tmp_path: Path
) -> None:
    cve = "CVE-2030-0001"
    hole = thing("vulnerability", 8, name=cve)
    sign = link(9, EVIL, "indicates", thing("malware", 7, name="Worm", is_family=True))
    worm = link(10, {"id": ref("malware", 7)}, "exploits", hole)
    ties = bundle(EVIL, thing("malware", 7, name="Worm", is_family=True), hole, sign, worm)
    scene = [
        ("bill", nodes.bill("Pump", "1", ["pkg:npm/left-pad@1.0.0"], supplier="Maker")),
        ("advisory", nodes.osv("OSV-1", aliases=[cve])),
        ("ties", ties),
        ("kev", nodes.kev("CVE-2030-9999")),
    ]
    nodes.give(node, scene)
    (before,) = nodes.listed(node)
    looked(node, log(tmp_path, zeek([HIT])))
    (after,) = nodes.listed(node)
    assert (before["decision"], before["sightings"]) == ("attend", 0)
    assert (after["decision"], after["sightings"]) == ("act", 1)


def test_the_real_indicators_are_found_in_every_format_and_none_is_invented(
    node: Node, tmp_path: Path
) -> None:
    chance = random.Random(1)
    real = list(of_misp())
    assert len(real) > 1_000
    made = [indicator(1000 + n, pattern) for n, (_, _, pattern) in enumerate(real)]
    nodes.give(node, given(*made))
    planted = chance.sample(range(len(real)), 400)
    eve: list[dict[str, Any]] = []
    win: list[dict[str, Any]] = []
    proxy, dns = ["time,client,url"], []
    expected = set()
    for number in planted:
        kind, text, _ = real[number]
        expected.add(made[number]["id"])
        stamp = "2030-01-01T00:00:00.1+0000"
        if kind in {"md5", "sha1", "sha256"}:
            name = kind.upper()
            win.append({"EventData": {"Hashes": f"{name}={text.upper()},IMPHASH=0"}})
        elif kind == "url" and "," not in text and '"' not in text:
            proxy.append(f"2030-01-01T00:00:00Z,10.0.0.1,{text}")
        elif kind in {"ip-dst", "ip-src"}:
            end = "dest_ip" if kind == "ip-dst" else "src_ip"
            eve.append({"timestamp": stamp, "event_type": "flow", end: text})
        elif kind in {"domain", "hostname"}:
            dns.append((DAY, "10.0.0.1", "9.9.9.9", text.upper(), "-", "-", "-"))
        elif kind in {"email-src", "email-dst"}:
            eve.append({"timestamp": stamp, "event_type": "smtp", "smtp": {"mail_from": text}})
        else:
            expected.discard(made[number]["id"])
    eve.insert(0, {"timestamp": "2030-01-01T00:00:00Z", "event_type": "stats"})
    lines = "".join(json.dumps(one) + "\n" for one in eve).encode()
    logs = tmp_path / "logs"
    logs.mkdir()
    log(logs, zeek(dns + [CLEAN] * 100))
    log(logs, gzip.compress(lines), "eve.json.gz")
    log(logs, json.dumps(win).encode(), "windows.json")
    log(logs, zstandard.compress("\n".join(proxy).encode()), "proxy.csv.zst")
    done = looked(node, logs)
    assert done.troubles == []
    hit = {one.indicator for one in done.findings}
    assert expected - hit == set()
    by_id = {one["id"]: real[n] for n, one in enumerate(made)}
    held = {NORMAL["domain"](text) for number in planted for text in [real[number][1]]}
    for one in done.findings:
        # Beside what was planted: other indicators of the same value, or of its host.
        kind, text, _ = by_id[one.indicator]
        assert one.indicator in expected or one.told in one.value or text.lower() in held


def test_known_good_values_are_suppressed_with_why(node: Node, tmp_path: Path) -> None:
    lists = [
        (name, data)
        for name, data in real_members("data/threat/misp-warninglists.zip", "list.json")
        if any(word in name for word in ("public-dns-v4", "tranco10k", "amazon-aws", "dynamic"))
    ]
    signs = [
        indicator(1, "[domain-name:value = '10086.cn']"),
        indicator(2, "[ipv4-addr:value = '1.0.0.1']"),
        indicator(3, "[ipv4-addr:value = '10.0.0.9']"),
        indicator(4, "[domain-name:value = 'sub.10086.cn']"),
        indicator(5, "[domain-name:value = 'evil.example']", confidence=10),
        indicator(6, "[domain-name:value = 'evil.example']", valid_until="2029-12-31T00:00:00Z"),
        indicator(7, "[domain-name:value = 'evil.example']", valid_from="2001-01-01T00:00:00Z"),
    ]
    nodes.give(node, [*lists, *given(*signs)])
    rows = [
        (DAY, "10.0.0.9", "1.0.0.1", "sub.10086.cn", "-", "-", "-"),
        (DAY, "10.0.0.2", "9.9.9.9", "10086.cn", "-", "-", "-"), HIT,
    ]  # fmt: skip
    done = looked(node, log(tmp_path, zeek(rows)))
    by_id: dict[str, set[str]] = {}
    for one in done.findings:
        assert one.why
        by_id.setdefault(one.indicator, set()).add(one.strength)
    assert by_id == {
        ref("indicator", 1): {"suppressed"}, ref("indicator", 2): {"suppressed"},
        ref("indicator", 3): {"suppressed"}, ref("indicator", 4): {"weak"},
        ref("indicator", 5): {"weak"}, ref("indicator", 6): {"weak"}, ref("indicator", 7): {"weak"},
    }  # fmt: skip
    assert done.sightings == []


def test_what_is_revoked_or_of_another_language_is_told_and_not_used(
    node: Node, tmp_path: Path
) -> None:
    gone = indicator(1, "[domain-name:value = 'evil.example']", revoked=True)
    other = indicator(2, "rule x {}", pattern_type="yara")
    broken = indicator(3, "[domain-name:value = ")
    nodes.give(node, given(gone, other, broken))
    done = looked(node, log(tmp_path, zeek([HIT])))
    assert done.findings == []
    assert done.not_used == {"revoked": 1}
    assert {id_ for id_, _ in done.not_evaluated} == {other["id"], broken["id"]}


def test_networks_names_and_patterns(node: Node, tmp_path: Path) -> None:
    signs = [
        indicator(1, "[ipv4-addr:value ISSUBSET '198.51.100.0/24']"),
        indicator(2, "[ipv6-addr:value = '2001:DB8:0:0::1']"),
        indicator(3, "[ipv4-addr:value = '198.51.0.0/16']"),
        indicator(4, "[domain-name:value MATCHES '^x[0-9]+\\\\.']"),
        indicator(5, "[domain-name:value = 'a.test'] FOLLOWEDBY [domain-name:value = 'b.test']"
                     " WITHIN 60 SECONDS"),
        indicator(6, "[url:value = 'https://EVIL.example:443/a%20b?x=1#f']"),
        indicator(7, "[network-traffic:src_ref.value = '203.0.113.9']"),
        indicator(8, "[domain-name:value MATCHES '(?=no)']"),
    ]  # fmt: skip
    nodes.give(node, given(*signs))
    rows = [
        (DAY, "10.0.0.1", "198.51.100.9", "x12.example", "evil.example", "/a b?x=1", "-"),
        (DAY, "10.0.0.1", "2001:0db8::0001", "a.test", "-", "-", "-"),
        ("1893456030.5", "10.0.0.1", "203.0.113.9", "b.test", "-", "-", "-"),
    ]
    done = looked(node, log(tmp_path, zeek(rows)))
    assert found(done) == {
        (ref("indicator", 1), "ip", "198.51.100.9"), (ref("indicator", 2), "ip", "2001:db8::1"),
        (ref("indicator", 3), "ip", "198.51.100.9"), (ref("indicator", 4), "pattern", ""),
        (ref("indicator", 5), "pattern", ""),
        (ref("indicator", 6), "url", "evil.example/a b?x=1"),
    }  # fmt: skip
    assert [id_ for id_, _ in done.not_evaluated] == [ref("indicator", 8)]


def _hostile() -> dict[str, tuple[bytes, bool]]:
    """Logs that are damaged, each with whether the hit in it can still be found."""
    good = zeek([HIT])
    long = zeek([HIT, (DAY, "10.0.0.1", "1.1.1.1", "q" * (10 << 20), "-", "-", "-")])
    packed = gzip.compress(zeek([HIT, *[CLEAN] * 3000]) + os.urandom(1 << 16))
    return {
        "long.log": (long, True),
        "nul.log": (good + b"\x00\x00\tx\n", True),
        "letters.log": (good + b"\xff\xfe\tx\n", True),
        "columns.log": (good + b"a\tb\n" * 5, True),
        "cut.log.gz": (packed[:-200], True),
        "bomb.log.gz": (gzip.compress(good + bytes(300 << 20)), True),
        "broken.json": (b'{"query": "evil.example"}\n{"query": \nnull\n[1]\n', True),
        "array.json": (b'[{"query": "evil.example"}, ', True),
        "deep.json": (b"[" * 100_000, False),
        "some.zip": (b"PK\x03\x04" + bytes(50), False),
        "noise": (os.urandom(100_000), False),
        "short.parquet": (b"PAR1PAR1", False),
        "empty": (b"", False),
        "odd [*]?'.log": (good, True),
    }


def test_a_line_that_fills_buffers_is_told_and_what_follows_it_is_found(
    node: Node, tmp_path: Path
) -> None:
    """DuckDB goes over a line of this length without a word."""
    nodes.give(node, given(EVIL))
    rows = b"time,query\n2030-01-01,evil.example\n"
    path = log(tmp_path, rows + b"q" * (200 << 20) + b"\n2030-01-02,evil.example\n", "dns.csv")
    done = looked(node, path, keep=False)
    assert [one.count for one in done.findings] == [2]
    assert (done.refused, [(one.line, one.reason) for one in done.troubles]) == (
        1, [(3, "a line of over 2,000,000 bytes")],
    )  # fmt: skip


def test_an_array_on_one_long_line_is_read(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(EVIL))
    rows = [{"query": "evil.example"}, *[{"query": "q" * 60 + ".example"}] * 60_000]
    done = looked(node, log(tmp_path, json.dumps(rows).encode(), "dns.json"), keep=False)
    assert (done.records, done.refused, len(done.findings)) == (len(rows), 0, 1)


@pytest.mark.parametrize("name", list(_hostile()))
def test_hostile_logs_are_told_and_never_stop_a_hunt(node: Node, tmp_path: Path, name: str) -> None:
    data, findable = _hostile()[name]
    nodes.give(node, given(EVIL))
    logs = tmp_path / "logs"
    logs.mkdir()
    log(logs, data, name)
    log(logs, zeek([HIT]), "zz.log")
    done = looked(node, logs)
    files = {one.file for one in done.findings}
    assert "logs/zz.log" in files
    assert (f"logs/{name}" in files) == findable
    if name not in {"noise", "empty", "odd [*]?'.log", "nul.log"}:
        assert [one for one in done.troubles if one.file == f"logs/{name}" and one.reason]


def test_a_mapping_names_the_columns_of_anything(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(EVIL))
    path = log(tmp_path, b"wann;wen;was\n2030-01-01;x;evil.example\n", "odd.csv")
    mapping = Mapping("csv", ";", {"query": "was", "seen": "wann"})
    (one,) = looked(node, path, mapping=mapping).findings
    assert (one.value, one.last[:10]) == ("evil.example", "2030-01-01")


def test_parquet(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(EVIL))
    path = tmp_path / "dns.parquet"
    duckdb.sql("SELECT 'evil.example' AS query, TIMESTAMP '2030-01-01' AS ts").write_parquet(
        str(path)
    )
    (one,) = looked(node, path).findings
    assert (one.value, one.last[:10]) == ("evil.example", "2030-01-01")


def test_the_archive_is_looked_through_for_what_was_learned_long_ago_too(
    node: Node, tmp_path: Path
) -> None:
    """New is what came since into this node, whatever day `load --learned` says."""
    nodes.give(node, given(BAD), "2030-01-02T00:00:00.000000Z")
    looked(node, log(tmp_path, zeek([HIT, CLEAN])))
    nodes.give(node, given(EVIL), "2029-01-01T00:00:00.000000Z")
    assert [one.indicator for one in looked(node, retro=True).findings] == [EVIL["id"]]
    assert looked(node, retro=True).files == 0


@pytest.mark.parametrize("mark", ["2030-01-02T00:00:00.000000Z", f"{9**12:012d} {'0' * 64}", ""])
def test_a_mark_that_tells_no_place_leads_to_the_whole_archive(
    node: Node, tmp_path: Path, mark: str
) -> None:
    """Marks of an earlier release are days; a document that is gone left its number to others."""
    nodes.give(node, given(EVIL))
    looked(node, log(tmp_path, zeek([HIT, CLEAN])))
    node.hunting.note([one.log for one in node.hunting.archived()], mark)
    done = looked(node, retro=True)
    assert ([one.indicator for one in done.findings], done.same) == ([EVIL["id"]], 1)
    assert looked(node, retro=True).files == 0


def test_the_archive_is_looked_through_for_new_indicators_only(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(BAD), "2030-01-01T00:00:00.000000Z")
    looked(node, log(tmp_path, zeek([HIT, CLEAN])))
    (kept,) = (tmp_path / "node" / "hunting").glob("*.parquet")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert looked(node, retro=True).files == 0
    nodes.give(node, given(EVIL), "2030-01-02T00:00:00.000000Z")
    done = looked(node, retro=True)
    assert [one.indicator for one in done.findings] == [EVIL["id"]]
    assert len(done.sightings) == 1
    assert looked(node, retro=True).files == 0


def test_a_record_has_its_place_however_many_read_the_log(node: Node, tmp_path: Path) -> None:
    """A log of several parts, which are read at once; later ones may be done first."""
    nodes.give(node, given(EVIL))
    planted = range(7, 240_000, 39_999)
    body = bytearray()
    for place in range(1, 240_001):
        name = f"at{place}.evil.example" if place in planted else "x" * 60
        body += f"{1893456000 + place}\tC1\t10.0.0.1\t9.9.9.9\tudp\t{name}\t-\t-\t-\n".encode()
    path = log(tmp_path, ZEEK.encode() + bytes(body))
    late = "2030-01-02T00:00:00.000000Z"
    places = {f"at{place}.evil.example": place for place in planted}
    assert {one.value: one.record for one in looked(node, path).findings} == places
    after = {name: place for name, place in places.items() if place >= 86_400}
    assert {one.value: one.record for one in looked(node, path, since=late).findings} == after
    other = indicator(4, "[domain-name:value = 'evil.example' OR url:value = 'x.test']")
    nodes.give(node, given(other), "2030-01-02T00:00:00.000000Z")
    again = looked(node, retro=True).findings
    assert {one.value: one.record for one in again if one.indicator == other["id"]} == places


def test_since_leaves_older_records_out(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(EVIL))
    path = log(tmp_path, zeek([HIT]))
    assert looked(node, path, since="2030-06-01T00:00:00.000000Z").findings == []


def test_the_commands(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(EVIL))
    home = tmp_path / "node"
    path = log(tmp_path, zeek([HIT]))
    done = nodes.run("hunt", str(path), "--json", home=home)
    said: dict[str, Any] = json.loads(done.stdout)
    assert said["strengths"] == {"strong": 1}
    shown = nodes.run("hunt", str(path), home=home)
    assert "www.evil.example" in shown.stdout
    listed = nodes.run("sightings", home=home)
    assert "indicator 1" in listed.stdout
