"""`accord.flows.hunting.port.Engine` in DuckDB: a log is read, searched and archived."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final

import msgspec

from accord.core.errors import Invalid
from accord.exchange.hunting.plan import Plan
from accord.flows.hunting.port import Kept, Mapping, Searched, Trouble
from accord.store.hunting import duck, plain, readers
from accord.store.hunting.archive import Archive
from accord.store.hunting.joining import Joins
from accord.store.hunting.observing import Patterns
from accord.store.hunting.taking import TOLD, number, refuse_bomb, take, take_again

_READ: Final = "-"
"""Between a log's digest and how it was read."""


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
        if path.exists() and not (path.is_file() or path.is_dir()):
            # A pipe or a device may never end.
            done.troubles.append(Trouble(name, 0, "it is no file"))
            return done
        try:
            with ThreadPoolExecutor(1) as beside:
                # Of what it is read from alone: it need not wait for it.
                digest = beside.submit(_digest, path)
                whole, cut = readers.unpacked(path, self._scratch)
                if cut:
                    done.troubles.append(Trouble(name, 0, cut))
                self._read(whole, mapping, done)
                done.digest = digest.result()
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
            done.kept = _kept_as(done.digest, mapping)
            self._archive.keep(self._database, done.kept)
        self._hunt(since, done)
        return done

    def _read(self, whole: Path, mapping: Mapping | None, done: Searched) -> None:
        columns_of = partial(duck.columns_of, self._database)
        if plain.has_bare_return(whole):
            self._take_clean(whole, mapping, done)
            return
        source = readers.source(whole, mapping, columns_of)
        done.format = source.format
        lines = source.unrolled or whole
        if source.format == "Parquet":
            refuse_bomb(self._database, source, whole)
        if source.told:
            done.troubles.append(Trouble(done.file, 0, source.told))
        if source.format == "Parquet" or not plain.has_long_line(lines):
            try:
                if take(self._database, source, done):
                    return
            except duck.failures():
                if source.format == "Parquet":
                    raise
        self._take_clean(lines, mapping, done)

    def _take_clean(self, lines: Path, mapping: Mapping | None, done: Searched) -> None:
        columns_of = partial(duck.columns_of, self._database)
        clean, bad, replaced = plain.cleaned(lines, self._scratch)
        source = readers.source(clean, mapping, columns_of)
        done.format = done.format or source.format
        take(self._database, source, done)
        done.refused += len(bad)
        done.troubles += [Trouble(done.file, *one) for one in bad[:TOLD]]
        if replaced:
            why = f"{replaced:,} lines hold what is no text (UTF-8): it was replaced"
            done.troubles.append(Trouble(done.file, 0, why))

    def _hunt(self, since: str, done: Searched) -> None:
        database = self._database
        try:
            if since:
                number(database, since)
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

    def search_again(self, kept: str, since: str) -> Searched:
        """Look through a log of the archive."""
        digest = kept.partition(_READ)[0]
        done = Searched(f"archive {digest[:12]}", "Parquet", digest, kept=kept)
        try:
            done.records = take_again(self._database, str(self._archive.path(kept)))
        except duck.failures() as wrong:
            done.troubles.append(Trouble(done.file, 0, duck.reason(wrong)))
            return done
        self._hunt(since, done)
        return done

    def archived(self) -> list[Kept]:
        """Every log in the archive."""
        return self._archive.kept(self._database)

    def drop(self, digests: Collection[str]) -> None:
        """Delete these from the archive."""
        self._archive.drop(digests)

    def hunted(self) -> dict[str, str]:
        """By archived log, up to where in the order of intake it was searched for indicators."""
        return self._archive.hunted()

    def note(self, digests: Sequence[str], until: str) -> None:
        """Remember that these were searched for all indicators taken in until there."""
        self._archive.note(digests, until)


def _kept_as(digest: str, mapping: Mapping | None) -> str:
    """What a log is called in the archive; another mapping gives it other columns."""
    if mapping is None:
        return digest
    said = msgspec.json.encode(mapping, order="sorted")
    return f"{digest}{_READ}{hashlib.sha256(said).hexdigest()[:16]}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
