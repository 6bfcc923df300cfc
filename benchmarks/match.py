"""How long the match takes, in the node's own SQLite, with its own statements.

A million distinct versions of 100,000 packages against half a million affected intervals: made
up, and skewed as real ones are (few packages have most of both). Then what a person waits for:
one new bill of 500 components, and one new advisory, each as a whole unit of work.

Run: python benchmarks/match.py [MILLIONS OF VERSIONS]
"""

from __future__ import annotations

import csv
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import msgspec
from sqlalchemy import Connection, Engine, func, select, text

from accord.flows import prepare
from accord.flows.prepared import Prepared
from accord.store import database, matching, migrate, schema
from accord.store.intake import SqlIntake
from accord.supply.matching import schemes
from accord.supply.matching.versions.encoding import ABOVE_ALL

PACKAGES = 100_000
VERSIONS = 1_000_000
INTERVALS = 500_000
COMPONENTS = 500
OPEN = 0.0017
"""Share of intervals without a beginning and an end: what gives most hits."""
LEARNED = "2026-11-23T00:00:00.000000Z"
SEED = 20261123
FULL_SECONDS, ONE_SECONDS = 2.0, 0.05
ROUNDS = 3


def counts(chance: random.Random, total: int, packages: int, most: int) -> list[int]:
    """How many each package has, most first: a heavy tail, the same packages on both sides."""
    raw = [min(chance.paretovariate(0.9), most) for _ in range(packages)]
    share = total / sum(raw)
    found = [max(0, int(one * share + chance.random())) for one in raw]
    while (rest := total - sum(found)) > 0:
        for _ in range(rest):
            found[chance.randrange(packages)] += 1
    return sorted(found, reverse=True)


def numbers(chance: random.Random) -> str:
    return f"{chance.randrange(12)}.{chance.randrange(40)}.{chance.randrange(30)}"


def versions(chance: random.Random, total: int, packages: int) -> Iterator[tuple[object, ...]]:
    """Rows of `version`: distinct within a package, in no particular order."""
    scheme = schemes.of_ecosystem("npm")
    assert scheme is not None
    id_ = 0
    for package, count in enumerate(counts(chance, total, packages, 2_000), 1):
        texts: set[str] = set()
        while len(texts) < count:
            texts.add(numbers(chance))
        for one in sorted(texts, key=lambda _: chance.random()):
            id_ += 1
            yield id_, package, "", schemes.key(scheme, one), one, scheme.number


def intervals(chance: random.Random, total: int, packages: int) -> Iterator[tuple[object, ...]]:
    """Rows of `affected`: narrow ranges, as fixes are carried back; some from the beginning."""
    scheme = schemes.of_ecosystem("npm")
    assert scheme is not None
    id_ = 0
    for package, count in enumerate(counts(chance, total, packages, 3_000), 1):
        for _ in range(count):
            major, minor = chance.randrange(12), chance.randrange(40)
            since, until = f"{major}.{minor}.0", f"{major}.{minor}.{chance.randrange(1, 30)}"
            lo, hi = schemes.key(scheme, since), schemes.key(scheme, until)
            if chance.random() < OPEN:
                lo, hi, until = b"", ABOVE_ALL, ""
            id_ += 1
            name = f"CVE-{2000 + id_ % 26}-{id_}"
            yield (
                id_, id_ // 3 + 1, package, "", lo, hi, scheme.number, name, since, until, until,
                "/affected/0", True, False,
            )  # fmt: skip


def fill(engine: Engine, total: int) -> None:
    share = total / VERSIONS
    packages, affected = int(PACKAGES * share), int(INTERVALS * share)
    chance = random.Random(SEED)
    with database.writing(engine) as connection:
        names = ((id_, f"pkg:npm/package-{id_}") for id_ in range(1, packages + 1))
        for table, rows in (
            (schema.package, names),
            (schema.version, versions(chance, total, packages)),
            (schema.affected, intervals(chance, affected, packages)),
        ):
            columns = [column.name for column in table.columns]
            database.insert(connection, table, columns, rows)


