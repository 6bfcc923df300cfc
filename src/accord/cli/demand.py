"""What this node buys, from whom, and for how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.demand_asks import asks
from accord.cli.demand_fund import fund
from accord.cli.demand_price import price
from accord.cli.demand_report import renewals, report
from accord.cli.demand_scoreboard import scoreboard
from accord.cli.demand_view import Currency, demand_of
from accord.cli.options import (
    DEFAULT_HOME,
    AsCsv,
    AsJson,
    AsOf,
    Database,
    Home,
    Limit,
    Person,
    opened,
    said,
)
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.demand.port import ContractLine, Demand
    from accord.flows.demand.suppliers import Listed

demand = typer.Typer(
    help="What this node buys: contracts, suppliers, and what follows from them.",
    no_args_is_help=True,
)

demand.command("asks")(asks)
demand.command("price")(price)
demand.command("fund")(fund)
demand.command("report")(report)
demand.command("renewals")(renewals)
demand.command("scoreboard")(scoreboard)

Why = Annotated[str, typer.Option(callback=said, help="The reason, for those who read it later.")]

SUPPLIERS = (
    "key", "name", "identifiers", "names", "how", "contracts", "deployments", "spend",
    "uncounted",
)  # fmt: skip
CONTRACTS = (
    "agency", "contract", "key", "how", "supplier", "product", "release", "function", "spend",
    "currency", "counted", "why", "volume", "unit", "starts", "ends", "notice", "impact",
    "running", "document", "place",
)  # fmt: skip
"""Members of each object of `--json`, and columns of `--csv`."""


@demand.command("suppliers")
def suppliers(
    currency: Currency = "",
    as_of: AsOf = "",
    limit: Limit = 50,
    csv: AsCsv = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List suppliers as entities: how they are known, how joined, and the spend on each."""
    from accord.flows.demand.suppliers import suppliers as run

    found = run(demand_of(currency, as_of, home, database))
    if json:
        show.as_json(found)
    elif csv:
        show.as_csv([{name: getattr(one, name) for name in SUPPLIERS} for one in found.suppliers],
                    SUPPLIERS)  # fmt: skip
    else:
        _suppliers(found, limit)


@demand.command("contracts")
def contracts(
    currency: Currency = "",
    as_of: AsOf = "",
    limit: Limit = 50,
    csv: AsCsv = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List contracts, by agency, each with its supplier as an entity and its spend converted."""
    found = demand_of(currency, as_of, home, database)
    rows = [_contract(line) for line in found.contracts]
    if json:
        show.as_json({"day": found.day, "currency": found.currency, "contracts": rows,
                      "not_counted": found.not_counted})  # fmt: skip
    elif csv:
        show.as_csv(rows, CONTRACTS)
    else:
        _contracts(found, limit)


@demand.command("alias")
def alias(
    name: Annotated[str, typer.Argument(help="A name, as contracts or estates write it.")],
    person: Person,
    why: Why,
    entity: Annotated[
        str, typer.Argument(help="The supplier that it means: its key, or its name.")
    ] = "",
    remove: Annotated[
        bool, typer.Option("--remove", help="It no longer means whom a record says.")
    ] = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Record that a name means a supplier; the decision is kept as a document."""
    from accord.flows.demand import suppliers as flow

    if bool(entity) == remove:
        raise typer.BadParameter("name the supplier, or use --remove without one")
    node = opened(home, database)
    if remove:
        flow.no_alias(node, name, person=person, why=why)
        typer.echo(printable(f"{name} means nobody in particular."))
        return
    key, called = flow.alias(node, name, entity, person=person, why=why)
    typer.echo(printable(f"{name} means {called} ({key})."))


@demand.command("template")
def template(
    kind: Annotated[str, typer.Argument(help="contracts, rates or suppliers.")] = "contracts",
) -> None:
    """Print an example of a list to fill in."""
    from accord.demand.contracts.templates import TEMPLATES

    if kind not in TEMPLATES:
        raise typer.BadParameter(f"use one of {', '.join(TEMPLATES)}")
    typer.echo(TEMPLATES[kind], nl=False)


def _suppliers(found: Listed, limit: int) -> None:
    rows = found.suppliers[:limit] if limit else found.suppliers
    show.table(
        f"Suppliers on {found.day}, spend a year in {found.currency or 'no currency'}",
        ("Supplier", "Key", "Joined by", "Contracts", "Run", "Spend"),
        [
            (
                one.name, one.key, ", ".join(one.how) or "-", f"{one.contracts}",
                f"{one.deployments}",
                f"{one.spend:,}" + (f" + {one.uncounted} unknown" if one.uncounted else ""),
            )
            for one in rows
        ],
        right=(3, 4, 5),
        widths=(24, 30, 12, 9, 4, 14),
    )  # fmt: skip
    show.more(len(found.suppliers) - len(rows))
    for contradiction in found.contradictions:
        show.wrapped(
            f"Not joined: {contradiction.shared} is claimed by {' and '.join(contradiction.by)}"
        )
    shown = found.proposals[:limit] if limit else found.proposals
    for proposal in shown:
        show.wrapped(f"Perhaps one: {proposal.one} and {proposal.other} ({proposal.why})")
    show.more(len(found.proposals) - len(shown))
    if shown:
        show.note("If they are, say so: accord demand alias NAME ENTITY --person YOU --why REASON")


def _contract(line: ContractLine) -> dict[str, Any]:
    fact = line.fact
    return {
        "agency": fact.agency, "contract": fact.contract, "key": line.supplier, "how": line.how,
        "supplier": fact.supplier, "product": fact.product, "release": fact.release,
        "function": fact.function, "spend": fact.spend, "currency": fact.currency,
        "counted": line.spend, "why": line.why, "volume": fact.volume, "unit": fact.unit,
        "starts": fact.starts, "ends": fact.ends, "notice": fact.notice, "impact": fact.impact,
        "running": line.running, "document": line.document, "place": fact.place,
    }  # fmt: skip


def _contracts(found: Demand, limit: int) -> None:
    rows = found.contracts[:limit] if limit else found.contracts
    show.table(
        f"Contracts on {found.day}, spend a year in {found.currency or 'no currency'}",
        ("Agency", "Contract", "Supplier", "Product", "Spend", "Notice", "Ends"),
        [
            (
                line.fact.agency, line.fact.contract, found.entities[line.supplier].name,
                f"{line.fact.product} {line.fact.release}".strip(),
                "unknown" if line.spend is None else f"{line.spend:,}",
                line.fact.notice or "-",
                (line.fact.ends or "open") + ("" if line.running else " (not running)"),
            )
            for line in rows
        ],
        right=(4,),
        widths=(19, 12, 19, 15, 12, 10, 10),
    )  # fmt: skip
    show.more(len(found.contracts) - len(rows))
    for one in found.not_counted:
        show.wrapped(f"Could not evaluate: {one.what}: {one.reason}")
