"""`accord.flows.hunting.port.Rules` on a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from accord.core.errors import NotFound
from accord.exchange.hunting.rules import Rule
from accord.flows.hunting.port import Due
from accord.identity.markings import Tlp
from accord.store.exchange import writer
from accord.store.exchange.tables import hunt_due, hunt_rule

_texts = msgspec.json.Decoder(tuple[str, ...]).decode


class SqlRules:
    """Standing rules, and what is still to go by them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def rules(self, *, removed: bool = False) -> list[Rule]:
        """By number; `removed`: those that were taken out, too."""
        query = select(hunt_rule).order_by(hunt_rule.c.id)
        if not removed:
            query = query.where(hunt_rule.c.removed == "")
        with self._engine.connect() as connection:
            return [_rule(row) for row in connection.execute(query)]

    def add(self, rule: Rule) -> int:
        """Keep one; gives its number."""
        with writer.writing(self._engine, durable=True) as connection:
            number = (connection.scalar(select(func.max(hunt_rule.c.id))) or 0) + 1
            values = msgspec.structs.asdict(rule) | {"at_most": int(rule.at_most)}
            del values["number"]
            for name in ("kinds", "origins"):
                values[name] = msgspec.json.encode(values[name]).decode()
            connection.execute(insert(hunt_rule).values(id=number, **values))
        return number

    def remove(self, number: int, person: str, why: str, at: str) -> Rule:
        """Take one out, and what waits by it.

        Raises:
            NotFound: there is none of this number.
        """
        with writer.writing(self._engine, durable=True) as connection:
            found = _one(connection, number)
            said = {"removed": at, "removed_by": person, "removed_why": why}
            connection.execute(update(hunt_rule).where(hunt_rule.c.id == number).values(**said))
            connection.execute(delete(hunt_due).where(hunt_due.c.rule_id == number))
        return msgspec.structs.replace(found, **said)

    def due(self) -> list[Due]:
        """What is still to go, in order."""
        query = select(hunt_due).order_by(hunt_due.c.rule_id, hunt_due.c.sighting)
        with self._engine.connect() as connection:
            return [
                Due(row.rule_id, row.sighting, _texts(row.objects), row.options)
                for row in connection.execute(query)
            ]

    def put(self, due: Sequence[Due]) -> None:
        """Remember that these are to go; what is known already stays once."""
        with writer.writing(self._engine, durable=True) as connection:
            for one in due:
                _forget(connection, one)
                connection.execute(
                    insert(hunt_due).values(
                        rule_id=one.rule, sighting=one.sighting, options=one.options,
                        objects=msgspec.json.encode(one.objects).decode(),
                    )
                )  # fmt: skip

    def done(self, due: Sequence[Due]) -> None:
        """These went, or were refused."""
        with writer.writing(self._engine, durable=True) as connection:
            for one in due:
                _forget(connection, one)


def _forget(connection: Connection, one: Due) -> None:
    this = (hunt_due.c.rule_id == one.rule) & (hunt_due.c.sighting == one.sighting)
    connection.execute(delete(hunt_due).where(this))


def _one(connection: Connection, number: int) -> Rule:
    query = select(hunt_rule).where(hunt_rule.c.id == number, hunt_rule.c.removed == "")
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no rule {number} holds; `accord sightings rule list` names them")
    return _rule(row)


def _rule(row: Any) -> Rule:  # noqa: ANN401 - a row of the database
    said = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own way to a row's names
    said["number"] = said.pop("id")
    said |= {"at_most": Tlp(row.at_most), "kinds": _texts(row.kinds)}
    return Rule(**said | {"origins": _texts(row.origins)})
