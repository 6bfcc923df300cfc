"""Rates of exchange as people list them: one unit of a currency in another, on a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from accord.core.errors import Invalid
from accord.core.reading import Reading, Refused
from accord.demand import money
from accord.demand.contracts import sheets
from accord.demand.contracts.facts import Rate
from accord.demand.contracts.sheets import Columns, Row

COLUMNS: Final = Columns(
    "rates",
    {
        "currency": money.currency,
        "base": money.currency,
        "day": sheets.day,
        "rate": money.decimal,
    },
    needed=("currency", "base", "day", "rate"),
)


def read_csv(data: bytes) -> Reading:
    """Rates as a table.

    Raises:
        Invalid: no heading row with the columns that are needed; a date that is none.

    """
    return _filled(*sheets.read_csv(data, COLUMNS))


def read_json(data: bytes) -> Reading:
    """Rates as JSON.

    Raises:
        Invalid: not of the form; a date that is none.

    """
    return _filled(*sheets.read_json(data, COLUMNS))


def read_yaml(data: bytes) -> Reading:
    """Rates as YAML.

    Raises:
        Invalid: not of the form; a date that is none.

    """
    return _filled(*sheets.read_yaml(data, COLUMNS))


def _filled(made: Reading, head: Mapping[str, str], rows: Iterator[Row]) -> Reading:
    seen: dict[tuple[str, str, str], str] = {}
    for row in rows:
        cells = sheets.spelled(row, COLUMNS, head, made.refused)
        if cells is None:
            continue
        pair = (cells["currency"], cells["base"], cells["day"])
        try:
            _check(cells, row, seen.get(pair, ""))
        except Invalid as wrong:
            made.refused.append(Refused(wrong.place, wrong.reason))
            continue
        seen[pair] = row.place
        made.facts.append(Rate(**cells, place=row.place))
    return made


def _check(cells: Mapping[str, str], row: Row, there: str) -> None:
    if there:
        raise Invalid(f"the rate of that day stands at {there} already", row.place)
    if cells["rate"] == "0":
        raise Invalid("rate: it must be above 0", row.at("rate"))
    if cells["currency"] == cells["base"]:
        raise Invalid("base: it is the currency itself", row.at("base"))
