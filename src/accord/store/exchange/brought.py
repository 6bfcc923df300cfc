"""Which documents feeds brought, and the marking that they give what bears none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Text,
    bindparam,
    cast,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)  # fmt: skip

from accord.core.origins import OTHERS
from accord.store import schema
from accord.store.exchange import logs, tables

_HERE = logs.ForMany(
    lambda among: select(tables.feed_document.c.digest).where(
        tables.feed_document.c.feed == bindparam("feed"), among(tables.feed_document.c.digest)
    )
)


def feeds() -> ScalarSelect[str]:
    """Which feeds brought a document and the TLP that each gives what bears none, beside it."""
    table = tables.feed_document
    said = table.c.feed + ":" + func.coalesce(cast(table.c.tlp, Text), "")
    return (
        select(func.aggregate_strings(said, ","))
        .where(table.c.digest == schema.document.c.digest)
        .correlate(schema.document)
        .scalar_subquery()
    )


def read_feeds(said: str | None) -> tuple[tuple[str, int | None], ...]:
    """The same as values, by name."""
    each = (one.partition(":") for one in said.split(",")) if said else ()
    return tuple(sorted((name, int(tlp) if tlp else None) for name, _, tlp in each))


def by_people() -> ColumnElement[bool]:
    """Whether a source of a document is one of this node's own people, beside it."""
    table = schema.source
    # Letter by letter: LIKE takes capitals for small letters in SQLite.
    others = or_(*(func.substr(table.c.name, 1, len(one)) == one for one in OTHERS))
    return (
        select(table.c.name)
        .where(table.c.document_id == schema.document.c.id, not_(others))
        .correlate(schema.document)
        .exists()
    )


def bring(
    connection: Connection, feed: str, tlp: int | None, at: str, new: Mapping[str, bool]
) -> None:
    """Note what a feed brought; what it brings again gets the marking that it gives today."""
    table = tables.feed_document
    here = _here(connection, feed, list(new))
    again = [{"its": digest} for digest in sorted(here)]
    if again:
        same = (table.c.feed == feed) & (table.c.digest == bindparam("its"))
        connection.execute(update(table).where(same).values(tlp=tlp), again)
    rows = [
        {"feed": feed, "digest": digest, "at": at, "tlp": tlp, "new": first, "good": 0}
        for digest, first in new.items()
        if digest not in here
    ]
    if rows:
        connection.execute(insert(table), rows)


def _here(connection: Connection, feed: str, digests: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for chunk in logs.chunks(digests):
        found.update(_HERE(connection, chunk, feed=feed).scalars())
    return found
