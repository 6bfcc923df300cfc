"""Logs as relations of DuckDB: which format a file has, and how its columns are read.

Law (nothing is dropped in silence): a line that cannot be read is counted, with line and reason.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import zstandard

from accord.core.errors import Invalid
from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Mapping
from accord.store.hunting import jsons, plain
from accord.store.hunting.columns import LISTS, NAMES
from accord.store.hunting.duck import NEVER, quoted

_HEAD: Final = 1 << 16
_CHUNK: Final = 1 << 20
_STEP: Final = 1 << 12
RATIO: Final = 100
"""Times that a compressed log may grow, once it is past what does no harm."""
HARMLESS: Final = 256 << 20
_ZEEK_FIELDS: Final = b"\n#fields"
_W3C_FIELDS: Final = b"\n#Fields:"
_WORD: Final = re.compile(r'"[^"]*"|[^ \t\r\n]+')
"""A value of W3C's format; what holds spaces stands in quotes."""
_EVERY: Final = "all of it \x1f"
"""A column of all values of a record."""
_UNSET: Final = frozenset({"-", "(empty)"})
_GZIP, _ZSTD, _PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
_CLOSED: Final = {b"PK\x03\x04": "a zip archive", b"\xfd7zXZ\x00": "compressed with xz",
                  b"7z\xbc\xaf": "a 7z archive", b"BZh": "compressed with bzip2"}  # fmt: skip
_REJECTS: Final = "ignore_errors=true, store_rejects=true, rejects_limit=0"


class Source(msgspec.Struct, frozen=True):
    """A log as DuckDB reads it."""

    format: str
    relation: str
    columns: dict[str, str]
    """By the name of a column here, the expression that gives it."""
    bad: str = ""
    """An expression that is true for records that cannot be read."""
    unrolled: Path | None = None
    """The lines of what was one JSON array."""
    comments: bool = False
    """Lines that begin with `#` are no records."""
    why: str = "not JSON"
    """What is wrong with such records."""
    told: str = ""
    """What is wrong with the log as a whole."""


Row = tuple[bool, list[str]]
"""Whether a line names columns, and its parts."""


class Cut(Exception):
    """A compressed log ended early; what came before is there."""


class Rest(Exception):
    """A compressed log is whole, and something else stands behind it."""


