"""What the commands of demand begin with: contracts and estates of a day, in one currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli.options import moment, opened

if TYPE_CHECKING:
    from pathlib import Path

    from accord.flows.demand.port import Demand

Currency = Annotated[
    str, typer.Option(help="ISO 4217; otherwise the base of the newest rates.", metavar="CODE")
]


def demand_of(currency: str, as_of: str, home: Path, database: str) -> Demand:
    """What is bought and run."""
    from accord.flows.demand.view import demand

    node = opened(home, database)
    at = moment(as_of)
    return demand(node.purchases.known(at), (at or node.clock.now())[:10], currency)
