"""The one statement, on every engine, against a judge that knows nothing of keys."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import nodes
import pytest
from packaging.version import Version
from sqlalchemy import text

from accord.store import matching
from accord.supply.matching import interval, schemes
from accord.supply.matching.versions.encoding import ABOVE_ALL, EVERYTHING
from accord.wiring import Node

Interval = tuple[str, str]
"""First affected version (`0`: from the beginning), first repaired one (empty: none)."""

_NUMBERS = ("0", "1", "2", "9", "10", "11")
_ENDS = ("", "a1", "rc2", ".post1", ".dev3", "+local")


def versions(chosen: random.Random, count: int) -> list[str]:
    made = {
        ".".join(chosen.choices(_NUMBERS, k=chosen.choice([1, 2, 3]))) + chosen.choice(_ENDS)
        for _ in range(count)
    }
    return sorted(made)


def intervals(chosen: random.Random, among: list[str], count: int) -> list[Interval]:
    return [(chosen.choice([*among, "0"]), chosen.choice([*among, "", ""])) for _ in range(count)]


def affects(one: Interval, version: str) -> bool:
    """As a person would read the interval, by the ecosystem's own reference order."""
    since, until = one
    if since != "0" and Version(version) < Version(since):
        return False
    return not until or Version(version) < Version(until)


def scene(seed: int) -> tuple[dict[str, list[str]], dict[str, list[Interval]]]:
    chosen = random.Random(seed)
    held = {f"p{n}": versions(chosen, 25) for n in range(6)}
    return held, {name: intervals(chosen, among, 12) for name, among in held.items()}


def advisory(number: int, name: str, one: Interval) -> bytes:
    since, until = one
    return nodes.osv(f"OSV-{name}-{number}", name, ecosystem="PyPI", introduced=since, fixed=until)


def documents(seed: int) -> list[nodes.Document]:
    held, ranges = scene(seed)
    made = [
        (f"bill {n}", nodes.bill(f"P{n}", "1", [f"pkg:pypi/{name}@{v.replace('+', '%2B')}"
                                              for name, among in held.items()
                                              for v in among[n::4]]))
        for n in range(4)
    ]  # fmt: skip
    made += [
        (f"{name} {number}", advisory(number, name, one))
        for name, listed in ranges.items()
        for number, one in enumerate(listed)
        if _meant(one)
    ]
    random.Random(seed).shuffle(made)
    return made


def _meant(one: Interval) -> bool:
    """An interval that ends before it begins says nothing."""
    return one[0] == "0" or not one[1] or Version(one[0]) < Version(one[1])


def expected(seed: int) -> set[tuple[str, str]]:
    held, ranges = scene(seed)
    return {
        (f"OSV-{name}-{number}", version)
        for name, listed in ranges.items()
        for number, one in enumerate(listed)
        if _meant(one)
        for version in held[name]
        if affects(one, version)
    }


_SAID = """
SELECT a.vulnerability, v.text FROM hit h
JOIN version v ON v.id = h.version_id JOIN affected a ON a.id = h.affected_id
"""


def hits(node: Node) -> set[tuple[str, str]]:
    with node.engine.connect() as connection:
        return {(row[0], row[1]) for row in connection.execute(text(_SAID))}


@pytest.mark.parametrize("seed", range(3))
def test_hits_are_those_that_a_person_would_find(
    seed: int, database_url: str, tmp_path: Path
) -> None:
    node = nodes.on(database_url, tmp_path)
    given = documents(seed)
    for start in range(0, len(given), 9):
        nodes.give(node, given[start : start + 9])
    assert hits(node) == expected(seed)
    assert len(expected(seed)) > 250


