"""A node that follows a partner's log, for tests of sync."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nodes
from log_server import LogServer
from sealed import NOW, directory, signer
from sqlalchemy import text

from accord.core.clock import FixedClock
from accord.core.digests import digest
from accord.flows.exchange.events import Event, Listeners
from accord.flows.exchange.following.sync import LogReport, Means, Refresh, Report, sync
from accord.identity.keys import Signers
from accord.identity.partners import Directory
from accord.store.exchange.following import SqlFollowing
from accord.wiring import Node


class Told:
    """A node's trust, as it is told."""

    def __init__(self, me: str, known: Directory) -> None:
        self._me, self.known = me, known

    def directory(self) -> Directory:
        return self.known

    def me(self) -> str:
        return self._me


class Follower:
    """Japan's node, which follows Australia's logs."""

    def __init__(self, node: Node, server: LogServer, me: str = "japan", now: str = NOW) -> None:
        self.node, self.server, self.me = node, server, me
        self.trust = Told(me, server.directory)
        self.following = SqlFollowing(node.engine)
        self.events: list[Event] = []
        self.now = now
        self.refresh: Refresh = lambda _: None
        self.workers = False

    def means(self) -> Means:
        return Means(
            carrier=self.server,
            following=self.following,
            trust=self.trust,
            signers=Signers(signer(self.me)),
            clock=FixedClock(self.now),
            refresh=self.refresh,
            listeners=Listeners((self.events.append,)),
            workers=self.workers,
        )

    def sync(self, *, patient: bool = False) -> Report:
        return sync(self.server.name, self.means(), patient=patient)

    def one(self, *, patient: bool = False) -> LogReport:
        """Sync where there is one log; its report."""
        report = self.sync(patient=patient)
        assert not report.failed, report.failed
        (log,) = report.logs
        return log

    def states(self, log: str = "all") -> list[str]:
        """What became of the entries of a log, in order."""
        named = [f for f in self.following.logs(self.server.name) if f.name == log]
        # A damaged listing may have named a log that there is not: nothing was ever taken of it.
        (follow,) = [f for f in named if f.checkpoint] or named
        with self.following.unit() as unit:
            rows = unit.entries(follow.id, range(follow.size))
        return [row.state for row in sorted(rows, key=lambda row: row.number)]

    def holds(self, body: bytes) -> bool:
        """Whether a document of these bytes is here."""
        with self.node.views.view() as view:
            return view.document(digest(body)) is not None


def follower(folder: Path, server: LogServer | None = None, url: str = "") -> Follower:
    """A fresh node, on SQLite or by the address of a database."""
    node = nodes.on(url, folder / "node") if url else nodes.new_node(folder / "node")
    return Follower(node, server or LogServer("australia", "japan", directory()))


def origin(japan: Follower, body: bytes) -> str:
    """From whom a document of these bytes came."""
    with japan.node.engine.connect() as connection:
        query = text("SELECT origin FROM document WHERE digest = :d")
        return str(connection.scalar(query, {"d": digest(body)}))


def kept(japan: Follower, column: str) -> list[Any]:
    """A column of all envelopes that are kept, in order."""
    with japan.node.engine.connect() as connection:
        return sorted(connection.scalars(text(f"SELECT {column} FROM shared")))
