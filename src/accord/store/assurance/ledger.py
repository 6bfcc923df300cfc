"""The verdicts that are kept, with each of their changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, tuple_

from accord.flows.assessing.port import Event, Kept, Key, Made, Mark, Standing
from accord.store import database
from accord.store.assurance.decided_tables import (
    assessed,
    assessment,
    assessment_event,
    counting_otherwise,
)
from accord.store.assurance.products import of_products, spellings
from accord.store.view import SqlView

_MANY = 400
_LAST = (1 << 63) - 1
"""No event has a number past it."""
_COLUMNS = ("product", "release", "buyer", "baseline", "verdict", "requirements", "until", "at")


class SqlLedger:
    """`accord.flows.assessing.port.Ledger` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def kept(self) -> list[Kept]:
        """The verdicts kept, of all releases."""
        with self._engine.connect() as connection, connection.begin():
            return kept(SqlView(connection))

    def mark(self) -> Mark | None:
        """What verdicts were last made of."""
        with self._engine.connect() as connection:
            return _mark(connection)

    def due(self, now: str) -> frozenset[Key]:
        """Releases of which a verdict must be made anew, since something in it ended."""
        table = assessment.c
        query = (
            select(table.product, table.release)
            .where(table.until > "", table.until <= now)
            .distinct()
        )
        with self._engine.connect() as connection:
            return frozenset((row.product, row.release) for row in connection.execute(query))

    def keep(self, made: Made, before: Mark | None) -> bool:
        """Keep verdicts with their changes, and let others go; all or none."""
        with database.writing(self._engine) as connection:
            if _mark(connection) != before:
                return False
            _forget(connection, [*made.kept, *made.gone])
            if made.kept:
                rows = [{name: getattr(one, name) for name in _COLUMNS} for one in made.kept]
                connection.execute(insert(assessment), rows)
            if made.events:
                number = connection.scalar(select(func.max(assessment_event.c.id))) or 0
                rows = [
                    {"id": place, **{name: getattr(one, name) for name in Event.__struct_fields__}}
                    for place, one in enumerate(made.events, number + 1)
                ]
                connection.execute(insert(assessment_event), rows)
            _note(connection, made.mark)
        return True

    def standing(self) -> list[Standing]:
        """The verdicts kept, of all releases, without what was found of each requirement."""
        query = select(*(assessment.c[name] for name in Standing.__struct_fields__))
        with self._engine.connect() as connection:
            found = [Standing(**row) for row in connection.execute(query).mappings()]
        # Not in the database: each would sort text in its own way.
        return sorted(found, key=lambda one: (one.product, one.release, one.buyer))

    def latest(self, most: int, until: str = "") -> list[tuple[int, Event]]:
        """The last changes of verdicts, up to a `when()` if there is one; the newest first."""
        table = assessment_event.c
        query = select(assessment_event).order_by(table.id.desc()).limit(most)
        if until:
            query = query.where(table.at <= until)
        with self._engine.connect() as connection:
            return [(row.id, _event(row)) for row in connection.execute(query)]

    def events(self, product: str = "", after: int = 0) -> list[tuple[int, Event]]:
        """Changes of verdicts in order, each with its number."""
        table = assessment_event.c
        past = min(after, _LAST)
        query = select(assessment_event).where(table.id > past).order_by(table.id)
        with self._engine.connect() as connection:
            if product:
                names = spellings(SqlView(connection), "assessment_event", [product])
                query = query.where(table.product.in_(names))
            return [(row.id, _event(row)) for row in connection.execute(query)]


def kept(view: SqlView, products: Collection[str] | None = None) -> list[Kept]:
    """The verdicts kept of some products, whatever the case of their names, or of all."""
    rows = of_products(view, "assessment", ", ".join(_COLUMNS), products)
    found = [Kept(**{name: getattr(row, name) for name in _COLUMNS}) for row in rows]
    return sorted(found, key=lambda one: (one.product, one.release, one.buyer))


def _mark(connection: Connection) -> Mark | None:
    row = connection.execute(select(assessed)).first()
    return None if row is None else Mark(row.document_id, row.generation, row.common, row.until)


def _note(connection: Connection, mark: Mark) -> None:
    """Note what verdicts are made of; what counted otherwise by then is looked at."""
    connection.execute(delete(assessed))
    row = {"document_id": mark.document, "generation": mark.generation}
    connection.execute(insert(assessed), [{**row, "common": mark.common, "until": mark.until}])
    looked = counting_otherwise.c.generation <= mark.generation
    connection.execute(delete(counting_otherwise).where(looked))


def _event(row: Any) -> Event:  # noqa: ANN401 - as above
    return Event(**{name: getattr(row, name) for name in Event.__struct_fields__})


def _forget(connection: Connection, kept: Sequence[Kept]) -> None:
    if not kept or not connection.scalar(select(func.count()).select_from(assessment)):
        return
    table = assessment.c
    place = (table.product, table.release, table.buyer)
    these = [(one.product, one.release, one.buyer) for one in kept]
    for start in range(0, len(these), _MANY):
        chunk = these[start : start + _MANY]
        connection.execute(delete(assessment).where(tuple_(*place).in_(chunk)))
