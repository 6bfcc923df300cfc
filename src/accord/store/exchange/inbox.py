"""What was posted by others and waits for a person, on a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, RowMapping, text

from accord.core.errors import NotFound
from accord.exchange.taxii.filters import micros, moment
from accord.exchange.taxii.posted import (
    DAYS,
    STATUS_BYTES,
    STATUSES,
    WAITING,
    WAITING_BYTES,
    Again,
    Posted,
    again,
    digest,
)
from accord.exchange.taxii.resources import Detail, Status
from accord.flows.exchange.answering.taxii.port import Full
from accord.flows.exchange.inbox import Waiting
from accord.store import database

_LAST = text("SELECT coalesce(max(id), 0) FROM inbox")
_KEEP = (
    "INSERT INTO inbox (id, status, caller, object, version, at, state, person, why, decided, body)"
    " VALUES ({marks}) ON CONFLICT (caller, object, version) DO NOTHING"
)
_TELL = text("INSERT INTO taxii_status (id, caller, at, told) VALUES (:id, :caller, :at, :told)")
_TOLD = text("SELECT at, told FROM taxii_status WHERE id = :id AND caller = :caller")
_NEW = text("SELECT object, version FROM inbox WHERE id > :last")
_STATES = text("SELECT object, version, state, why FROM inbox WHERE status = :id ORDER BY id")
_LISTED = (
    "SELECT id AS number, caller, object, version, at, state, person, why, decided,"
    " CASE WHEN state = 'waiting' THEN length(body) ELSE 0 END AS size FROM inbox"
)
_ONE = text(f"{_LISTED} WHERE id = :number")
_OPEN = text(f"{_LISTED} WHERE state = 'waiting' ORDER BY id LIMIT :most")
_EVERY = text(f"{_LISTED} ORDER BY id LIMIT :most")
_BODY = text("SELECT body FROM inbox WHERE id = :number AND state = 'waiting'")
_DECIDE = text(
    "UPDATE inbox SET state = :state, person = :person, why = :why, decided = :at, body = :said"
    " WHERE id = :number AND state = 'waiting'"
)
_BEFORE = text(
    "SELECT id, state, why, body FROM inbox"
    " WHERE caller = :caller AND object = :object AND version = :version"
)
_ASIDE = text("UPDATE inbox SET version = :version WHERE id = :number")
_WAITS = text("SELECT objects, bytes FROM taxii_waiting WHERE caller = :caller")
_MORE = text(
    "INSERT INTO taxii_waiting (caller, objects, bytes) VALUES (:caller, :objects, :bytes)"
    " ON CONFLICT (caller) DO UPDATE SET objects = taxii_waiting.objects + excluded.objects,"
    " bytes = taxii_waiting.bytes + excluded.bytes"
)
_LESS = text(
    "UPDATE taxii_waiting SET objects = objects - 1,"
    " bytes = bytes - (SELECT length(body) FROM inbox WHERE id = :number)"
    " WHERE caller = (SELECT caller FROM inbox WHERE id = :number AND state = 'waiting')"
)
_OLD = text(
    "DELETE FROM taxii_status WHERE id IN"
    " (SELECT id FROM taxii_status WHERE at < :before ORDER BY at LIMIT :few)"
)
_PAST = text(
    "DELETE FROM taxii_status WHERE id IN (SELECT id FROM taxii_status WHERE caller = :caller"
    " ORDER BY at DESC LIMIT :few OFFSET :most)"
)
_LONG = text(
    "DELETE FROM taxii_status WHERE id IN (SELECT id FROM ("
    "SELECT id, sum(length(told)) OVER (ORDER BY at DESC, id) AS bytes"
    " FROM taxii_status WHERE caller = :caller AND id <> :id"
    ") newer WHERE bytes + :own > :most LIMIT :few)"
)
_DAY = 86_400_000_000
"""In microseconds."""
_FEW = 100
"""Status resources that go at once, so that nobody who posts waits long for it."""
_CALLER, _AT = 2, 5
"""Of the values of `_KEEP`."""
_MARK = "#"
"""Between the version and the number of what was decided on, once the same was posted again: the
object and its version stand for what came last."""
_told = msgspec.json.Decoder(tuple[tuple[Detail, ...], tuple[Detail, ...]]).decode


def post(
    connection: Connection, caller: str, id_: str, at: str, posted: Sequence[Posted]
) -> Status:
    """Keep what was posted, in a transaction of the one writer.

    Raises:
        Full: too much of this caller's waits already.
    """
    _refuse_full(connection, caller, 0)
    good = [one for one in posted if not one.wrong]
    failures = tuple(Detail(one.object, one.version, one.wrong) for one in posted if one.wrong)
    last = connection.scalar(_LAST) or 0
    rows = [
        (last + number, id_, caller, one.object, one.version, at, "waiting", "", "", "", one.body)
        for number, one in enumerate(good, 1)
    ]
    kept = database.many(connection, _KEEP, rows)
    new, told = (good, []) if kept == len(good) else _apart(connection, last, rows, good)
    size = sum(len(one.body) for one in new)
    connection.execute(_MORE, {"caller": caller, "objects": len(new), "bytes": size})
    _refuse_full(connection, caller, 1)
    pendings = tuple(Detail(one.object, one.version or at) for one in new)
    successes = tuple(one for outcome, one in told if outcome == "success")
    failures += tuple(one for outcome, one in told if outcome == "failure")
    ended = msgspec.json.encode((successes, failures))
    connection.execute(_TELL, {"id": id_, "caller": caller, "at": at, "told": ended})
    _forget(connection, caller, at)
    long = {"caller": caller, "id": id_, "own": len(ended), "most": STATUS_BYTES, "few": _FEW}
    connection.execute(_LONG, long)
    return Status(id_, at, successes, failures, pendings)


def _refuse_full(connection: Connection, caller: str, past: int) -> None:
    """Refuse once the bound is reached, or, with `past` 1, once it is passed."""
    row = connection.execute(_WAITS, {"caller": caller}).one_or_none()
    if row and (row[0] >= WAITING + past or row[1] >= WAITING_BYTES + past):
        raise Full(
            f"nothing was kept: of yours, {WAITING:,} objects or {WAITING_BYTES >> 20} MB at most"
            " may wait here until a person decides; post it again later"
        )


def _forget(connection: Connection, caller: str, at: str) -> None:
    """Let status resources go that are too old, or too many of this caller."""
    before = moment(micros(at) - DAYS * _DAY)
    connection.execute(_OLD, {"before": before, "few": _FEW})
    connection.execute(_PAST, {"caller": caller, "few": _FEW, "most": STATUSES})


def _apart(
    connection: Connection, last: int, rows: Sequence[tuple[Any, ...]], good: Sequence[Posted]
) -> tuple[list[Posted], list[tuple[str, Detail]]]:
    """What waits now, and what is told at once of what was posted before, by its outcome."""
    fresh = {(name, version) for name, version in connection.execute(_NEW, {"last": last})}
    new: list[Posted] = []
    told: list[tuple[str, Detail]] = []
    for row, one in zip(rows, good, strict=True):
        key = one.object, one.version
        found = Again("pending") if key in fresh else _again(connection, row, one)
        if found.outcome == "pending":
            new.append(one)
        else:
            detail = Detail(one.object, one.version or row[_AT], found.message)
            told.append((found.outcome, detail))
        fresh.discard(key)
    return new, told


def _again(connection: Connection, row: tuple[Any, ...], one: Posted) -> Again:
    """What is true of an object that was posted before; if it waits anew, it is kept here."""
    key = {"caller": row[_CALLER], "object": one.object, "version": one.version}
    before = connection.execute(_BEFORE, key).one()
    said = bytes(before.body) if before.body is not None else None
    if said is not None and before.state == "waiting":
        said = digest(said)
    found = again(before.state, said, before.why, one)
    if found.outcome == "pending":
        aside = f"{one.version}{_MARK}{before.id}"
        connection.execute(_ASIDE, {"version": aside, "number": before.id})
        database.many(connection, _KEEP, [row])
    return found


def status(connection: Connection, caller: str, id_: str) -> Status | None:
    """What became of what was posted."""
    row = connection.execute(_TOLD, {"id": id_, "caller": caller}).one_or_none()
    if row is None:
        return None
    successes, failures = _told(bytes(row.told))
    waiting: list[Detail] = []
    accepted: list[Detail] = []
    refused: list[Detail] = []
    for name, kept, state, why in connection.execute(_STATES, {"id": id_}):
        version = _version(kept)
        if state == "refused":
            refused.append(Detail(name, version or row.at, why))
        else:
            (accepted if state == "accepted" else waiting).append(Detail(name, version or row.at))
    return Status(id_, row.at, (*successes, *accepted), (*failures, *refused), tuple(waiting))


class SqlInbox:
    """`accord.flows.exchange.inbox.Inbox` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def posted(self, most: int, *, waiting: bool) -> list[Waiting]:
        """What was posted, the oldest first; only what waits, where that is asked for."""
        with self._engine.connect() as connection:
            rows = connection.execute(_OPEN if waiting else _EVERY, {"most": most}).mappings()
            return [_waiting(row) for row in rows]

    def one(self, number: int) -> Waiting:
        """One of them.

        Raises:
            NotFound: there is none of this number.
        """
        with self._engine.connect() as connection:
            row = connection.execute(_ONE, {"number": number}).mappings().one_or_none()
        if row is None:
            raise NotFound(f"nothing in the inbox has the number {number}; `accord inbox list`")
        return _waiting(row)

    def body(self, number: int) -> bytes:
        """Its bytes; empty once it was decided on."""
        with self._engine.connect() as connection:
            return bytes(connection.scalar(_BODY, {"number": number}) or b"")

    def decide(self, numbers: Iterable[int], state: str, person: str, why: str, at: str) -> None:
        """Note a person's decision; the bytes go from here, all but a digest of what they said."""
        with database.writing(self._engine, durable=True) as connection:
            for number in numbers:
                body = connection.scalar(_BODY, {"number": number})
                if body is None:
                    continue
                said = digest(bytes(body))
                given = {"number": number, "state": state, "person": person, "why": why, "at": at}
                connection.execute(_LESS, {"number": number})
                connection.execute(_DECIDE, {**given, "said": said})


def _waiting(row: RowMapping) -> Waiting:
    return Waiting(**{**row, "version": _version(row["version"])})


def _version(kept: str) -> str:
    """As the object had it."""
    return kept.partition(_MARK)[0]
