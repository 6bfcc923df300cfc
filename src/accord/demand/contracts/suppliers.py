"""The reviewed table of suppliers: by what each is known, and what it earned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from accord.core.errors import Invalid
from accord.core.reading import Reading, Refused
from accord.demand import money
from accord.demand.contracts import sheets
from accord.demand.contracts.facts import KINDS, Revenue, SupplierName
from accord.demand.contracts.sheets import Columns, Row
from accord.demand.suppliers import identifiers

_YEAR = re.compile(r"[12][0-9]{3}", re.ASCII)


def _year(text: str) -> str:
    if text and not _YEAR.fullmatch(text):
        raise Invalid(f"{text[:20]!r} is no year, such as 2025")
    return text


COLUMNS: Final = Columns(
    "suppliers",
    {
        "entity": identifiers.name,
        **identifiers.SPELLED,
        "revenue low": money.decimal,
        "revenue high": money.decimal,
        "currency": money.currency,
        "year": _year,
        "source": sheets.text,
    },
    needed=("entity",),
    spellings={
        "supplier": "entity", "names": "name", "alias": "name", "aliases": "name",
        "domains": "domain", "registries": "registry", "cpe vendor": "cpe",
        "cpe vendors": "cpe",
    },
    lists=frozenset({"registry", "domain", "cpe", "name"}),
)  # fmt: skip


def read_json(data: bytes) -> Reading:
    """The table as JSON.

    Raises:
        Invalid: not of the form; a date that is none.

    """
    return _filled(*sheets.read_json(data, COLUMNS))


def read_yaml(data: bytes) -> Reading:
    """The table as YAML.

    Raises:
        Invalid: not of the form; a date that is none.

    """
    return _filled(*sheets.read_yaml(data, COLUMNS))


def _filled(made: Reading, head: Mapping[str, str], rows: Iterator[Row]) -> Reading:
    claimed: dict[tuple[str, str], str] = {}
    for row in rows:
        cells = sheets.spelled(row, COLUMNS, head, made.refused)
        if cells is None:
            continue
        try:
            facts = [*_names(cells, row, claimed), *_revenue(cells, row)]
        except Invalid as wrong:
            made.refused.append(Refused(wrong.place, wrong.reason))
            continue
        made.facts += facts
        for fact in facts:
            if isinstance(fact, SupplierName):
                claimed[_mark(fact.kind, fact.value)] = row.place
    return made


def _names(
    cells: Mapping[str, str], row: Row, claimed: Mapping[tuple[str, str], str]
) -> Iterator[SupplierName]:
    """What the entity is known by; what another entity of this table has is refused."""
    entity = cells["entity"]
    yield SupplierName(entity=entity, kind="name", value=entity, place=row.place)
    for kind in KINDS:
        for value in filter(None, cells[kind].split("\n")):
            if _mark(kind, value) in claimed:
                there = claimed[_mark(kind, value)]
                raise Invalid(f"{kind} {value!r} is another's at {there}", row.at(kind))
            if kind != "name" or value != entity:
                yield SupplierName(entity=entity, kind=kind, value=value, place=row.place)


def _mark(kind: str, value: str) -> tuple[str, str]:
    return (kind, value.casefold())


def _revenue(cells: Mapping[str, str], row: Row) -> Iterator[Revenue]:
    low, high = cells["revenue low"], cells["revenue high"] or cells["revenue low"]
    low = low or high
    if not high:
        return
    for column in ("currency", "year"):
        if not cells[column]:
            raise Invalid(f"a revenue needs a {column}", row.at(column))
    low, high = money.amount(low, cells["currency"]), money.amount(high, cells["currency"])
    if Decimal(low) > Decimal(high):
        raise Invalid("revenue low: it is above the high", row.at("revenue low"))
    yield Revenue(
        entity=cells["entity"], low=low, high=high, currency=cells["currency"],
        year=cells["year"], source=cells["source"], place=row.place,
    )  # fmt: skip
