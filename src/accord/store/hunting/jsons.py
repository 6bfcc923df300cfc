"""JSON logs as relations of DuckDB: a record a line, one array, or records over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.exchange.hunting.sql import text
from accord.store.hunting import plain
from accord.store.hunting.columns import ALSO, LISTS

_ARRAY: Final = 256 << 20
"""Bytes of a log that is one JSON array."""
_STREAM: Final = 64 << 20
"""Bytes of a log whose records take several lines each."""
_BEGINS: Final = re.compile(rb"\{\s*[\"}]|\[\s*[\[{\"\]]|[\[{]\s*$")
"""How JSON begins, and plain text hardly ever."""

Names = Mapping[str, tuple[str, ...]]


def begins(first: bytes) -> bool:
    """Whether a log begins as JSON does."""
    return _BEGINS.match(first) is not None


def columns(
    names: Names, own: Collection[str], first: bytes
) -> tuple[str, dict[str, str], list[str]]:
    """What makes a line odd, the columns, and the paths that are taken out of every line.

    `own` are names that a mapping gives.
    """
    family, foreign = _family(first, own)
    paths: list[str] = []
    made: dict[str, str] = {}
    for ours, every in names.items():
        known = [name for name in every if family(name)]
        if not known:
            continue
        if ours in LISTS:
            lists = [_list(name, paths) for name in known]
            made[ours] = f"list_concat({', '.join(lists)})" if len(lists) > 1 else lists[0]
            continue
        places = []
        for name in known:
            for way in _ways(name):
                paths.append(way)
                places.append(f"found[{len(paths)}]")
        made |= several(ours, places)
    odd = f"odd OR {foreign}" if foreign else "odd"
    for name, said in plain.found("line").items():
        there = f"CASE WHEN {odd} THEN {said} ELSE [] END"
        made[name] = f"list_concat({made[name]}, {there})" if name in made else there
    return odd, made, paths


def several(ours: str, values: list[str]) -> dict[str, str]:
    """A column of one value, and the one beside it of whatever else the record calls so."""
    flat = [f"bare({one})" for one in values]
    first = f"coalesce({', '.join(flat)}, NULL)"
    also = ALSO.get(ours)
    if also is None:
        return {ours: first}
    every = f"flatten([{', '.join(f'many({one})' for one in values)}])"
    more = " + ".join(f"({one} IS NOT NULL)::INT" for one in values)
    lists = " OR ".join(f"starts_with({one}, '[')" for one in values)
    others = f"[x FOR x IN {every} IF x <> {first}]"
    return {
        ours: first,
        also: f"CASE WHEN {more} > 1 OR coalesce({lists}, FALSE) THEN {others} ELSE [] END",
    }


def relation(lines: str, paths: list[str]) -> str:
    """The lines with what the paths lead to."""
    every = ", ".join(text(one) for one in paths)
    keys = "json_keys(line)"
    return (
        f"(SELECT line, good, CASE WHEN good THEN json_extract_string(line, [{every}]) END AS"
        " found, CASE WHEN NOT good THEN TRUE WHEN NOT starts_with(ltrim(line), '{') THEN TRUE"
        f" ELSE len(list_distinct({keys})) < len({keys}) END AS odd"
        f" FROM (SELECT line, json_valid(line) AS good FROM {lines}))"
    )


def _family(first: bytes, own: Collection[str]) -> tuple[Callable[[str], bool], str]:
    """Which names are worth looking for: those that a known format has, where it is one.

    And what tells a line that is not of that format after all.
    """
    line = first.partition(b"\n")[0]
    if b'"event_type"' in line and b'"timestamp"' in line:
        begin = ("dns.", "http.", "tls.", "fileinfo.", "smtp.", "email.", "files[")
        names = {"timestamp", "src_ip", "dest_ip", "src_port", "dest_port", "proto"}
        foreign = "NOT contains(line, '\"event_type\"')"
        return lambda name: name in own or name in names or name.startswith(begin), foreign
    return lambda _: True, ""


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


def _list(name: str, paths: list[str]) -> str:
    if "[*]" in name:
        return f"CASE WHEN good THEN json_extract_string(line, {text(_steps(name))}) ELSE [] END"
    places = []
    for way in _ways(name):
        paths.append(way)
        places.append(f"found[{len(paths)}]")
    value = f"coalesce({', '.join(places)}, NULL)"
    return f"CASE WHEN {value} IS NOT NULL THEN {split(value)} ELSE [] END"


def split(value: str) -> str:
    """A list that is written as one text: `a,b`, `["a","b"]`, `::ffff:10.0.0.1;`."""
    return f"regexp_split_to_array(regexp_replace({value}, '[\\[\\]\"\\s]', '', 'g'), '[,;]+')"


def unrolled(path: Path, first: bytes) -> Path | None:
    """One JSON array, or records that take several lines each, as lines; None: it is lines.

    Raises:
        Invalid: it is an array that is too large, or broken.
    """
    target = path.with_name("unrolled")
    if first.startswith(b"["):
        if _is_line(first, list):
            return None
        if path.stat().st_size > _ARRAY:
            raise Invalid(f"one JSON array of more than {_ARRAY >> 20} MiB: write a record a line")
        try:
            records = msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])
            _write(target, (json.loads(bytes(one)) for one in records))
        except (msgspec.MsgspecError, ValueError, RecursionError) as wrong:
            raise Invalid(f"not the JSON array that it begins as: {wrong}") from wrong
        return target
    if b"\n" not in first or _is_line(first, dict) or path.stat().st_size > _STREAM:
        return None
    try:
        _write(target, _stream(path.read_text(encoding="utf-8-sig")))
    except (ValueError, RecursionError):
        return None
    return target


def _is_line(first: bytes, kind: type) -> bool:
    """Whether the first line is one record, with others behind it."""
    line, _, rest = first.partition(b"\n")
    if not rest.strip():
        return False
    try:
        return isinstance(json.loads(line), kind)
    except (ValueError, RecursionError):
        return False


def _stream(said: str) -> Iterator[object]:
    decoder, place = json.JSONDecoder(), 0
    while place < len(said):
        if said[place] in " \t\r\n":
            place += 1
            continue
        value, place = decoder.raw_decode(said, place)
        yield value


def _write(target: Path, values: Iterator[object]) -> None:
    with target.open("wb") as out:
        for one in values:
            out.write(json.dumps(one).encode() + b"\n")
