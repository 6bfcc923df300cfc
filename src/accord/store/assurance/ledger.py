"""The verdicts that are kept, with each of their changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, tuple_

from accord.flows.assessing.port import Event, Kept, Key, Standing
from accord.store import database
from accord.store.assurance.decided_tables import assessed, assessment, assessment_event

_MANY = 400
_COLUMNS = ("product", "release", "buyer", "baseline", "verdict", "requirements", "until", "at")


class SqlLedger:
    """`accord.flows.assessing.port.Ledger` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def kept(self, releases: Collection[Key] | None = None) -> list[Kept]:
        """The verdicts kept, of some releases or of all."""
        order = (assessment.c.product, assessment.c.release, assessment.c.buyer)
        query = select(*(assessment.c[name] for name in _COLUMNS)).order_by(*order)
        with self._engine.connect() as connection:
            if releases is None or len(releases) > _MANY:
                wanted = None if releases is None else frozenset(releases)
                rows: Iterable[Any] = connection.execute(query)
                return [
                    _kept(row)
                    for row in rows
                    if wanted is None or (row.product, row.release) in wanted
                ]
            found = []
            for product, release in sorted(releases):
                # One without a release is every one of its product.
                same = assessment.c.product == product
                if release:
                    same &= assessment.c.release == release
                found += [_kept(row) for row in connection.execute(query.where(same))]
            return found

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

    def keep(
        self, kept: Sequence[Kept], gone: Sequence[Kept], events: Sequence[Event], last: int
    ) -> None:
        """Keep verdicts with their changes, and let others go; all or none."""
        with database.writing(self._engine) as connection:
            events = _news(connection, events)
            _forget(connection, [*kept, *gone])
            if kept:
                rows = [{name: getattr(one, name) for name in _COLUMNS} for one in kept]
                connection.execute(insert(assessment), rows)
            if events:
                number = connection.scalar(select(func.max(assessment_event.c.id))) or 0
                rows = [
                    {"id": place, **{name: getattr(one, name) for name in Event.__struct_fields__}}
                    for place, one in enumerate(events, number + 1)
                ]
                connection.execute(insert(assessment_event), rows)
            connection.execute(delete(assessed))
            connection.execute(insert(assessed), [{"document_id": last}])

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
        query = select(assessment_event).where(table.id > after).order_by(table.id)
        if product:
            query = query.where(func.lower(table.product) == product.lower())
        with self._engine.connect() as connection:
            return [(row.id, _event(row)) for row in connection.execute(query)]


def _kept(row: Any) -> Kept:  # noqa: ANN401 - a row of the database
    return Kept(**{name: getattr(row, name) for name in _COLUMNS})


def _news(connection: Connection, events: Sequence[Event]) -> list[Event]:
    """Changes that nobody has told of meanwhile: a door and a command may see the same one."""
    table = assessment.c
    query = select(table.product, table.release, table.buyer, table.verdict)
    if len(events) > _MANY:
        rows = connection.execute(query).all()
    else:
        places = {(one.product, one.release) for one in events}
        rows = [
            row
            for product, release in sorted(places)
            for row in connection.execute(
                query.where(table.product == product, table.release == release)
            )
        ]
    told = {(row.product, row.release, row.buyer): row.verdict for row in rows}
    return [
        one for one in events if told.get((one.product, one.release, one.buyer), "") == one.before
    ]


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
