"""The records of a log, in the columns that they have here: the view `rec` of a table `records`.

Law (numbers): a record's number is its place in the log, from one on. It is where the record stands
in the table: to count while reading would leave all of it to one processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from accord.core.errors import Invalid
from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Searched, Trouble
from accord.store.hunting import plain
from accord.store.hunting.columns import ALSO
from accord.store.hunting.duck import COLUMNS, columns_of
from accord.store.hunting.readers import HARMLESS, RATIO, Source

_RECORDS: Final = 5_000_000
"""Records in Parquet that do no harm; where there are more, each takes a byte at least."""
TOLD: Final = 20
"""Lines that could not be read, of each log, that are told one by one."""


def refuse_bomb(database: Any, source: Source, path: Path) -> None:  # noqa: ANN401 - DuckDB
    """A log in Parquet that grows out of proportion is not read.

    Raises:
        Invalid: by its own account, or by the length of its values, it does.
    """
    packed = path.stat().st_size
    file = text(str(path))
    (rows,) = database.execute(
        f"SELECT sum(num_rows) FROM parquet_file_metadata({file})"
    ).fetchone()
    if (rows or 0) > max(_RECORDS, packed):
        raise Invalid(f"a bomb: {rows:,} records in {packed:,} bytes; it was not looked at")
    lengths = "+".join(
        f"coalesce(sum(strlen(CAST({said} AS VARCHAR))), 0)" for said in source.columns.values()
    )
    said = "SELECT sum(total_uncompressed_size) FROM parquet_metadata"
    asked = [f"{said}({file})"]
    asked += [f"SELECT {lengths} FROM {source.relation}"] if lengths else []
    for query in asked:
        (size,) = database.execute(query).fetchone()
        if (size or 0) > max(HARMLESS, RATIO * packed):
            raise Invalid(f"a bomb: it grows more than {RATIO} times; it was not looked at")


def take(database: Any, source: Source, done: Searched) -> bool:  # noqa: ANN401 - DuckDB
    """The records of a log in the columns that they have here.

    Whether nothing needs to be cleaned first: then `done` has the account of it.
    """
    for table in ("reject_errors", "reject_scans"):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    bad = source.bad or "FALSE"
    chosen = ", ".join(
        f"{said} AS raw_{name}" for name, said in source.columns.items() if name in COLUMNS
    )
    every = ", ".join(_expressions(set(source.columns)))
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE records AS SELECT {every}, bad FROM"
        f" (SELECT {bad} AS bad{', ' + chosen if chosen else ''} FROM {source.relation})"
    )
    if not _rejected(database, source, done):
        return False
    if source.bad:
        wrong = database.execute("SELECT rowid + 1 FROM records WHERE bad ORDER BY 1").fetchall()
        done.refused += len(wrong)
        why = f"{source.why}: looked at as plain text"
        done.troubles += [Trouble(done.file, n, why) for (n,) in wrong[:TOLD]]
    database.execute("ALTER TABLE records DROP COLUMN bad")
    _drop_empty(database)
    done.records = number(database)
    return True


def take_again(database: Any, kept: str) -> int:  # noqa: ANN401 - as above
    """The records of a log of the archive, which have their numbers there; how many there are."""
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE records AS SELECT * FROM read_parquet({text(kept)})"
    )
    return number(database)


def number(database: Any, since: str = "") -> int:  # noqa: ANN401 - as above
    """Records from a moment on, and those without a time, with their numbers; how many there are.

    What is earlier stays in the table: numbers are places in it.
    """
    own = "" if "n" in columns_of(database, "records") else "rowid + 1 AS n, "
    late = f" WHERE NOT coalesce(seen < {text(since)}::TIMESTAMPTZ, FALSE)" if since else ""
    database.execute(f"CREATE OR REPLACE TEMP VIEW rec AS SELECT {own}* FROM records{late}")
    (count,) = database.execute("SELECT count(*) FROM rec").fetchone()
    return int(count)


def _drop_empty(database: Any) -> None:  # noqa: ANN401 - as above
    """Columns of what hardly any log has are looked through only where there is something."""
    there = columns_of(database, "records")
    spare = [one for one in (*ALSO.values(), *plain.FOUND) if one in there]
    if spare:
        said = ", ".join(f"coalesce(bool_or(len({one}) > 0), FALSE)" for one in spare)
        full = database.execute(f"SELECT {said} FROM records").fetchone()
        for one, some in zip(spare, full, strict=True):
            if not some:
                database.execute(f"ALTER TABLE records DROP COLUMN {one}")


def _rejected(database: Any, source: Source, done: Searched) -> bool:  # noqa: ANN401 - as above
    """What DuckDB could not read as records is looked at as plain text, and told."""
    there = database.execute(
        "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"
    ).fetchone()
    if there is None:
        return True
    (encoding,) = database.execute(
        "SELECT count(*) FROM reject_errors WHERE error_type = 'INVALID ENCODING'"
    ).fetchone()
    if encoding:
        return False
    if source.comments:
        database.execute("DELETE FROM reject_errors WHERE starts_with(csv_line, '#')")
    (count,) = database.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
    done.refused += count
    query = (
        "SELECT line, any_value(lower(CAST(error_type AS VARCHAR))) FROM reject_errors"
        f" GROUP BY line ORDER BY line LIMIT {TOLD}"
    )
    told = [
        (line, f"{why}: looked at as plain text")
        for line, why in database.execute(query).fetchall()
    ]
    done.troubles += [Trouble(done.file, *row) for row in told]
    if count:
        _as_text(database)
    return True


def _as_text(database: Any) -> None:  # noqa: ANN401 - as above
    found = plain.found("line")
    for name in found:
        database.execute(f"ALTER TABLE records ADD COLUMN IF NOT EXISTS {name} VARCHAR[]")
    columns = ", ".join(f"{said} AS {name}" for name, said in found.items())
    database.execute(
        f"INSERT INTO records BY NAME SELECT logged_time({plain.moment('line')}) AS seen,"
        f" {columns}, FALSE AS bad FROM (SELECT unnest(string_split(said, chr(10))) AS line FROM"
        " (SELECT any_value(csv_line) AS said FROM reject_errors GROUP BY line ORDER BY line))"
        " WHERE trim(line) <> ''"
    )


def _expressions(there: set[str]) -> Iterator[str]:
    for name in COLUMNS:
        if name == "seen":
            yield (
                "logged_time(raw_seen) AS seen" if name in there else "NULL::TIMESTAMPTZ AS seen"
            )
        elif name == "url" and "uri" in there:
            whole = "raw_host || raw_uri" if "host" in there else "NULL"
            said = f"coalesce(raw_url, {whole})" if "url" in there else whole
            yield f"{said} AS url"
        elif name == "url" and there >= {"url", "host"}:
            yield (
                "CASE WHEN starts_with(raw_url, '/') THEN raw_host || raw_url"
                " ELSE raw_url END AS url"
            )
        elif name == "url_host" and "url" in there:
            yield "nullif(whole_host(bare_url(raw_url)), '') AS url_host"
        elif name == "also_url_host" and "also_url" in there:
            yield "[whole_host(bare_url(u)) FOR u IN raw_also_url] AS also_url_host"
        elif name in there:
            yield f"raw_{name} AS {name}"
