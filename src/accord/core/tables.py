"""Tables that people keep in spreadsheets: commas, semicolons or tabs, with a heading row.

Lines such as `#date: 2026-01-31` may stand before the heading.

Source: RFC 4180 for quoting.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from accord.core.errors import TooLarge, Unreadable
from accord.core.limits import LIMITS
from accord.core.reading import Refused

_COMMENT = re.compile(r"#\s*(\w+)\s*:\s*(.*)")


def lines(data: bytes) -> list[str]:
    """The lines of a table, with their ends.

    Raises:
        Unreadable: not UTF-8 text.
        TooLarge: past a bound.

    """
    if len(data) > LIMITS.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {LIMITS.bytes:,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"not UTF-8 text: {wrong}; save the table as CSV UTF-8") from wrong
    if "\x00" in text:
        raise Unreadable("a NUL character; this is not a text file")
    return list(io.StringIO(text, newline=""))


def comments(lines: Sequence[str], words: Collection[str]) -> tuple[dict[str, str], int]:
    """What the lines before the heading say under these words, and how many they are.

    Spreadsheets quote such a line and fill it up with delimiters.
    """
    head: dict[str, str] = {}
    for number, line in enumerate(lines):
        stripped = line.rstrip(",;\t\r\n ").strip('" \t')
        if stripped and not stripped.startswith("#"):
            return head, number
        match = _COMMENT.fullmatch(stripped)
        if match and match[1].lower() in words:
            head[match[1].lower()] = match[2].strip()
    return head, len(lines)


def rows(
    body: Sequence[str], before: int, refused: list[Refused]
) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells; a quoted cell may run over lines. What cannot be read is refused.

    Raises:
        TooLarge: past a bound.
    """
    first = body[0] if body else ""
    reader = csv.reader(body, delimiter=max(",;\t", key=first.count), strict=True)
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as wrong:
            last = before + reader.line_num
            reason = f"lines {line} to {last}: {wrong}; is a quote missing or too many?"
            refused.append(Refused(f"line {line}", reason))
            continue
        if cells is None:
            return
        if line - before > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} lines; split the table", f"line {line}")
        yield line, cells


def heading(cells: Sequence[str], spellings: Mapping[str, str]) -> list[str]:
    """Names of columns in one spelling; columns that are not known keep theirs."""
    names = [" ".join(re.split(r"[\s_-]+", cell.strip().lower())) for cell in cells]
    return [spellings.get(name, name) for name in names]
