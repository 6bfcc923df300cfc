"""Bring a database to the schema of this release, and tell whether it is there.

Migrations are Alembic's, kept in the package, and the same for SQLite and PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import Engine, inspect, text

from accord.core.errors import AccordError, NotFound

HEAD = "0020"
"""The newest migration; a test compares it with the folder."""


class Foreign(AccordError):
    """The database holds tables, and none of them are a node's."""


class Newer(AccordError):
    """The database was written by a newer release of accord."""


def check(engine: Engine) -> None:
    """Whether this database is a node of this release.

    Raises:
        NotFound: no node here, or one that must be upgraded first.
    """
    revision = _revision(engine)
    if revision == HEAD:
        if unfinished(engine):
            raise NotFound("the upgrade of this node is not finished; run `accord init` again")
        return
    if revision is not None and revision > HEAD:
        raise _newer(revision)
    if revision is None:
        raise NotFound("no node here yet; run `accord init`, or name another with --home")
    raise NotFound(f"this node's database is of schema {revision}; run `accord init` to upgrade it")


def is_node(engine: Engine) -> bool:
    """Whether this database holds a node of any release."""
    return _revision(engine) is not None


def upgrade(engine: Engine) -> None:
    """Create or upgrade the schema, in one transaction.

    Raises:
        Newer: the database is ahead of this release.
        Foreign: it is somebody else's.
    """
    revision = _revision(engine)
    if revision == HEAD:
        return
    if revision is not None and revision > HEAD:
        raise _newer(revision)
    if revision is None:
        _must_be_empty(engine)
    _run(engine)


def _run(engine: Engine) -> None:
    """Every migration that the database lacks."""
    from alembic import command  # noqa: PLC0415 - seldom needed, and slow to load
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", "accord.store:migrations")
    config.set_main_option("path_separator", "os")
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def unfinished(engine: Engine) -> bool:
    """Whether facts are still to be made anew, because a migration changed their form."""
    with engine.connect() as connection:
        return bool(connection.execute(text("SELECT number FROM generation")).scalar_one() < 0)


def _newer(revision: str) -> Newer:
    return Newer(f"the database is of schema {revision}; this accord knows {HEAD}: upgrade accord")


def _must_be_empty(engine: Engine) -> None:
    tables = inspect(engine).get_table_names()
    if tables:
        raise Foreign(
            f"the database holds tables that are not a node's ({', '.join(tables[:3])}); "
            "give accord a database of its own"
        )


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
