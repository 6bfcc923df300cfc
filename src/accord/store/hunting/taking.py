"""The records of a log, in the columns that they have here: the table `rec`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from accord.flows.hunting.port import Searched, Trouble
from accord.store.hunting.duck import COLUMNS
from accord.store.hunting.readers import Source

TOLD: Final = 20
"""Lines that could not be read, of each log, that are told one by one."""


def take(database: Any, source: Source, done: Searched) -> None:  # noqa: ANN401 - DuckDB
    """The records of a log in the columns that they have here."""
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
    if source.bad:
        wrong = database.execute("SELECT n FROM rec WHERE bad ORDER BY n").fetchall()
        done.refused += len(wrong)
        done.troubles += [Trouble(done.file, n, "not JSON") for (n,) in wrong[:TOLD]]
        database.execute("DELETE FROM rec WHERE bad")
    database.execute("ALTER TABLE rec DROP COLUMN bad")
    (done.records,) = database.execute("SELECT count(*) FROM rec").fetchone()
    _rejected(database, done)


def _rejected(database: Any, done: Searched) -> None:  # noqa: ANN401 - as above
    there = database.execute(
        "SELECT 1 FROM duckdb_tables() WHERE table_name = 'reject_errors'"
    ).fetchone()
    if there is None:
        return
    (count,) = database.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
    done.refused += count
    query = (
        "SELECT line, any_value(lower(CAST(error_type AS VARCHAR))) FROM reject_errors"
        f" GROUP BY line ORDER BY line LIMIT {TOLD}"
    )
    done.troubles += [Trouble(done.file, *row) for row in database.execute(query).fetchall()]


def _expressions(there: set[str]) -> Iterator[str]:
    for name in COLUMNS:
        if name == "seen":
            yield (
                "coalesce(to_timestamp(try_cast(raw_seen AS DOUBLE)),"
                " try_cast(replace(raw_seen, ',', '.') AS TIMESTAMPTZ)) AS seen"
                if name in there
                else "NULL::TIMESTAMPTZ AS seen"
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
        elif name in there:
            yield f"raw_{name} AS {name}"
