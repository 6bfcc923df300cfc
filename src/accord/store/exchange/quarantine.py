"""What partners gave and this node refused: kept byte for byte, until it is taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, delete, select

from accord.flows.exchange.following.port import Row
from accord.store import database
from accord.store.exchange import logs, removal
from accord.store.exchange.tables import followed_entry, quarantined_blob

_COLUMNS = ("follow_id", "number", "data")
_AT_ONCE = 10
"""Rows that are read at a time: each may be as large as an envelope."""
_ALL = select(
    quarantined_blob.c.follow_id,
    quarantined_blob.c.number,
    quarantined_blob.c.data,
    followed_entry.c.reason,
).join(
    followed_entry,
    (followed_entry.c.follow_id == quarantined_blob.c.follow_id)
    & (followed_entry.c.number == quarantined_blob.c.number),
)


def keep(connection: Connection, follow: int, rows: Sequence[Row]) -> None:
    """Keep what was refused of some entries."""
    refused = [(follow, row.number, row.refused) for row in rows if row.refused is not None]
    database.insert(connection, quarantined_blob, _COLUMNS, refused)


def drop(connection: Connection, follow: int, numbers: Collection[int]) -> None:
    """Erase what was refused of some entries."""
    removal.erasing(connection)
    for chunk in logs.chunks(sorted(numbers)):
        these = logs.among(connection, quarantined_blob.c.number, chunk)
        one = quarantined_blob.c.follow_id == follow
        connection.execute(delete(quarantined_blob).where(one & these))


def everything(connection: Connection) -> Iterator[tuple[int, Row]]:
    """All of it, with the number of its log."""
    with connection.execute(_ALL, execution_options={"yield_per": _AT_ONCE}) as found:
        for row in found:
            refused = bytes(row.data)
            yield (
                row.follow_id,
                Row(row.number, "quarantined", reason=row.reason, refused=refused),
            )
