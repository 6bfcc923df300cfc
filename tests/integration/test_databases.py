"""The databases that integration tests are given are real, fresh, and each what it says."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy

from accord.store import database


def _scalar(url: str, *statements: str) -> object:
    engine = sqlalchemy.create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                result = connection.exec_driver_sql(statement)
            return result.scalar()
    finally:
        engine.dispose()


def test_each_database_is_fresh(empty_url: str) -> None:
    made = "CREATE TABLE only_here (n INTEGER)"
    assert _scalar(empty_url, made, "SELECT count(*) FROM only_here") == 0


def test_each_database_is_fresh_again(empty_url: str) -> None:
    test_each_database_is_fresh(empty_url)


def test_bytes_compare_unsigned_on_each(empty_url: str) -> None:
    literal = "x'7f' < x'80'" if empty_url.startswith("sqlite") else r"'\x7f'::bytea < '\x80'"
    assert _scalar(empty_url, f"SELECT {literal}") in (True, 1)


def test_postgresql_sorts_text_as_people_do(postgres_url: str) -> None:
    assert _scalar(postgres_url, "SELECT 'a' < 'B'") is True


def test_sqlite_maps_as_much_of_a_file_as_it_can(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other") as raw:
        raw.execute(f"PRAGMA mmap_size={1 << 60}")
        (most,) = raw.execute("PRAGMA mmap_size").fetchone()
    engine = database.connect("", tmp_path)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA mmap_size").scalar_one() == min(most, 1 << 40)
    engine.dispose()


@pytest.fixture
def engine(postgres_url: str, tmp_path: Path) -> Iterator[sqlalchemy.Engine]:
    made = database.connect(postgres_url, tmp_path)
    yield made
    made.dispose()


def _backend(connection: sqlalchemy.Connection) -> int:
    return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def test_a_connection_to_postgresql_serves_again(engine: sqlalchemy.Engine) -> None:
    found = set()
    for _ in range(3):
        with engine.connect() as connection:
            found.add(_backend(connection))
    assert len(found) == 1


def test_a_connection_that_the_server_ended_is_made_anew(
    engine: sqlalchemy.Engine, postgres_url: str
) -> None:
    with engine.connect() as connection:
        ended = _backend(connection)
    assert _scalar(postgres_url, f"SELECT pg_terminate_backend({ended}, 60000)") is True
    with engine.connect() as connection:
        assert _backend(connection) != ended


def test_nobody_waits_for_another_to_be_done_with_postgresql(engine: sqlalchemy.Engine) -> None:
    with ExitStack() as held:
        at_once = [held.enter_context(engine.connect()) for _ in range(20)]
        assert len({_backend(connection) for connection in at_once}) == len(at_once)
    left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    deadline = time.monotonic() + 60
    with engine.connect() as connection:
        while connection.exec_driver_sql(left).scalar_one() > 5:
            assert time.monotonic() < deadline
            connection.rollback()
            time.sleep(0.05)
