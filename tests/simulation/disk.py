"""A node's database as files, which a crash or a loss of power leaves behind as they stand.

One engine a name serves every seed of a process, since compiling its statements anew costs more
than a whole run; between runs its files are put in place anew. Its listeners are called without the
library's machinery for them, which costs a tenth of a run.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from simulation.faults import DISK, Crash, Faults
from sqlalchemy import Connection, Engine, RootTransaction

_HEADER, _FRAME = 32, 24
_FILES = ("accord.sqlite", "accord.sqlite-wal")
_MANY = 4_294_967_294
_FULL = 2
"""Of `PRAGMA synchronous`: each commit is synced to the disk."""


class Disk:
    """The files of one node."""

    def __init__(self, name: str, home: Path, engine: Engine) -> None:
        self.name, self.home, self.engine = name, home, engine
        self.faults: Faults | None = None
        self.may_crash: Callable[[], bool] = lambda: True
        self._picture = home.parent / f"{name}-picture"
        self._picture.mkdir(exist_ok=True)
        self._writes = self._durable = False
        self._kept: tuple[bytes, int] | None = None
        self._unlimited: object = None
        """The connection that is known to have no limit."""
        self._commit: Callable[[Any], None] = engine.dialect.do_commit
        engine.dialect.do_commit = self._do_commit  # type: ignore[method-assign, assignment]
        own = [*engine.dispatch.begin, self._begin]
        engine._connection_cls = _connections(own, self._committing)
        engine._has_events = False

    def replace(self, source: Path) -> None:
        """Files from elsewhere in the place of the node's."""
        self.engine.dispose()
        for name in (*_FILES, "accord.sqlite-shm"):
            (self.home / name).unlink(missing_ok=True)
        for name in _FILES:
            if (source / name).exists():
                shutil.copyfile(source / name, self.home / name)
        self._kept = None

    def copy(self, to: Path) -> None:
        """The files as they stand, as a backup or a crash leaves them."""
        to.mkdir(exist_ok=True)
        for name in _FILES:
            (to / name).unlink(missing_ok=True)
            if (self.home / name).exists():
                shutil.copyfile(self.home / name, to / name)

    def crash(self, where: str, cut: int | None = None) -> Crash:
        """The picture of a crash at this moment; perhaps with a loss of power."""
        assert self.faults
        self.copy(self._picture)
        wal = self._picture / _FILES[1]
        if cut is None and self.faults.random.random() < 0.5:
            cut = self._loss(wal)
        if cut is not None and wal.exists():
            data = wal.read_bytes()[:cut]
            tail = self.faults.random.randbytes(self.faults.random.choice((0, 7, 500, 9000)))
            wal.write_bytes(data + tail if cut else data)
        return Crash(self.name, where)

    def restart(self) -> None:
        """The files as the crash left them."""
        self.replace(self._picture)

    def _loss(self, wal: Path) -> int:
        """Where a loss of power cuts: nothing that was durable, anything that was not."""
        assert self.faults
        self.faults.counts["power lost"] += 1
        salt, end = _end(wal)
        if self._kept is None:
            return end
        start = self._kept[1] if self._kept[0] == salt else 0
        return self.faults.random.randint(min(start, end), end)

    def _begin(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("writes"):
            return
        full = bool(self.faults and self.faults.strikes("full"))
        raw = connection.connection.driver_connection
        if full or self._unlimited is not raw:
            # A limit is a connection's: a new one begins without.
            connection.exec_driver_sql(f"PRAGMA max_page_count={1 if full else _MANY}")
        self._unlimited = None if full else raw

    def _committing(self, connection: Connection) -> None:
        options = connection.get_execution_options()
        self._writes = bool(options.get("writes"))
        if self._writes:
            # What the database was told, and not what was meant: so much survives a loss of power.
            raw = connection.connection.driver_connection
            assert raw is not None
            self._durable = raw.execute("PRAGMA synchronous").fetchone()[0] >= _FULL

    def _do_commit(self, raw: Any) -> None:
        writes, self._writes = self._writes, False
        kind = ""
        if self.faults and writes:
            kind = self.faults.one_of(DISK[:3] if self.may_crash() else ()) or self.faults.one_of(
                DISK[4:]
            )
        wal = self.home / _FILES[1]
        if kind == "crash before commit":
            raise self.crash(kind)
        if kind == "input/output error":
            reason = "disk I/O error"
            raise sqlite3.OperationalError(reason)
        if writes and not self._durable and self._kept is None:
            self._kept = _end(wal)
        before = _end(wal) if kind == "torn commit" else (b"", 0)
        self._commit(raw)
        if writes and self._durable and kind != "torn commit":
            self._kept = None
        if kind == "torn commit":
            salt, end = _end(wal)
            start = before[1] if before[0] == salt else 0
            if end > start:
                assert self.faults
                raise self.crash(kind, self.faults.random.randrange(start, end))
            raise self.crash(kind, end)
        if kind == "crash after commit":
            raise self.crash(kind)


def _connections(
    begin: Sequence[Callable[[Connection], None]], commit: Callable[[Connection], None]
) -> type[Connection]:
    """Connections that call listeners of their transactions themselves."""

    class Listened(Connection):
        def _begin_impl(self, transaction: RootTransaction) -> None:
            self._Connection__in_begin = True
            for listener in begin:
                listener(self)
            super()._begin_impl(transaction)

        def _commit_impl(self) -> None:
            commit(self)
            super()._commit_impl()

        def exec_driver_sql(self, statement: str, *more: Any, **options: Any) -> Any:
            if not more and statement.startswith(("BEGIN", "PRAGMA")):
                raw = self.connection.driver_connection
                try:
                    return raw.execute(statement)  # type: ignore[union-attr]
                except sqlite3.Error:
                    # Once more, for the library's error of it.
                    pass
            return super().exec_driver_sql(statement, *more, **options)

    return Listened


def _end(wal: Path) -> tuple[bytes, int]:
    """The generation of a write-ahead log, and where its last commit ends."""
    try:
        data = wal.read_bytes()
    except FileNotFoundError:
        return b"", 0
    if len(data) < _HEADER:
        return b"", 0
    (page,) = struct.unpack(">I", data[8:12])
    salt, at, end = data[16:24], _HEADER, _HEADER
    while len(data) >= at + _FRAME + page and data[at + 8 : at + 16] == salt:
        pages = data[at + 4 : at + 8]
        at += _FRAME + page
        if any(pages):
            end = at
    return salt, end
