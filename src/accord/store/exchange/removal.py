"""Documents erased, with everything that follows from them.

Law (removal): the state hash afterwards is that of a node that never had these documents.

On SQLite the freed bytes are overwritten, and `scrub` empties the write-ahead log, which holds
older pages; PostgreSQL frees them at its next vacuum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Delete,
    Engine,
    bindparam,
    delete,
    exists,
    select,
    tuple_,
)

from accord.store import schema
from accord.store.assurance import forgetting
from accord.store.assurance.decided_tables import bill_score
from accord.store.database import on_sqlite

_MANY = 500


def remove(connection: Connection, documents: Sequence[int]) -> set[str]:
    """Erase documents by their numbers; gives the subjects whose editions are to be settled."""
    erasing(connection)
    subjects: set[str] = set()
    versions: set[int] = set()
    packages: set[int] = set()
    forgetting.resting_on(connection, documents)
    for chunk in _chunks(sorted(documents)):
        subjects |= _subjects(connection, chunk)
        versions |= _versions(connection, chunk)
        packages |= _packages(connection, chunk)
        _facts(connection, chunk)
    packages |= _unused_versions(connection, versions)
    _unused_packages(connection, packages)
    forgetting.renumbered(connection)
    return subjects


def erasing(connection: Connection) -> None:
    """Have what is deleted from now on overwritten, where the database can do it."""
    if on_sqlite(connection):
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def scrub(engine: Engine) -> None:
    """Empty the write-ahead log of SQLite, after what was erased is committed.

    While somebody reads an older state it stays as it is; the next time takes it along.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _subjects(connection: Connection, documents: list[int]) -> set[str]:
    """What the documents are about, and what is about documents that they had set aside."""
    table, judgement = schema.document, schema.judgement
    found = set(connection.scalars(select(table.c.subject).where(table.c.id.in_(documents))))
    chosen = select(judgement.c.subject).where(
        judgement.c.document_id.in_(documents), judgement.c.kind == "document"
    )
    losers = sorted({name.removeprefix("sha256:") for name in connection.scalars(chosen)})
    for chunk in _chunks(losers):
        found.update(connection.scalars(select(table.c.subject).where(table.c.digest.in_(chunk))))
    return found - {""}


def _versions(connection: Connection, documents: list[int]) -> set[int]:
    """Versions that components of the documents are."""
    identity, component = schema.identity, schema.component
    query = (
        select(identity.c.version_id)
        .join(component, component.c.id == identity.c.component_id)
        .where(component.c.document_id.in_(documents))
    )
    return set(connection.scalars(query.distinct()))


def _packages(connection: Connection, documents: list[int]) -> set[int]:
    """Packages that the documents speak of."""
    table = schema.affected
    query = select(table.c.package_id).where(table.c.document_id.in_(documents))
    return set(connection.scalars(query.distinct()))


def _deletions() -> tuple[Delete, ...]:
    """What deletes all rows of some documents, those first that others are found by."""
    affected, version, component = schema.affected, schema.version, schema.component
    these: BindParameter[Sequence[int]] = bindparam("documents", expanding=True)
    # By the interval, not by its number: hits are kept in the order of the versions.
    hits = select(version.c.id, affected.c.id).where(
        affected.c.document_id.in_(these),
        version.c.package_id == affected.c.package_id,
        version.c.stream == affected.c.stream,
        version.c.key >= affected.c.lo,
        version.c.key < affected.c.hi,
    )
    hit, identity, document = schema.hit, schema.identity, schema.document
    parts = select(component.c.id).where(component.c.document_id.in_(these))
    return (
        delete(hit).where(tuple_(hit.c.version_id, hit.c.affected_id).in_(hits)),
        delete(identity).where(identity.c.component_id.in_(parts)),
        *(
            delete(table).where(table.c.document_id.in_(these))
            for table in (
                *schema.FACTS,
                bill_score,
                schema.quarantine,
                schema.source,
                schema.body,
            )
        ),
        delete(document).where(document.c.id.in_(these)),
    )


_DELETIONS = _deletions()
"""Put together once: for one document that costs more than to run them."""


def _facts(connection: Connection, documents: list[int]) -> None:
    """Delete all rows of the documents."""
    for deletion in _DELETIONS:
        connection.execute(deletion, {"documents": documents})


def _unused_versions(connection: Connection, versions: set[int]) -> set[int]:
    """Delete those versions that no component is any more; gives the packages of these."""
    version, identity, hit = schema.version, schema.identity, schema.hit
    used = exists().where(identity.c.version_id == version.c.id)
    packages: set[int] = set()
    for chunk in _chunks(sorted(versions)):
        query = select(version.c.id, version.c.package_id).where(version.c.id.in_(chunk), ~used)
        unused = connection.execute(query).all()
        packages.update(row.package_id for row in unused)
        ids = [row.id for row in unused]
        connection.execute(delete(hit).where(hit.c.version_id.in_(ids)))
        connection.execute(delete(version).where(version.c.id.in_(ids)))
    return packages


def _unused_packages(connection: Connection, packages: set[int]) -> None:
    """Delete those packages that nothing speaks of any more: a name may tell something too."""
    package, affected, version = schema.package, schema.affected, schema.version
    for chunk in _chunks(sorted(packages)):
        spoken = exists().where(affected.c.package_id == package.c.id)
        held = exists().where(version.c.package_id == package.c.id)
        connection.execute(delete(package).where(package.c.id.in_(chunk), ~spoken, ~held))


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _MANY):
        yield items[start : start + _MANY]
