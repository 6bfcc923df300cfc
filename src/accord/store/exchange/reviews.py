"""`accord.flows.exchange.sharing.review.Reviews` on a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from accord.core.errors import Invalid
from accord.exchange.receipts import Line
from accord.flows.exchange.sharing.review import Review, Verdict
from accord.store.exchange import receipts, writer
from accord.store.exchange.tables import review as table

_COLUMNS = (
    table.c.id, table.c.object, table.c.version, table.c.digest, table.c.audience,
    table.c.options, table.c.at, table.c.outcome, table.c.person, table.c.why, table.c.decided,
)  # fmt: skip


class SqlReviews:
    """What waits for a person's decision, and what was decided."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reviews(self, *, waiting: bool) -> list[Review]:
        """By number; `waiting`: only what nobody has decided."""
        query = select(*_COLUMNS).order_by(table.c.id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.where(table.c.outcome == "") if waiting else query)
            return [_review(row) for row in rows]

    def body(self, number: int) -> bytes:
        """What was looked through; empty where a recall erased it or it was released."""
        with self._engine.connect() as connection:
            kept = connection.scalar(select(table.c.body).where(table.c.id == number))
        return bytes(kept or b"")

    def decide(self, number: int, verdict: Verdict, line: Callable[[Review], Line]) -> list[Review]:
        """Keep a decision with a receipt for each, on all that waits with the same bytes.

        Raises:
            Invalid: somebody decided meanwhile.
        """
        with writer.writing(self._engine, durable=True) as connection:
            numbers = _open(connection, number)
            values = {
                "outcome": verdict.outcome, "person": verdict.person, "why": verdict.why,
                "decided": verdict.at, "detector": verdict.detector,
            }  # fmt: skip
            if verdict.outcome != "withdrawn":
                values |= {"body": verdict.body}  # type: ignore[dict-item]
            these = table.c.id.in_(numbers)
            connection.execute(update(table).where(these).values(**values))
            rows = connection.execute(select(*_COLUMNS).where(these).order_by(table.c.id))
            decided = [_review(row) for row in rows]
            receipts.append(connection, [line(one) for one in decided])
        return decided


def _open(connection: Connection, number: int) -> list[int]:
    """What is to be decided: all that waits with the same bytes, and the one that was named."""
    row = connection.execute(select(table).where(table.c.id == number)).one_or_none()
    if row is None or row.outcome not in ("", "withdrawn"):
        raise Invalid("somebody decided it meanwhile", f"review {number}")
    same = (table.c.digest == row.digest) & (table.c.outcome == "")
    numbers = list(connection.scalars(select(table.c.id).where(same).order_by(table.c.id)))
    if row.outcome and not numbers:
        numbers.append(_again(connection, row._asdict()))
    return numbers


def _again(connection: Connection, row: dict[str, Any]) -> int:
    """What was withdrawn, once more under a number of its own: the first decision stays."""
    number = int(connection.scalar(select(func.max(table.c.id))) or 0) + 1
    connection.execute(insert(table).values(row | {"id": number, "outcome": ""}))
    return number


def _review(row: Any) -> Review:  # noqa: ANN401 - a row of the database
    number, *texts = row
    return Review(number=number, **dict(zip(_NAMES, texts, strict=True)))


_NAMES = tuple(column.name for column in _COLUMNS[1:])
