"""`accord.flows.outreach.reporting.port.Reports` on a database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from accord.flows.outreach.reporting.port import Full, New, Verdict
from accord.outreach.reports.model import Report, Said
from accord.store.exchange.writer import writing
from accord.store.outreach.numbers import next_id
from accord.store.outreach.report_tables import report, report_file
from accord.store.outreach.sealing import CONTACT, Vault

MOST_WAITING = 20_000
"""Reports that wait for a person."""
MOST_KEPT = 4 << 30
"""Bytes of the evidence of reports that wait."""
_ITS = report.c


class SqlReports:
    """Reports from the public."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine, self._vault = engine, vault

    def add(self, new: New) -> int:
        """Keep one; gives its number.

        Raises:
            Full: too many, or too much, waits.
        """
        verdict = new.verdict
        with writing(self._engine, durable=True) as connection:
            if verdict is None:
                _check_room(connection, sum(file.size for file, _ in new.files))
            number = next_id(connection, report)
            connection.execute(
                insert(report).values(
                    id=number, token=new.token, case=new.key, via=new.via, received=new.received,
                    contact=self._vault.seal(CONTACT, new.contact), answered="",
                    outcome=verdict.outcome if verdict else "new",
                    answer=verdict.answer if verdict else "",
                    person=verdict.person if verdict else "",
                    decided=verdict.at if verdict else "",
                    content=msgspec.json.encode(new.said).decode(),
                )
            )  # fmt: skip
            for file, data in new.files:
                connection.execute(
                    insert(report_file).values(
                        id=next_id(connection, report_file), report_id=number, digest=file.digest,
                        size=file.size, content=data,
                    )
                )  # fmt: skip
        return number

    def all(self, outcomes: Collection[str] = ()) -> list[Report]:
        """Reports with one of some outcomes, or all; the oldest first."""
        query = select(report).order_by(_ITS.id)
        if outcomes:
            query = query.where(_ITS.outcome.in_(sorted(outcomes)))
        with self._engine.connect() as connection:
            return [self._read(row) for row in connection.execute(query)]

    def one(self, number: int) -> Report | None:
        """A report by its number."""
        return self._first(_ITS.id == number)

    def by_token(self, token: str) -> Report | None:
        """A report by the hash of its code."""
        return self._first(_ITS.token == token)

    def known(self, key: str, since: str) -> Verdict | None:
        """What a person made of the same at or after a time; the newest."""
        decided = (_ITS.case == key) & (_ITS.outcome != "new") & (_ITS.decided >= since)
        query = select(report).where(decided).order_by(_ITS.decided.desc(), _ITS.id.desc()).limit(1)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Verdict(outcome=row.outcome, answer=row.answer, person=row.person, at=row.decided)

    def decide(self, key: str, verdict: Verdict) -> list[Report]:
        """Decide on every report of the same that waits; gives them as they are then."""
        waits = (_ITS.case == key) & (_ITS.outcome == "new")
        with writing(self._engine, durable=True) as connection:
            numbers = list(
                connection.execute(select(_ITS.id).where(waits).order_by(_ITS.id)).scalars()
            )
            change = update(report).where(waits).values(
                outcome=verdict.outcome, answer=verdict.answer, person=verdict.person,
                decided=verdict.at,
            )  # fmt: skip
            connection.execute(change)
            query = select(report).where((_ITS.case == key) & (_ITS.decided == verdict.at))
            found = {row.id: self._read(row) for row in connection.execute(query)}
        return [found[number] for number in numbers]

    def answered(self, number: int, at: str) -> None:
        """The answer went out: the address is forgotten."""
        with writing(self._engine, durable=True) as connection:
            gone = update(report).where(_ITS.id == number).values(answered=at, contact="")
            connection.execute(gone)

    def file(self, number: int, digest: str) -> bytes | None:
        """The bytes of a file of a report."""
        its = report_file.c
        which = (its.report_id == number) & (its.digest == digest)
        with self._engine.connect() as connection:
            found = connection.execute(select(its.content).where(which).limit(1)).scalar()
        return None if found is None else bytes(found)

    def _first(self, which: Any) -> Report | None:  # noqa: ANN401 - a clause
        with self._engine.connect() as connection:
            row = connection.execute(select(report).where(which)).one_or_none()
        return None if row is None else self._read(row)

    def _read(self, row: Row[Any]) -> Report:
        return _read(row, self._vault.open(CONTACT, row.contact))


def _check_room(connection: Connection, size: int) -> None:
    waiting = select(func.count()).select_from(report).where(_ITS.outcome == "new")
    kept = (
        select(func.coalesce(func.sum(report_file.c.size), 0))
        .join(report, report.c.id == report_file.c.report_id)
        .where(_ITS.outcome == "new")
    )
    many, much = connection.execute(waiting).scalar_one(), connection.execute(kept).scalar_one()
    if many >= MOST_WAITING or int(much) + size > MOST_KEPT:
        raise Full("too many reports wait for a person; nothing more is taken at present")


def _read(row: Row[Any], contact: str) -> Report:
    return Report(
        id=row.id, via=row.via, received=row.received, key=row.case, contact=contact,
        outcome=row.outcome, answer=row.answer, person=row.person, decided=row.decided,
        answered=row.answered, said=msgspec.json.decode(row.content, type=Said),
    )  # fmt: skip
