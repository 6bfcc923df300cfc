"""A budget for the open source that is run here, and what a year did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.demand_view import Currency
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
    from accord.demand.fund import Outcome
    from accord.flows.demand.funded import Funded, Line

COLUMNS = (
    "name", "amount", "criticality", "dependents", "fragility", "missing", "controls", "reasons",
)  # fmt: skip
"""Columns of `--csv`."""


def fund(
    file: Annotated[
        Path, typer.Argument(help="Projects with their signals, or --outcome's.", metavar="FILE")
    ],
    budget: Annotated[
        str, typer.Option(help="What is to be divided, such as 250000.", metavar="AMOUNT")
    ] = "",
    least: Annotated[str, typer.Option(help="The least grant.", metavar="AMOUNT")] = "",
    cap: Annotated[str, typer.Option(help="The most that one gets.", metavar="AMOUNT")] = "",
    outcome: Annotated[
        bool, typer.Option("--outcome", help="Compare funded with matched unfunded ones instead.")
    ] = False,
    currency: Currency = "",
    as_of: AsOf = "",
    limit: Limit = 50,
    csv: AsCsv = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Divide a fund over open-source projects, each grant with its reasons; or tell its outcome."""
    from accord.cli.files import read

    if outcome == bool(budget):
        raise typer.BadParameter("say how much with --budget, or what came of it with --outcome")
    if outcome:
        if least or cap or csv:
            raise typer.BadParameter("--least, --cap and --csv mean nothing with --outcome")
        _told(read(file), json=json)
        return
    from accord.demand import money, projects
    from accord.demand.money import Rates
    from accord.flows.demand.funded import Terms, controls, funded

    node, at = opened(home, database), moment(as_of)
    now = node.clock.now()
    surveyed = node.purchases.surveyed(at)
    code = money.currency(currency) or Rates(surveyed.known.rates, (at or now)[:10]).base()
    if not code:
        raise typer.BadParameter("no rates are loaded: say the currency", param_hint="--currency")
    terms = Terms(currency=code, budget=budget, least=least, cap=cap)
    asked = projects.read(read(file))
    found = funded(asked, surveyed, controls(node.assessing, asked, now, at), terms)
    if json:
        show.as_json(found)
    elif csv:
        show.as_csv([_row(one) for one in (*found.grants, *found.unfunded)], COLUMNS)
    else:
        _funded(found, limit)


def _row(one: Line) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in COLUMNS}
    return row | {"missing": " ".join(one.missing), "reasons": "; ".join(one.reasons)}


def _funded(found: Funded, limit: int) -> None:
    rows = found.grants[:limit] if limit else found.grants
    show.table(
        f"{found.granted:,} {found.currency} of {found.budget:,} divided",
        ("Project", "Amount", "Why"),
        [(one.name, f"{one.amount:,}", "; ".join(one.reasons)) for one in rows],
        right=(1,),
        widths=(34, 15, 46),
    )
    show.more(len(found.grants) - len(rows))
    if found.left:
        show.wrapped(
            f"{found.left:,} {found.currency} are left: whoever could have more has the cap, or"
            " nobody can be given the least grant."
        )
    typer.echo(
        f"{len(found.unfunded):,} get nothing: a year later the others are compared with them."
    )
    if found.packages:
        show.note(f"{found.packages:,} packages in bills here belong to no project of the file.")
    if found.unused:
        show.note(f"Columns that say nothing here: {', '.join(found.unused)}.")


def _told(data: bytes, *, json: bool) -> None:
    from accord.demand import fund, projects

    found = fund.outcome(projects.read_outcome(data))
    if json:
        show.as_json(found)
    else:
        _outcome(found)


def _outcome(found: Outcome) -> None:
    pairs = "pair" if found.pairs == 1 else "pairs"
    typer.echo(f"{found.pairs:,} {pairs} of a funded and an unfunded project that were alike.")
    if found.pairs:
        show.wrapped(
            f"A funded one gained {100 * found.difference:+.1f} percentage points more of its"
            f" controls{_interval(found)}."
        )
    for name in found.unmatched:
        show.wrapped(f"Could not evaluate: {name}: no unfunded project is like it")


def _interval(found: Outcome) -> str:
    if found.pairs < 2:  # noqa: PLR2004 - one pair has no spread
        return "; one pair says nothing of how sure that is"
    return f" (95 % interval {100 * found.low:+.1f} to {100 * found.high:+.1f})"
