"""The yearly report on what is bought, and the renewal calendar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.demand_view import Currency, demand_of
from accord.cli.options import (
    DEFAULT_HOME,
    AsCsv,
    AsJson,
    AsOf,
    Database,
    Home,
    Limit,
    moment,
    opened,
)

if TYPE_CHECKING:
    from accord.flows.demand.renewals import GroupLine, Renewals
    from accord.flows.demand.report import HeldLine, Report
    from accord.flows.demand.uncounted import Uncounted

Window = Annotated[
    int,
    typer.Option(help="Days within which contracts end near each other.", metavar="DAYS"),
]
_SOME = 3


def report(
    currency: Currency = "",
    as_of: AsOf = "",
    window: Window = 90,
    limit: Limit = 20,
    csv: AsCsv = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Report what hangs on whom: shares, concentration, what falls, renewals, burden saved."""
    from accord.flows.demand.flat import COLUMNS, rows
    from accord.flows.demand.report import report as run

    node = opened(home, database)
    at = moment(as_of)
    found = run(node, node.exposures.all(at), at, currency, window)
    if json:
        show.as_json(found)
    elif csv:
        show.as_csv([dict(zip(COLUMNS, row, strict=True)) for row in rows(found)], COLUMNS)
    else:
        _report(found, limit)


def renewals(
    currency: Currency = "",
    as_of: AsOf = "",
    window: Window = 90,
    limit: Limit = 50,
    csv: AsCsv = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List which contracts with one supplier end near each other, and by when to act."""
    from accord.flows.demand.renewals import COLUMNS, rows
    from accord.flows.demand.renewals import renewals as run

    found = run(demand_of(currency, as_of, home, database), window)
    if json:
        show.as_json(found)
    elif csv:
        show.as_csv(list(rows(found)), COLUMNS)
        for one in found.not_counted:
            show.note(_told(one))
    else:
        _renewals(found, limit)
        _not_counted(found.not_counted)


def _report(found: Report, limit: int) -> None:
    show.wrapped(
        f"On {found.day}: {found.contracts:,} running contracts for {found.spend:,}"
        f" {found.currency} a year; {found.operators:,} operators run {found.deployments:,}"
        f" products. Spend on suppliers has an index (HHI) of {found.hhi:,.0f} of 10,000"
        f"{': highly concentrated' if found.high else ''}."
    )
    _held("Suppliers", "Supplier", found.suppliers, limit)
    _held("Components", "Component", found.components, limit)
    _functions(found, limit)
    _renewals(found.renewals, limit)
    _burdens(found, limit)
    _not_counted((*found.not_counted, *found.renewals.not_counted))


def _held(title: str, word: str, lines: tuple[HeldLine, ...], limit: int) -> None:
    shown = lines[:limit] if limit else lines
    show.table(
        title,
        (word, "Operators", "Functions", "Falls", "Spend", "Share", "Exposed"),
        [
            (
                one.name, f"{one.operators:,} {_percent(one.operator_share)}",
                f"{len(one.functions):,} {_percent(one.function_share)}", f"{len(one.fallen):,}",
                f"{one.spend:,}" + (f" + {one.uncounted} unknown" if one.uncounted else ""),
                _percent(one.spend_share), f"{one.exposures:,}",
            )
            for one in shown
        ],
        right=(1, 2, 3, 4, 5, 6),
        widths=(34, 11, 11, 6, 16, 6, 8),
    )  # fmt: skip
    show.more(len(lines) - len(shown))


def _functions(found: Report, limit: int) -> None:
    shown = found.functions[:limit] if limit else found.functions
    show.table(
        "Critical functions",
        ("Function", "Suppliers", "Agencies", "Spend", "HHI"),
        [
            (
                one.name, f"only {one.single}" if one.single else ", ".join(one.suppliers),
                f"{len(one.agencies):,}",
                f"{one.spend:,}" + (f" + {one.uncounted} unknown" if one.uncounted else ""),
                f"{one.hhi:,.0f}",
            )
            for one in shown
        ],
        right=(2, 3, 4),
        widths=(24, 38, 9, 16, 7),
    )  # fmt: skip
    show.more(len(found.functions) - len(shown))


def _renewals(found: Renewals, limit: int) -> None:
    shown = found.groups[:limit] if limit else found.groups
    show.table(
        f"Renewals within {found.window} days of each other",
        ("Supplier", "Contract", "Ends", "Extend", "Notice", "Act by"),
        [row for group in shown for row in _group(group)],
        right=(3,),
        widths=(22, 29, 10, 6, 16, 10),
    )
    show.more(len(found.groups) - len(shown))


def _group(group: GroupLine) -> Iterable[tuple[str, ...]]:
    for number, one in enumerate(group.contracts):
        days = "-" if one.notice_days is None else f"{one.notice} {one.notice_days:,} d"
        yield (
            "" if number else group.name, f"{one.agency}, {one.contract}", one.ends,
            f"{one.extend:,}", "past" if one.late else days,
            "" if number else group.act_by or "-",
        )  # fmt: skip


def _burdens(found: Report, limit: int) -> None:
    shown = found.burdens[:limit] if limit else found.burdens
    if not shown:
        show.wrapped("No burden is counted: no verdict that was asked for lacks evidence.")
        return
    show.table(
        "Pieces of evidence that suppliers are asked for",
        ("Supplier", "By buyer", "Apart", "Together", "Saved"),
        [
            (
                one.name, ", ".join(f"{buyer} {number:,}" for buyer, number in one.asked.items()),
                f"{one.apart:,}", f"{one.together:,}", f"{one.saved:,}",
            )
            for one in shown
        ],
        right=(2, 3, 4),
        widths=(28, 42, 7, 9, 7),
    )  # fmt: skip
    show.more(len(found.burdens) - len(shown))


def _not_counted(found: Iterable[Uncounted]) -> None:
    for one in found:
        show.wrapped(_told(one))


def _told(one: Uncounted) -> str:
    some = "; ".join(one.what[:_SOME])
    left = f"; and {one.count - _SOME:,} more" if one.count > _SOME else ""
    return f"Could not evaluate ({one.count:,}): {one.reason}: {some}{left}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
