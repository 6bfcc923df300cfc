"""Lines of text: what plain text tells, and lines brought into a form that DuckDB reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from accord.exchange.hunting.sql import text

_LONGEST: Final = 2_000_000
"""Bytes of a line, as DuckDB has it."""
_PROBE: Final = 1 << 12
_HEAD: Final = 1 << 16
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ODD: Final = "\N{REPLACEMENT CHARACTER}"
_RETURN: Final = re.compile(rb"\r\n?")
_PARQUET: Final = b"PAR1"
_TIME: Final = (
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:[.,][0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)"
)
_TEXTS: Final = {
    # What has more parts than an address is taken whole, so that no part of it passes for one.
    "ips": (
        r"\b(?:[0-9]{1,3}\.){3,}[0-9]{1,3}\b"
        r"|(?:\b[0-9a-fA-F]{1,4}|:)(?::[0-9a-fA-F]{0,4}){2,7}(?:\.[0-9]{1,3}){0,3}"
    ),
    "hashes": r"\b[0-9a-fA-F]{32,128}\b",
    "mails": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
}
_NAMES: Final = r"\b(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{1,62}\b"
_LETTERS: Final = r"(?:[\p{L}\p{M}\p{N}_-]{1,63}\.)+\p{L}[\p{L}\p{M}\p{N}-]{1,62}"
_URLS: Final = r"[A-Za-z]{3,6}://[^\s\"'<>]+"
_AFTER: Final = r"[.,;:!?)\]}|]+$"
"""What stands behind a URL in a sentence; it may be a part of it, too."""
_BEFORE: Final = r"^[^,;)\]}|]+"
FOUND: Final = (*_TEXTS, "domains", "urls")
"""Columns of what is found in plain text."""


def found(line: str) -> dict[str, str]:
    """By column, an expression for what a line of plain text tells: the last resort."""
    columns = {
        name: f"regexp_extract_all({line}, {text(pattern)})" for name, pattern in _TEXTS.items()
    }
    columns["domains"] = (
        f"CASE WHEN length({line}) = strlen({line})"
        f" THEN regexp_extract_all({line}, {text(_NAMES)})"
        f" ELSE regexp_extract_all({line}, {text(_LETTERS)}) END"
    )
    urls = f"regexp_extract_all({line}, {text(_URLS)})"
    columns["urls"] = (
        f"list_distinct(flatten([[u, regexp_replace(u, {text(_AFTER)}, ''),"
        f" regexp_extract(u, {text(_BEFORE)})] FOR u IN {urls}]))"
    )
    return columns


def moment(line: str) -> str:
    """An expression for the first time in a line of plain text."""
    return f"nullif(regexp_extract({line}, {text(_TIME)}, 1), '')"


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


def has_bare_return(path: Path) -> bool:
    """Whether lines end as they did on old Macintoshes, as far as the beginning tells."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return not head.startswith(_PARQUET) and b"\r" in head and b"\n" not in head


def cleaned(path: Path, folder: Path) -> tuple[Path, list[tuple[int, str]], int]:
    """The lines of a file as plain text, number and reason of those left out, and how many of the
    others held what is no text, which was replaced.

    For what DuckDB cannot get through: it gives up the whole file for a few such lines.
    """
    target = folder / "cleaned"
    bad: list[tuple[int, str]] = []
    replaced = 0
    with path.open("rb") as file, target.open("wb") as out:
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            whole = line.endswith(b"\n") or len(line) < _LONGEST
            if whole:
                ended = _RETURN.sub(b"\n", line)
                clean = _CONTROL.sub(_ODD, ended.decode("utf-8", "replace")).encode()
                replaced += clean != ended
                out.write(clean)
                continue
            bad.append((number, f"a line of over {_LONGEST:,} bytes"))
            while not whole and (more := file.readline(_LONGEST)):
                whole = more.endswith(b"\n")
    return target, bad, replaced
