"""Files, folders and archives as documents, within bounds.

Zip, gzip, xz and Zstandard are opened by their first bytes, nested up to a bound. A bomb, a cut
archive or an encrypted member becomes a `Sealed` entry with its reason; its neighbours go on.
What a file expands to is counted across all depths: bombs within bombs end early.
Names are used as labels only and are never turned into a path.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

import msgspec
import zstandard

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS, Limits

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_ENTRY = b"PK\x01\x02"
"""How each entry of a zip archive's directory begins."""
_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 20
_SHARES = 4
_DAMAGE = (
    zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError, struct.error, zlib.error,
    lzma.LZMAError,
)  # fmt: skip
"""What zipfile and its decompressors raise for a damaged directory or member."""
_HARMLESS = 32 << 20
"""Bytes up to which no ratio makes a bomb: advisories of 12 MB shrink 300 times."""


class Given(msgspec.Struct, frozen=True):
    """One document as it was given to the node."""

    source: str
    """Its name, archives included: `feed.zip!/PyPI/PYSEC-2021-335.yaml`."""
    data: bytes


class Sealed(msgspec.Struct, frozen=True):
    """Something given that could not be opened."""

    source: str
    reason: str


def is_archive(head: bytes) -> bool:
    """Whether the first bytes (six are enough) are those of an archive that accord opens."""
    return head.startswith((_ZIP, _EMPTY_ZIP, _GZIP, _XZ, _ZSTD))


def is_zip(head: bytes) -> bool:
    """Whether the first bytes (four are enough) are those of a zip archive."""
    return head.startswith((_ZIP, _EMPTY_ZIP))


