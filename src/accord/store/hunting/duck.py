"""The database that a hunt is made in, and what it says in the terms of this node."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from accord.core.errors import AccordError
from accord.core.show import printable
from accord.exchange.hunting.sql import text
from accord.store.hunting.columns import ALSO, LISTS, NAMES

COLUMNS: Final = (*NAMES, "url_host", "ips", "domains", "urls", "mails", *ALSO.values())
"""Columns of a record here."""
NEVER: Final = "\x1e\x1f\x1e\x1f"
"""Separates nothing: a line is one value."""
MACROS: Final = r"""
CREATE OR REPLACE MACRO bare_url(u) AS
    regexp_replace(split_part(trim(u), '#', 1), '^[A-Za-z][A-Za-z0-9+.-]*://', '');
CREATE OR REPLACE MACRO host_of(u) AS regexp_extract(u, '^(?:[^/?@]*@)*([^/?@]*)', 1);
CREATE OR REPLACE MACRO whole_host(u) AS CASE WHEN contains(host_of(u), '%')
    THEN coalesce(TRY(url_decode(host_of(u))), host_of(u)) ELSE host_of(u) END;
CREATE OR REPLACE MACRO url_of(u) AS regexp_replace(lower(host_of(u)), ':(80|443)$', '');
CREATE OR REPLACE MACRO url_path(u) AS coalesce(nullif(regexp_extract(u, '[/?].*$'), ''), '/');
CREATE OR REPLACE MACRO logged_url(x) AS url_of(bare_url(x))
    || coalesce(TRY(url_decode(url_path(bare_url(x)))), url_path(bare_url(x)));
CREATE OR REPLACE MACRO logged_domain(x) AS
    rtrim(regexp_replace(lower(trim(x)), ':[0-9]+$', ''), '.');
CREATE OR REPLACE MACRO plain_domain(x) AS NOT (contains(x, ':') OR contains(x, ' ')
    OR suffix(x, '.') OR strlen(x) <> length(x));
CREATE OR REPLACE MACRO tail_of(x) AS regexp_extract(x, '[^.]+\.[^.]+$');
CREATE OR REPLACE MACRO hash_of(x) AS
    CASE WHEN regexp_full_match(x, '([0-9a-f]{2}:)+[0-9a-f]{2}') THEN replace(x, ':', '')
    ELSE x END;
CREATE OR REPLACE MACRO logged_hash(x) AS
    hash_of(lower(trim(regexp_replace(x, '^[A-Za-z0-9-]+=', ''))));
CREATE OR REPLACE MACRO logged_mail(x) AS
    lower(trim(regexp_extract(x, '([^<>\s:]+@[^<>\s]+)', 1)));
CREATE OR REPLACE MACRO logged_file(x) AS lower(regexp_extract(trim(x), '[^/\\]+$'));
CREATE OR REPLACE MACRO odd_ip(x) AS (contains(x, ':') OR x < '0' OR x >= ':' OR suffix(x, '.')
    OR suffix(x, ' '))
    AND regexp_full_match(x, '\s*\[?[0-9a-fA-F:.]+(%[^\]]*)?\]?(:[0-9]+)?\.?\s*');
CREATE OR REPLACE MACRO odd_domain(x) AS strlen(x) <> length(x);
CREATE OR REPLACE MACRO odd_url(x) AS regexp_matches(x, '/\.|\.[:/?]|\.$|%2[eE]|%[89A-Fa-f]|^[^/?]*[%\[]|://[^/?]*[%\[]')
    OR strlen(x) <> length(x);
CREATE OR REPLACE MACRO bare(x) AS CASE
    WHEN starts_with(x, '{') THEN NULL
    WHEN starts_with(x, '[') AND json_valid(x) THEN json_extract_string(x, '$[0]')
    ELSE x END;
CREATE OR REPLACE MACRO many(x) AS CASE
    WHEN x IS NULL OR starts_with(x, '{') THEN []
    WHEN starts_with(x, '[') AND json_valid(x) THEN json_extract_string(x, '$[*]')
    ELSE [x] END;
