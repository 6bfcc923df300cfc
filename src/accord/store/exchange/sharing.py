"""`accord.flows.exchange.sharing.port.Sharing` on a database."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, bindparam, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from accord.core.errors import NotFound
from accord.exchange.log.entries import Kind
from accord.exchange.notices import Notice
from accord.exchange.receipts import Line
from accord.flows.exchange.sharing.port import (
    Audience,
    Copy,
    Due,
    Final,
    Head,
    Known,
    Recall,
    Sealed,
    Standing,
)
from accord.identity.partners import Directory
from accord.store import database
from accord.store.exchange import audiences, found, logs, notices, receipts, tables
from accord.store.exchange.high_water import HighWater, Mark
from accord.store.exchange.logs import Entropy
from accord.store.exchange.removal import erasing, scrub
from accord.store.intake import Refusing

_LOG = 16
"""Random bytes of a log's name: it can be neither guessed nor told from the audience's."""
_SHARED = (
    "id", "origin", "object", "version", "type", "media", "digest", "tlp", "pap", "release_at",
    "expires", "created", "issued", "state", "refs", "learned", "title", "made_of", "envelope",
)  # fmt: skip
_SEALED, _MARKING, _RENEWED = "sealed", "marking", "renewed"
_HEAD = (
    select(tables.head)
    .join(tables.audience, tables.audience.c.id == tables.head.c.audience_id)
    .where(tables.audience.c.log == bindparam("log"))
)
_VALUE = select(tables.setting.c.value).where(tables.setting.c.name == bindparam("name"))
_SAME = logs.ForMany(
    lambda among: select(tables.shared.c.digest, tables.shared.c.id).where(
        among(tables.shared.c.digest)
    )
)
_LAST = select(func.max(tables.shared.c.id))
_FORGET = logs.ForMany(
    lambda among: update(tables.review).where(among(tables.review.c.object)).values(body=b"")
)


class _Forked(Exception):
    """What was signed before is not a prefix of what is here."""

    def __init__(self, reason: str, ours: bytes, theirs: bytes) -> None:
        super().__init__(reason)
        self.reason, self.ours, self.theirs = reason, ours, theirs


_SET = text("SELECT value FROM setting WHERE name = :name")
_ANY_DUE = text("SELECT 1 FROM waiting WHERE release_at <= :now LIMIT 1")


class SqlSharing:
    """The audiences of this node and their logs."""

    def __init__(
        self, engine: Engine, high_water: HighWater, entropy: Entropy = secrets.token_bytes
    ) -> None:
        self._engine = engine
        self._high_water = high_water
        self._entropy = entropy

    def audiences(self) -> list[Audience]:
        """All of them, by name."""
        with self._reading() as connection:
            return audiences.everyone(connection)

    def audience(self, name: str) -> Audience | None:
        """One of them."""
        with self._reading() as connection:
            return next(iter(audiences.everyone(connection, name)), None) if name else None

    def create(self, name: str, *, everyone: bool, members: Sequence[str], at: str) -> None:
        """Make an audience with an empty log.

        Raises:
            Invalid: there is one of this name.
        """
        scope, log = "all" if everyone else "named", self._entropy(_LOG).hex()
        with self._writing() as connection:
            number = audiences.create(connection, name, scope, log, at)
            for partner in members:
                audiences.admit(connection, number, partner, 0, at)

    def admit(self, name: str, partner: str, last: int | None, at: str) -> int:
        """Put a partner into an audience, with its last so many entries or (None) all of them.

        Returns:
            The first entry that it may fetch.

        Raises:
            NotFound: no such audience.
        """
        with self._writing() as connection:
            audience = audiences.one(connection, name)
            since = 0 if last is None else max(0, audience.size - last)
            audiences.admit(connection, audience.id, partner, since, at)
        return since

    def dismiss(self, name: str, partner: str, at: str) -> None:
        """Take a partner out of an audience.

        Raises:
            NotFound: no such audience.
        """
        with self._writing() as connection:
            audience = audiences.one(connection, name)
            audiences.dismiss(connection, audience.id, partner, at)

    def known(self, objects: Collection[str]) -> Known:
        """What the store holds of some objects."""
        with self._reading() as connection:
            return found.known(connection, objects)

    def gone(self, objects: Collection[str]) -> set[tuple[str, str]]:
        """Object and origin of what was given of some objects, and is given no more."""
        with self._reading() as connection:
            return found.gone(connection, objects)

    def finals(self, objects: Collection[str]) -> list[Final]:
        """Which of some objects were recalled for good, by whom and when."""
        with self._reading() as connection:
            return found.finals(connection, objects)

    def made_of(self, object: str) -> list[str]:  # noqa: A002 - the field's own word
        """The objects into which one was redacted, sorted."""
        table = tables.shared
        query = select(table.c.object).where(table.c.made_of == object).distinct()
        with self._reading() as connection:
            return sorted(connection.scalars(query))

    def envelopes(self, shared: Collection[int]) -> dict[int, bytes]:
        """The bytes of envelopes that are kept.

        Raises:
            Gone: one was erased meanwhile.
        """
        with self._reading() as connection:
            return logs.envelopes(connection, shared)

    def own(self, origin: str, after: int, limit: int) -> list[Standing]:
        """Envelopes of an origin that are live or wait, by number, from after one on."""
        with self._reading() as connection:
            return found.own(connection, origin, after, limit)

    def notices(self, origin: str) -> list[bytes]:
        """The signed notices of recall of an originator."""
        with self._reading() as connection:
            return notices.own(connection, origin)

    def renewed(self) -> str:
        """Under which keys and rules this node's envelopes were looked through; empty: never."""
        with self._reading() as connection:
            return _setting(connection, _RENEWED)

    def due(self, now: str, limit: int) -> list[Due]:
        """What waited until now, the earliest first. Mostly nothing did: that is seen at once."""
        if not database.asked(self._engine, _ANY_DUE, {"now": now}):
            return []
        with self._reading() as connection:
            return found.due(connection, now, limit)

    def recalls(self, object: str = "") -> list[Recall]:  # noqa: A002 - the field's own word
        """What this node recalled, the newest first; of one object where it is named."""
        with self._reading() as connection:
            return found.recalls(connection, object)

    def head(self, log: str) -> Head | None:
        """The end of a log."""
        with self._reading() as connection:
            return _head(_row(connection, log), log)

    def sealed(self) -> str:
        """Why this node signs nothing any more, or empty."""
        with self._reading() as connection:
            return _setting(connection, _SEALED)

    def marking(self) -> str:
        """Name of the node's default TLP; empty where none was set."""
        found = database.asked(self._engine, _SET, {"name": _MARKING})
        return str(found[0][0] or "") if found else ""

    def sign(
        self, log: str, at: str, good: Callable[[bytes], bool], make: Callable[[Head], bytes]
    ) -> bytes:
        """The signed note of a log's newest checkpoint, kept durably before it is given.

        Raises:
            NotFound: no such log.
            Sealed: this node signs nothing any more.
        """
        with self._reading() as connection:
            _refuse_where_sealed(connection)
            head = _head(_row(connection, log), log)
        if head and self._remembered(head) and good(head.checkpoint):
            return head.checkpoint
        try:
            with self._writing() as connection:
                return self._signed(connection, log, good, make)
        except _Forked as fork:
            self._seal(log, at, fork)
            raise Sealed(fork.reason) from fork

    @contextmanager
    def unit(self) -> Iterator[SqlSharingUnit]:
        """A unit of work; what it erased is gone from the files of SQLite once it is kept.

        Raises:
            Refusing: the database did not take it; nothing was kept.
        """
        with self._writing() as connection:
            unit = SqlSharingUnit(connection, self._entropy)
            yield unit
        if unit.erased:
            scrub(self._engine)

    def _signed(
        self,
        connection: Connection,
        log: str,
        good: Callable[[bytes], bool],
        make: Callable[[Head], bytes],
    ) -> bytes:
        """Sign the head in the writer's transaction, once nothing larger or other was signed."""
        _refuse_where_sealed(connection)
        row = _row(connection, log)
        head = _head(row, log)
        if row is None or head is None:
            raise NotFound("no such log")
        self._refuse_a_fork(connection, row.audience_id, head)
        if self._remembered(head) and good(head.checkpoint):
            return head.checkpoint
        note = make(head)
        self._high_water.keep(log, Mark(head.size, head.root.hex(), note.decode()))
        receipts.remember(connection, self._high_water)
        table = tables.head
        kept = update(table).where(table.c.audience_id == row.audience_id).values(checkpoint=note)
        connection.execute(kept)
        return note

    def _remembered(self, head: Head) -> bool:
        """Whether the kept note is the newest that was signed, and is of all entries."""
        mark = self._high_water.mark(head.log)
        wanted = Mark(head.size, head.root.hex(), head.checkpoint.decode("utf-8", "replace"))
        return bool(head.checkpoint) and mark == wanted

    def _refuse_a_fork(self, connection: Connection, audience: int, head: Head) -> None:
        mark = self._high_water.mark(head.log)
        if mark is None:
            return
        if mark.size <= head.size:
            before = logs.reader(connection, audience, head.size).root(mark.size)
            if before.hex() == mark.root:
                return
        name = connection.scalar(
            select(tables.audience.c.name).where(tables.audience.c.id == audience)
        )
        reason = (
            f"the log of audience {name} here has {head.size} entries, but {mark.size} other ones"
            " were signed before: this node was restored from an old backup. Restore the newest"
            " backup; to sign another log under this name would be a fork"
        )
        raise _Forked(reason, head.checkpoint, mark.note.encode())

    def _seal(self, log: str, at: str, fork: _Forked) -> None:
        """Sign nothing from now on, and keep both statements."""
        with self._writing() as connection:
            if _setting(connection, _SEALED):
                return
            row = {"name": _SEALED, "value": fork.reason}
            connection.execute(tables.setting.insert().values(row))
            table = tables.evidence
            number = (connection.scalar(select(func.max(table.c.id))) or 0) + 1
            kept = {"id": number, "partner": "", "log": log, "what": fork.reason, "at": at,
                    "ours": fork.ours, "theirs": fork.theirs}  # fmt: skip
            connection.execute(table.insert().values(kept))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Everything read within is of one moment: its first statement begins a transaction, of
        which there is nothing to commit.
        """
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with database.writing(self._engine, durable=True) as connection:
                yield connection
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as wrong:
            why = getattr(wrong, "orig", None) or wrong
            raise Refusing(f"the database did not take it, nothing was kept: {why}") from wrong


class SqlSharingUnit:
    """One durable transaction of the writer."""

    def __init__(self, connection: Connection, entropy: Entropy) -> None:
        self._connection = connection
        self._entropy = entropy
        self.erased = False

    def known(self, objects: Collection[str]) -> Known:
        """What the store holds of some objects."""
        return found.known(self._connection, objects)

    def keep(self, copies: Sequence[tuple[Copy, bytes]]) -> list[int]:
        """Keep envelopes with their bytes; gives their numbers.

        One that was replaced by another and erased comes back under its number: what is sealed
        twice in one moment is the same envelope.
        """
        table = tables.shared
        before: dict[str, int] = {}
        for chunk in logs.chunks([copy.digest for copy, _ in copies]):
            before |= {row.digest: row.id for row in _SAME(self._connection, chunk)}
        for copy, body in copies:
            if copy.digest in before:
                back = update(table).where(table.c.id == before[copy.digest])
                refs = msgspec.json.encode(copy.refs).decode()
                values = {"state": copy.state, "envelope": body, "title": copy.title, "refs": refs}
                self._connection.execute(back.values(values))
        new = [pair for pair in copies if pair[0].digest not in before]
        last = self._connection.scalar(_LAST) or 0
        numbers = before | {c.digest: last + at for at, (c, _) in enumerate(new, 1)}
        self._insert(new, numbers)
        return [numbers[copy.digest] for copy, _ in copies]

    def _insert(self, copies: Sequence[tuple[Copy, bytes]], numbers: Mapping[str, int]) -> None:
        rows = [
            (numbers[c.digest], c.origin, c.object, c.version, c.type, c.media, c.digest, c.tlp,
             c.pap, c.release_at, c.expires, c.created, c.issued, c.state,
             msgspec.json.encode(c.refs).decode(), c.issued, c.title, c.made_of, body)
            for c, body in copies
        ]  # fmt: skip
        database.insert(self._connection, tables.shared, _SHARED, rows)
        contents = [(numbers[copy.digest], copy.content) for copy, _ in copies]
        columns = ("shared_id", "digest")
        database.insert(self._connection, tables.shared_document, columns, contents)

    def append(self, audience: str, shared: Sequence[int], at: str) -> range:
        """Commit to envelopes in an audience's log, each under a fresh salt.

        Raises:
            NotFound: no such audience.
            Gone: an envelope was erased meanwhile.
        """
        number = audiences.one(self._connection, audience).id
        return logs.commit(self._connection, number, shared, at, self._entropy)

    def wait(self, audience: str, shared: int, release_at: str) -> None:
        """Let an envelope wait for the end of its embargo.

        Raises:
            NotFound: no such audience.
        """
        number = audiences.one(self._connection, audience).id
        row = {"audience_id": number, "shared_id": shared, "release_at": release_at}
        self._connection.execute(tables.waiting.insert().values(row))

    def unwait(self, audience: str, shared: int) -> None:
        """An envelope waits no more.

        Raises:
            NotFound: no such audience.
        """
        number, table = audiences.one(self._connection, audience).id, tables.waiting
        this = (table.c.audience_id == number) & (table.c.shared_id == shared)
        self._connection.execute(table.delete().where(this))

    def renewed(self) -> str:
        """What was noted last, or empty."""
        return _setting(self._connection, _RENEWED)

    def note_renewed(self, mark: str) -> None:
        """Note under which keys and rules the envelopes of this node were looked through."""
        table = tables.setting
        self._connection.execute(table.delete().where(table.c.name == _RENEWED))
        self._connection.execute(table.insert().values(name=_RENEWED, value=mark))

    def come(self, due: Sequence[Due], state: str) -> None:
        """What waited waits no more: it is `live` now, or `expired`."""
        ids = {one.shared for one in due}
        by_name: dict[str, list[int]] = defaultdict(list)
        for one in due:
            by_name[one.audience].append(one.shared)
        waiting, table = tables.waiting, tables.shared
        for name, shared in by_name.items():
            number = audiences.one(self._connection, name).id
            for chunk in logs.chunks(shared):
                these = (waiting.c.audience_id == number) & logs.among(
                    self._connection, waiting.c.shared_id, chunk
                )
                self._connection.execute(waiting.delete().where(these))
        for chunk in logs.chunks(sorted(ids)):
            held = logs.among(self._connection, table.c.id, chunk) & (table.c.state == "held")
            self._connection.execute(update(table).where(held).values(state=state))

    def due(self, now: str, limit: int) -> list[Due]:
        """What waited until now, the earliest first."""
        return found.due(self._connection, now, limit)

    def retract(
        self, shared: Sequence[int], kind: Kind, at: str, audience: str | None = None
    ) -> int:
        """Append a tombstone for every live entry of these envelopes, and erase their salts."""
        number = None if audience is None else audiences.one(self._connection, audience).id
        self.erased = True
        erasing(self._connection)
        return logs.retract(self._connection, shared, kind, at, number)

    def erase(self, shared: Sequence[int], state: str) -> None:
        """Erase the bytes of envelopes; what is left is what the log already told."""
        self.erased = True
        logs.erase(self._connection, shared, state)

    def forget(self, objects: Collection[str]) -> None:
        """Erase what waits for review of some objects: their bytes are there once more."""
        self.erased = True
        erasing(self._connection)
        for chunk in logs.chunks(sorted(objects)):
            _FORGET(self._connection, chunk)

    def finish(self, origin: str, object: str, at: str, why: str, deadline: str) -> None:  # noqa: A002 - the field's own word
        """Note that an object is recalled for good."""
        row = {"origin": origin, "object": object, "at": at, "why": why, "deadline": deadline}
        self._connection.execute(tables.final.insert().values(row))

    def connecting(self, objects: Collection[str]) -> list[int]:
        """Live envelopes of relationships and sightings that have one of these at an end."""
        return found.connecting(self._connection, objects)

    def publish(self, notice: Notice, statement: bytes, directory: Directory, me: str) -> None:
        """Keep the signed notice of a recall, for every partner that could have the object."""
        notices.publish(self._connection, notice, statement, directory, me)

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log."""
        receipts.append(self._connection, lines)


def _row(connection: Connection, log: str) -> Row[Any] | None:
    return connection.execute(_HEAD, {"log": log}).one_or_none()


def _head(row: Row[Any] | None, log: str) -> Head | None:
    return row and Head(log, row.size, bytes(row.root), bytes(row.checkpoint))


def _setting(connection: Connection, name: str) -> str:
    return connection.scalar(_VALUE, {"name": name}) or ""


def _refuse_where_sealed(connection: Connection) -> None:
    why = _setting(connection, _SEALED)
    if why:
        raise Sealed(why)
