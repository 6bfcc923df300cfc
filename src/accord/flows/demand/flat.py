"""A report as one table: a row for each figure, so that nothing of it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from accord.flows.demand.report import FunctionLine, HeldLine, Report

COLUMNS: Final = ("part", "key", "name", "measure", "value")
"""`key` is empty where the name says it all."""

Row = tuple[str, str, str, str, object]

_WHOLE: Final = ("contracts", "operators", "deployments", "spend", "currency", "hhi", "high")
_HELD: Final = (
    "operators", "operator_share", "function_share", "spend", "spend_share", "contracts",
    "uncounted", "exposures",
)  # fmt: skip
_FUNCTION: Final = ("spend", "hhi", "high", "uncounted", "single")


def rows(found: Report) -> Iterator[Row]:
    """Every figure of a report."""
    for measure in _WHOLE:
        yield "report", "", found.day, measure, getattr(found, measure)
    for one in found.suppliers:
        yield from _held("supplier", one)
    for one in found.components:
        yield from _held("component", one)
    for function in found.functions:
        yield from _function(function)
    yield from _renewals(found)
    yield from _burdens(found)
    for told in (*found.not_counted, *found.renewals.not_counted):
        for what in told.what:
            yield "could not evaluate", "", what, "reason", told.reason


def _renewals(found: Report) -> Iterator[Row]:
    for group in found.renewals.groups:
        for one in group.contracts:
            what = f"{one.agency}, contract {one.contract}"
            yield "renewal", group.supplier, what, "ends", one.ends
            yield "renewal", group.supplier, what, "aligned", group.aligned
            yield "renewal", group.supplier, what, "notice", one.notice
            yield "renewal", group.supplier, what, "late", one.late


def _burdens(found: Report) -> Iterator[Row]:
    for one in found.burdens:
        for buyer, pieces in one.asked.items():
            yield "burden", one.supplier, one.name, f"asked by {buyer}", pieces
        for measure in ("apart", "together", "saved"):
            yield "burden", one.supplier, one.name, measure, getattr(one, measure)


def _held(part: str, one: HeldLine) -> Iterator[Row]:
    for measure in _HELD:
        yield part, one.key, one.name, measure, getattr(one, measure)
    for function in one.functions:
        word = "falls" if function in one.fallen else "goes on"
        yield part, one.key, one.name, f"function: {function}", word
    for product in one.products:
        yield part, one.key, one.name, f"product: {product}", "falls"


def _function(one: FunctionLine) -> Iterator[Row]:
    for measure in _FUNCTION:
        yield "function", "", one.name, measure, getattr(one, measure)
    for agency in one.agencies:
        yield "function", "", one.name, "agency", agency
    for supplier in one.suppliers:
        yield "function", "", one.name, "supplier", supplier