@pytest.mark.parametrize("order", ["advisories first", "bills first", "mixed, one by one"])
def test_matching_what_is_new_finds_what_matching_everything_finds(
    order: str, tmp_path: Path
) -> None:
    given = documents(9)
    if order == "advisories first":
        given.sort(key=lambda one: one[0].startswith("bill"))
    elif order == "bills first":
        given.sort(key=lambda one: not one[0].startswith("bill"))
    node = nodes.new_node(tmp_path)
    nodes.one_by_one(node, given)
    assert hits(node) == expected(9)
    with node.engine.begin() as connection:
        connection.execute(text("DELETE FROM hit"))
        matching.match_new(connection, 1, 1)
    assert hits(node) == expected(9)


def rows(node: Node, table: str) -> list[tuple[Any, ...]]:
    with node.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]


def test_duckdb_finds_the_same_with_the_same_statement(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, documents(4))
    with duckdb.connect() as bulk:
        bulk.execute("CREATE TABLE version (id BIGINT, package_id BIGINT, stream TEXT, key BLOB)")
        bulk.execute(
            "CREATE TABLE affected (id BIGINT, package_id BIGINT, stream TEXT, lo BLOB, hi BLOB)"
        )
        bulk.executemany(
            "INSERT INTO version VALUES (?, ?, ?, ?)",
            _columns(node, "id, package_id, stream, key", "version"),
        )
        bulk.executemany(
            "INSERT INTO affected VALUES (?, ?, ?, ?, ?)",
            _columns(node, "id, package_id, stream, lo, hi", "affected"),
        )
        query = matching.HITS_OF_INTERVALS.replace(":first_affected", "1")
        found = {tuple(row) for row in bulk.execute(query).fetchall()}
    assert found == set(_columns(node, "version_id, affected_id", "hit"))
    assert len(found) > 250


def _columns(node: Node, names: str, table: str) -> list[tuple[Any, ...]]:
    with node.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"SELECT {names} FROM {table}"))]


def awkward() -> Iterator[bytes]:
    """Byte strings at which engines differ if they differ: signs, ends, prefixes, zeros."""
    chosen = random.Random(3)
    yield from (b"", b"\x00", b"\x00\x00", b"\x7f", b"\x80", b"\xff", b"\xff\xff", b"a", b"a\x00")
    yield from (ABOVE_ALL, EVERYTHING)
    for _ in range(60):
        yield bytes(chosen.choices([0, 1, 0x7F, 0x80, 0xC3, 0xFE, 0xFF], k=chosen.randint(1, 5)))


def test_every_engine_compares_bytes_as_python_does(database_url: str, tmp_path: Path) -> None:
    values = sorted(set(awkward()))
    node = nodes.on(database_url, tmp_path)
    kind = "BLOB" if database_url.startswith("sqlite") else "BYTEA"
    with node.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE bytes_here (n INTEGER, b {kind})")
        connection.execute(
            text("INSERT INTO bytes_here VALUES (:n, :b)"),
            [{"n": number, "b": value} for number, value in enumerate(values)],
        )
        _same_order(connection.execute(text(_PAIRS)).fetchall(), len(values))


def test_duckdb_compares_bytes_as_python_does() -> None:
    values = sorted(set(awkward()))
    with duckdb.connect() as bulk:
        bulk.execute("CREATE TABLE bytes_here (n INTEGER, b BLOB)")
        bulk.executemany("INSERT INTO bytes_here VALUES (?, ?)", list(enumerate(values)))
        _same_order(bulk.execute(_PAIRS).fetchall(), len(values))


_PAIRS = "SELECT x.n, y.n FROM bytes_here x, bytes_here y WHERE x.b < y.b"


def _same_order(pairs: Iterable[Any], count: int) -> None:
    found = {(int(row[0]), int(row[1])) for row in pairs}
    assert found == {(a, b) for a in range(count) for b in range(count) if a < b}


def test_the_end_of_an_open_interval_is_above_every_key() -> None:
    scheme = schemes.of_ecosystem("PyPI")
    for version in versions(random.Random(1), 200):
        key, ordered = interval.version_key(scheme, version)
        assert ordered
        assert b"" <= key < ABOVE_ALL
