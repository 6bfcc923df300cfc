"""Whether this node's logs have changed: one small look for everybody who waits for it."""

from __future__ import annotations

import contextlib

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from accord.store.exchange.tables import head, member

_HEADS = select(head.c.audience_id, head.c.size).order_by(head.c.audience_id)
_MEMBERS = select(func.count(), func.max(member.c.added), func.max(member.c.removed))


class SqlPulse:
    """Looks at the sizes of logs and at who their members are, through a connection of its own.

    One look at a time; it may be from another thread each time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Connection | None = None

    def beat(self) -> object:
        """A value that differs once a log has grown or an audience has changed."""
        try:
            connection = self._connection()
            with connection.begin():
                heads = connection.execute(_HEADS).all()
                members = connection.execute(_MEMBERS).all()
        except DBAPIError:
            self.close()
            raise
        return (tuple(map(tuple, heads)), tuple(map(tuple, members)))

    def close(self) -> None:
        """Give the connection back."""
        kept, self._kept = self._kept, None
        if kept is not None:
            with contextlib.suppress(DBAPIError):
                kept.close()

    def _connection(self) -> Connection:
        """Kept, because to connect to a server anew costs a hundred times what is asked of it."""
        if self._kept is None or self._kept.closed:
            self._kept = self._engine.connect()
        return self._kept
