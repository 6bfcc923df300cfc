"""SSVC decision tables, as CERT/CC publishes them in CSV.

Source: CERTCC/SSVC, `data/csv`: a first column `row`, then one column for each decision point
and a last one for the outcome, each headed by its name and version.
"""

from __future__ import annotations

import csv
import io
import re

from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import LIMITS
from accord.core.reading import Reading, Refused
from accord.core.times import numbered
from accord.supply.advisories.facts import DecisionTable

_COLUMN = re.compile(r"(.+?) v(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?: \([\w./-]+\))?")
_LEAST_COLUMNS = 3
_MOST_ROWS = 100_000


def read(data: bytes) -> Reading:
    """One decision table.

    Two tables may share the name of their outcome (suppliers and deployers both end in `Defer,
    Scheduled, ...`), so the subject names the inputs too, and neither supersedes the other.

    Raises:
        Invalid: no decision table, a heading without a version, or no row at all.
        Unreadable: not UTF-8 text, or not CSV.
        TooLarge: past a bound.

    """
    lines = _parse(data)
    if not lines or lines[0][:1] != ["row"] or len(lines[0]) < _LEAST_COLUMNS:
        reason = "not a decision table: columns `row`, decision points and an outcome are expected"
        raise Invalid(reason, "line 1")
    columns = [_column(cell) for cell in lines[0][1:]]
    rows, refused = _rows(lines[1:], len(columns))
    if not rows:
        raise Invalid("the decision table has no rows", "line 2")
    inputs = tuple(name.casefold() for name, _ in columns[:-1])
    outcome, version = columns[-1]
    table = DecisionTable(outcome, ".".join(map(str, version)), inputs, tuple(rows))
    subject = f"ssvc:{outcome} ({', '.join(inputs)})"
    title = f"SSVC decision table {outcome} {table.version}"
    return Reading("SSVC decision table", subject, numbered(*version), title, [table], refused, [])


def _parse(data: bytes) -> list[list[str]]:
    if len(data) > LIMITS.bytes:
        raise TooLarge(f"{len(data):,} bytes; the limit is {LIMITS.bytes:,}")
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as wrong:
        raise Unreadable(f"not UTF-8 text: {wrong}") from wrong
    except csv.Error as wrong:
        raise Unreadable(f"not CSV: {wrong}") from wrong
    if len(lines) > _MOST_ROWS:
        raise TooLarge(f"{len(lines):,} rows; the limit is {_MOST_ROWS:,}")
    return lines


def _column(heading: str) -> tuple[str, tuple[int, ...]]:
    match = _COLUMN.fullmatch(heading.strip())
    if match is None:
        raise Invalid(f"{heading[:60]!r} is not a name and a version (`Utility v1.0.1`)", "line 1")
    return match[1], tuple(int(number) for number in match.groups()[1:])


def _rows(lines: list[list[str]], width: int) -> tuple[list[tuple[str, ...]], list[Refused]]:
    """Rows in their order; a combination that is already decided is refused."""
    decided: dict[tuple[str, ...], tuple[str, ...]] = {}
    refused: list[Refused] = []
    for number, line in enumerate(lines, 2):
        row = tuple(cell.strip().casefold() for cell in line[1:])
        if not line:
            continue
        if len(row) != width or not all(row):
            reason = f"{width} values are expected after the row's number"
            refused.append(Refused(f"line {number}", reason))
        elif row[:-1] in decided:
            refused.append(Refused(f"line {number}", "this combination is already decided"))
        else:
            decided[row[:-1]] = row
    return list(decided.values()), refused
