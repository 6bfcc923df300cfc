"""Contracts as people list them: what an agency buys, from whom, for how much and until when.

The forms are described for their writers in docs/demand.md. A row that breaks a rule is refused
with the place of the cell, and its neighbours are kept.

Source: ISO 4217, ISO 17442, ISO 8601; SSVC, Mission Impact 2.0.0, for the words of `impact`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from accord.core.errors import Invalid
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.demand import money
from accord.demand.contracts import sheets
from accord.demand.contracts.facts import Contract
from accord.demand.contracts.sheets import Columns, Row
from accord.demand.suppliers import identifiers
from accord.supply.inventory import estate

COLUMNS: Final = Columns(
    "contracts",
    {
        "contract": sheets.text,
        "supplier": identifiers.name,
        "lei": identifiers.lei,
        "registry": identifiers.registry,
        "domain": identifiers.domain,
        "cpe vendor": identifiers.cpe_vendor,
        "product": sheets.text,
        "release": sheets.text,
        "agency": sheets.text,
        "function": sheets.text,
        "spend": money.decimal,
        "currency": money.currency,
        "volume": money.decimal,
        "unit": sheets.text,
        "starts": sheets.day,
        "ends": sheets.day,
        "notice": sheets.day,
        "impact": estate.mission,
    },
    needed=("contract", "supplier", "agency"),
    spellings={
        "contract number": "contract", "vendor": "supplier", "version": "release",
        "buyer": "agency", "annual spend": "spend", "yearly spend": "spend", "start": "starts",
        "end": "ends", "mission impact": "impact", "mission": "impact", "cpe": "cpe vendor",
        "registry number": "registry", "critical function": "function",
    },
)  # fmt: skip


def read_csv(data: bytes) -> Reading:
    """Contracts as a table.

    Raises:
        Invalid: no heading row with the columns that are needed; a date that is none.

    """
    return _filled(*sheets.read_csv(data, COLUMNS))


def read_json(data: bytes) -> Reading:
    """Contracts as JSON.

    Raises:
        Invalid: not of the form; a date that is none.

    """
    return _filled(*sheets.read_json(data, COLUMNS))


def read_yaml(data: bytes) -> Reading:
    """Contracts as YAML.

    Raises:
        Invalid: not of the form; a date that is none.

    """
    return _filled(*sheets.read_yaml(data, COLUMNS))


def _filled(made: Reading, head: Mapping[str, str], rows: Iterator[Row]) -> Reading:
    seen: dict[tuple[str, str], str] = {}
    for row in rows:
        cells = sheets.spelled(row, COLUMNS, head, made.refused)
        if cells is None:
            continue
        number = (cells["agency"].casefold(), cells["contract"].casefold())
        try:
            _check(cells, row)
            _check_once(cells, row, seen.get(number, ""))
        except Invalid as wrong:
            made.refused.append(Refused(wrong.place, wrong.reason))
            continue
        seen[number] = row.place
        made.facts.append(_contract(cells, row.place))
        _doubts(cells, row, made)
    return made


def _check(cells: dict[str, str], row: Row) -> None:
    """What one cell alone does not tell."""
    try:
        cells["spend"] = money.amount(cells["spend"], cells["currency"])
    except Invalid as wrong:
        raise Invalid(f"spend: {wrong.reason}", row.at("spend")) from wrong
    starts, ends, notice = cells["starts"], cells["ends"], cells["notice"]
    if ends and starts > ends:
        raise Invalid(f"it ends on {ends}, before it starts on {starts}", row.at("ends"))
    if ends and notice > ends:
        raise Invalid(f"the notice on {notice} is after its end on {ends}", row.at("notice"))


def _check_once(cells: Mapping[str, str], row: Row, there: str) -> None:
    if there:
        number = f"contract {cells['contract']!r} of {cells['agency']}"
        raise Invalid(f"{number} stands at {there} already", row.at("contract"))


def _contract(cells: Mapping[str, str], place: str) -> Contract:
    fields = {column.replace(" ", "_"): text for column, text in cells.items()}
    return Contract(**fields, place=place)


def _doubts(cells: Mapping[str, str], row: Row, made: Reading) -> None:
    named = f"{cells['agency']}, contract {cells['contract']}"
    registry = cells["registry"]
    if registry and not identifiers.is_checked(registry):
        made.not_evaluated.append(
            NotEvaluated(row.at("registry"), "unchecked registry number", registry, named)
        )
    if not cells["spend"]:
        made.not_evaluated.append(NotEvaluated(row.place, "no spend", named))
