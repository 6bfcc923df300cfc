"""Files, folders and archives as documents, within bounds.

Zip, gzip, xz and Zstandard are opened by their first bytes, nested up to a bound. A bomb, a cut
archive or an encrypted member becomes a `Sealed` entry with its reason; its neighbours go on.
Names are used as labels only and are never turned into a path.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import zstandard

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS, Limits

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 20
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


def unpack(
    source: str, data: bytes, limits: Limits = LIMITS, depth: int = 0
) -> Iterator[Given | Sealed]:
    """The documents in `data`: itself, or what the archive holds, archives within it included."""
    if not is_archive(data[:6]):
        yield Given(source, data)
        return
    if depth >= limits.nesting:
        yield Sealed(source, f"archives nested more than {limits.nesting} deep")
        return
    if data.startswith((_ZIP, _EMPTY_ZIP)):
        yield from _unzip(source, io.BytesIO(data), limits, depth)
        return
    try:
        inner = inflate(data, limits)
    except Invalid as wrong:
        yield Sealed(source, str(wrong))
        return
    yield from unpack(source, inner, limits, depth + 1)


def inflate(data: bytes, limits: Limits = LIMITS) -> bytes:
    """What a gzip, xz or Zstandard stream holds.

    Raises:
        TooLarge: it grows past the size or the ratio that the limits allow.
        Unreadable: the stream is cut or damaged.
    """
    try:
        with _stream(data) as reader:
            return _read_bounded(reader, len(data), limits)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError) as wrong:
        raise Unreadable(f"the compressed stream is cut or damaged: {wrong}") from wrong


def _stream(data: bytes) -> _Reader:
    if data.startswith(_GZIP):
        return gzip.GzipFile(fileobj=io.BytesIO(data))
    if data.startswith(_XZ):
        return lzma.LZMAFile(io.BytesIO(data))
    return zstandard.ZstdDecompressor().stream_reader(data)


_Reader = gzip.GzipFile | lzma.LZMAFile | zstandard.ZstdDecompressionReader


def _read_bounded(reader: _Reader, packed: int, limits: Limits) -> bytes:
    parts, size = [], 0
    while part := reader.read(_CHUNK):
        size += len(part)
        if size > limits.bytes:
            raise TooLarge(f"expands past {limits.bytes:,} bytes")
        if size > _HARMLESS and size > packed * limits.ratio:
            raise TooLarge(f"expands more than {limits.ratio} times: a bomb")
        parts.append(part)
    return b"".join(parts)


def _unzip(source: str, file: IO[bytes], limits: Limits, depth: int) -> Iterator[Given | Sealed]:
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as wrong:
        yield Sealed(source, f"the zip archive is cut or damaged: {wrong}")
        return
    with archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        yield from read_members(source, archive, members, limits, depth)


def read_members(
    source: str,
    archive: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    limits: Limits = LIMITS,
    depth: int = 0,
) -> Iterator[Given | Sealed]:
    """The documents among some members of a zip archive."""
    if len(members) > limits.members:
        yield Sealed(source, f"{len(members):,} files; the limit is {limits.members:,}")
        return
    if sum(info.file_size for info in members) > limits.expanded:
        yield Sealed(source, f"expands past {limits.expanded:,} bytes in all: a bomb")
        return
    for info in members:
        name = f"{source}!/{info.filename}"
        try:
            data = _member(archive, info, limits)
        except Invalid as wrong:
            yield Sealed(name, str(wrong))
            continue
        yield from unpack(name, data, limits, depth + 1)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> bytes:
    """One member; the sizes that the archive declares are not believed but held to."""
    if info.flag_bits & 1:
        raise Unreadable("encrypted: unpack it with its password first")
    if info.file_size > limits.bytes:
        raise TooLarge(f"{info.file_size:,} bytes; the limit is {limits.bytes:,}")
    if info.file_size > _HARMLESS and info.file_size > info.compress_size * limits.ratio:
        raise TooLarge(f"expands more than {limits.ratio} times: a bomb")
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

    Symbolic links within a folder are passed over: they may point anywhere.
    """
    if not path.is_dir():
        yield path
        return
    for entry in sorted(path.iterdir()):
        if entry.is_symlink() or entry.name.startswith("."):
            continue
        yield from walk(entry) if entry.is_dir() else iter((entry,))
