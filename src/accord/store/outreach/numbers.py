"""Numbers of rows, within the transaction of the one writer."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select


def next_id(connection: Connection, table: Table) -> int:
    """The number after the largest of a table."""
    return int(connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1
