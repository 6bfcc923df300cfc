"""EPSS: the probability that a vulnerability is exploited within 30 days, one file a day.

Source: FIRST, https://www.first.org/epss/data_stats: a comment line with the model and the day,
a heading, and one row for each CVE identifier.
"""

from __future__ import annotations

import re

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS
from accord.core.reading import Fact, Reading, Refused
from accord.core.times import when
from accord.supply.advisories.facts import Epss

_HEADING = re.compile(r"#\s*model_version:\s*([^,]+),\s*score_date:\s*([^,\s]+)\s*")
_NUMBER = r"([0-9](?:\.[0-9]{0,20})?(?:[eE]-[0-9]{1,2})?)"
_ROW = re.compile(rf"(CVE-[0-9]{{4}}-[0-9]{{4,19}}),{_NUMBER},{_NUMBER}")
_COLUMNS = "cve,epss,percentile"


def read(data: bytes) -> Reading:
    """One day's scores, unpacked. The day is the heading's; a row that is none is refused.

    Raises:
        Invalid: the two heading lines are missing.
        Unreadable: not UTF-8 text.
        TooLarge: past a bound.

    """
    lines = _lines(data)
    model, moment = _heading(lines)
    day = moment[:10]
    facts: list[Fact] = []
    refused: list[Refused] = []
    match = _ROW.fullmatch
    for number, line in enumerate(lines[2:], 3):
        row = match(line)
        if row is None:
            if line:
                refused.append(Refused(f"line {number}", _why(line)))
            continue
        score, percentile = float(row[2]), float(row[3])
        if score > 1 or percentile > 1:
            refused.append(Refused(f"line {number}", _why(line)))
            continue
        facts.append(Epss(row[1], day, score, percentile))
    title = f"EPSS {model}, {day}"
    return Reading("EPSS scores", f"epss:{day}", moment, title, facts, refused, [])


def _lines(data: bytes) -> list[str]:
    if len(data) > LIMITS.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {LIMITS.bytes:,}")
    try:
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"not UTF-8 text: {wrong}") from wrong
    if len(lines) > LIMITS.items:
        raise TooLarge(f"{len(lines):,} lines; the limit is {LIMITS.items:,}")
    return lines


def _heading(lines: list[str]) -> tuple[str, str]:
    """Model and moment of the scores."""
    match = _HEADING.fullmatch(lines[0])
    if match is None:
        reason = "not EPSS scores: the first line must be `#model_version:...,score_date:...`"
        raise Invalid(f"{reason}, because it gives the day", "line 1")
    if len(lines) == 1 or lines[1].strip() != _COLUMNS:
        raise Invalid(f"not EPSS scores: the columns must be `{_COLUMNS}`", "line 2")
    return match[1].strip(), when(match[2], "line 1")


def _why(line: str) -> str:
    return f"{line[:80]!r} is not a CVE identifier and two numbers from 0 to 1"
