"""The records of a log, in the columns that they have here: the table `rec`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from accord.flows.hunting.port import Searched, Trouble
from accord.store.hunting import plain
from accord.store.hunting.columns import ALSO
from accord.store.hunting.duck import COLUMNS, columns_of
from accord.store.hunting.readers import Source

TOLD: Final = 20
"""Lines that could not be read, of each log, that are told one by one."""


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
    every = ", ".join(["n", *_expressions(set(source.columns))])
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE rec AS SELECT {every}, bad FROM (SELECT row_number()"
        f" OVER () AS n, {bad} AS bad{', ' + chosen if chosen else ''} FROM {source.relation})"
    )
    if not _rejected(database, source, done):
        return False
    if source.bad:
        wrong = database.execute("SELECT n FROM rec WHERE bad ORDER BY n").fetchall()
        done.refused += len(wrong)
        why = "not JSON: looked at as plain text"
        done.troubles += [Trouble(done.file, n, why) for (n,) in wrong[:TOLD]]
    database.execute("ALTER TABLE rec DROP COLUMN bad")
    _drop_empty(database)
    (done.records,) = database.execute("SELECT count(*) FROM rec").fetchone()
    return True


def _drop_empty(database: Any) -> None:  # noqa: ANN401 - as above
    """Columns of what hardly any log has are looked through only where there is something."""
    there = columns_of(database, "rec")
    spare = [one for one in (*ALSO.values(), *plain.FOUND) if one in there]
    if spare:
        said = ", ".join(f"coalesce(bool_or(len({one}) > 0), FALSE)" for one in spare)
        full = database.execute(f"SELECT {said} FROM rec").fetchone()
        for one, some in zip(spare, full, strict=True):
            if not some:
                database.execute(f"ALTER TABLE rec DROP COLUMN {one}")


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
        database.execute(f"ALTER TABLE rec ADD COLUMN IF NOT EXISTS {name} VARCHAR[]")
    columns = ", ".join(f"{said} AS {name}" for name, said in found.items())
    database.execute(
        "INSERT INTO rec BY NAME SELECT (SELECT coalesce(max(n), 0) FROM rec)"
        f" + row_number() OVER () AS n, logged_time({plain.moment('line')}) AS seen, {columns},"
        " FALSE AS bad FROM (SELECT unnest(string_split(any_value(csv_line), chr(10))) AS line"
        " FROM reject_errors GROUP BY line) WHERE trim(line) <> ''"
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
            yield "nullif(host_of(bare_url(raw_url)), '') AS url_host"
        elif name == "also_url_host" and "also_url" in there:
            yield "[host_of(bare_url(u)) FOR u IN raw_also_url] AS also_url_host"
        elif name in there:
            yield f"raw_{name} AS {name}"