def unpacked(path: Path, folder: Path) -> tuple[Path, str]:
    """The file as DuckDB can read it, and why it is not whole, or empty.

    Raises:
        Invalid: it is an archive, which is not looked into.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(8)
        for begin, what in _CLOSED.items():
            if head.startswith(begin):
                raise Invalid(f"{what}: unpack it first")
        if head.startswith((_GZIP, _ZSTD)):
            file.seek(0)
            gzip = head.startswith(_GZIP)
            parts = _parts(file, _gunzip if gzip else _unzstd, _GZIP if gzip else b"")
            target = folder / "unpacked"
            return target, _write(parts, target, path.stat().st_size)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            target = folder / "unpacked"
            with target.open("wb") as out:
                for part in codecs.iterdecode(_chunks(path), "utf-16", "replace"):
                    out.write(part.encode())
            return target, ""
    # A name of our own: DuckDB takes signs in names as wild cards.
    link = folder / "log"
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())
    return link, ""


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            yield part


def _write(parts: Iterator[bytes], target: Path, packed: int) -> str:
    room = max(HARMLESS, RATIO * packed)
    with target.open("wb") as out:
        try:
            for part in parts:
                room -= len(part)
                if room < 0:
                    return f"a bomb: it grows more than {RATIO} times; the rest was not looked at"
                out.write(part)
        except Rest as rest:
            return f"{rest}, and was not looked at"
        except (Cut, EOFError, OSError, zlib.error, zstandard.ZstdError) as wrong:
            return f"damaged or cut short: {str(wrong)[:120]}; what came before was looked at"
    return ""


def _gunzip() -> Any:  # noqa: ANN401 - the libraries' objects have no common type
    return zlib.decompressobj(wbits=31)


def _unzstd() -> Any:  # noqa: ANN401 - as above
    return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()


def _parts(file: IO[bytes], opener: Callable[[], Any], magic: bytes) -> Iterator[bytes]:
    """What the members, or frames, of a file hold, one after the other, as far as they go."""
    waiting = file.read(_CHUNK)
    while waiting:
        opened = opener()
        while waiting and not opened.eof:
            # In small steps: what precedes the damage is kept, and a bomb grows slowly.
            step, waiting = waiting[:_STEP], waiting[_STEP:] or file.read(_CHUNK)
            yield opened.decompress(step)
        if not opened.eof:
            raise Cut("it does not end")
        waiting = opened.unused_data + waiting
        waiting = waiting or file.read(_CHUNK)
        if waiting and not waiting.startswith(magic) and len(waiting) >= len(magic):
            place = file.tell() - len(waiting)
            raise Rest(f"what follows its compressed part, from byte {place:,} on, is none")


def source(
    path: Path, mapping: Mapping | None, columns_of: Callable[[str], dict[str, str]]
) -> Source:
    """How a file is read; `columns_of` gives the columns of a relation.

    Raises:
        Invalid: it is no log that can be read.
    """
    unknown = sorted(set(mapping.columns) - set(NAMES)) if mapping else []
    if unknown:
        raise Invalid(f"the mapping file names columns that there are not: {', '.join(unknown)}")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    said = mapping.format if mapping else ""
    if head.startswith(_PARQUET) or said == "parquet":
        relation = f"read_parquet({text(str(path))})"
        return Source("Parquet", relation, _by_name(columns_of(relation), mapping))
    first = head.lstrip(b"\xef\xbb\xbf").lstrip()
    if said == "text":
        return _text(path)
    if said == "csv":
        return _csv(path, head, mapping, needed=True) or _text(path)
    if said == "json" or jsons.begins(first):
        return _json(path, first, mapping)
    if first.startswith((b"#separator", b"#fields", b"#set_separator")):
        return _zeek(path, head)
    # Only a log that begins as such: anybody may have words of theirs logged further down.
    if first.startswith(b"#") and _W3C_FIELDS in b"\n" + first:
        found = _extended(path, first)
        if found is not None:
            return found
    return _csv(path, head, mapping, needed=False) or _text(path)


def _plain(names: Collection[str]) -> dict[str, str]:
    return {name: quoted(name) for name in names}


def _by_name(there: dict[str, str], mapping: Mapping | None) -> dict[str, str]:
    """Columns by what they are called there; every name that is there counts, in order."""
    lower = {name.strip().lower(): said for name, said in reversed(there.items())}
    found: dict[str, str] = {}
    for ours, names in _names(mapping).items():
        here = [lower[name.lower()] for name in names if name.lower() in lower]
        if not here:
            continue
        if ours in LISTS:
            lists = [jsons.split(f"CAST({one} AS VARCHAR)") for one in here]
            found[ours] = f"list_concat({', '.join(lists)})" if len(lists) > 1 else lists[0]
        else:
            values = [f"CAST({one} AS VARCHAR)" for one in here]
            plain_ = len(here) == 1 and not here[0].startswith("to_json(")
            found |= {ours: values[0]} if plain_ else jsons.several(ours, values)
    return found


def _names(mapping: Mapping | None) -> dict[str, tuple[str, ...]]:
    names = dict(NAMES)
    for ours, there in (mapping.columns if mapping else {}).items():
        names[ours] = (there,) if isinstance(there, str) else tuple(there)
    return names


def _read_csv(path: Path, names: list[str], delimiter: str, *more: str) -> str:
    columns = ", ".join(f"{text(name)}: 'VARCHAR'" for name in names)
    options = ", ".join((
        f"delim={text(delimiter)}", "header=false", "auto_detect=false", f"columns={{{columns}}}",
        _REJECTS, *more,
    ))  # fmt: skip
    return f"read_csv({text(str(path))}, {options})"


def _distinct(names: list[str]) -> list[str]:
    """Names of columns, no two the same in whatever case, none empty."""
    found: dict[str, str] = {}
    for place, name in enumerate(names):
        cleaned = name.strip() or f"column {place + 1}"
        if cleaned.lower() in found:
            cleaned = f"{cleaned} {place + 1}"
        found[cleaned.lower()] = cleaned
    return list(found.values())


def _zeek(path: Path, head: bytes) -> Source:
    fields: list[str] = []
    delimiter = "\t"
    for line in head.decode("utf-8", "replace").splitlines():
        if line.startswith("#separator"):
            said = line.partition(" ")[2].strip()
            if said.startswith("\\x") and len(said) == 4:  # noqa: PLR2004 - \x09
                delimiter = chr(int(said[2:], 16))  # noqa: FURB166 - \x09
        elif line.startswith("#fields"):
            fields = _distinct(line.split(delimiter)[1:])
    if not fields:
        raise Invalid("a Zeek log without `#fields`")
    if _changes(path, _ZEEK_FIELDS):
        target = path.with_name("unrolled")
        _as_json(path, target, partial(_zeek_row, delimiter))
        return msgspec.structs.replace(_json(target, b"", None), format="Zeek", unrolled=target)
    rows = _read_csv(path, fields, delimiter, "quote=''", "escape=''", "nullstr=['-', '(empty)']")
    return Source(
        "Zeek", _without_comments(rows, fields), _by_name(_plain(fields), None), comments=True
    )


def _without_comments(rows: str, fields: list[str]) -> str:
    """Without lines that begin with `#`; one that stands elsewhere is a part of its value."""
    return (
        f"(SELECT * FROM {rows} WHERE NOT coalesce(starts_with({quoted(fields[0])}, '#'), FALSE))"
    )


def _changes(path: Path, begin: bytes) -> bool:
    """Whether the columns of a log are others further down: several were joined to one."""
    first = b""
    with path.open("rb") as file:
        for place in _places(file, begin):
            file.seek(place)
            line = file.readline().rstrip(b"\r\n")
            first = first or line
            if line != first:
                return True
    return False


def _places(file: IO[bytes], begin: bytes) -> Iterator[int]:
    """Where lines begin that name columns."""
    start, part = 0, b"\n"
    while more := os.pread(file.fileno(), _CHUNK, start):
        # Of what came before, as much as may be the beginning of such a line.
        part = part[1 - len(begin) :] + more
        # Hardly any part has the first sign of it, and one byte is found fast.
        place = part.find(begin) if b"#" in part else -1
        while place >= 0:
            yield start + len(more) - len(part) + place + 1
            place = part.find(begin, place + 1)
        start += len(more)


def _as_json(path: Path, target: Path, row_of: Callable[[str], Row]) -> None:
    """Every row by the names of the columns that hold where it stands; others as they are."""
    fields: list[str] = []
    with (
        path.open(encoding="utf-8", errors="replace", newline="\n") as rows,
        target.open("wb") as out,
    ):
        for row in rows:
            line = row.rstrip("\r\n")
            named, values = row_of(line)
            if named:
                fields = _distinct(values)
            if line.startswith("#"):
                continue
            whole = _by_field(fields, values) if len(values) == len(fields) else line
            out.write(json.dumps(whole, ensure_ascii=False).encode() + b"\n")


def _by_field(fields: list[str], values: list[str]) -> dict[str, str]:
    found = {name: value for name, value in zip(fields, values, strict=True) if value not in _UNSET}
    if {"date", "time"} <= found.keys():
        found["timestamp"] = f"{found['date']} {found['time']}"
    return found


def _zeek_row(delimiter: str, line: str) -> Row:
    values = line.split(delimiter)
    return (True, values[1:]) if line.startswith("#fields") else (False, values)


def _extended_row(line: str) -> Row:
    if line.startswith("#Fields:"):
        return True, line.partition(":")[2].split()
    values = _WORD.findall(line)
    return False, [value.strip('"') for value in values]


def _extended(path: Path, head: bytes) -> Source | None:
    """W3C's extended log format, as web servers and proxies write it; None: no column is known.

    A value never spans lines: each is taken apart by itself, so that an open quote hides no other.
    """
    if _changes(path, _W3C_FIELDS):
        target = path.with_name("unrolled")
        _as_json(path, target, _extended_row)
        made = _json(target, b"", None)
        agent = f"replace({made.columns['user_agent']}, '+', ' ')"
        return msgspec.structs.replace(
            made, format="W3C", unrolled=target, columns=made.columns | {"user_agent": agent}
        )
    said = (b"\n" + head).partition(_W3C_FIELDS)[2].partition(b"\n")[0]
    fields = _distinct(said.decode("utf-8", "replace").split())
    values = {name: f"nullif(trim(part[{n}], '\"'), '-')" for n, name in enumerate(fields, 1)}
    columns = _by_name(values, None)
    if not columns:
        return None
    if {"date", "time"} <= set(fields):
        columns["seen"] = f"{values['date']} || ' ' || {values['time']}"
    if "user_agent" in columns:
        columns["user_agent"] = f"replace({columns['user_agent']}, '+', ' ')"
    relation = (
        f"(SELECT line, part, len(part) <> {len(fields)} AS odd FROM"
        f" (SELECT line, regexp_extract_all(line, {text(_WORD.pattern)}) AS part"
        f" FROM {_lines(path)} WHERE NOT starts_with(line, '#') AND trim(line) <> ''))"
    )
    return Source("W3C", relation, _beside(columns, "odd", "line"), "odd", why="not of its columns")


def _beside(columns: dict[str, str], where: str, line: str) -> dict[str, str]:
    """Columns, and what plain text tells where something holds of a record."""
    made = dict(columns)
    for name, said in plain.found(line).items():
        there = f"CASE WHEN {where} THEN {said} ELSE [] END"
        made[name] = f"list_concat({made[name]}, {there})" if name in made else there
    return made


def _csv(path: Path, head: bytes, mapping: Mapping | None, *, needed: bool) -> Source | None:
    """A table whose first line names its columns; None where it is no such table."""
    line = head.decode("utf-8-sig", "replace").partition("\n")[0].rstrip("\r")
    said = mapping.delimiter if mapping else ""
    for delimiter in [said] if said else [",", "\t", ";", "|"]:
        try:
            names = _distinct(next(csv.reader(io.StringIO(line), delimiter=delimiter), []))
        except (csv.Error, TypeError) as wrong:
            raise Invalid(f"the first line is no header: {wrong}") from wrong
        found = _by_name(_plain(names), mapping)
        if found and (len(names) > 1 or needed):
            relation = _read_csv(
                path, names, delimiter, "skip=1", "quote='\"'", "escape='\"'", "nullstr=['', '-']"
            )
            if _quotes(path):
                every = f"concat_ws(' ', {', '.join(map(quoted, names))})"
                relation = f"(SELECT *, {every} AS {quoted(_EVERY)} FROM {relation})"
                spans = f"contains({quoted(_EVERY)}, chr(10))"
                found = _beside(found, f"coalesce({spans}, FALSE)", quoted(_EVERY))
            return Source("CSV", relation, found)
    if needed:
        raise Invalid("none of its columns is known: name them in the mapping file")
    return None


def _quotes(path: Path) -> bool:
    """Whether a value may go over several lines, and so hold records that are looked for."""
    return any(b'"' in part for part in _chunks(path))


def _lines(path: Path) -> str:
    return _read_csv(path, ["line"], NEVER, "quote=''", "escape=''")


def _json(path: Path, first: bytes, mapping: Mapping | None) -> Source:
    try:
        unrolled = jsons.unrolled(path, first)
    except Invalid as wrong:
        return msgspec.structs.replace(_text(path), told=f"{wrong}; looked at as plain text")
    path = unrolled or path
    own = {
        one
        for there in (mapping.columns if mapping else {}).values()
        for one in ([there] if isinstance(there, str) else there)
    }
    _, columns, paths = jsons.columns(_names(mapping), own, first)
    relation = jsons.relation(_lines(path), paths)
    return Source("JSON", relation, columns, "NOT good AND trim(line) <> ''", unrolled)


def _text(path: Path) -> Source:
    columns = plain.found("line") | {"seen": plain.moment("line")}
    return Source("text", _lines(path), columns)
