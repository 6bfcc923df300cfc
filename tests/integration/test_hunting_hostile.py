"""Logs and indicators that somebody made to hide a hit or to stop a hunt."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
from hunted import given, indicator, looked, zeek
from stix_objects import bundle

from accord.flows.hunting.hunt import Hunted
from accord.flows.hunting.port import Mapping
from accord.wiring import Node

duckdb = pytest.importorskip("duckdb")

D, IP = "evil.example", "198.51.100.7"
U = f"http://{D}/a/b?c=d"
DAY = "1893456000.5"
_Z = "#separator \\x09\n#fields\tts\tid.orig_h\t"
_EVE = {"timestamp": "2030-01-01T00:00:00.0+0000", "event_type": "stats"}
_ECS = {"@timestamp": "2030-01-01T00:00:00Z", "host": {"name": "dc1"}}
_TIMES = (1e300, "infinity", "nan", -1e18, 99999999999999999, "1e400", "-infinity", -1)
_BY_CASE: dict[str, tuple[str | bytes, str]] = {
    "times": (
        "".join(json.dumps({"ts": one, "query": "a.b"}) + "\n" for one in _TIMES)
        + f'{{"query":"{D}"}}\n',
        "name",
    ),
    "bracket": (f"[Mon Nov 10 10:00:00 2030] [error] [client {IP}] bad\n", "address"),
    "brace": (f"{{guid-1}} text {D}\n", "name"),
    "pretty": (json.dumps({"query": D}, indent=1) + "\n", "name"),
    "surrogate": (f'{{"query":"\\ud800","host":"{D}"}}\n', "name"),
    "return": (f"query,user\r{D},a\r", "name"),
    "utf16": (f"time,query\n2030-01-01,{D}\n".encode("utf-16"), "name"),
    "latin.json": (f'{{"query":"{D}","user":"J\xf6rg"}}\n'.encode("latin-1"), "name"),
    "latin.txt": (f"user J\xf6rg asked {D}\n".encode("latin-1"), "name"),
    "hash": (f"{_Z}host\turi\tuser_agent\n{DAY}\t10.0.0.1\t{D}\t/x#y\tua\n", "name"),
    "joined": (
        f"{_Z}query\n{DAY}\t10.0.0.1\ta.b\n#fields\tts\tquery\tuser\n{DAY}\t{D}\tbob\n", "name",
    ),
    "quote": (f'query,user\na.b,"open\n{D},u\n', "name"),
    "short": (f"query,user,x\n{D}\n", "name"),
    "long": (f"query,user\n{D},u,extra\n", "name"),
    "ecs": (json.dumps(_ECS | {"url": {"full": U, "domain": D}}), "name"),
    "ecs-url": (json.dumps(_ECS | {"url": {"full": U}}), "url"),
    "ecs-far": (json.dumps(_ECS | {"destination": {"domain": D}}), "name"),
    "sensor.json": (json.dumps({"host": "fw01", "server_name": D}), "name"),
    "sensor.csv": (f"time,host,url.domain\n2030-01-01,fw01,{D}\n", "name"),
    "two.json": (json.dumps({"query": "a.b", "domain": D}), "name"),
    "two.csv": (f"dst_ip,destination_ip\n10.0.0.1,{IP}\n", "address"),
    "list.json": (json.dumps({"query": ["a.b", D]}), "name"),
    "twice": (f'{{"query":"a.b","query":"{D}"}}\n', "name"),
    "mixed": (json.dumps(_EVE) + "\n" + json.dumps({"query": D}) + "\n", "name"),
    "letters": ("2030-01-01T00:00:00Z query böse-seite.example\n", "letters"),
    "comma": (f"2030-01-01T00:00:00Z url={U}, status\n", "url"),
    "paren": (f"2030-01-01T00:00:00Z ({U}) status\n", "url"),
    "semicolon": (f"2030-01-01T00:00:00Z url={U};status\n", "url"),
    "zeros.gz": (gzip.compress(f"q {D}\n".encode()) + bytes(512), "name"),
    "rubbish.gz": (gzip.compress(f"q {D}\n".encode()) + b"rubbish", "name"),
}  # fmt: skip
_SIGNS = {
    "name": f"[domain-name:value = '{D}']",
    "address": f"[ipv4-addr:value = '{IP}']",
    "url": f"[url:value = '{U}']",
    "letters": "[domain-name:value = 'böse-seite.example']",
}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.hunting.close()
    made.engine.dispose()


def signs() -> list[dict[str, object]]:
    return [indicator(n, one, name=name) for n, (name, one) in enumerate(_SIGNS.items())]


def log(folder: Path, data: str | bytes, name: str = "dns.log") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def names(done: Hunted) -> set[str]:
    return {one.name for one in done.findings}


def test_every_hit_is_found(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(*signs()))
    folder = tmp_path / "logs"
    folder.mkdir()
    for name, (data, _) in _BY_CASE.items():
        log(folder, data, name)
    done = looked(node, folder, keep=False)
    by_file: dict[str, set[str]] = {}
    for one in done.findings:
        by_file.setdefault(one.file.removeprefix("logs/"), set()).add(one.name)
    missed = [name for name, (_, sign) in _BY_CASE.items() if sign not in by_file.get(name, ())]
    assert missed == []
    told = {one.file.removeprefix("logs/"): one.reason for one in done.troubles}
    assert "from byte" in told["zeros.gz"]
    assert "from byte" in told["rubbish.gz"]
    assert {"latin.txt", "latin.json", "quote", "short", "long", "surrogate"} <= told.keys()


def test_numbers_are_times_in_the_unit_that_they_tell(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(*signs()))
    for unit in (1, 10**3, 10**6, 10**9):
        path = log(tmp_path, json.dumps({"ts": 1893456000 * unit, "query": D}))
        (one,) = looked(node, path, keep=False).findings
        assert one.last == "2030-01-01T00:00:00.000000Z"


@pytest.mark.parametrize("more", [{"modified": "2030-01-05T00:00:00.000Z"}, {}])
def test_an_indicator_in_two_documents_is_one(
    node: Node, tmp_path: Path, more: dict[str, str]
) -> None:
    first, second, *_ = signs()
    nodes.give(node, given(first))
    nodes.give(node, [("again", bundle(first | more, second))])
    assert names(looked(node, log(tmp_path, f"q {D}\n"))) == {"name"}


def test_an_indicator_of_millions_of_letters_is_told(node: Node, tmp_path: Path) -> None:
    long = indicator(9, f"[url:value = 'http://x.example/{'a' * 2_100_000}']")
    nodes.give(node, given(*signs(), long))
    done = looked(node, log(tmp_path, f"q {D}\n"))
    assert names(done) == {"name"}
    ((name, why),) = done.not_evaluated
    assert (name, why.endswith("the limit is 131,072")) == (long["id"], True)


def test_what_is_no_file_is_told_and_not_waited_for(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(*signs()))
    folder = tmp_path / "logs"
    folder.mkdir()
    log(folder, f"q {D}\n")
    os.mkfifo(folder / "pipe")
    done = looked(node, folder, folder / "pipe", Path("/dev/zero"))
    assert names(done) == {"name"}
    assert [one.file for one in done.troubles] == ["logs/pipe", "pipe", "zero"]


def test_a_damaged_parquet_file_stops_no_other(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(*signs()))
    folder = tmp_path / "logs"
    folder.mkdir()
    good = folder / "good.parquet"
    duckdb.execute(
        f"COPY (SELECT ['a.b', '{D}'] AS query, 1 AS \"x\"\"y'; --\") TO '{good}' (FORMAT parquet)"
    )
    data, chance = good.read_bytes(), random.Random(1)
    log(folder, data.replace(b"query", b"qu\xffry"), "name.parquet")
    for number in range(60):
        damaged = bytearray(data)
        for _ in range(6):
            damaged[chance.randrange(4, len(data) - 4)] = chance.randrange(256)
        log(folder, bytes(damaged), f"{number}.parquet")
    log(folder, f"q {D}\n", "zz.log")
    done = looked(node, folder)
    assert {"logs/good.parquet", "logs/zz.log"} <= {one.file for one in done.findings}
    assert "logs/name.parquet" in {one.file for one in done.troubles}


def test_what_since_left_out_is_looked_through_in_the_archive(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(*signs()))
    path = log(tmp_path, zeek([(DAY, "10.0.0.1", "9.9.9.9", D, "-", "-", "-")]))
    assert looked(node, path, since="2030-01-02T00:00:00.000000Z").findings == []
    assert names(looked(node, retro=True)) == {"name"}


def test_the_archive_keeps_what_each_mapping_reads(node: Node, tmp_path: Path) -> None:
    path = log(tmp_path, f"time,query,odd\n2030-01-01,a.b,{D}\n")
    looked(node, path)
    looked(node, path, mapping=Mapping(columns={"host": "odd"}))
    nodes.give(node, given(*signs()))
    assert names(looked(node, retro=True)) == {"name"}


def test_columns_that_change_are_seen_wherever_a_part_of_the_log_ends(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log is looked through for them in parts: none may hide across the end of one."""
    nodes.give(node, given(*signs()))
    second = f"#fields\tts\tquery\tuser\n{DAY}\ta.b\tbob\n"
    path = log(tmp_path, f"{_Z}query\n{DAY}\t10.0.0.1\t{D}\n{second}")
    for part in (1, 2, 5, 7, 64):
        monkeypatch.setattr("accord.store.hunting.readers._CHUNK", part)
        assert names(looked(node, path, keep=False)) == {"name"}


