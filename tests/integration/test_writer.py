"""A store that is full or fails says so in accord's own words, whoever writes to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import exchange_nodes
import pytest
from sqlalchemy import Connection, event

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
