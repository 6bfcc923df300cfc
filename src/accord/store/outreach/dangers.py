"""`accord.flows.outreach.checking.port.Dangers` on a database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from accord.flows.outreach.checking.port import Appeal, Entry, Named, State
from accord.flows.outreach.reporting.port import Full
from accord.store.exchange.writer import writing
from accord.store.outreach.danger_tables import danger, danger_appeal, danger_name
from accord.store.outreach.numbers import next_id

MOST_APPEALS = 5_000
"""Appeals that wait for a person."""
_OPEN = ("proposed", "listed")


class SqlDangers:
    """What is known to be dangerous."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, entries: Sequence[Entry]) -> list[Entry]:
        """Keep what is proposed; gives what was not proposed or listed already, numbered."""
        kept = []
        with writing(self._engine, durable=True) as connection:
            for entry in entries:
                if _is_open(connection, entry):
                    continue
                numbered = msgspec.structs.replace(entry, id=next_id(connection, danger))
                connection.execute(insert(danger).values(**msgspec.structs.asdict(numbered)))
                kept.append(numbered)
        return kept

    def one(self, number: int) -> Entry | None:
        """An entry by its number."""
        with self._engine.connect() as connection:
            query = select(danger).where(danger.c.id == number)
            row = connection.execute(query).one_or_none()
        return None if row is None else _entry(row)

    def all(self, states: Collection[str] = ()) -> list[Entry]:
        """Entries in some states, or all; the oldest first."""
        query = select(danger).order_by(danger.c.id)
        if states:
            query = query.where(danger.c.state.in_(sorted(states)))
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def move(self, before: State, entry: Entry) -> bool:
        """Keep what became of an entry; False: it is not in the state before any more."""
        which = (danger.c.id == entry.id) & (danger.c.state == before)
        values = msgspec.structs.asdict(entry)
        del values["id"]
        with writing(self._engine, durable=True) as connection:
            return connection.execute(update(danger).where(which).values(**values)).rowcount == 1

    def named(self) -> list[Named]:
        """The names that this node adds."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(danger_name).order_by(danger_name.c.name))
            return [Named(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's own name

    def name(self, named: Named) -> None:
        """Add or change a name."""
        with writing(self._engine, durable=True) as connection:
            connection.execute(delete(danger_name).where(danger_name.c.name == named.name))
            connection.execute(insert(danger_name).values(**msgspec.structs.asdict(named)))

    def unname(self, name: str) -> bool:
        """Take a name out; False: it was not there."""
        with writing(self._engine, durable=True) as connection:
            gone = connection.execute(delete(danger_name).where(danger_name.c.name == name))
            return gone.rowcount == 1

    def appeal(self, appeal: Appeal) -> int:
        """Keep an appeal; gives its number.

        Raises:
            Full: too many wait.
        """
        its = danger_appeal.c
        with writing(self._engine, durable=True) as connection:
            waiting = select(func.count()).select_from(danger_appeal).where(its.outcome == "new")
            if connection.execute(waiting).scalar_one() >= MOST_APPEALS:
                raise Full("too many appeals wait for a person; nothing more is taken at present")
            number = next_id(connection, danger_appeal)
            values = msgspec.structs.asdict(appeal) | {"id": number}
            connection.execute(insert(danger_appeal).values(**values))
        return number

    def appeals(self, outcomes: Collection[str] = ()) -> list[Appeal]:
        """Appeals with some outcomes, or all; the oldest first."""
        query = select(danger_appeal).order_by(danger_appeal.c.id)
        if outcomes:
            query = query.where(danger_appeal.c.outcome.in_(sorted(outcomes)))
        with self._engine.connect() as connection:
            return [_appeal(row) for row in connection.execute(query)]

    def appealed(self, token: str) -> Appeal | None:
        """An appeal by the hash of its code."""
        query = select(danger_appeal).where(danger_appeal.c.token == token)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _appeal(row)

    def settle(self, appeal: Appeal) -> bool:
        """Keep what was decided; False: it was decided before."""
        its = danger_appeal.c
        which = (its.id == appeal.id) & (its.outcome == "new")
        change = update(danger_appeal).where(which).values(
            outcome=appeal.outcome, answer=appeal.answer, person=appeal.person,
            decided=appeal.decided,
        )  # fmt: skip
        with writing(self._engine, durable=True) as connection:
            return connection.execute(change).rowcount == 1


def _is_open(connection: Connection, entry: Entry) -> bool:
    its = danger.c
    same = (its.kind == entry.kind) & (its.value == entry.value) & its.state.in_(_OPEN)
    query = select(its.id).where(same & (its.expires > entry.proposed)).limit(1)
    return connection.execute(query).scalar() is not None


def _entry(row: Row[Any]) -> Entry:
    return Entry(**row._mapping)  # noqa: SLF001 - SQLAlchemy's own name


def _appeal(row: Row[Any]) -> Appeal:
    return Appeal(**row._mapping)  # noqa: SLF001 - as above
