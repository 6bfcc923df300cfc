"""From settings to live objects: the only place that names adapters."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from accord.core.clock import Clock, SystemClock
from accord.core.errors import AccordError, NotFound
from accord.flows.exposures import Exposures
from accord.store import database, migrate
from accord.store.intake import SqlIntake
from accord.store.views import SqlViews


class Settings(msgspec.Struct, frozen=True):
    """Which node."""

    home: Path
    """Folder of the node; the embedded database lives in it."""
    database: str = ""
    """`postgresql://...`, or empty for the embedded database."""


class Node:
    """One node: its store and its clock."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()

    @cached_property
    def engine(self) -> Engine:
        """The database."""
        return database.connect(self.settings.database, self.settings.home)

    @cached_property
    def intake(self) -> SqlIntake:
        """The one writer."""
        return SqlIntake(self.engine)

    @cached_property
    def views(self) -> SqlViews:
        """What the node knows."""
        return SqlViews(self.engine)

    @cached_property
    def exposures(self) -> Exposures:
        """The ranked list."""
        return Exposures(self.views)

    @property
    def address(self) -> str:
        """Where the database is, without its password."""
        return database.shown(self.engine.url)

    def create(self) -> bool:
        """Create the node, or upgrade it; tells whether it is new.

        Raises:
            AccordError: the folder or the database cannot be used.
        """
        try:
            self.settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as wrong:
            raise AccordError(f"cannot make {self.settings.home}: {wrong.strerror}") from wrong
        if not self.settings.database:
            self._make_file()
        new = not self._is_node()
        migrate.upgrade(self.engine)
        return new

    def open(self) -> Node:
        """The node itself, once it is known to be there.

        Raises:
            NotFound: no node here, or one of another schema.
            AccordError: the database does not answer.
        """
        if not self.settings.database and not self._has_file():
            raise NotFound(
                f"no node in {self.settings.home}; run `accord init`, or name another with --home"
            )
        try:
            migrate.check(self.engine)
        except (OperationalError, DBAPIError) as wrong:
            raise self._silent(wrong) from wrong
        return self

    def _make_file(self) -> None:
        """The database is its owner's alone to read: it says who is exposed to what."""
        file = self.settings.home / "accord.sqlite"
        try:
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as wrong:
            raise AccordError(f"cannot write {file}: {wrong.strerror}") from wrong

    def _has_file(self) -> bool:
        try:
            return (self.settings.home / "accord.sqlite").exists()
        except OSError as wrong:
            raise AccordError(f"cannot look into {self.settings.home}: {wrong.strerror}") from wrong

    def _silent(self, wrong: DBAPIError) -> AccordError:
        """What a driver says of a database that cannot be used, in one line."""
        why = str(wrong.orig).strip().partition("\n")[0]
        return AccordError(f"the database at {self.address} does not answer: {why}")

    def _is_node(self) -> bool:
        try:
            return migrate.is_node(self.engine)
        except (OperationalError, DBAPIError) as wrong:
            raise self._silent(wrong) from wrong
