"""How fast documents become facts, beside what the libraries underneath could do at best.

The limit for advisories (OSV, CVE, CSAF): msgspec decodes the same JSON into plain Python values,
and SQLite takes the same rows into the same tables, in one transaction, already in memory.
Then everything: the load, the state hash, and the rebuild from the kept documents.

Run: python benchmarks/load.py [FOLDER OF DOCUMENTS]
Seconds of wall time depend on what else the machine does; seconds of processor time do not.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import msgspec

from accord.core.archives import Given, unpack, walk
from accord.flows.rebuild import rebuild
from accord.store import database
from accord.store.intake import SqlIntake
from accord.store.state import state_hash

BESIDE = Path(__file__).resolve().parents[2] / "shared"
DATA = Path(os.environ.get("ACCORD_REAL_DATA", BESIDE)) / "data"
ADVISORIES = ("osv", "cve", "csaf")
ACCORD = str(Path(sys.executable).with_name("accord"))
ALL_SECONDS, SHARE = 180.0, 1 / 3
GENERATED = 20_000
QUARANTINED = 3


class Took(msgspec.Struct):
    """Seconds."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:7.1f} s   {self.processor:7.1f} s of processor"


class Stopwatch:
    """Wall and processor time of a block, its child processes included."""

    def __enter__(self) -> Took:
        self._start = time.perf_counter(), _processor()
        self._took = Took(0, 0)
        return self._took

    def __exit__(self, *_: object) -> None:
        wall, processor = self._start
        self._took.wall = time.perf_counter() - wall
        self._took.processor = _processor() - processor


def _processor() -> float:
    found = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        found += usage.ru_utime + usage.ru_stime
    return found


def load(home: Path, *paths: Path) -> Took:
    with Stopwatch() as took:
        done = subprocess.run(
            [ACCORD, "load", "--home", str(home), *map(str, paths)],
            check=False, capture_output=True,
        )  # fmt: skip
    if done.returncode not in (0, QUARANTINED):
        sys.exit(done.stderr.decode())
    return took


def decoded(paths: list[Path]) -> tuple[Took, int]:
    """Time to decode every JSON document of these archives, and its bytes."""
    took, size = Took(0, 0), 0
    for path in (file for given in paths for file in walk(given)):
        documents = _documents(path)
        size += sum(map(len, documents))
        with Stopwatch() as one:
            for data in documents:
                msgspec.json.decode(data)
        took.wall += one.wall
        took.processor += one.processor
    return took, size


def _documents(path: Path) -> list[bytes]:
    found = []
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            given = [(name, archive.read(name)) for name in archive.namelist()]
    else:
        given = [(path.name, path.read_bytes())]
    for name, data in given:
        for one in unpack(name, data):
            if isinstance(one, Given) and one.data.lstrip()[:1] == b"{":
                try:
                    msgspec.json.decode(one.data)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
                found.append(one.data)
    return found


def inserted(filled: Path, folder: Path) -> tuple[Took, int]:
    """Time to put every row of a node into the same empty tables, and the number of rows."""
    with sqlite3.connect(filled) as source:
        made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index'"
        statements = [sql for (sql,) in source.execute(made)]
        tables = [
            name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        rows = {name: source.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    target = sqlite3.connect(folder / "limit.sqlite", isolation_level=None)
    for pragma in database.PRAGMAS:
        target.execute(pragma)
    for sql in statements:
        target.execute(sql)
    with Stopwatch() as took:
        target.execute("BEGIN IMMEDIATE")
        for name, kept in rows.items():
            if kept:
                marks = ",".join("?" * len(kept[0]))
                target.executemany(f'INSERT INTO "{name}" VALUES ({marks})', kept)
        target.execute("COMMIT")
    target.close()
    return took, sum(map(len, rows.values()))


def advisories(paths: list[Path], folder: Path) -> None:
    ours = load(folder / "advisories", *paths)
    took, size = decoded(paths)
    written, rows = inserted(folder / "advisories" / "accord.sqlite", folder)
    limit = Took(took.wall + written.wall, took.processor + written.processor)
    print(f"advisories: {size / 1e6:,.0f} MB of JSON, {rows:,} rows")
    print(f"{'  msgspec alone':34} {took}")
    print(f"{'  SQLite alone':34} {written}")
    print(
        f"{'  limit: both, one after the other':34} {limit}   {size / 1e6 / limit.wall:6.1f} MB/s"
    )
    share = limit.wall / ours.wall
    verdict = "met" if share >= SHARE else "MISSED"
    print(f"{'  accord load':34} {ours}   {size / 1e6 / ours.wall:6.1f} MB/s")
    print(f"{'  share of the limit':34} {share:7.2f}     target > {SHARE:.2f}   {verdict}")


def everything(paths: list[Path], folder: Path) -> None:
    home = folder / "everything"
    took = load(home, *paths)
    verdict = "met" if took.wall < ALL_SECONDS else "MISSED"
    engine = database.connect("", home)
    with engine.connect() as connection:
        documents, size = connection.exec_driver_sql(
            "SELECT count(*), sum(size) FROM document"
        ).one()
        with Stopwatch() as hashed:
            before = state_hash(connection)
    print(f"everything: {documents:,} documents, {size / 1e6:,.0f} MB")
    print(f"{'  accord load':34} {took}   target < {ALL_SECONDS:.0f} s   {verdict}")
    again = load(home, *paths)
    print(f"{'  the same again: nothing is new':34} {again}")
    print(f"{'  state hash':34} {hashed}")
    with Stopwatch() as rebuilt:
        rebuild(SqlIntake(engine))
    print(f"{'  rebuild':34} {rebuilt}")
    with engine.connect() as connection:
        if state_hash(connection) != before:
            sys.exit("the rebuild ends in another state")
    engine.dispose()


def generated(folder: Path) -> list[Path]:
    """Advisories made up in the place of real ones, where those are not on this machine."""
    path = folder / "generated.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(GENERATED):
            events = [{"introduced": "0"}, {"fixed": f"1.{number % 90}.{number % 7}"}]
            package = {"ecosystem": "npm", "name": f"package-{number % 3000}"}
            ranges = [{"type": "SEMVER", "events": events}]
            document = {
                "schema_version": "1.6.0", "id": f"GEN-{number}", "summary": "Made up " * 20,
                "modified": "2026-11-23T00:00:00Z", "aliases": [f"CVE-2026-{number + 10_000}"],
                "affected": [{"package": package, "ranges": ranges}],
            }  # fmt: skip
            archive.writestr(f"{number}.json", msgspec.json.encode(document))
    return [path]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if len(sys.argv) > 1:
            found = known = [Path(sys.argv[1])]
        elif DATA.exists():
            found, known = [DATA], [DATA / part for part in ADVISORIES]
        else:
            found = known = generated(folder)
        advisories(known, folder)
        everything(found, folder)


if __name__ == "__main__":
    main()
