"""The migrations make exactly the schema that the code describes, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from accord.core.errors import NotFound
from accord.store import database, migrate
from accord.store.exchange.tables import shared

METADATA = shared.metadata
_FOLDER = Path(migrate.__file__).parent / "migrations"


def _shape(engine: Any) -> dict[str, Any]:
    found = inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)],
            found.get_pk_constraint(name)["constrained_columns"],
            sorted(
                (i["name"] or "", i["column_names"], i["unique"]) for i in found.get_indexes(name)
            ),
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def test_the_newest_migration_is_the_head() -> None:
    assert ScriptDirectory(str(_FOLDER)).get_current_head() == migrate.HEAD


def test_migrations_make_the_schema(empty_url: str, tmp_path: Path) -> None:
    engine = database.connect(empty_url, tmp_path)
    migrate.upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert connection.execute(text("SELECT number FROM generation")).scalars().all() == [0]
    migrate.upgrade(engine)
    migrate.check(engine)
    engine.dispose()


def test_they_make_it_to_the_letter(sqlite_url: str, tmp_path: Path) -> None:
    """Alembic does not compare everything: tables without row numbers, for one."""
    described = create_engine(f"sqlite:///{tmp_path / 'described.sqlite'}")
    METADATA.create_all(described)
    migrated = database.connect(sqlite_url, tmp_path)
    migrate.upgrade(migrated)
    assert _shape(migrated) == _shape(described)
    query = text("SELECT name FROM sqlite_master WHERE sql LIKE '%WITHOUT ROWID%' ORDER BY 1")
    with described.connect() as one, migrated.connect() as other:
        bare = one.execute(query).scalars().all()
        assert bare == other.execute(query).scalars().all() == ["hit", "identity"]
    described.dispose()
    migrated.dispose()


def test_another_schema_is_told(sqlite_url: str, tmp_path: Path) -> None:
    engine = database.connect(sqlite_url, tmp_path)
    with pytest.raises(NotFound, match="accord init"):
        migrate.check(engine)
    migrate.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.Newer, match="upgrade accord"):
        migrate.upgrade(engine)
    engine.dispose()