class Budget(msgspec.Struct):
    """What an archive may still expand to, archives within it included; it shrinks with use."""

    limits: Limits
    bytes: int
    members: int
    """Files within it, at any depth."""

    @classmethod
    def of(cls, packed: int, limits: Limits = LIMITS, parts: int = 1) -> Self:
        """For an archive of so many packed bytes; `parts` divides what a small one may always do.

        A file within a zip archive takes more than 32 bytes of it, headers included.
        """
        return cls(
            limits,
            min(limits.expanded, max(limits.grown // parts, limits.ratio * packed)),
            min(limits.members, max(limits.few // parts, packed // 32)),
        )

    @property
    def spent(self) -> bool:
        """Whether more was asked of it than it had."""
        return self.bytes < 0 or self.members < 0

    def share(self, packed: int) -> Budget:
        """What one member may take of it, so that a bomb leaves something to its neighbours."""
        own = Budget.of(packed, self.limits, _SHARES)
        return Budget(self.limits, min(self.bytes, own.bytes), min(self.members, own.members))

    def take(self, size: int, members: int = 0) -> None:
        """Count so many bytes and files as expanded."""
        self.bytes -= size
        self.members -= members
        if self.spent:
            raise _SpentError


class _SpentError(Exception):
    """A budget is used up: whoever gave it says so once, and nothing more is opened."""

    def __str__(self) -> str:
        return (
            "a bomb: with the archives in it, it expands out of proportion to its size; the rest "
            "of it was not opened: unpack it, and load what you trust"
        )


def unpack(source: str, data: bytes, limits: Limits = LIMITS) -> Iterator[Given | Sealed]:
    """The documents in `data`: itself, or what the archive holds, archives within it included."""
    try:
        yield from _unpack(source, data, 0, Budget.of(len(data), limits))
    except _SpentError as spent:
        yield Sealed(source, str(spent))
    except _DAMAGE as wrong:
        yield Sealed(source, f"the archive is cut or damaged: {wrong}")


def _unpack(source: str, data: bytes, depth: int, budget: Budget) -> Iterator[Given | Sealed]:
    if not is_archive(data[:6]):
        yield Given(source, data)
        return
    if depth >= budget.limits.nesting:
        yield Sealed(source, f"archives nested more than {budget.limits.nesting} deep")
        return
    if is_zip(data):
        yield from _unzip(source, data, depth, budget)
        return
    try:
        inner = inflate(data, budget.limits, budget)
    except Invalid as wrong:
        yield Sealed(source, str(wrong))
        return
    yield from _unpack(source, inner, depth + 1, budget)


def inflate(data: bytes, limits: Limits = LIMITS, budget: Budget | None = None) -> bytes:
    """What a gzip, xz or Zstandard stream holds.

    Raises:
        TooLarge: it grows past the size or the ratio that the limits allow.
        Unreadable: the stream is cut or damaged.
    """
    try:
        with _stream(data) as reader:
            return _read_bounded(reader, len(data), limits, budget)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError) as wrong:
        raise Unreadable(f"the compressed stream is cut or damaged: {wrong}") from wrong


def _stream(data: bytes) -> _Reader:
    if data.startswith(_GZIP):
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if data.startswith(_XZ):
        return lzma.LZMAFile(io.BytesIO(data))
    return zstandard.ZstdDecompressor().stream_reader(data)


_Reader = gzip.GzipFile | lzma.LZMAFile | zstandard.ZstdDecompressionReader


def _read_bounded(reader: _Reader, packed: int, limits: Limits, budget: Budget | None) -> bytes:
    parts, size = [], 0
    while part := reader.read(_CHUNK):
        size += len(part)
        if budget is not None:
            budget.take(len(part))
        if size > limits.bytes:
            raise TooLarge(f"expands past {limits.bytes:,} bytes")
        if size > _HARMLESS and size > packed * limits.ratio:
            raise TooLarge(f"expands more than {limits.ratio} times: a bomb")
        parts.append(part)
    return b"".join(parts)


def _unzip(source: str, data: bytes, depth: int, budget: Budget) -> Iterator[Given | Sealed]:
    # Counted before zipfile makes an object of each: a directory of millions packs into little.
    if data.count(_ENTRY) > budget.members:
        raise _SpentError
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGE as wrong:
        yield Sealed(source, f"the zip archive is cut or damaged: {wrong}")
        return
    with archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        if declared(members, budget.limits) > budget.bytes:
            raise _SpentError
        if depth == 0:
            yield from read_members(source, archive, members, budget)
            return
        for info in members:
            yield from _opened(f"{source}!/{info.filename}", archive, info, depth, budget)


def declared(members: Iterable[zipfile.ZipInfo], limits: Limits = LIMITS) -> int:
    """Bytes that members say they expand to; those that are refused alone count nothing."""
    return sum(info.file_size for info in members if not _fault(info, limits))


def read_members(
    source: str,
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    budget: Budget,
) -> Iterator[Given | Sealed]:
    """The documents among some members of a zip archive that is in no other.

    Each member has its share of the budget, for itself and the archives in it; when the budget
    is spent, what follows is one `Sealed`.
    """
    for position, info in enumerate(members):
        name = f"{source}!/{info.filename}"
        if budget.spent:
            rest = len(members) - position
            yield Sealed(source, f"{_SpentError()} ({rest:,} files, from {info.filename} on)")
            return
        share = budget.share(info.compress_size)
        before = msgspec.structs.replace(share)
        try:
            yield from _opened(name, archive, info, 0, share)
        except _SpentError as spent:
            yield Sealed(name, str(spent))
        except _DAMAGE as wrong:
            yield Sealed(name, f"the archive is cut or damaged: {wrong}")
        budget.bytes -= before.bytes - share.bytes
        budget.members -= before.members - share.members


def _opened(
    name: str,
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    depth: int,
    budget: Budget,
) -> Iterator[Given | Sealed]:
    budget.take(0, 1)
    try:
        data = _member(archive, info, budget)
    except Invalid as wrong:
        yield Sealed(name, str(wrong))
        return
    yield from _unpack(name, data, depth + 1, budget)


def _fault(info: zipfile.ZipInfo, limits: Limits) -> str:
    """Why a member is refused by what the directory says of it; empty when it is not."""
    if info.flag_bits & 1:
        return "encrypted: unpack it with its password first"
    if info.file_size > limits.bytes:
        return f"{info.file_size:,} bytes; the limit is {limits.bytes:,}"
    if info.file_size > _HARMLESS and info.file_size > info.compress_size * limits.ratio:
        return f"expands more than {limits.ratio} times: a bomb"
    return ""


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> bytes:
    """One member; the sizes that the archive declares are not believed but held to."""
    fault = _fault(info, budget.limits)
    if fault:
        raise Invalid(fault)
    budget.take(info.file_size)
    try:
        with archive.open(info) as reader:
            data = reader.read(info.file_size + 1)
    except _DAMAGE as wrong:
        raise Unreadable(f"cut or damaged: {wrong}") from wrong
    if len(data) > info.file_size:
        raise TooLarge("holds more than the archive declares")
    return data


def walk(path: Path) -> Iterator[Path]:
    """The files below a folder, or the file itself, in the order of their names.

    Symbolic links within a folder are passed over: they may point anywhere. A folder that cannot
    be listed is given itself: it is told when it is opened.
    """
    waiting = [(path, path.is_dir())]
    while waiting:
        path, folder = waiting.pop()
        if not folder:
            yield path
            continue
        try:
            waiting += reversed(_entries(path))
        except OSError:
            yield path


def _entries(folder: Path) -> list[tuple[Path, bool]]:
    """What a folder holds, by name, and whether each is a folder in turn."""
    with os.scandir(folder) as entries:
        return sorted(
            (folder / entry.name, entry.is_dir(follow_symlinks=False))
            for entry in entries
            if not (entry.name.startswith(".") or entry.is_symlink())
        )