def timed(what: Callable[[], object]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start


def full(engine: Engine) -> tuple[float, float]:
    """Seconds to find every hit, and to find and keep it, commit included."""
    counted = text(f"SELECT count(*) FROM ({matching.HITS_OF_INTERVALS})")
    with engine.connect() as connection:
        found = timed(lambda: connection.scalar(counted, {"first_affected": 1}))
    with database.writing(engine) as connection:
        connection.execute(text("DELETE FROM hit"))
    return found, timed(lambda: keep(engine))


def keep(engine: Engine) -> None:
    with database.writing(engine) as connection:
        matching.match_new(connection, 1, 1)


def peer(path: Path) -> tuple[float, int]:
    """Seconds that DuckDB takes for the same statement over the same rows, and its hits."""
    duck = duckdb.connect(config={"threads": 2})
    with sqlite3.connect(path) as connection:
        for table, keys in (("version", ("key",)), ("affected", ("lo", "hi"))):
            name = path.parent / f"{table}.csv"
            columns = ("id", "package_id", "stream", *(f"hex({key})" for key in keys))
            with name.open("w", newline="") as file:
                csv.writer(file).writerows(
                    connection.execute(f"SELECT {', '.join(columns)} FROM {table}")
                )
            kinds = {"id": "BIGINT", "package_id": "BIGINT", "stream": "VARCHAR"}
            kinds |= dict.fromkeys(keys, "VARCHAR")
            restored = ", ".join(f"unhex(coalesce({key}, '')) AS {key}" for key in keys)
            duck.execute(
                f"CREATE TABLE {table} AS SELECT id, package_id, coalesce(stream, '') AS stream,"
                f" {restored} FROM read_csv('{name}', header = false, columns = {kinds})"
            )
    statement = matching.HITS_OF_INTERVALS.replace(":first_affected", "1")
    statement = statement.replace("CROSS JOIN", ",").replace("affected a ,", "affected a,")
    hits: list[int] = []
    seconds = statistics.median(
        timed(
            lambda: hits.extend(duck.execute(f"SELECT count(*) FROM ({statement})").fetchall()[0])
        )
        for _ in range(ROUNDS)
    )
    return seconds, hits[0]


def joined_in_order(path: Path) -> float:
    """The limit: SQLite reads both sides once, in the order of an index, and compares nothing."""
    with sqlite3.connect(path) as connection:
        return timed(
            lambda: [
                connection.execute(
                    f"SELECT sum(length({key})), count(stream) FROM {table}"
                ).fetchone()
                for table, key in (("version", "key"), ("affected", "lo"))
            ]
        )


def bill(number: int, packages: int, chance: random.Random) -> Prepared:
    parts = [
        {"type": "library", "name": name, "version": version, "bom-ref": f"{i}-{name}",
         "purl": f"pkg:npm/{name}@{version}"}
        for i in range(COMPONENTS)
        for name, version in [(f"package-{chance.randrange(1, packages)}", numbers(chance))]
    ]  # fmt: skip
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": f"urn:uuid:00000000-0000-4000-8000-{number:012d}", "components": parts,
    }  # fmt: skip
    return prepare.prepare("bill.json", msgspec.json.encode(document))


def advisory(number: int, packages: int, chance: random.Random) -> Prepared:
    events = [{"introduced": "0"}, {"fixed": numbers(chance)}]
    name = f"package-{chance.randrange(1, packages)}"
    document = {
        "schema_version": "1.6.0", "id": f"GHSA-{number}", "modified": "2026-11-23T00:00:00Z",
        "affected": [
            {"package": {"ecosystem": "npm", "name": name},
             "ranges": [{"type": "SEMVER", "events": events}]}
        ],
    }  # fmt: skip
    return prepare.prepare("advisory.json", msgspec.json.encode(document))


def one(engine: Engine, documents: list[Prepared]) -> tuple[float, float]:
    """Median seconds of the match alone, and of the whole unit, commit included."""
    match_alone, whole = [], []
    original = matching.match_new

    def watched(connection: Connection, first_affected: int, first_version: int) -> None:
        match_alone.append(timed(lambda: original(connection, first_affected, first_version)))

    matching.match_new = watched
    try:
        intake = SqlIntake(engine)
        for document in documents:
            start = time.perf_counter()
            with intake.unit() as unit:
                unit.take([document], LEARNED)
                unit.settle()
            whole.append(time.perf_counter() - start)
    finally:
        matching.match_new = original
    return statistics.median(match_alone), statistics.median(whole)


def said(what: str, seconds: float, target: float) -> None:
    verdict = "met" if seconds < target else "MISSED"
    print(f"{what:44} {seconds * 1000:9,.1f} ms   target < {target * 1000:,.0f} ms   {verdict}")


def main() -> None:
    total = int(float(sys.argv[1]) * 1_000_000) if len(sys.argv) > 1 else VERSIONS
    packages = int(PACKAGES * total / VERSIONS)
    chance = random.Random(SEED + 1)
    with tempfile.TemporaryDirectory() as folder:
        engine = database.connect("", Path(folder))
        migrate.upgrade(engine)
        took = timed(lambda: fill(engine, total))
        runs = [full(engine) for _ in range(ROUNDS)]
        with engine.connect() as connection:
            hits = connection.scalar(select(func.count()).select_from(schema.hit))
        print(f"{total:,} versions, {total // 2:,} intervals, {hits:,} hits (made in {took:.0f} s)")
        limit = joined_in_order(Path(folder) / "accord.sqlite")
        print(f"{'limit: one pass over both tables':44} {limit * 1000:9,.1f} ms")
        seconds, same = peer(Path(folder) / "accord.sqlite")
        print(f"{'peer: DuckDB, the same statement, two threads':44} {seconds * 1000:9,.1f} ms")
        if same != hits:
            sys.exit(f"DuckDB finds {same:,} hits")
        said("every hit found", statistics.median(found for found, _ in runs), FULL_SECONDS)
        said("every hit found and kept", statistics.median(kept for _, kept in runs), FULL_SECONDS)
        for name, make in (("bill of 500 components", bill), ("advisory", advisory)):
            alone, whole = one(engine, [make(n, packages, chance) for n in range(15)])
            said(f"one new {name}: the match", alone, ONE_SECONDS)
            said(f"one new {name}: the whole unit", whole, ONE_SECONDS)
        engine.dispose()


if __name__ == "__main__":
    main()
