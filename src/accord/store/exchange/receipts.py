"""The disclosure log in the database: lines are added at its end, in the transaction that they are
about, and read again to be shown and verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace
from sqlalchemy import Connection, Engine, select

from accord.exchange.receipts import FIRST, START, Line, chain
from accord.flows.exchange.receipts import Cosignature
from accord.store import database
from accord.store.exchange.tables import audience, cosignature, receipt

_COLUMNS = ("number", "line", "hash", "recipient", "object")
_AT_ONCE = 2000


def append(connection: Connection, lines: Iterable[Line]) -> None:
    """Add lines at the end of the disclosure log; their numbers are given here.

    `connection` is a durable transaction of the one writer, so that nobody else adds meanwhile:
    what is written with it is in the log if and only if the rest of the transaction is kept.
    """
    end = select(receipt.c.number, receipt.c.hash).order_by(receipt.c.number.desc()).limit(1)
    last = connection.execute(end).one_or_none()
    first, previous = (last.number + 1, bytes(last.hash)) if last else (FIRST, START)
    numbered = [replace(line, number=number) for number, line in enumerate(lines, first)]
    rows = zip(numbered, chain(previous, numbered), strict=True)
    database.insert(
        connection,
        receipt,
        _COLUMNS,
        ((one.number, data, hash_, one.recipient, one.object) for one, (data, hash_) in rows),
    )


class SqlReceipts:
    """`accord.flows.exchange.receipts.Receipts` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest(self, recipients: Iterable[str], object_: str, limit: int) -> list[bytes]:
        """Lines, the newest first; of some recipients, of one object, where these are named."""
        query = select(receipt.c.line).order_by(receipt.c.number.desc())
        wanted = list(recipients)
        if wanted:
            query = query.where(receipt.c.recipient.in_(wanted))
        if object_:
            query = query.where(receipt.c.object == object_)
        with self._engine.connect() as connection:
            found = connection.scalars(query.limit(limit) if limit else query)
            return [bytes(line) for line in found]

    def rows(self) -> Iterator[tuple[int, bytes, bytes, str, str]]:
        """Number, line, hash, recipient and object of every row, in the order of the numbers."""
        columns = (receipt.c.number, receipt.c.line, receipt.c.hash)
        query = select(*columns, receipt.c.recipient, receipt.c.object).order_by(receipt.c.number)
        with (
            self._engine.connect().execution_options(yield_per=_AT_ONCE) as connection,
            connection.execute(query) as found,
        ):
            for number, line, hash_, recipient, object_ in found:
                yield number, bytes(line), bytes(hash_), recipient, object_

    def cosignatures(self) -> Iterator[Cosignature]:
        """Every word of a partner that is kept, by audience, partner and size."""
        query = (
            select(cosignature, audience.c.name, audience.c.log)
            .join(audience, audience.c.id == cosignature.c.audience_id)
            .order_by(audience.c.name, cosignature.c.partner, cosignature.c.size)
        )
        with (
            self._engine.connect().execution_options(yield_per=_AT_ONCE) as connection,
            connection.execute(query) as found,
        ):
            for row in found:
                yield Cosignature(
                    audience=row.name,
                    log=row.log,
                    partner=row.partner,
                    size=row.size,
                    root=bytes(row.root),
                    statement=bytes(row.statement),
                    received=row.received,
                    quarantined=row.quarantined,
                )
