"""Connections: SQLite in WAL mode, or PostgreSQL by address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, TextClause, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from accord.core.errors import AccordError

_WRITER_LOCK = 0x6163636F7264
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=30000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-131072",
    # As much as this SQLite maps at most, mostly 2 GB: to read what lies past it in the file, page
    # by page, took twice the time.
    "PRAGMA mmap_size=1099511627776",
    # Pages of an index are written many times during a large load: copy them back less often.
    "PRAGMA wal_autocheckpoint=16000",
    "PRAGMA journal_size_limit=67108864",
)
"""How every connection to SQLite is set up."""
_KEPT: dict[str, Any] = {"pool_size": 5, "max_overflow": -1, "pool_pre_ping": True}
"""A few connections to PostgreSQL are kept, as one costs more than most questions. Who finds none
free makes one, and never waits; one that the server has ended is replaced before it is used."""
FILE = "accord.sqlite"
"""Of the node's folder: the embedded database."""


class Unreachable(AccordError):
    """The database cannot be used as its address says."""


def connect(address: str, home: Path) -> Engine:
    """An engine for `postgresql://...`, `sqlite:///...`, or, where empty, the node's own file.

    Raises:
        Unreachable: the address is not one that accord understands.
    """
    try:
        url = make_url(address) if address else _embedded(home)
    except (ArgumentError, ValueError) as wrong:
        raise Unreachable("the database address is not of the form scheme://...") from wrong
    if url.get_backend_name() == "postgresql":
        return create_engine(url.set(drivername="postgresql+psycopg"), **_KEPT)
    if url.get_backend_name() != "sqlite":
        raise Unreachable(f"{url.get_backend_name()} is not supported: use SQLite or PostgreSQL")
    engine = create_engine(url)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _embedded(home: Path) -> URL:
    """The node's own file; a name is a name, whatever it holds of `?` and `%`."""
    return URL.create("sqlite", database=str(home / FILE))


def shown(url: URL) -> str:
    """An address for a person: without the password and without what stands behind the `?`."""
    return url.set(query={}).render_as_string(hide_password=True)


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own
    """SQLAlchemy's `begin` event starts transactions, not the driver."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes", False):
        _tell_driver(connection, "BEGIN")
        return
    # The setting stays with the connection, so each writer says which it wants.
    wanted = "FULL" if options.get("durable", False) else "NORMAL"
    _tell_driver(connection, f"PRAGMA synchronous={wanted}")
    _tell_driver(connection, "BEGIN IMMEDIATE")


def _tell_driver(connection: Connection, statement: str) -> None:
    """Without what the library does around a statement: these are of every request."""
    raw: Any = connection.connection.driver_connection
    foreign = connection.dialect.loaded_dbapi.Error
    try:
        raw.execute(statement)
    except foreign as wrong:
        raise DBAPIError.instance(statement, None, wrong, foreign) from wrong


@contextmanager
def writing(engine: Engine, *, durable: bool = False) -> Iterator[Connection]:
    """One transaction of the one writer: all of it is kept, or nothing.

    A *durable* one survives a loss of power too, once it is committed: SQLite in WAL mode may
    otherwise forget the last transactions. What is promised to others is written durably.
    """
    options = {"writes": True, "durable": durable}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        if not on_sqlite(connection):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
        yield connection


def on_sqlite(connection: Connection) -> bool:
    """Whether this is SQLite."""
    return connection.dialect.name == "sqlite"


def asked(
    engine: Engine, statement: TextClause, given: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """The rows of one question, without what a transaction of its own costs.

    It is for questions of every request: on SQLite the driver is asked itself, which keeps the
    statement ready, and one statement sees one state without a transaction around it.
    """
    if engine.dialect.name == "sqlite":
        return _asked_driver(engine, statement.text, given or {})
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(statement, given or {})]


def _asked_driver(engine: Engine, query: str, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    foreign = engine.dialect.loaded_dbapi.Error
    lent = engine.raw_connection()
    try:
        raw: Any = lent.driver_connection
        rows: list[tuple[Any, ...]] = raw.execute(query, given).fetchall()
    except foreign as wrong:
        raise DBAPIError.instance(query, None, wrong, foreign) from wrong
    finally:
        lent.close()
    return rows


def insert(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Many rows at the speed of the database: `executemany` on SQLite, `COPY` on PostgreSQL."""
    names = ", ".join(f'"{column}"' for column in columns)
    raw = connection.connection.driver_connection
    assert raw is not None
    cursor = raw.cursor()
    if on_sqlite(connection):
        marks = ", ".join("?" * len(columns))
        cursor.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', rows)  # noqa: S608 - names of our own schema
    else:
        with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    cursor.close()


def first(connection: Connection, query: str) -> tuple[Any, ...] | None:
    """The first row of a question without parameters, from the driver itself; none is none."""
    raw: Any = connection.connection.driver_connection
    cursor = raw.cursor()
    cursor.execute(query)
    row: tuple[Any, ...] | None = cursor.fetchone()
    cursor.close()
    return row


def many(connection: Connection, statement: str, rows: Sequence[Sequence[Any]]) -> int:
    """A statement for each row, with `{marks}` for its values; gives how many rows it changed."""
    if not rows:
        return 0
    mark = "?" if on_sqlite(connection) else "%s"
    raw = connection.connection.driver_connection
    assert raw is not None
    cursor = raw.cursor()
    cursor.executemany(statement.format(marks=", ".join([mark] * len(rows[0]))), rows)
    changed = int(cursor.rowcount)
    cursor.close()
    return changed
