"""Lists that people keep: a table, YAML or JSON, as rows of text with the place of each cell.

Numbers in JSON stay the text that they are: no amount becomes a binary fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from accord.core import json, tables, yaml
from accord.core.errors import Invalid
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.core.times import when

Spelling = Callable[[str], str]

_HEAD: Final = ("date", "agency")
_ROWS: Final = "rows"
_NUMBERS = msgspec.json.Decoder(float_hook=str)


class Row(msgspec.Struct, frozen=True):
    """One row: its cells by column, and where each stands."""

    place: str
    cells: Mapping[str, str]
    places: Mapping[str, str]

    def at(self, column: str) -> str:
        """Where a cell stands, or the row if it has none."""
        return self.places.get(column, self.place)


class Columns(msgspec.Struct, frozen=True):
    """What a kind of list may say."""

    kind: str
    """`contracts`, `rates` or `suppliers`."""
    known: Mapping[str, Spelling]
    """Each column with what brings its text to the one spelling, or raises Invalid."""
    needed: tuple[str, ...]
    spellings: Mapping[str, str] = {}
    """Other words for columns."""
    lists: frozenset[str] = frozenset()
    """Columns that may hold several values, each brought to its spelling."""


def start(columns: Columns, head: Mapping[str, str]) -> Reading:
    """The reading of a list by what stands at its head.

    Raises:
        Invalid: a date that is none.
    """
    name = head.get(columns.kind, "")
    return Reading(
        columns.kind,
        f"{columns.kind}:{name}" if name else "",
        edition=when(head.get("date", ""), "date"),
        title=name,
    )


def read_csv(data: bytes, columns: Columns) -> tuple[Reading, dict[str, str], Iterator[Row]]:
    """A table: its reading, what stands before the heading, and its rows.

    Raises:
        Invalid: no heading row, a needed column lacks, one stands twice; a date that is none.
        Unreadable: not UTF-8 text.
        TooLarge: past a bound.

    """
    lines = tables.lines(data)
    head, begin = tables.comments(lines, (columns.kind, *_HEAD))
    made = start(columns, head)
    return made, head, _table(lines[begin:], begin, columns, head, made)


def _table(
    body: list[str], before: int, columns: Columns, head: Mapping[str, str], made: Reading
) -> Iterator[Row]:
    names: list[str] = []
    for number, cells in tables.rows(body, before, made.refused):
        place = f"line {number}"
        if not any(cell.strip() for cell in cells):
            continue
        if not names:
            names = _heading(cells, place, columns, head, made)
        elif any(cell.strip() for cell in cells[len(names) :]):
            made.refused.append(Refused(place, f"{len(cells)} cells under {len(names)} headings"))
        else:
            found = dict(zip(names, (cell.strip() for cell in cells), strict=False))
            places = {name: f"{place}, column {at}" for at, name in enumerate(names, 1)}
            yield Row(place, found, places)
    if not names:
        raise Invalid(f"no heading row; the columns {', '.join(columns.needed)} are expected")


def _heading(
    cells: list[str], place: str, columns: Columns, head: Mapping[str, str], made: Reading
) -> list[str]:
    names = tables.heading(cells, columns.spellings)
    for needed in columns.needed:
        if needed not in names and not head.get(needed):
            raise Invalid(f"no column {needed!r} in the heading", place)
    for at, name in enumerate(names, 1):
        if name in columns.known and names.count(name) > 1:
            raise Invalid(f"the column {name!r} stands twice in the heading", place)
        if name and name not in columns.known:
            made.not_evaluated.append(
                NotEvaluated(f"{place}, column {at}", "unknown column", name[:80])
            )
    return names


def read_yaml(data: bytes, columns: Columns) -> tuple[Reading, dict[str, str], Iterator[Row]]:
    """As `read_csv`, of YAML.

    Raises:
        Invalid: not a mapping of the form; a date that is none.
        Unreadable: not YAML.
        TooLarge: past a bound.

    """
    return _mapping(yaml.decode(data), columns)


def read_json(data: bytes, columns: Columns) -> tuple[Reading, dict[str, str], Iterator[Row]]:
    """As `read_csv`, of JSON.

    Raises:
        Invalid: not an object of the form; a date that is none.
        Unreadable: not JSON, or a key stands twice.
        TooLarge: past a bound.

    """
    json.decode_strict(data)
    return _mapping(_NUMBERS.decode(json.check(data)), columns)


def _mapping(value: Any, columns: Columns) -> tuple[Reading, dict[str, str], Iterator[Row]]:  # noqa: ANN401 - any document
    if not isinstance(value, dict) or columns.kind not in value:
        raise Invalid(f"a mapping with `{columns.kind}` is expected")
    named = columns.kind if isinstance(value[columns.kind], str) else ""
    listed = _ROWS if named else columns.kind
    if not isinstance(value.get(listed), list):
        raise Invalid("a list of rows is expected", f"/{listed}")
    head = {key: _plain(value[key], f"/{key}") for key in (named, *_HEAD) if key in value}
    made = start(columns, head)
    for key in value:
        if key not in {named, listed, *_HEAD}:
            made.not_evaluated.append(NotEvaluated(f"/{key}", "unknown column", key[:80]))
    return made, head, _entries(value[listed], f"/{listed}", columns, made)


def _plain(value: Any, place: str) -> str:  # noqa: ANN401 - any value of the document
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Invalid("plain text is expected", place)
    return str(value).strip()


def _entries(rows: list[Any], base: str, columns: Columns, made: Reading) -> Iterator[Row]:
    for index, entry in enumerate(rows):
        place = f"{base}/{index}"
        if not isinstance(entry, dict):
            made.refused.append(Refused(place, "a mapping is expected"))
            continue
        try:
            yield _row(entry, place, columns, made)
        except Invalid as wrong:
            made.refused.append(Refused(wrong.place or place, wrong.reason))


def _row(entry: dict[str, Any], place: str, columns: Columns, made: Reading) -> Row:
    cells: dict[str, str] = {}
    places: dict[str, str] = {}
    for key, value in entry.items():
        (name,) = tables.heading([key], columns.spellings)
        at = f"{place}/{key}"
        if name in columns.known:
            if name in cells:
                raise Invalid(f"{name!r} stands twice", at)
            cells[name] = _cell(value, at, several=name in columns.lists)
            places[name] = at
        else:
            made.not_evaluated.append(NotEvaluated(at, "unknown column", name[:80]))
    return Row(place, cells, places)


def _cell(value: Any, place: str, *, several: bool) -> str:  # noqa: ANN401 - any value of the document
    if value is None:
        return ""
    if several and isinstance(value, list):
        return "\n".join(_plain(one, place) for one in value)
    return _plain(value, place)


def spelled(
    row: Row, columns: Columns, head: Mapping[str, str], refused: list[Refused]
) -> dict[str, str] | None:
    """The cells in their one spelling; None where one is wrong: every such cell is refused."""
    found: dict[str, str] = {}
    wrong = len(refused)
    for column, spell in columns.known.items():
        text = row.cells.get(column, "") or (head.get(column, "") if column in _HEAD else "")
        parts = text.split("\n") if column in columns.lists else [text]
        try:
            found[column] = "\n".join(filter(None, (spell(part.strip()) for part in parts)))
        except Invalid as why:
            refused.append(Refused(row.at(column), f"{column}: {why.reason}"))
            continue
        if column in columns.needed and not found[column]:
            refused.append(Refused(row.at(column), f"no {column}"))
    return found if len(refused) == wrong else None


def text(value: str) -> str:
    """Plain text on one line."""
    return " ".join(value.split())


def day(value: str) -> str:
    """YYYY-MM-DD.

    Raises:
        Invalid: no date.
    """
    return when(value)[:10]


def words(keys: Collection[str]) -> dict[str, Spelling]:
    """Columns of plain text."""
    return dict.fromkeys(keys, text)
