"""`accord.flows.hunting.port.Engine` in DuckDB: a log is read, searched and archived."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from accord.core.errors import Invalid
from accord.exchange.hunting.plan import Plan
from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Kept, Mapping, Searched, Trouble
from accord.store.hunting import duck, readers
from accord.store.hunting.archive import Archive
from accord.store.hunting.joining import Joins
from accord.store.hunting.observing import Patterns
from accord.store.hunting.taking import TOLD, take


class DuckEngine:
    """Logs in DuckDB, and the archive in a folder of the node."""

    def __init__(self, folder: Path) -> None:
        self._archive = Archive(folder)
        self._held = tempfile.TemporaryDirectory(prefix="accord-hunt-")
        self._scratch = Path(self._held.name)
        self._plan = Plan([], [], [], [], [])

    @cached_property
    def _database(self) -> Any:  # noqa: ANN401 - DuckDB has no types
        return duck.connect(self._scratch)

    def close(self) -> None:
        """Give back memory and space."""
        self._held.cleanup()

    def begin(self, plan: Plan) -> None:
        """Take up what is looked for."""
        self._plan = plan
        self._joins = Joins(self._database, plan, self._scratch)
        self._patterns = Patterns(self._database, plan.indicators)

    def search(
        self, path: Path, name: str, mapping: Mapping | None, since: str, *, keep: bool
    ) -> Searched:
        """Look through one log; `keep` archives it. A bad log raises nothing."""
        done = Searched(name, "", "")
        try:
            done.digest = _digest(path)
            whole, cut = readers.unpacked(path, self._scratch)
            if cut:
                done.troubles.append(Trouble(name, 0, cut))
            self._read(whole, mapping, done)
        except (Invalid, OSError) as wrong:
            done.troubles.append(Trouble(name, 0, str(wrong)))
            return done
        except duck.failures() as wrong:
            done.troubles.append(Trouble(name, 0, duck.reason(wrong)))
            return done
        finally:
            for left in ("unpacked", "unrolled", "cleaned", "log"):
                (self._scratch / left).unlink(missing_ok=True)
        if keep and done.records:
            self._archive.keep(self._database, done.digest)
        self._hunt(since, done)
        return done

    def _read(self, whole: Path, mapping: Mapping | None, done: Searched) -> None:
        columns_of = partial(duck.columns_of, self._database)
        source = readers.source(whole, mapping, columns_of)
        done.format = source.format
        lines = source.unrolled or whole
        if source.format == "Parquet" or not readers.has_long_line(lines):
            try:
                take(self._database, source, done)
            except duck.failures():
                if source.format == "Parquet":
                    raise
            else:
                return
        clean, bad = readers.cleaned(lines, self._scratch)
        take(self._database, readers.source(clean, mapping, columns_of), done)
        done.refused += len(bad)
        done.troubles += [Trouble(done.file, *one) for one in bad[:TOLD]]

    def _hunt(self, since: str, done: Searched) -> None:
        database = self._database
        try:
            if since:
                database.execute(f"DELETE FROM rec WHERE seen < {text(since)}::TIMESTAMPTZ")
            here = set(duck.columns_of(database, "rec"))
            self._joins.search(here)
            done.hits += self._joins.hits()
            done.totals |= self._joins.totals()
            if self._plan.rest:
                self._patterns.observe(here)
                for rest in self._plan.rest:
                    self._patterns.match(rest, done)
        except duck.failures() as wrong:
            done.troubles.append(Trouble(done.file, 0, duck.reason(wrong)))

    def search_again(self, digest: str, since: str) -> Searched:
        """Look through a log of the archive."""
        done = Searched(f"archive {digest[:12]}", "Parquet", digest)
        try:
            self._database.execute(
                "CREATE OR REPLACE TEMP TABLE rec AS SELECT * FROM"
                f" read_parquet({text(str(self._archive.path(digest)))})"
            )
        except duck.failures() as wrong:
            done.troubles.append(Trouble(done.file, 0, duck.reason(wrong)))
            return done
        (done.records,) = self._database.execute("SELECT count(*) FROM rec").fetchone()
        self._hunt(since, done)
        return done

    def archived(self) -> list[Kept]:
        """Every log in the archive."""
        return self._archive.kept(self._database)

    def drop(self, digests: Collection[str]) -> None:
        """Delete these from the archive."""
        self._archive.drop(digests)

    def hunted(self) -> dict[str, str]:
        """By archived log, up to when indicators were learned that it was searched for."""
        return self._archive.hunted()

    def note(self, digests: Sequence[str], learned: str) -> None:
        """Remember that these were searched for all indicators learned until then."""
        self._archive.note(digests, learned)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
