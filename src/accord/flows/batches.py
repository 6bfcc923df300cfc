"""What is to be loaded, cut into pieces of work that can be prepared apart from each other.

A piece is small and names its bytes rather than holding them, so that a worker process opens
the file itself and memory stays bounded by a few pieces.
"""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Self

import msgspec

from accord.core.archives import (
    Budget,
    Given,
    Sealed,
    declared,
    is_zip,
    read_members,
    unpack,
    walk,
)
from accord.core.digests import digest
from accord.core.errors import Invalid, NotFound
from accord.core.keyfiles import key_file
from accord.core.limits import LIMITS
from accord.flows.prepare import packer, prepare
from accord.flows.prepared import Known, Prepared

_BYTES = 8 << 20
_DOCUMENTS = 1500
_INCOMPRESSIBLE, _GROWTH, _SMALL = 0.9, 50, 4096
_DAMAGE = (
    zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, struct.error, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
"""What zipfile and its decompressors raise for a damaged directory or member."""


class Piece(msgspec.Struct, frozen=True):
    """Some files, or some members of one zip archive."""

    paths: tuple[str, ...]
    names: tuple[str, ...]
    """What the files are called in sources."""
    members: tuple[int, int] | None = None
    """With one path that is a zip archive: its members from here to here, by position."""
    size: int = 0
    """Bytes that it is expected to take in memory."""
    packed: int = 0
    """Bytes that its members take in the archive."""
    whole: int = 0
    """Bytes of the archive."""
    archive: int = 0
    """Which archive of the load it is from, counted from one; a path may be given twice."""


Outcome = Prepared | Known | Sealed


class Done(msgspec.Struct, frozen=True):
    """What became of a piece, and what it took to open it."""

    outcomes: list[Outcome]
    bytes: int = 0
    members: int = 0


def pieces(paths: Iterable[Path]) -> Iterator[Piece]:
    """Everything below these paths, in order.

    Raises:
        NotFound: a path does not exist.
    """
    group: list[tuple[str, str]] = []
    size = archives = 0
    for root in paths:
        if not os.path.exists(root):  # noqa: PTH110 - False where a folder above is closed, too
            raise NotFound(f"{root} does not exist, or the folder it is in is closed to you")
        for path in walk(root):
            name = _text(str(path.relative_to(root.parent)) if root.is_dir() else path.name)
            members = _members(path)
            if members:
                archives += 1
                for piece in _cuts(path, name, members):
                    yield msgspec.structs.replace(piece, archive=archives)
                continue
            group.append((str(path), name))
            size += _size(path)
            if size > _BYTES or len(group) >= _DOCUMENTS:
                yield _files(group, size)
                group, size = [], 0
    if group:
        yield _files(group, size)


def _text(name: str) -> str:
    """A file's name as text: the bytes of one that is not UTF-8 are marked."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _size(path: Path) -> int:
    """Bytes of a file; a missing one has none, and is told when it is opened."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _files(group: list[tuple[str, str]], size: int) -> Piece:
    return Piece(tuple(path for path, _ in group), tuple(name for _, name in group), size=size)


def _members(path: Path) -> list[zipfile.ZipInfo]:
    """The directory of a zip archive; empty for what is none, damaged, or past the limits.

    A pipe or a device is not looked into: it may never end. What only ends like a zip archive is
    a document.
    """
    try:
        if not path.is_file():
            return []
        with path.open("rb") as file:
            if not is_zip(file.read(4)):
                return []
            with zipfile.ZipFile(file) as archive:
                infos = archive.infolist()
    except _DAMAGE:
        return []
    budget = Budget.of(_size(path))
    within = declared(infos) <= budget.bytes and len(infos) <= budget.members
    return infos if within else []


def _cuts(path: Path, name: str, members: list[zipfile.ZipInfo]) -> Iterator[Piece]:
    """Cuts through a zip archive, by the sizes that its directory declares."""
    start, size, packed, whole = 0, 0, 0, _size(path)
    for position, info in enumerate(members, 1):
        size += _expected(info)
        packed += info.compress_size
        full = size > _BYTES or position - start >= _DOCUMENTS
        if full or position == len(members):
            yield Piece((str(path),), (name,), (start, position), size, min(packed, whole), whole)
            start, size, packed = position, 0, 0


def _expected(info: zipfile.ZipInfo) -> int:
    """Bytes to read for a member: what no longer shrinks is an archive, and grows when opened."""
    packed = info.compress_size >= info.file_size * _INCOMPRESSIBLE
    return info.file_size * _GROWTH if packed and info.file_size > _SMALL else info.file_size


class Shelf:
    """The zip archive that was opened last, kept open for the pieces that follow.

    Its directory is read once, not once a piece: an archive of 44,000 members is cut into more
    than a hundred.
    """

    def __init__(self) -> None:
        self._path = ""
        self._archive: zipfile.ZipFile | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def archive(self, path: str) -> zipfile.ZipFile:
        """The archive at a path.

        Raises:
            BadZipFile: its directory is damaged.
            OSError: it cannot be read.
        """
        if self._archive is None or self._path != path:
            self.close()
            self._archive, self._path = zipfile.ZipFile(path), path
        return self._archive

    def close(self) -> None:
        """Let go of the file."""
        if self._archive is not None:
            self._archive.close()
        self._archive, self._path = None, ""


def work(piece: Piece, known: Collection[str], shelf: Shelf) -> Done:
    """Prepare every document of a piece; those already known are only named."""
    budget = Budget.of(piece.packed)
    before = msgspec.structs.replace(budget)
    outcomes = _prepare_all(_open(piece, shelf, budget), known)
    return Done(outcomes, before.bytes - budget.bytes, before.members - budget.members)


def work_on(source: str, data: bytes, known: Collection[str]) -> list[Outcome]:
    """Prepare one document, or every document of one archive, that is at hand as bytes."""
    return _prepare_all(unpack(source, data), known)


class Ledger:
    """What the pieces of one zip archive expanded to so far, each told in its turn.

    No piece sees the others, and they are opened in any order: what is kept depends on their
    places in the archive alone.
    """

    def __init__(self) -> None:
        self._archive, self._told = 0, False
        self._left = Budget.of(0)

    def closed(self, piece: Piece) -> bool:
        """Whether the pieces before this one used up what their archive may expand to."""
        return self._archive == piece.archive and self._left.spent

    def settle(self, piece: Piece, done: Done) -> list[Outcome]:
        """What counts of a piece: all, or, after a bomb, that the rest was not opened."""
        if self.closed(piece):
            told, self._told = self._told, True
            return [] if told else [Sealed(piece.names[0], _rest(piece))]
        if piece.archive != self._archive:
            self._archive, self._told = piece.archive, False
            self._left = Budget.of(piece.whole)
        self._left.bytes -= done.bytes
        self._left.members -= done.members
        return done.outcomes


def _rest(piece: Piece) -> str:
    start = piece.members[0] if piece.members is not None else 0
    return (
        "a bomb: with the archives in it, it expands out of proportion to its size; its files "
        f"from number {start + 1:,} on were not opened: unpack it, and load what you trust"
    )


def _prepare_all(all_given: Iterable[Given | Sealed], known: Collection[str]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    compressor = packer()
    for given in all_given:
        if isinstance(given, Sealed):
            outcomes.append(given)
        elif reason := key_file(given.source, given.data):
            outcomes.append(Sealed(given.source, reason))
        elif (name := digest(given.data)) in known:
            outcomes.append(Known(name, given.source))
        else:
            outcomes.append(prepare(given.source, given.data, name, compressor))
    return outcomes


def _open(piece: Piece, shelf: Shelf, budget: Budget) -> Iterator[Given | Sealed]:
    if piece.members is not None:
        start, end = piece.members
        try:
            archive = shelf.archive(piece.paths[0])
        except _DAMAGE as wrong:
            yield Sealed(piece.names[0], f"the zip archive is cut or damaged: {wrong}")
            return
        infos = [info for info in archive.infolist()[start:end] if not info.is_dir()]
        yield from read_members(piece.names[0], archive, infos, budget)
        return
    for path, name in zip(piece.paths, piece.names, strict=True):
        try:
            data = _read(Path(path))
        except Invalid as wrong:
            yield Sealed(name, str(wrong))
            continue
        yield from unpack(name, data)


def _read(path: Path) -> bytes:
    """The bytes of a file; a size past the limit is told before anything is read."""
    try:
        if path.is_dir():
            raise Invalid("a folder that cannot be listed: see who may read it, and load it again")
        if not path.is_file():
            raise Invalid("not a plain file: save what it gives in one, and load that")
        size = path.stat().st_size
        if size > LIMITS.bytes:
            raise Invalid(f"{size:,} bytes; the limit is {LIMITS.bytes:,}")
        return path.read_bytes()
    except OSError as wrong:
        raise Invalid(f"cannot be read: {wrong.strerror}") from wrong
