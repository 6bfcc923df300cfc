"""What is to be loaded, cut into pieces of work that can be prepared apart from each other.

A piece is small and names its bytes rather than holding them, so that a worker process opens
the file itself and memory stays bounded by a few pieces.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Self

import msgspec

from accord.core.archives import Given, Sealed, read_members, unpack, walk
from accord.core.digests import digest
from accord.core.errors import Invalid, NotFound
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


Outcome = Prepared | Known | Sealed


def pieces(paths: Iterable[Path]) -> Iterator[Piece]:
    """Everything below these paths, in order.

    Raises:
        NotFound: a path does not exist.
    """
    group: list[tuple[str, str]] = []
    size = 0
    for root in paths:
        if not root.exists():
            raise NotFound(f"{root} does not exist")
        for path in walk(root):
            name = _text(str(path.relative_to(root.parent)) if root.is_dir() else path.name)
            members = _members(path)
            if members:
                yield from _cuts(path, name, members)
                continue
            group.append((str(path), name))
            size += _size(path)
            if size > _BYTES or len(group) >= _DOCUMENTS:
                yield _files(group)
                group, size = [], 0
    if group:
        yield _files(group)


def _text(name: str) -> str:
    """A file's name as text: the bytes of one that is not UTF-8 are marked."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _size(path: Path) -> int:
    """Bytes of a file; a missing one has none, and is told when it is opened."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _files(group: list[tuple[str, str]]) -> Piece:
    return Piece(tuple(path for path, _ in group), tuple(name for _, name in group))


def _members(path: Path) -> list[zipfile.ZipInfo]:
    """The directory of a zip archive; empty for what is none, damaged, or past the limits.

    A pipe or a device is not looked into: it may never end.
    """
    if not path.is_file():
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except _DAMAGE:
        return []
    whole = sum(info.file_size for info in infos)
    return infos if whole <= LIMITS.expanded and len(infos) <= LIMITS.members else []


def _cuts(path: Path, name: str, members: list[zipfile.ZipInfo]) -> Iterator[Piece]:
    """Cuts through a zip archive, by the sizes that its directory declares."""
    start, size = 0, 0
    for position, info in enumerate(members):
        size += _expected(info)
        if size > _BYTES or position + 1 - start >= _DOCUMENTS:
            yield Piece((str(path),), (name,), (start, position + 1))
            start, size = position + 1, 0
    if start < len(members):
        yield Piece((str(path),), (name,), (start, len(members)))


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


def work(piece: Piece, known: Collection[str], shelf: Shelf) -> list[Outcome]:
    """Prepare every document of a piece; those already known are only named."""
    return _prepare_all(_open(piece, shelf), known)


def work_on(source: str, data: bytes, known: Collection[str]) -> list[Outcome]:
    """Prepare one document, or every document of one archive, that is at hand as bytes."""
    return _prepare_all(_contained(source, unpack(source, data)), known)


def _prepare_all(all_given: Iterable[Given | Sealed], known: Collection[str]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    compressor = packer()
    for given in all_given:
        if isinstance(given, Sealed):
            outcomes.append(given)
        elif (name := digest(given.data)) in known:
            outcomes.append(Known(name, given.source))
        else:
            outcomes.append(prepare(given.source, given.data, name, compressor))
    return outcomes


def _open(piece: Piece, shelf: Shelf) -> Iterator[Given | Sealed]:
    if piece.members is not None:
        start, end = piece.members
        try:
            archive = shelf.archive(piece.paths[0])
        except _DAMAGE as wrong:
            yield Sealed(piece.names[0], f"the zip archive is cut or damaged: {wrong}")
            return
        infos = [info for info in archive.infolist()[start:end] if not info.is_dir()]
        for info in infos:
            name = f"{piece.names[0]}!/{info.filename}"
            yield from _contained(name, read_members(piece.names[0], archive, [info]))
        return
    for path, name in zip(piece.paths, piece.names, strict=True):
        try:
            yield from _contained(name, unpack(name, _read(Path(path))))
        except Invalid as wrong:
            yield Sealed(name, str(wrong))


def _contained(name: str, opened: Iterator[Given | Sealed]) -> Iterator[Given | Sealed]:
    """What damage makes of an archive is told of it, and its neighbours go on."""
    try:
        yield from opened
    except _DAMAGE as wrong:
        yield Sealed(name, f"the archive is cut or damaged: {wrong}")


def _read(path: Path) -> bytes:
    """The bytes of a file; a size past the limit is told before anything is read."""
    try:
        if not path.is_file():
            raise Invalid("not a plain file: save what it gives in one, and load that")
        size = path.stat().st_size
        if size > LIMITS.bytes:
            raise Invalid(f"{size:,} bytes; the limit is {LIMITS.bytes:,}")
        return path.read_bytes()
    except OSError as wrong:
        raise Invalid(f"cannot be read: {wrong.strerror}") from wrong
