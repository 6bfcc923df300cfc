"""Observed data flattened: one row for each value, under the path by which patterns name it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_DEEPEST = 12


class Flat(NamedTuple):
    """One value of one object."""

    type: str
    path: str
    t: str
    """`s` text, `n` number, `b` truth."""
    s: str | None
    f: float | None


def flat(object_: Mapping[str, Any], around: Mapping[str, Mapping[str, Any]]) -> Iterator[Flat]:
    """Every value of an object and of what it refers to, by every path that leads to it."""
    kind = str(object_.get("type", ""))
    for path, value in _values(object_, "", "", around, 0):
        if isinstance(value, bool):
            yield Flat(kind, path, "b", str(value).lower(), None)
        elif isinstance(value, (int, float)):
            yield Flat(kind, path, "n", None, float(value))
        elif isinstance(value, str):
            yield Flat(kind, path, "s", value, None)


def _values(
    value: Any,  # noqa: ANN401 - JSON is any value
    path: str,
    name: str,
    around: Mapping[str, Mapping[str, Any]],
    depth: int,
) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _values(inner, f"{path}.{key}" if path else key, key, around, depth + 1)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            for step in (f"[{position}]", "[*]"):
                yield from _values(inner, path + step, name, around, depth + 1)
    else:
        yield path, _letters(name, value)
        if name.endswith(("_ref", "_refs")) and value in around:
            yield from _values(around[value], path, "", around, depth + 1)


def _letters(name: str, value: Any) -> Any:  # noqa: ANN401 - as above
    """Bytes as letters of the same numbers."""
    if not isinstance(value, str):
        return value
    try:
        if name.endswith("_hex"):
            return bytes.fromhex(value).decode("latin-1")
        if name.endswith("_bin"):
            return base64.b64decode(value, validate=True).decode("latin-1")
    except (ValueError, binascii.Error):
        return value
    return value
