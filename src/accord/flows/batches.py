"""What is to be loaded, cut into pieces of work that can be prepared apart from each other.

A piece is small and names its bytes rather than holding them, so that a worker process opens
the file itself and memory stays bounded by a few pieces.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from accord.core.archives import Given, Sealed, read_members, unpack, walk
from accord.core.digests import digest
from accord.core.errors import Invalid, NotFound
from accord.core.limits import LIMITS
from accord.flows.prepare import prepare
from accord.flows.prepared import Known, Prepared

_BYTES = 8 << 20
_DOCUMENTS = 400


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
            name = str(path.relative_to(root.parent)) if root.is_dir() else path.name
            if zipfile.is_zipfile(path):
                yield from _members(path, name)
                continue
            group.append((str(path), name))
            size += path.stat().st_size
            if size > _BYTES or len(group) >= _DOCUMENTS:
                yield _files(group)
                group, size = [], 0
    if group:
        yield _files(group)


def _files(group: list[tuple[str, str]]) -> Piece:
    return Piece(tuple(path for path, _ in group), tuple(name for _, name in group))


def _members(path: Path, name: str) -> Iterator[Piece]:
    """Cuts through a zip archive, by the sizes that its directory declares."""
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    start, size = 0, 0
    for position, info in enumerate(infos):
        size += info.file_size
        if size > _BYTES or position + 1 - start >= _DOCUMENTS:
            yield Piece((str(path),), (name,), (start, position + 1))
            start, size = position + 1, 0
    if start < len(infos):
        yield Piece((str(path),), (name,), (start, len(infos)))


def work(piece: Piece, known: Collection[str]) -> list[Outcome]:
    """Prepare every document of a piece; those already known are only named."""
    return _prepare_all(_open(piece), known)


def work_on(source: str, data: bytes, known: Collection[str]) -> list[Outcome]:
    """Prepare one document, or every document of one archive, that is at hand as bytes."""
    return _prepare_all(unpack(source, data), known)


def _prepare_all(all_given: Iterable[Given | Sealed], known: Collection[str]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for given in all_given:
        if isinstance(given, Sealed):
            outcomes.append(given)
        elif (name := digest(given.data)) in known:
            outcomes.append(Known(name, given.source))
        else:
            outcomes.append(prepare(given.source, given.data))
    return outcomes


def _open(piece: Piece) -> Iterator[Given | Sealed]:
    if piece.members is not None:
        start, end = piece.members
        with zipfile.ZipFile(piece.paths[0]) as archive:
            infos = [info for info in archive.infolist()[start:end] if not info.is_dir()]
            yield from read_members(piece.names[0], archive, infos)
        return
    for path, name in zip(piece.paths, piece.names, strict=True):
        try:
            yield from unpack(name, _read(Path(path)))
        except Invalid as wrong:
            yield Sealed(name, str(wrong))


def _read(path: Path) -> bytes:
    """The bytes of a file; a size past the limit is told before anything is read."""
    size = path.stat().st_size
    if size > LIMITS.bytes:
        raise Invalid(f"{size:,} bytes; the limit is {LIMITS.bytes:,}")
    try:
        return path.read_bytes()
    except OSError as wrong:
        raise Invalid(f"cannot be read: {wrong.strerror}") from wrong
