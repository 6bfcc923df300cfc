"""Hunting: Zeek logs against a million indicators, beside DuckDB's own join and stix2-matcher.

python benchmarks/hunt.py            # ten million records, a million indicators
python benchmarks/hunt.py 0.01       # a hundredth of it
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import duckdb

from accord.exchange.hunting.plan import Indicator, plan
from accord.identity.markings import Marking, Tlp
from accord.store.hunting.engine import DuckEngine

_FOLDER = Path(tempfile.gettempdir()) / "accord-bench-hunt"
_AT = "2030-01-01T00:00:00.000000Z"


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


def _limit(dns: Path, conn: Path, made: object) -> float:
    """DuckDB reads the same columns of the same files and joins them with the same values."""
    values = getattr(made, "exact")  # noqa: B009 - any plan
    database = duckdb.connect()
    wanted = _FOLDER / "wanted.csv"
    wanted.write_text("".join(f"{one.kind}\t{one.value}\t{one.number}\n" for one in values))
    columns = "columns={'kind': 'VARCHAR', 'value': 'VARCHAR', 'number': 'INTEGER'}"
    database.execute(f"CREATE TABLE w AS FROM read_csv('{wanted}', delim='\t', {columns})")
    started = time.perf_counter()
    for path, last, columns_ in ((dns, "query", ("c", "d", "e")), (conn, "proto", ("c", "d"))):
        names = "{'a': 'VARCHAR', 'b': 'VARCHAR', 'c': 'VARCHAR', 'd': 'VARCHAR', 'e': 'VARCHAR'}"
        database.execute(
            f"CREATE OR REPLACE TABLE r AS SELECT row_number() OVER () AS n, try_cast(a AS DOUBLE)"
            f" AS a, c, d, e FROM read_csv('{path}', delim='\t', header=false, auto_detect=false,"
            f" comment='#', quote='', escape='', columns={names})"
        )
        for column in columns_:
            kind = "domain" if column == "e" else "ip"
            value = f"regexp_extract({column}, '[^.]+[.][^.]+$')" if column == "e" else column
            database.execute(
                f"SELECT number, n, a FROM r JOIN w ON w.value = {value} AND w.kind = '{kind}'"
            ).fetchall()
        assert last
    return time.perf_counter() - started


def _matcher(rows: int) -> float:
    """Seconds that stix2-matcher takes for a record and a pattern."""
    from stix2matcher.matcher import MatchListener, Pattern  # noqa: PLC0415 - a peer

    observed = [
        {
            "type": "observed-data", "id": f"observed-data--{n}", "number_observed": 1,
            "first_observed": "2030-01-01T00:00:00Z", "last_observed": "2030-01-01T00:00:00Z",
            "objects": {"0": {"type": "domain-name", "value": f"n{n}.test"}},
        }
        for n in range(rows)
    ]  # fmt: skip
    patterns = [Pattern(f"[domain-name:value = 'bad{n}.example']") for n in range(20)]
    assert MatchListener
    started = time.perf_counter()
    for pattern in patterns:
        pattern.match(observed)
    return (time.perf_counter() - started) / rows / len(patterns)


def main() -> None:
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    rows, count = int(10_000_000 * scale), max(1_000, int(1_000_000 * scale))
    dns, conn = _logs(rows)
    started = time.perf_counter()
    made = plan(_indicators(count))
    planned = time.perf_counter() - started
    print(f"{rows:,} records, {count:,} indicators, as a plan in {planned:.1f} s")
    for wanted in (made, plan(_indicators(1))):
        engine = DuckEngine(_FOLDER / "archive")
        engine.begin(wanted)
        started = time.perf_counter()
        hits = 0
        for path in (dns, conn):
            done = engine.search(path, path.name, None, "", keep=False)
            assert not done.troubles, done.troubles
            hits += len(done.hits)
        seconds = time.perf_counter() - started
        engine.close()
        told = f"{len(wanted.indicators):,} indicators"
        print(f"accord, {told:24} {rows / seconds:12,.0f} records/s  {hits:,} hits")
        if wanted is made:
            ours = seconds
    limit = _limit(dns, conn, made)
    print(f"DuckDB's own join, the limit     {rows / limit:12,.0f} records/s")
    print(f"of the limit                     {limit / ours:12.0%}")
    each = _matcher(max(100, rows // 10_000))
    print(f"stix2-matcher, scaled            {1 / (each * count):12,.4f} records/s")


if __name__ == "__main__":
    main()