CREATE OR REPLACE MACRO epoch_time(x) AS CASE
    WHEN x < 0 THEN NULL
    WHEN x < 1e11 THEN to_timestamp(x)
    WHEN x < 1e14 THEN to_timestamp(x / 1e3)
    WHEN x < 1e17 THEN to_timestamp(x / 1e6)
    WHEN x < 1e20 THEN to_timestamp(x / 1e9) END;
CREATE OR REPLACE MACRO true_time(x) AS CASE WHEN isfinite(x) AND year(x) BETWEEN 1 AND 9999
    THEN x END;
CREATE OR REPLACE MACRO logged_time(x) AS CASE WHEN try_cast(x AS DOUBLE) IS NULL
    THEN true_time(try_cast(replace(x, ',', '.') AS TIMESTAMPTZ))
    ELSE epoch_time(try_cast(x AS DOUBLE)) END;
CREATE OR REPLACE MACRO registry(x) AS regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(x, '^HKLM\\', 'HKEY_LOCAL_MACHINE\\'), '^HKU\\', 'HKEY_USERS\\'),
    '^HKCU\\', 'HKEY_CURRENT_USER\\'), '^HKCR\\', 'HKEY_CLASSES_ROOT\\');
CREATE OR REPLACE MACRO octet(x, place) AS split_part(x, '.', place)::BIGINT;
CREATE OR REPLACE MACRO digits(x) AS
    CASE WHEN regexp_full_match(x, '((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.|$)){4}')
        AND NOT suffix(x, '.')
    THEN format('00000000000000000000ffff{:08x}',
        octet(x, 1) * 16777216 + octet(x, 2) * 65536 + octet(x, 3) * 256 + octet(x, 4)) END;
"""
"""Values of logs in the form that `accord.exchange.hunting.values` gives those of indicators."""


class Missing(AccordError):
    """DuckDB is not installed."""


def connect(scratch: Path) -> Any:  # noqa: ANN401 - DuckDB has no types
    """A database in memory, which may use a folder where memory is short.

    Raises:
        Missing: DuckDB is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra
    except ImportError as wrong:
        raise Missing("hunting needs DuckDB: install accord with the extra `hunt`") from wrong
    database = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    database.execute(f"SET temp_directory = {text(str(scratch))}")
    database.execute("SET TimeZone = 'UTC'")
    # A record's number is its place, whatever number of threads read it.
    database.execute("SET preserve_insertion_order = true")
    database.execute(MACROS)
    return database


def failures() -> tuple[type[Exception], ...]:
    """What DuckDB raises; names that are not UTF-8 fail where Python is given them."""
    import duckdb  # noqa: PLC0415 - an extra

    return duckdb.Error, RuntimeError, UnicodeDecodeError


def columns_of(database: Any, relation: str) -> dict[str, str]:  # noqa: ANN401 - as above
    """The columns of a relation, by name the expression; what is in a structure with dots."""
    found = database.sql(f"SELECT * FROM {relation} LIMIT 0")
    columns: dict[str, str] = {}
    for name, type_ in zip(found.columns, found.types, strict=True):
        _inside(name, quoted(name), type_, columns)
    return columns


def _inside(name: str, said: str, type_: Any, columns: dict[str, str]) -> None:  # noqa: ANN401
    columns.setdefault(name, f"to_json({said})" if type_.id in {"list", "array"} else said)
    if type_.id == "struct":
        for inner, inner_type in type_.children:
            _inside(f"{name}.{inner}", f"{said}.{quoted(inner)}", inner_type, columns)


def quoted(name: str) -> str:
    """The name of a column, as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def logged(column: str) -> str:
    """One row a value of a column of the records."""
    if column in LISTS:
        return f"(SELECT n, seen, unnest({column}) AS raw FROM rec)"
    return f"(SELECT n, seen, {column} AS raw FROM rec)"


def moment(micros: int | None) -> str:
    """Microseconds since 1970 as `when()`; empty where there are none, or no such year."""
    if micros is None:
        return ""
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    except OverflowError:
        return ""
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"


def reason(wrong: Exception) -> str:
    """Why something failed, in one line."""
    return printable(str(wrong).partition("\n")[0])[:200]
