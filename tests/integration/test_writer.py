"""A store that is full or fails says so in accord's own words, whoever writes to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import exchange_nodes
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from accord.store import database
from accord.store.exchange.screening import SqlScans
from accord.store.intake import Refusing
from accord.wiring import Node


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Node]:
    """A node whose disk fails when something is to be kept."""
    made = exchange_nodes.partnership(tmp_path, ("australia", "india"))
    node = made["australia"]

    def fail(_: Connection) -> None:
        reason = "disk I/O error"
        raise sqlite3.OperationalError(reason)

    event.listen(node.engine, "commit", fail)
    yield node
    event.remove(node.engine, "commit", fail)
    exchange_nodes.close(made)


@pytest.mark.parametrize(
    "write",
    [
        lambda node: SqlScans(node.engine).keep_scans({"00": ()}, "1"),
        lambda node: node.trust.set({"marking": "GREEN"}),
    ],
)
def test_a_disk_that_fails_is_told(failing: Node, write: Callable[[Node], object]) -> None:
    with pytest.raises(Refusing, match="nothing was kept: disk I/O error"):
        write(failing)
    assert failing.trust.setting("marking") == "AMBER"


def test_the_digest_of_what_is_held_changes_with_it(tmp_path: Path) -> None:
    with exchange_nodes.partners(tmp_path, ("australia", "india")) as made:
        before = {name: node.accounts.state_hash() for name, node in made.items()}
        assert len(set(before.values())) == 1
        made["india"].following.follow("australia", "abc", "all", exchange_nodes.NOW)
        assert made["india"].accounts.state_hash() != before["india"]


def test_a_database_that_another_process_keeps_is_told(tmp_path: Path) -> None:
    """It is told when the transaction begins, and whoever writes next is not in its way."""
    made = exchange_nodes.partnership(tmp_path, ("australia", "india"))
    node = made["australia"]
    with node.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=20")
    other = sqlite3.connect(node.settings.home / "accord.sqlite", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Refusing, match="nothing was kept: database is locked"):
            node.trust.set({"marking": "GREEN"})
        with (
            pytest.raises(OperationalError, match="database is locked"),
            database.writing(node.engine, durable=True),
        ):
            pass
        other.execute("ROLLBACK")
        node.trust.set({"marking": "GREEN"})
        assert node.trust.setting("marking") == "GREEN"
    finally:
        other.close()
        exchange_nodes.close(made)
