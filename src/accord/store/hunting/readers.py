"""Logs as relations of DuckDB: which format a file has, and how its columns are read.

Law (nothing is dropped in silence): a line that cannot be read is counted, with line and reason.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import zstandard

from accord.core.errors import Invalid
from accord.exchange.hunting.sql import text
from accord.flows.hunting.port import Mapping
from accord.store.hunting.columns import LISTS, NAMES
from accord.store.hunting.duck import NEVER, quoted

_HEAD: Final = 1 << 16
_CHUNK: Final = 1 << 20
_LONGEST: Final = 2_000_000
"""Bytes of a line, as DuckDB has it."""
_PROBE: Final = 1 << 12
_UNCLEAN: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\r(?!\n)")
_STEP: Final = 1 << 12
_RATIO: Final = 100
"""Times that a compressed log may grow, once it is past what does no harm."""
_HARMLESS: Final = 256 << 20
_ARRAY: Final = 256 << 20
"""Bytes of a log that is one JSON array."""
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


class Cut(Exception):
    """A compressed log ended early; what came before is there."""


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
            parts = _parts(file, _gunzip if head.startswith(_GZIP) else _unzstd)
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
    room = max(_HARMLESS, _RATIO * packed)
    with target.open("wb") as out:
        try:
            for part in parts:
                room -= len(part)
                if room < 0:
                    return f"a bomb: it grows more than {_RATIO} times; the rest was not looked at"
                out.write(part)
        except (Cut, EOFError, OSError, zlib.error, zstandard.ZstdError) as wrong:
            return f"damaged or cut short: {str(wrong)[:120]}; what came before was looked at"
    return ""


def _gunzip() -> Any:  # noqa: ANN401 - the libraries' objects have no common type
    return zlib.decompressobj(wbits=31)


def _unzstd() -> Any:  # noqa: ANN401 - as above
    return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()


def _parts(file: IO[bytes], opener: Callable[[], Any]) -> Iterator[bytes]:
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


def has_long_line(path: Path) -> bool:
    """Whether a line is longer than DuckDB reads: over a very long one it may go without a word."""
    step = _LONGEST // 2
    with path.open("rb") as file:
        for start in range(0, path.stat().st_size - step, step):
            # Such a line fills a whole step; most steps tell by their beginning that none does.
            file.seek(start)
            if b"\n" not in file.read(_PROBE):
                file.seek(start)
                if b"\n" not in file.read(step):
                    return True
    return False


def cleaned(path: Path, folder: Path) -> tuple[Path, list[tuple[int, str]]]:
    """The lines of a file that are plain text, and number and reason of the others.

    For what DuckDB cannot get through: it gives up the whole file for a few such lines.
    """
    target = folder / "cleaned"
    bad: list[tuple[int, str]] = []
    with path.open("rb") as file, target.open("wb") as out:
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            whole = line.endswith(b"\n") or len(line) < _LONGEST
            if whole and not _UNCLEAN.search(line) and _is_text(line):
                out.write(line)
                continue
            bad.append((number, "not text" if whole else f"a line of over {_LONGEST:,} bytes"))
            while not whole and (more := file.readline(_LONGEST)):
                whole = more.endswith(b"\n")
    return target, bad


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def source(
    path: Path, mapping: Mapping | None, columns_of: Callable[[str], dict[str, str]]
) -> Source:
    """How a file is read; `columns_of` gives the columns of a relation.

    Raises:
        Invalid: it is no log that can be read.
    """
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
    if said == "json" or first.startswith((b"{", b"[")):
        return _json(path, first, mapping)
    if b"#Fields: " in head:
        return _extended(path, head)
    if first.startswith((b"#separator", b"#fields", b"#set_separator")):
        return _zeek(path, head)
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
            lists = [_split(f"CAST({one} AS VARCHAR)") for one in here]
            found[ours] = f"list_concat({', '.join(lists)})" if len(lists) > 1 else lists[0]
        else:
            values = [f"CAST({one} AS VARCHAR)" for one in here]
            found[ours] = f"coalesce({', '.join(values)})" if len(values) > 1 else values[0]
    return found


def _names(mapping: Mapping | None) -> dict[str, tuple[str, ...]]:
    names = dict(NAMES)
    for ours, there in (mapping.columns if mapping else {}).items():
        names[ours] = (there,) if isinstance(there, str) else tuple(there)
    return names


def _split(value: str) -> str:
    """A list that is written as one text: `a,b`, `["a","b"]`, `::ffff:10.0.0.1;`."""
    return f"regexp_split_to_array(regexp_replace({value}, '[\\[\\]\"\\s]', '', 'g'), '[,;]+')"


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
    relation = _read_csv(
        path, fields, delimiter, "comment='#'", "quote=''", "escape=''", "nullstr=['-', '(empty)']"
    )
    return Source("Zeek", relation, _by_name(_plain(fields), None))


def _extended(path: Path, head: bytes) -> Source:
    """W3C's extended log format, as web servers and proxies write it."""
    said = head.decode("utf-8", "replace").rpartition("#Fields: ")[2].partition("\n")[0]
    fields = _distinct(said.split())
    relation = _read_csv(
        path, fields, " ", "comment='#'", "quote='\"'", "escape='\"'", "nullstr='-'"
    )
    columns = _by_name(_plain(fields), None)
    if {"date", "time"} <= set(fields):
        columns["seen"] = "date || ' ' || time"
    if "user_agent" in columns:
        columns["user_agent"] = f"replace({columns['user_agent']}, '+', ' ')"
    return Source("W3C", relation, columns)


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
            return Source("CSV", relation, found)
    if needed:
        raise Invalid("none of its columns is known: name them in the mapping file")
    return None


