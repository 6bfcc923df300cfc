"""The largest tree that was ever signed for each log, in a file beside the database.

A database that was restored from an old backup has forgotten the end of its logs; the file has not.
It is written and synced before a checkpoint is given out. The end of the disclosure log stands in
it too, so that lines that were cut off are missed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

import msgspec

from accord.core.errors import AccordError

RECEIPTS = "receipts"
"""In the place of a log's name, which is 32 hexadecimal digits: the disclosure log. Its mark is the
number of lines and the hash after the last of them, without a note."""


class Mark(msgspec.Struct, frozen=True):
    """The largest tree that was signed for a log."""

    size: int
    root: str
    """Hexadecimal."""
    note: str
    """The checkpoint as it was signed."""


class HighWater(Protocol):
    """Remembers what was signed, apart from the database."""

    def mark(self, log: str) -> Mark | None:
        """The largest tree that was signed for a log."""

    def keep(self, log: str, mark: Mark) -> None:
        """Remember for good what is about to be signed."""


class FileHighWater:
    """`HighWater` in a file of the node's folder. Only the one writer of the database writes it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[tuple[int, int, int], dict[str, Mark]] | None = None

    def mark(self, log: str) -> Mark | None:
        """The largest tree that was signed for a log.

        Raises:
            AccordError: the file cannot be read; nothing may be signed without it.
        """
        return self._all().get(log)

    def keep(self, log: str, mark: Mark) -> None:
        """Remember for good what is about to be signed.

        Raises:
            AccordError: the file cannot be written; the checkpoint must not be given out.
        """
        marks = self._all() | {log: mark}
        beside = self._file.with_name(f"{self._file.name}.new")
        try:
            _write(beside, msgspec.json.encode(marks))
            beside.replace(self._file)
            _sync_folder(self._file.parent)
        except OSError as wrong:
            raise AccordError(
                f"cannot write {self._file}: {wrong.strerror}; no checkpoint is signed without it"
            ) from wrong

    def _all(self) -> dict[str, Mark]:
        try:
            state = self._file.stat()
            seen = (state.st_ino, state.st_mtime_ns, state.st_size)
            if self._seen is None or self._seen[0] != seen:
                marks = msgspec.json.decode(self._file.read_bytes(), type=dict[str, Mark])
                self._seen = seen, marks
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise AccordError(
                f"{self._file} cannot be read ({wrong}); it names what was signed, so no checkpoint"
                " is signed until it is restored"
            ) from wrong
        return self._seen[1]


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    """The new name of the file is durable only with its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
