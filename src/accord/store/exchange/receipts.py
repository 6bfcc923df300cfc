"""The disclosure log in the database: lines are added at its end, in the transaction that they are
about, and read again to be shown and verified. Its end is remembered outside the database too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec.structs import replace
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    type_coerce,
)

from accord.exchange.receipts import FIRST, START, Line, chain
from accord.flows.exchange.accounts.receipts import Cosignature
from accord.store import database
from accord.store.exchange.high_water import RECEIPTS, HighWater, Mark
from accord.store.exchange.tables import audience, cosignature, receipt

_COLUMNS = ("number", "line", "hash", "recipient", "object")
_AT_ONCE = 2000
_END = select(receipt.c.number, receipt.c.hash).order_by(receipt.c.number.desc()).limit(1)
_LAST = "SELECT number, hash FROM receipt ORDER BY number DESC LIMIT 1"
_THEN = select(receipt.c.hash).where(receipt.c.number == bindparam("number"))


def append(connection: Connection, lines: Iterable[Line]) -> None:
    """Add lines at the end of the disclosure log; their numbers are given here.

    `connection` is a durable transaction of the one writer, so that nobody else adds meanwhile:
    what is written with it is in the log if and only if the rest of the transaction is kept.
    """
    last = database.first(connection, _LAST)
    first, previous = (last[0] + 1, bytes(last[1])) if last else (FIRST, START)
    numbered = [replace(line, number=number) for number, line in enumerate(lines, first)]
    rows = zip(numbered, chain(previous, numbered), strict=True)
    database.insert(
        connection,
        receipt,
        _COLUMNS,
        ((one.number, data, hash_, one.recipient, one.object) for one, (data, hash_) in rows),
    )


def remember(connection: Connection, high_water: HighWater) -> None:
    """Remember outside the database where the disclosure log ends.

    `connection` is a transaction of the one writer that has added no line. Where lines are missing,
    or others, since the end was last remembered, that end stays: it is the proof.
    """
    last = connection.execute(_END).one_or_none()
    mark = high_water.mark(RECEIPTS)
    if last is None or (mark is not None and mark.size >= last.number):
        return
    if mark is not None:
        then = connection.scalar(_THEN, {"number": mark.size})
        if bytes(then or b"").hex() != mark.root:
            return
    high_water.keep(RECEIPTS, Mark(last.number, bytes(last.hash).hex(), ""))


class SqlReceipts:
    """`accord.flows.exchange.accounts.receipts.Receipts` on a database."""

    def __init__(self, engine: Engine, high_water: HighWater) -> None:
        self._engine = engine
        self._high_water = high_water

    def remembered(self) -> tuple[int, str] | None:
        """Lines and head of the disclosure log, as they were last remembered.

        Raises:
            AccordError: what was remembered cannot be read.
        """
        mark = self._high_water.mark(RECEIPTS)
        return (mark.size, mark.root) if mark else None

    def newest(self, recipients: Iterable[str], object_: str, limit: int) -> list[bytes]:
        """Lines, the newest first; of some recipients, of one object, where these are named."""
        query = select(self._bytes(receipt.c.line)).order_by(receipt.c.number.desc())
        wanted = list(recipients)
        if wanted:
            query = query.where(receipt.c.recipient.in_(wanted))
        if object_:
            query = query.where(or_(receipt.c.object == object_, self._on_page(object_)))
        with self._engine.connect() as connection:
            found = connection.scalars(query.limit(limit) if limit else query)
            return [bytes(line or b"") for line in found]

    def rows(self) -> Iterator[tuple[int, bytes, bytes, str, str]]:
        """Number, line, hash, recipient and object of every row, in the order of the numbers."""
        line, hash_ = self._bytes(receipt.c.line), self._bytes(receipt.c.hash)
        columns = (receipt.c.number, line, hash_, receipt.c.recipient, receipt.c.object)
        query = select(*columns).order_by(receipt.c.number)
        with (
            self._engine.connect().execution_options(yield_per=_AT_ONCE) as connection,
            connection.execute(query) as found,
        ):
            for number, data, chained, recipient, object_ in found:
                yield number, bytes(data or b""), bytes(chained or b""), recipient, object_

    def cosignatures(self) -> Iterator[Cosignature]:
        """Every word of a partner that is kept, by audience, partner and size."""
        query = (
            select(
                audience.c.name, audience.c.log, cosignature.c.partner, cosignature.c.size,
                self._bytes(cosignature.c.root), self._bytes(cosignature.c.statement),
                cosignature.c.at, cosignature.c.received, cosignature.c.quarantined,
            )
            .join(audience, audience.c.id == cosignature.c.audience_id)
            .order_by(audience.c.name, cosignature.c.partner, cosignature.c.size)
        )  # fmt: skip
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
                    root=bytes(row.root or b""),
                    statement=bytes(row.statement or b""),
                    at=row.at,
                    received=row.received,
                    quarantined=row.quarantined,
                )

    def _on_page(self, object_: str) -> ColumnElement[bool]:
        """Whether a line is about a page that held an object: those lines have no object of theirs.

        They are looked through, as many as there are: an entry for each object of each page would
        cost every answer more than it ever saves whoever asks this.
        """
        sought = msgspec.json.encode(object_)
        if self._engine.dialect.name == "sqlite":
            within = func.instr(receipt.c.line, sought)
        else:
            within = func.position(literal(sought).op("IN")(receipt.c.line))
        return and_(receipt.c.object == "", within > 0)

    def _bytes(self, column: Column[bytes]) -> ColumnElement[bytes]:
        """A column's bytes, or nothing: SQLite takes text there too, from whoever tampers."""
        if self._engine.dialect.name != "sqlite":
            return column
        stored = case((func.typeof(column) == "blob", column))
        return type_coerce(stored, column.type).label(column.name)