def _lines(path: Path) -> str:
    return _read_csv(path, ["line"], NEVER, "quote=''", "escape=''")


def _json(path: Path, first: bytes, mapping: Mapping | None) -> Source:
    unrolled = _unrolled(path) if first.startswith(b"[") else None
    path = unrolled or path
    relation, family = _lines(path), _family(first, mapping)
    paths: list[str] = []
    columns: dict[str, str] = {}
    for ours, names in _names(mapping).items():
        known = [name for name in names if family(name)]
        if not known:
            continue
        if ours in LISTS:
            lists = [_json_list(name, paths) for name in known]
            columns[ours] = f"list_concat({', '.join(lists)})" if len(lists) > 1 else lists[0]
        else:
            places = []
            for name in known:
                for way in _ways(name):
                    paths.append(way)
                    places.append(f"found[{len(paths)}]")
            columns[ours] = f"coalesce({', '.join(places)}, NULL)"
    every = ", ".join(text(one) for one in paths)
    relation = (
        f"(SELECT line, good, CASE WHEN good THEN json_extract_string(line, [{every}])"
        f" END AS found FROM (SELECT line, json_valid(line) AS good FROM {relation}))"
    )
    return Source("JSON", relation, columns, "NOT good AND trim(line) <> ''", unrolled)


def _family(first: bytes, mapping: Mapping | None) -> Callable[[str], bool]:
    """Which names are worth looking for: those that a known format has, where it is one."""
    own = {
        one
        for there in (mapping.columns if mapping else {}).values()
        for one in ([there] if isinstance(there, str) else there)
    }
    line = first.partition(b"\n")[0]
    if b'"event_type"' in line and b'"timestamp"' in line:
        begins = ("dns.", "http.", "tls.", "fileinfo.", "smtp.", "email.", "files[")
        plain = {"timestamp", "src_ip", "dest_ip", "src_port", "dest_port", "proto"}
        return lambda name: name in own or name in plain or name.startswith(begins)
    return lambda _: True


def _ways(name: str) -> Iterator[str]:
    """A name with dots as one key, as Zeek writes it, and as steps into objects."""
    yield f'$."{name}"'
    if "." in name:
        yield _steps(name)


def _steps(name: str) -> str:
    steps = "".join(
        f'."{step.removesuffix("[*]")}"' + ("[*]" if step.endswith("[*]") else "")
        for step in name.split(".")
    )
    return f"${steps}"


def _json_list(name: str, paths: list[str]) -> str:
    if "[*]" in name:
        return f"CASE WHEN good THEN json_extract_string(line, {text(_steps(name))}) ELSE [] END"
    places = []
    for way in _ways(name):
        paths.append(way)
        places.append(f"found[{len(paths)}]")
    value = f"coalesce({', '.join(places)}, NULL)"
    return f"CASE WHEN {value} IS NOT NULL THEN {_split(value)} ELSE [] END"


def _unrolled(path: Path) -> Path:
    """One JSON array as lines.

    Raises:
        Invalid: it is too large, or no JSON.
    """
    if path.stat().st_size > _ARRAY:
        raise Invalid(f"one JSON array of more than {_ARRAY >> 20} MiB: write a record a line")
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])
        target = path.with_name("unrolled")
        with target.open("wb") as out:
            for one in found:
                out.write(json.dumps(json.loads(bytes(one))).encode() + b"\n")
    except (msgspec.MsgspecError, ValueError, RecursionError) as wrong:
        raise Invalid(f"not the JSON array that it begins as: {wrong}") from wrong
    return target


_TIME: Final = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)"
)
_TEXTS: Final = {
    "ips": r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|\b[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}",
    "domains": r"\b(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{1,62}\b",
    "urls": r"[A-Za-z]{3,6}://[^\s\"'<>]+",
    "hashes": r"\b[0-9a-fA-F]{32,128}\b",
    "mails": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
}
"""What is looked for in plain text, the last resort."""


def _text(path: Path) -> Source:
    columns = {
        name: f"regexp_extract_all(line, {text(pattern)})" for name, pattern in _TEXTS.items()
    }
    columns["seen"] = f"nullif(regexp_extract(line, {text(_TIME)}, 1), '')"
    return Source("text", _lines(path), columns)
