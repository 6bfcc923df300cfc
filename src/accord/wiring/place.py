"""Where a node lies: its folder, its database, and whether a node is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from accord.core.errors import AccordError, NotFound
from accord.store import database, migrate

if TYPE_CHECKING:
    from accord.wiring.node import Node


def create(node: Node) -> bool:
    """Create a node, or upgrade it; tells whether it is new.

    Raises:
        AccordError: the folder or the database cannot be used.
    """
    home = node.settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as wrong:
        raise AccordError(f"cannot make {home}: {wrong.strerror}") from wrong
    if not node.settings.database:
        _make_file(home / database.FILE)
    new = not _is_node(node)
    migrate.upgrade(node.engine)
    if migrate.unfinished(node.engine):
        from accord.flows.rebuild import rebuild

        rebuild(node.intake)
    return new


def check(node: Node) -> None:
    """That a node of this schema is there.

    Raises:
        NotFound: no node here, or one of another schema.
        AccordError: the database does not answer.
    """
    home = node.settings.home
    if not node.settings.database and not _has_file(home):
        raise NotFound(f"no node in {home}; run `accord init`, or name another with --home")
    try:
        migrate.check(node.engine)
    except DBAPIError as wrong:
        raise _silent(node, wrong) from wrong


def _make_file(file: Path) -> None:
    """The database is its owner's alone to read: it says who is exposed to what."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as wrong:
        raise AccordError(f"cannot write {file}: {wrong.strerror}") from wrong


def _has_file(home: Path) -> bool:
    try:
        return (home / database.FILE).exists()
    except OSError as wrong:
        raise AccordError(f"cannot look into {home}: {wrong.strerror}") from wrong


def _is_node(node: Node) -> bool:
    try:
        return migrate.is_node(node.engine)
    except DBAPIError as wrong:
        raise _silent(node, wrong) from wrong


def _silent(node: Node, wrong: DBAPIError) -> AccordError:
    """What a driver says of a database that cannot be used, in one line."""
    why = str(wrong.orig).strip().partition("\n")[0]
    return AccordError(f"the database at {node.address} does not answer: {why}")
