"""Which requirement, asked of which supplier, closes most."""

from __future__ import annotations

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
    from accord.flows.demand.asks.ranked import Found, Line

COLUMNS = (
    "supplier", "name", "requirement", "title", "buyers", "gap", "leverage_low", "leverage_high",
    "priority_low", "priority_high", "chosen",
)  # fmt: skip
"""Columns of `--csv`."""


def asks(
    budget: Annotated[
        float | None,
        typer.Option(min=0, help="Choose the best set: what all negotiations may cost."),
    ] = None,
    visit: Annotated[
        float, typer.Option(min=0, help="What going to a supplier costs, where an ask costs 1.")
    ] = 1.0,
    least: Annotated[int, typer.Option(min=1, help="Partners that must miss it.")] = 2,
    buyers: Annotated[
        str, typer.Option("--for", help="Buyers by short name: us,au,in,jp. All without it.")
    ] = "",
    currency: Currency = "",
    as_of: AsOf = "",
    limit: Limit = 20,
    csv: AsCsv = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List common asks: the gap, the leverage behind each, and the best set under a budget."""
    from accord.flows.demand.asks import ranked as flow
    from accord.flows.demand.view import demand

    node, at = opened(home, database), moment(as_of)
    now = node.clock.now()
    known = node.purchases.known(at)
    names = tuple(dict.fromkeys(name.strip() for name in buyers.split(",") if name.strip()))
    found = flow.common(
        flow.Node(node.assessing, node.me, now),
        known,
        demand(known, (at or now)[:10], currency),
        flow.Question(buyers=names, least=least, as_of=at),
    )
    if budget is not None:
        found = flow.best(found, budget, visit)
    if json:
        show.as_json(found)
    elif csv:
        show.as_csv([_row(found, one) for one in found.asks], COLUMNS)
    else:
        _asks(found, limit)


def _row(found: Found, one: Line) -> dict[str, Any]:
    chosen = found.best is not None and (one.supplier, one.requirement) in found.best.asks
    row = {name: getattr(one, name) for name in COLUMNS if name not in {"buyers", "chosen"}}
    return row | {"buyers": " ".join(one.asked), "chosen": "" if found.best is None else chosen}


def _asks(found: Found, limit: int) -> None:
    rows = found.asks[:limit] if limit else found.asks
    _table(
        f"Asks that {found.least} or more of {', '.join(found.buyers)} miss, on {found.day}", rows
    )
    show.more(len(found.asks) - len(rows))
    if found.best is not None:
        chosen = set(found.best.asks)
        _table(
            f"The best set for {found.best.budget:g}",
            [one for one in found.asks if (one.supplier, one.requirement) in chosen],
        )
        show.wrapped(
            f"It costs {found.best.cost:g} and is worth {found.best.worth:.6g}; no set is worth"
            f" more than {found.best.bound:.6g}: at most {found.best.gap:.3g} % from the best."
        )
    told = found.not_counted
    for one in told[:limit] if limit else told:
        show.wrapped(f"Could not evaluate: {one.what}: {one.reason}")
    show.more(max(0, len(told) - limit) if limit else 0)


def _table(title: str, rows: Any) -> None:  # noqa: ANN401 - lines in order
    show.table(
        title,
        ("Supplier", "Requirement", "Asked by", "G", "L", "P"),
        [
            (
                one.name, f"{one.requirement} {one.title}", " ".join(one.asked), f"{one.gap:g}",
                _range(one.leverage_low, one.leverage_high),
                _range(one.priority_low, one.priority_high),
            )
            for one in rows
        ],
        right=(3,),
        widths=(18, 30, 11, 6, 13, 13),
    )  # fmt: skip


def _range(low: float, high: float) -> str:
    one, other = f"{low:.3g}", f"{high:.3g}"
    return one if one == other else f"{one} to {other}"
