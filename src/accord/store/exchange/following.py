"""Logs of partners, and what of them is applied here, in one transaction with the documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from accord.exchange.log.merkle import Frontier
from accord.exchange.log.merkle import read as read_frontier
from accord.flows.exchange.following.port import Follow, Overtaken, Row
from accord.store import database
from accord.store.exchange import removal, tables
from accord.store.exchange.applying import (
    HEARD,
    ONE,
    SETTING,
    UNSET,
    SqlApplying,
    next_number,
    put,
    read_row,
)
from accord.store.intake import Refusing, SqlIntake

_UNSENT = "unsent cosignature of log {}"
_LOGS = (
    select(tables.follow)
    .where(tables.follow.c.partner == bindparam("partner"))
    .order_by(tables.follow.c.name, tables.follow.c.id)
)
"""Asked at every sync, if not of every log: put together once, like those below."""
_LOG = select(tables.follow).where(
    tables.follow.c.partner == bindparam("partner"), tables.follow.c.log == bindparam("log")
)
_STATE = and_(
    tables.followed_entry.c.follow_id == bindparam("follow"),
    tables.followed_entry.c.state == bindparam("state"),
)
_WITHHELD = (
    select(tables.followed_entry)
    .where(_STATE, tables.followed_entry.c.at < bindparam("before"))
    .limit(bindparam("most"))
)
_QUARANTINED = (
    select(tables.followed_entry.c.number, tables.followed_entry.c.reason)
    .where(_STATE)
    .where(tables.followed_entry.c.number >= bindparam("first"))
    .where(tables.followed_entry.c.number < bindparam("end"))
    .order_by(tables.followed_entry.c.number)
    .limit(bindparam("most"))
)
_LAPSED = select(tables.shared.c.id).where(
    tables.shared.c.state == "live",
    tables.shared.c.expires > "",
    tables.shared.c.expires <= bindparam("now"),
    tables.shared.c.origin != bindparam("me"),
)
_COSIGNED = select(tables.follow.c.cosigned).where(ONE)
_COSIGN = update(tables.follow).where(ONE).values(cosigned=bindparam("signed"))


class SqlFollowing:
    """`accord.flows.exchange.following.port.Following` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # What an intake remembers is its own thread's: partners are followed side by side.
        self._own = local()

    def logs(self, partner: str) -> list[Follow]:
        """Those of one partner, by name."""
        with self._reading() as connection:
            return [_follow(row) for row in connection.execute(_LOGS, {"partner": partner})]

    def follow(self, partner: str, log: str, name: str, at: str) -> Follow:
        """One of them, begun where it is new."""
        table, this = tables.follow, {"partner": partner, "log": log}
        with self._reading() as connection:
            row = connection.execute(_LOG, this).one_or_none()
        if row is not None and row.name == name:
            return _follow(row)
        with self._writing() as connection:
            row = connection.execute(_LOG, this).one_or_none()
            if row is None:
                self._begin(connection, partner, log, name, at)
            else:
                connection.execute(update(table).where(table.c.id == row.id).values(name=name))
            return _follow(connection.execute(_LOG, this).one())

    def stop(self, follow: Follow, reason: str, ours: bytes, theirs: bytes, at: str) -> None:
        """Take nothing more from a log, and keep the two statements that contradict each other."""
        table, evidence = tables.follow, tables.evidence
        row = {
            "partner": follow.partner, "log": follow.log, "what": reason, "at": at, "ours": ours,
            "theirs": theirs,
        }  # fmt: skip
        with self._writing() as connection:
            number = next_number(connection, evidence)
            connection.execute(insert(evidence).values(id=number, **row))
            stopped = update(table).where(table.c.id == follow.id).values(stopped=reason)
            connection.execute(stopped)

    def resume(self, partner: str) -> int:
        """Let the logs of a partner be asked for again; gives how many were stopped."""
        table = tables.follow
        stopped = (table.c.partner == partner) & (table.c.stopped != "")
        with self._writing() as connection:
            return connection.execute(update(table).where(stopped).values(stopped="")).rowcount

    def withheld(self, follow: int, before: str, limit: int) -> list[Row]:
        """Entries whose envelopes were not given, and that were last asked for before a time."""
        asked = {"follow": follow, "state": "withheld", "before": before, "most": limit}
        with self._reading() as connection:
            rows = [read_row(row) for row in connection.execute(_WITHHELD, asked)]
        return sorted(rows, key=lambda row: row.number)

    def quarantined(self, follow: int, first: int, end: int, limit: int) -> list[tuple[int, str]]:
        """Index and reason of what was refused among the entries `[first, end)`."""
        asked = {"follow": follow, "state": "quarantined", "most": limit}
        asked |= {"first": first, "end": end}
        with self._reading() as connection:
            return [(row.number, row.reason) for row in connection.execute(_QUARANTINED, asked)]

    def lapsed(self, now: str, me: str) -> list[int]:
        """Envelopes of others that may be kept no longer."""
        with self._reading() as connection:
            return list(connection.scalars(_LAPSED, {"now": now, "me": me}))

    def cosign(self, follow: int, size: int, old: int) -> None:
        """Note durably that a size is about to be cosigned; `old` is the partner's last.

        Raises:
            Overtaken: more was cosigned before.
        """
        name = _UNSENT.format(follow)
        with self._writing() as connection:
            if connection.execute(_COSIGNED, {"follow": follow}).scalar_one() > size:
                raise Overtaken("another process has cosigned more of this log meanwhile")
            connection.execute(_COSIGN, {"follow": follow, "signed": size})
            put(connection, name, str(old))

    def unsent(self, follow: int) -> int | None:
        """The `old` of a cosignature of which it is not known that it arrived."""
        with self._reading() as connection:
            value = connection.scalar(SETTING, {"setting": _UNSENT.format(follow)})
        return None if value is None else int(value)

    def sent(self, follow: int) -> None:
        """The partner has the cosignature."""
        with self._writing() as connection:
            connection.execute(UNSET, {"setting": _UNSENT.format(follow)})

    def heard(self, partner: str) -> str:
        """Digest of the last notice of recall that a partner told of, or empty."""
        with self._reading() as connection:
            return connection.scalar(SETTING, {"setting": HEARD.format(partner)}) or ""

    @contextmanager
    def unit(self) -> Iterator[SqlApplying]:
        """A unit of work.

        Raises:
            AccordError: the database did not take it; nothing was kept.
        """
        intake: SqlIntake | None = getattr(self._own, "intake", None)
        if intake is None:
            intake = self._own.intake = SqlIntake(self._engine)
        with intake.unit(durable=True) as unit:
            yield SqlApplying(unit)

    def scrub(self) -> None:
        """Overwrite what the database keeps of erased bytes outside its tables."""
        removal.scrub(self._engine)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._refusing(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._refusing(), database.writing(self._engine, durable=True) as connection:
            yield connection

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as wrong:
            why = getattr(wrong, "orig", None) or wrong
            raise Refusing(f"the database did not answer, nothing was kept: {why}") from wrong

    def _begin(self, connection: Connection, partner: str, log: str, name: str, at: str) -> None:
        frontier = Frontier()
        row = {
            "id": next_number(connection, tables.follow), "partner": partner, "log": log,
            "name": name, "at": at, "stopped": "", "size": 0, "root": frontier.root(),
            "frontier": frontier.write(), "checkpoint": b"", "cosigned": 0,
        }  # fmt: skip
        connection.execute(insert(tables.follow).values(row))


def _follow(row: Any) -> Follow:  # noqa: ANN401 - a row of the database
    return Follow(
        id=row.id,
        partner=row.partner,
        log=row.log,
        name=row.name,
        frontier=read_frontier(bytes(row.frontier)),
        checkpoint=bytes(row.checkpoint),
        cosigned=row.cosigned,
        stopped=row.stopped,
    )
