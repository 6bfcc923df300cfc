"""One thing is found however it is spelled, in the logs of whatever writes it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
import zstandard
from hunted import given, indicator, looked

from accord.wiring import Node

duckdb = pytest.importorskip("duckdb")

SSDEEP = "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"
TLSH = "T1" + "AB" * 35
FINGERPRINT = ":".join(["34"] * 20)
_DST = "network-traffic:dst_ref"
_AGENT = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
PATTERNS = {
    "ip": "[ipv4-addr:value = '198.51.100.7']",
    "net": "[ipv4-addr:value = '203.0.113.0/24']",
    "net6": "[ipv6-addr:value = '2001:db8:bad::/48']",
    "idn": "[domain-name:value = 'b\u00fccher.example']",
    "wild": "[domain-name:value = '*.wild.example']",
    "url": "[url:value = 'http://Evil.example:80/a/../b%7Ec?q=%41#frag']",
    "idn-url": "[url:value = 'https://b\u00fccher.example/x']",
    "sha512": f"[file:hashes.'SHA-512' = '{'ab' * 64}']",
    "ssdeep": f"[file:hashes.SSDEEP = '{SSDEEP}']",
    "tlsh": f"[file:hashes.TLSH = '{TLSH}']",
    "sha3": f"[file:hashes.'SHA3-256' = '{'cd' * 32}']",
    "imphash": f"[file:hashes.'imphash' = '{'56' * 16}']",
    "cert": f"[x509-certificate:hashes.'SHA-1' = '{'34' * 20}']",
    "file": "[file:name = 'bad.exe']",
    "two": f"[file:hashes.MD5 = '{'12' * 16}' AND file:name = 'q.dll']",
    "port": f"[{_DST}.type = 'ipv4-addr' AND {_DST}.value = '192.0.2.44' AND"
            " network-traffic:dst_port = 4444]",
    "mail": "[email-addr:value = 'Bad@Evil.example']",
    "command": "[process:command_line LIKE '%-enc %']",
    "registry": "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\Software\\\\Evil']",
    "gate": "[url:value LIKE '%/gate.php%']",
    "agent": f"[{_AGENT} = 'Evil Bot/1.0']",
    "user": "[user-account:account_login = 'EVIL\\\\admin']",
    "thrice": "[domain-name:value = 'a.test'] REPEATS 3 TIMES WITHIN 10 SECONDS",
    "either": "[domain-name:value = 'evil.example' OR ipv4-addr:value = '192.0.2.200']",
    "hostile": "[domain-name:value MATCHES '^(a+)+$']",
}  # fmt: skip


def _csv(column: str, value: str) -> bytes:
    return f"time,client,{column}\n2030-01-01T00:00:00Z,10.0.0.1,{value}\n".encode()


def _json(**members: object) -> bytes:
    return json.dumps(members).encode() + b"\n"


def _eve(kind: str, **members: object) -> bytes:
    return _json(timestamp="2030-01-01T00:00:00.1+0000", event_type=kind, **members)


def _sysmon(**data: object) -> bytes:
    time = {"TimeCreated": {"#attributes": {"SystemTime": "2030-01-01T00:00:00Z"}}}
    return _json(Event={"System": time, "EventData": data})


def _ecs(**hashes: str) -> bytes:
    return _json(**{"@timestamp": "2030-01-01T00:00:00Z", "file": {"hash": hashes}})


def _zeek(fields: str, *values: str) -> bytes:
    return f"#separator \\x09\n#fields\tts\t{fields}\n1893456000\t".encode() + (
        "\t".join(values).encode() + b"\n"
    )


_W3C = b"""#Software: a web server
#Fields: date time s-ip cs-method cs-uri-stem c-ip cs(User-Agent)
2030-01-01 00:00:00 10.0.0.1 GET /gate.php 203.0.113.9 Evil+Bot/1.0
"""
LOGS: dict[str, tuple[bytes, set[str]]] = {
    "port.csv": (_csv("dst_ip", "198.51.100.7:443"), {"ip"}),
    "brackets.csv": (_csv("dst_ip", "[2001:db8:bad::7]:443"), {"net6"}),
    "link.csv": (_csv("dst_ip", "2001:db8:bad::7%eth0"), {"net6"}),
    "space.csv": (_csv("dst_ip", " 203.0.113.9 "), {"net"}),
    "mapped.csv": (_csv("dst_ip", "::ffff:203.0.113.9"), {"net"}),
    "ace.csv": (_csv("query", "xn--bcher-kva.example."), {"idn"}),
    "letters.csv": (_csv("query", "www.B\u00dcCHER.example"), {"idn"}),
    "under.csv": (_csv("query", "a.b.wild.EXAMPLE"), {"wild"}),
    "beside.csv": (_csv("query", "notwild.example"), set()),
    "url.csv": (_csv("url", "http://evil.example/b~c?q=A"), {"url", "either"}),
    "spelled.csv": (_csv("url", "hTTp://EVIL.example.:80/./b%7ec?q=A"), {"url", "either"}),
    "ace-url.csv": (_csv("url", "https://xn--bcher-kva.example/x"), {"idn", "idn-url"}),
    "user-url.csv": (_csv("url", "http://u:p@203.0.113.9:8080/gate.php?x"), {"net", "gate"}),
    "connect.csv": (_csv("url", "evil.example:443"), {"either"}),
    "sha512.csv": (_csv("sha512", "AB" * 64), {"sha512"}),
    "sha3.csv": (_csv("hash", "cd" * 32), {"sha3"}),
    "bom.csv": (b"\xef\xbb\xbf" + _csv("query", "x.wild.example"), {"wild"}),
    "utf-16.csv": (_csv("query", "x.wild.example").decode().encode("utf-16"), {"wild"}),
    "ecs.json": (_ecs(sha512="ab" * 64, ssdeep=SSDEEP, tlsh=TLSH), {"sha512", "ssdeep", "tlsh"}),
    "sysmon.json": (
        _sysmon(
            Image="C:\\Temp\\BAD.exe", CommandLine="powershell -enc AAA", User="EVIL\\admin",
            Hashes=f"SHA1={'00' * 20},IMPHASH={'56' * 16}",
        ),
        {"file", "command", "imphash", "user"},
    ),
    "registry.json": (_sysmon(TargetObject="HKLM\\Software\\Evil"), {"registry"}),
    "array.json": (
        json.dumps([{"EventData": {"DestinationIp": "192.0.2.44", "DestinationPort": "4444"}}],
                   indent=2).encode(),
        {"port"},
    ),
    "eve-http.json": (
        _eve("http", http={"hostname": "evil.example", "url": "/b~c?q=A",
                           "http_user_agent": "Evil Bot/1.0"}),
        {"url", "either", "agent"},
    ),
    "eve-tls.json": (
        _eve("tls", tls={"sni": "x.wild.example", "fingerprint": FINGERPRINT}), {"wild", "cert"},
    ),
    "eve-dns.json": (
        _eve("dns", dns={"rrname": "ok.example", "grouped": {"A": ["198.51.100.7"]}}), {"ip"},
    ),
    "eve-dns3.json": (_eve("dns", dns={"queries": [{"rrname": "a.wild.example"}]}), {"wild"}),
    "zeek.json": (
        _json(**{"ts": 1893456000.5, "id.resp_h": "192.0.2.44", "id.resp_p": 4444})
        + _json(ts=1893456000.5, query="z.wild.example", answers=["203.0.113.4", "c.example"]),
        {"port", "wild", "net"},
    ),
    "files.log": (_zeek("md5\tfilename", "12" * 16, "q.dll"), {"two"}),
    "x509.log": (_zeek("fingerprint", "34" * 20), {"cert"}),
    "thrice.csv": (
        b"time,query\n" + b"".join(b"2030-01-01T00:00:0%d,a.test\n" % n for n in (1, 3, 5)),
        {"thrice"},
    ),
    "plain.txt": (
        b"Jan 1 drop 198.51.100.7 by bad@evil.example at http://evil.example/gate.php\n",
        {"ip", "mail", "either", "gate"},
    ),
    "access.log": (_W3C, {"net", "agent"}),
    "mail.json": (_json(ts=1893456000, mailfrom="Evil <bad@EVIL.example>"), {"mail"}),
    "members.csv.gz": (
        gzip.compress(_csv("query", "ok.example")) + gzip.compress(b",,x.wild.example\n"), {"wild"},
    ),
    "frames.json.zst": (
        zstandard.compress(_json(query="x.wild.example"))
        + zstandard.compress(_json(query="evil.example")),
        {"wild", "either"},
    ),
    "hostile.csv": (
        b"time,query\n" + b"".join(b"2030-01-01,%b!\n" % (b"a" * 60) for _ in range(2_000)), set(),
    ),
    "other.csv": (b"foo,bar\n1,2\n", set()),
}  # fmt: skip


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.hunting.close()
    made.engine.dispose()


def test_all_is_found_however_it_is_spelled_and_nothing_else(node: Node, tmp_path: Path) -> None:
    signs = [indicator(n, pattern, name=name) for n, (name, pattern) in enumerate(PATTERNS.items())]
    nodes.give(node, given(*signs))
    logs = tmp_path / "logs"
    logs.mkdir()
    for name, (data, _) in LOGS.items():
        (logs / name).write_bytes(data)
    duckdb.sql(
        "SELECT {'orig_h': '10.0.0.1', 'resp_h': '203.0.113.9'} AS id,"
        " ['x.wild.example'] AS answers"
    ).write_parquet(str(logs / "nested.parquet"))
    done = looked(node, logs, keep=False)
    found: dict[str, set[str]] = {name: set() for name in (*LOGS, "nested.parquet")}
    for one in done.findings:
        found[one.file.removeprefix("logs/")].add(one.name)
    expected = {name: names for name, (_, names) in LOGS.items()}
    assert found == expected | {"nested.parquet": {"net", "wild"}}
    assert done.not_evaluated == []
    assert [one.file for one in done.troubles] == []
