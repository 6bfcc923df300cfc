"""Which documents feeds brought, and the marking that they give what bears none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, ScalarSelect, bindparam, func, insert, select, update

from accord.store import schema
from accord.store.exchange import logs, tables

_HERE = logs.ForMany(
    lambda among: select(tables.feed_document.c.digest).where(
        tables.feed_document.c.feed == bindparam("feed"), among(tables.feed_document.c.digest)
    )
)


def default_tlp() -> ScalarSelect[int]:
    """The strictest marking that feeds give a document, as a column beside it; null: none does."""
    table = tables.feed_document
    return (
        select(func.max(table.c.tlp))
        .where(table.c.digest == schema.document.c.digest)
        .correlate(schema.document)
        .scalar_subquery()
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
