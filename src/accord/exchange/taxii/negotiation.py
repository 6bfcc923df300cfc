"""Which media type is spoken: TAXII 2.1's, or an error.

Source: TAXII 2.1, sections 1.6.8 and 3.1; RFC 9110, sections 8.3 and 12.5.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

MEDIA = "application/taxii+json;version=2.1"
"""Of every answer."""

_BARE = "application/taxii+json"
_VERSION = "2.1"
_LONGEST = 4_000
_PART = re.compile(r'\s*;\s*([\w.-]+)\s*=\s*("[^"]*"|[\w.+-]*)', re.ASCII)
_NEVER = re.compile(r"0(\.0{0,3})?", re.ASCII)
_TYPE = re.compile(r"\s*([\w*.+-]+/[\w*.+-]+)", re.ASCII)


@lru_cache(256)
def accepts(header: str) -> bool:
    """Whether somebody who sends this `Accept` takes TAXII 2.1; nothing said is all."""
    if not header.strip():
        return True
    if len(header) > _LONGEST:
        return False
    ranges = [(_nearness(kind, given), given) for kind, given in map(_read, header.split(","))]
    nearest = max((near for near, _ in ranges), default=0)
    return nearest > 0 and any(near == nearest and _wanted(given) for near, given in ranges)


@lru_cache(256)
def sends(header: str) -> bool:
    """Whether a body of this `Content-Type` is TAXII 2.1."""
    kind, given = _read(header[:_LONGEST])
    return kind == _BARE and given.get("version", _VERSION) == _VERSION


def _nearness(kind: str, given: dict[str, str]) -> int:
    """How exactly a range means TAXII 2.1, 0 for not at all: the nearest alone is heard.

    Source: RFC 9110, section 12.5.1, precedence of media ranges.
    """
    if kind == _BARE:
        if "version" not in given:
            return 3
        return 4 if given["version"] == _VERSION else 0
    return {"application/*": 2, "*/*": 1}.get(kind, 0)


def _wanted(given: dict[str, str]) -> bool:
    return not _NEVER.fullmatch(given.get("q", "1"))


def _read(text: str) -> tuple[str, dict[str, str]]:
    """Type and parameters, in lower case; what is none has an empty type."""
    found = _TYPE.match(text)
    if found is None:
        return "", {}
    rest = text[found.end() :]
    parts = dict(_parts(rest))
    if _PART.sub("", rest).strip():
        return "", {}
    return found[1].lower(), parts


def _parts(rest: str) -> Iterator[tuple[str, str]]:
    for part in _PART.finditer(rest):
        yield part[1].lower(), part[2].strip('"').lower()
