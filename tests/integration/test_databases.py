"""The databases that integration tests are given are real, fresh, and each what it says."""

from __future__ import annotations

import sqlite3
from pathlib import Path

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
