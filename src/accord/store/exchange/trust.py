"""The partnership's directory in the database, file by file, and who this node is in it."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from accord.flows.exchange.trust import ME, Kept
from accord.identity.directory.metadata import TIMESTAMP
from accord.identity.directory.trusted import Trusted, reread
from accord.identity.partners import Directory
from accord.store import database
from accord.store.exchange import writer
from accord.store.exchange.tables import directory_file, proposal, setting

_CURRENT = select(directory_file.c.data).where(directory_file.c.name == TIMESTAMP)
_STAMP = text("SELECT data FROM directory_file WHERE name = :name")
_VALUE = text("SELECT value FROM setting WHERE name = :name")


class SqlTrust:
    """`accord.flows.exchange.trust.Trust` on a database.

    The directory is read again, and verified again, only after its timestamp has changed, be it by
    another process: a timestamp names everything else by its hash.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._read: tuple[bytes, Trusted] | None = None
        self._me = ""

    def directory(self) -> Directory | None:
        """The partners; none where this node has not joined a partnership.

        Raises:
            Untrusted, Invalid: the files in the database have been damaged.
        """
        found = self.trusted()
        return found.directory if found else None

    def trusted(self) -> Trusted | None:
        """The directory with the files that it rests on.

        Raises:
            Untrusted, Invalid: the files in the database have been damaged.
        """
        rows = database.asked(self._engine, _STAMP, {"name": TIMESTAMP})
        if not rows:
            return None
        read = self._read
        if read is not None and read[0] == rows[0][0]:
            return read[1]
        with self._engine.connect() as connection:
            timestamp = connection.scalar(_CURRENT)
            if timestamp is None:
                return None
            read = self._read
            if read is None or read[0] != timestamp:
                # Both in one transaction: the files are those of this timestamp.
                read = (bytes(timestamp), reread(_files(connection)))
                with self._lock:
                    self._read = read
        return read[1]

    def me(self) -> str:
        """The name of this node as a partner, or empty."""
        if not self._me:
            name = self.setting(ME)
            found = self.trusted()
            if found is None or found.directory.partner(name) is None:
                return name
            self._me = name  # never to change again: others know it
        return self._me

    def setting(self, name: str) -> str:
        """A setting, or empty."""
        found = database.asked(self._engine, _VALUE, {"name": name})
        return str(found[0][0] or "") if found else ""

    def set(self, settings: Mapping[str, str]) -> None:
        """Change settings."""
        with writer.writing(self._engine, durable=True) as connection:
            _set(connection, settings)

    def replace(
        self,
        before: Trusted | None,
        after: Trusted,
        settings: Mapping[str, str] | None = None,
    ) -> bool:
        """Keep a newer directory in the place of the one that it was made from.

        False, and nothing is kept, where another process has kept a newer one in between.
        """
        with writer.writing(self._engine, durable=True) as connection:
            current = connection.scalar(_CURRENT)
            if current != (before.files[TIMESTAMP] if before else None):
                return False
            connection.execute(delete(directory_file))
            rows = [{"name": name, "data": data} for name, data in sorted(after.files.items())]
            connection.execute(insert(directory_file), rows)
            _set(connection, settings or {})
        return True

    def proposals(self) -> list[Kept]:
        """Proposals seen, the latest first."""
        query = select(proposal).order_by(proposal.c.at.desc(), proposal.c.digest)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Kept(row.digest, bytes(row.data), row.at, row.state) for row in rows]

    def keep(self, proposal_: Kept) -> None:
        """Keep a proposal, or its new state."""
        values = {"data": proposal_.data, "state": proposal_.state}
        named = proposal.c.digest == proposal_.digest
        with writer.writing(self._engine, durable=True) as connection:
            if not connection.execute(update(proposal).where(named).values(values)).rowcount:
                row = {"digest": proposal_.digest, "at": proposal_.at, **values}
                connection.execute(insert(proposal).values(row))


def _files(connection: Connection) -> dict[str, bytes]:
    rows = connection.execute(select(directory_file.c.name, directory_file.c.data))
    return {name: bytes(data) for name, data in rows}


def _set(connection: Connection, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        connection.execute(delete(setting).where(setting.c.name == name))
        connection.execute(insert(setting).values(name=name, value=value))
