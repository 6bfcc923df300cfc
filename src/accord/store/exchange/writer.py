"""A transaction of the one writer, whose failures are accord's own errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from accord.store import database
from accord.store.intake import Refusing


@contextmanager
def writing(engine: Engine, *, durable: bool = False) -> Iterator[Connection]:
    """As `accord.store.database.writing`.

    Raises:
        Refusing: the database is full, damaged, locked or gone; nothing was kept.
    """
    try:
        with database.writing(engine, durable=durable) as connection:
            yield connection
    # Rows that go to the driver at once fail with its own errors.
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as wrong:
        why = getattr(wrong, "orig", None) or wrong
        raise Refusing(f"the database did not take it, nothing was kept: {why}") from wrong
