"""The records of earlier hunts, in Parquet, in a folder that the node's own account alone reads."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Kept
from accord.store.hunting.duck import failures, moment

_FORMAT: Final = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""Parquet's newer encodings leave so little that the lowest level of compression gives the smallest
file, and the soonest."""
_OWN: Final = re.compile("[0-9a-f]{64}(?:-[0-9a-f]{16})?")
"""What it calls its files; others in its folder are not its own, and stay."""
_LEFT: Final = 86_400
"""Seconds after which a half-written file is nobody's any more."""


class Archive:
    """One file a log, named after the log's digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, database: Any, digest: str) -> None:  # noqa: ANN401 - DuckDB has no types
        """Keep the records that were read last."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self.path(digest)
        if not target.exists():
            part = target.with_suffix(".part")
            part.touch(mode=0o600)
            database.execute(f"COPY rec TO {text(str(part))} ({_FORMAT})")
            part.chmod(0o600)
            part.replace(target)

    def path(self, digest: str) -> Path:
        """Where the records of a log are."""
        return self._folder / f"{digest}.parquet"

    def digests(self) -> list[str]:
        """Of every log in it."""
        return [
            path.stem
            for path in sorted(self._folder.glob("*.parquet"))
            if _OWN.fullmatch(path.stem) and path.is_file() and not path.is_symlink()
        ]

    def kept(self, database: Any) -> list[Kept]:  # noqa: ANN401 - as above
        """Every log in it, with the time that its records cover."""
        found = []
        for digest in self.digests():
            path = self.path(digest)
            about = path.stat()
            since = datetime.fromtimestamp(about.st_mtime, UTC)
            at = f"{since.isoformat(timespec='microseconds')[:26]}Z"
            try:
                records, first, last = database.execute(
                    "SELECT count(*), min(epoch_us(seen)), max(epoch_us(seen))"
                    f" FROM read_parquet({text(str(path))})"
                ).fetchone()
            except failures():
                # It cannot be read any more; looking through it tells why.
                records, first, last = 0, None, None
            found.append(Kept(digest, about.st_size, records, moment(first), moment(last), at))
        return found

    def drop(self, digests: Collection[str]) -> None:
        """Delete the records of some logs, and what an interrupted hunt left half-written."""
        for digest in digests:
            self.path(digest).unlink(missing_ok=True)
        for left in self._folder.glob("*.part"):
            own = _OWN.fullmatch(left.stem) or left.stem == self._state.stem
            if own and left.is_file() and time.time() - left.stat().st_mtime > _LEFT:
                left.unlink(missing_ok=True)

    @property
    def _state(self) -> Path:
        return self._folder / "hunted.json"

    def hunted(self) -> dict[str, str]:
        """By log, up to where in the order of intake it was searched for indicators."""
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.MsgspecError):
            return {}

    def note(self, digests: Sequence[str], until: str) -> None:
        """Remember that these were searched for all indicators taken in until there."""
        here = set(self.digests())
        known = self.hunted() | dict.fromkeys(digests, until)
        if here:
            part = self._state.with_suffix(".part")
            part.write_text(json.dumps({one: at for one, at in known.items() if one in here}))
            part.replace(self._state)