_HEAVY = {
    "ors": "[" + " OR ".join(f"domain-name:value LIKE '%x{n}%'" for n in range(3000)) + "]",
    "many ors": " OR ".join(f"[domain-name:value LIKE '%x{n}%']" for n in range(2000)),
    "ands": " AND ".join(["[domain-name:value LIKE '%']"] * 200),
    "repeats": "((([a:b LIKE '%'] AND [a:b LIKE '%']) REPEATS 8 TIMES) REPEATS 8 TIMES)",
}


def test_no_pattern_costs_more_than_its_share(node: Node, tmp_path: Path) -> None:
    heavy = [indicator(20 + n, one, name=name) for n, (name, one) in enumerate(_HEAVY.items())]
    nodes.give(node, given(*signs(), *heavy))
    rows = [(DAY, "10.0.0.1", "9.9.9.9", f"y{n}.org", "-", "-", "-") for n in range(300)]
    hit = (DAY, "10.0.0.1", "9.9.9.9", "x2999.x1999.example", "-", "-", "-")
    done = looked(node, log(tmp_path, zeek([*rows, hit])))
    assert names(done) == {"ors", "many ors"}
    assert {one for one, _ in done.not_evaluated} == {one["id"] for one in heavy[2:]}


def test_a_pattern_that_takes_too_long_is_ended_and_told(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accord.store.hunting.observing.SECONDS", 0.2)
    ever = " AND ".join(["[domain-name:value LIKE '%']"] * 12)
    slow = indicator(30, f"({ever}) WITHIN 1 SECONDS", name="slow")
    nodes.give(node, given(*signs(), slow))
    text = "".join(f"2030-01-01T00:{n // 60:02}:{n % 60:02}Z y{n}.org\n" for n in range(1500))
    one, two = log(tmp_path, text + f"q {D}\n"), log(tmp_path, text, "two.log")
    done = looked(node, one, two)
    assert names(done) == {"name"}
    assert [name for name, _ in done.not_evaluated] == [slow["id"]] * 2
    assert "takes longer" in done.not_evaluated[0][1]
    assert "earlier log" in done.not_evaluated[1][1]
