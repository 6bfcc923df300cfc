"""Hunting: Zeek logs against a million indicators, beside DuckDB's own join and stix2-matcher.

python benchmarks/hunt.py            # ten million records, a million indicators
python benchmarks/hunt.py 0.01       # a hundredth of it

Each line is done in turn with the others, three times; the best of the three counts, by the clock
and by processor time apart.

stix2-matcher would take over a day for a thousandth of the work (ten thousand records, a million
patterns: 10^10 pairs, of which it looks at less than a hundred thousand a second). So it is given
the ten thousand records, and as many patterns as it gets through in three minutes: what a pair
takes is scaled.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from accord.exchange.hunting.plan import Indicator, Plan, plan
from accord.identity.markings import Marking, Tlp
from accord.store.hunting.engine import DuckEngine

_FOLDER = Path(tempfile.gettempdir()) / "accord-bench-hunt"
_AT = "2030-01-01T00:00:00.000000Z"
_ROUNDS = 3
_PATIENCE = 180.0
"""Seconds that stix2-matcher is given for the whole of the work."""


def _logs(rows: int) -> tuple[Path, Path]:
    """Half DNS, half connections; one record in ten thousand is planted."""
    _FOLDER.mkdir(exist_ok=True)
    dns, conn = _FOLDER / f"dns-{rows}.log", _FOLDER / f"conn-{rows}.log"
    if not conn.exists():
        address = "'10.' || (hash(i) % 200) || '.' || (hash(i + 1) % 250) || '.' || (i % 250)"
        far = "(20 + hash(i, 2) % 80) || '.' || (hash(i, 3) % 250) || '.' || (i % 240) || '.9'"
        name = "'www.n' || (hash(i, 4) % 500000) || '.site' || (hash(i, 5) % 300) || '.test'"
        planted = "CASE WHEN i % 10000 = 0 THEN 'a.bad' || (i // 10000) || '.example'"
        hit = "CASE WHEN i % 10000 = 0 THEN '203.0.' || (i // 10000 % 200) || '.9'"
        for path, columns, fields in (
            (dns, f"{address}, '9.9.9.9', {planted} ELSE {name} END", "query"),
            (
                conn,
                f"{address}, {hit} ELSE {far} END, 'tcp'",
                "proto",
            ),
        ):
            body = path.with_suffix(".part")
            duckdb.sql(
                f"COPY (SELECT 1893456000 + i / 1000, 'C' || i, {columns}"
                f" FROM range({rows // 2}) t(i)) TO '{body}' (DELIMITER '\t', HEADER false)"
            )
            head = f"#separator \\x09\n#fields\tts\tuid\tid.orig_h\tid.resp_h\t{fields}\n"
            with path.open("wb") as out:
                out.write(head.encode())
                with body.open("rb") as made:
                    while part := made.read(1 << 24):
                        out.write(part)
            body.unlink()
    return dns, conn


def _indicators(count: int) -> list[Indicator]:
    marking = Marking(Tlp.GREEN)
    patterns = (
        f"[domain-name:value = 'bad{n // 2}.example']"
        if n % 2
        else f"[ipv4-addr:value = '{203 if n < 400 else 150 + n % 50}.{n // 65536 % 250}"
        f".{n // 2 % 250}.{9 if n < 400 else n % 250}']"
        for n in range(count)
    )
    return [
        Indicator(f"indicator--{n}", "", "", p, "stix", _AT, "", None, False, marking, "", _AT)  # noqa: FBT003
        for n, p in enumerate(patterns)
    ]


def _hunt(dns: Path, conn: Path, wanted: Plan, *, keep: bool) -> Callable[[], int]:
    engine = DuckEngine(_FOLDER / "archive")
    engine.begin(wanted)

    def once() -> int:
        shutil.rmtree(_FOLDER / "archive", ignore_errors=True)
        hits = 0
        for path in (dns, conn):
            done = engine.search(path, path.name, None, "", keep=keep)
            assert not done.troubles, done.troubles
            hits += len(done.hits)
        return hits

    return once


def _limit(dns: Path, conn: Path, made: Plan, *, numbered: bool) -> Callable[[], int]:
    """DuckDB reads the same columns of the same files and joins them with the same values.

    `numbered`: it counts the records while it reads, which one processor does alone.
    """
    database = duckdb.connect()
    wanted = _FOLDER / "wanted.csv"
    wanted.write_text("".join(f"{one.kind}\t{one.value}\t{one.number}\n" for one in made.exact))
    columns = "columns={'kind': 'VARCHAR', 'value': 'VARCHAR', 'number': 'INTEGER'}"
    database.execute(f"CREATE TABLE w AS FROM read_csv('{wanted}', delim='\t', {columns})")
    names = "{'a': 'VARCHAR', 'b': 'VARCHAR', 'c': 'VARCHAR', 'd': 'VARCHAR', 'e': 'VARCHAR'}"
    number, place = ("row_number() OVER () AS n, ", "n") if numbered else ("", "r.rowid + 1")

    def once() -> int:
        hits = 0
        for path, used in ((dns, ("c", "d", "e")), (conn, ("c", "d"))):
            database.execute(
                f"CREATE OR REPLACE TABLE r AS SELECT {number}try_cast(a AS DOUBLE)"
                f" AS a, c, d, e FROM read_csv('{path}', delim='\t', header=false,"
                f" auto_detect=false, comment='#', quote='', escape='', columns={names})"
            )
            for column in used:
                kind = "domain" if column == "e" else "ip"
                value = f"regexp_extract({column}, '[^.]+[.][^.]+$')" if column == "e" else column
                hits += len(
                    database.execute(
                        f"SELECT number, {place}, a FROM r JOIN w"
                        f" ON w.value = {value} AND w.kind = '{kind}'"
                    ).fetchall()
                )
        return hits

    return once


def _matcher(rows: int, patience: float) -> tuple[float, int]:
    """Seconds that stix2-matcher takes for a record and a pattern, and how many patterns it got."""
    from stix2matcher.matcher import Pattern  # noqa: PLC0415 - a peer

    observed = [
        {
            "type": "observed-data", "id": f"observed-data--{n}", "number_observed": 1,
            "first_observed": "2030-01-01T00:00:00Z", "last_observed": "2030-01-01T00:00:00Z",
            "objects": {"0": {"type": "domain-name", "value": f"n{n}.test"}},
        }
        for n in range(rows)
    ]  # fmt: skip
    spent, done = 0.0, 0
    while done < 1 or spent < patience:
        pattern = Pattern(f"[domain-name:value = 'bad{done}.example']")
        started = time.perf_counter()
        pattern.match(observed)
        spent += time.perf_counter() - started
        done += 1
    return spent / rows / done, done


def _timed(once: Callable[[], int]) -> tuple[float, float, int]:
    clock, processor = time.perf_counter(), time.process_time()
    hits = once()
    return time.perf_counter() - clock, time.process_time() - processor, hits


def main() -> None:
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    rows, count = int(10_000_000 * scale), max(1_000, int(1_000_000 * scale))
    dns, conn = _logs(rows)
    started = time.perf_counter()
    made = plan(_indicators(count))
    planned = time.perf_counter() - started
    print(f"{rows:,} records, {count:,} indicators, as a plan in {planned:.1f} s")
    ways = {
        f"accord, {count:,} indicators": _hunt(dns, conn, made, keep=False),
        "the limit: DuckDB's own join": _limit(dns, conn, made, numbered=True),
        "the same, on all processors": _limit(dns, conn, made, numbered=False),
        "accord, one indicator": _hunt(dns, conn, plan(_indicators(1)), keep=False),
        f"accord, {count:,}, and an archive": _hunt(dns, conn, made, keep=True),
    }
    times: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name, once in ways.items():
            times[name].append(_timed(once))
    print(f"{'':36}  records/s   of processor        hits")
    best = {}
    for name, done in times.items():
        clock, processor = min(one[0] for one in done), min(one[1] for one in done)
        best[name] = clock, processor
        print(f"{name:36} {rows / clock:10,.0f} {rows / processor:14,.0f} {done[0][2]:11,}")
    ours, *limits = list(best.values())[:3]
    for name, limit in zip(list(best)[1:3], limits, strict=True):
        shares = (limit[0] / ours[0], limit[1] / ours[1])
        print(f"of {name:33} {shares[0]:10.0%} {shares[1]:14.0%}")
    few = max(100, rows // 1_000)
    each, patterns = _matcher(few, _PATIENCE * min(1.0, scale))
    print(f"stix2-matcher, scaled                {1 / (each * count):10,.4f}")
    print(f"  from {few:,} records and {patterns:,} patterns, in the time that it was given")


if __name__ == "__main__":
    main()
