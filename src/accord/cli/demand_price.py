"""What partners save by buying together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import AsCsv, AsJson
from accord.core.show import printable

if TYPE_CHECKING:
    from decimal import Decimal

    from accord.flows.demand.pooled import Coalition, Priced

COLUMNS = ("partners", "volume", "supplier", "apart", "together", "saving")
_SHOWN = 5
"""Partners whose coalitions fit on a screen."""
_FEW = 3
"""Coalitions that would rather buy by themselves that are printed."""


def price(
    file: Annotated[
        Path, typer.Argument(help="Offers and volumes: YAML, JSON or a table.", metavar="FILE")
    ],
    csv: AsCsv = False,
    json: AsJson = False,
) -> None:
    """Price buying together: what each coalition saves, and how the saving is divided."""
    from accord.cli.files import read
    from accord.demand.offers import read as offers
    from accord.flows.demand.pooled import priced

    found = priced(offers(read(file)))
    if json:
        show.as_json(found)
    elif csv:
        show.as_csv([_row(one) for one in found.coalitions], COLUMNS)
    else:
        _priced(found)


def _row(one: Coalition) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in COLUMNS}
    return row | {"partners": " ".join(one.partners)}


def _priced(found: Priced) -> None:
    what = f" of {found.product}" if found.product else ""
    units = f", volumes in {found.unit}" if found.unit else ""
    if len(found.division) <= _SHOWN:
        show.table(
            f"Buying{what} together, in {found.currency}{units}",
            ("Who", "Volume", "From", "Apart", "Together", "Saving"),
            [
                (" + ".join(one.partners), f"{one.volume:,}", one.supplier,
                 *map(_amount, (one.apart, one.together, one.saving)))
                for one in found.coalitions
            ],
            right=(1, 3, 4, 5),
            widths=(20, 7, 19, 16, 16, 16),
        )  # fmt: skip
    else:
        show.note(f"{len(found.coalitions):,} coalitions; --csv and --json give each of them.")
    show.table(
        f"The saving{what} divided by Shapley's value, in {found.currency}{units}",
        ("Partner", "Volume", "Alone", "Its part", "Pays"),
        [
            (one.partner, f"{one.volume:,}", *map(_amount, (one.alone, one.saving, one.pays)))
            for one in found.division
        ],
        right=(1, 2, 3, 4),
        widths=(20, 7, 18, 18, 18),
    )
    if found.in_core:
        typer.echo("The division is in the core: no coalition does better by itself.")
    for one in found.blocking[:_FEW]:
        show.wrapped(
            f"Blocks: {' + '.join(one.partners)} saves {_amount(one.saves)} by itself and is given"
            f" {_amount(one.given)}"
        )
    if len(found.blocking) > _FEW:
        show.note(f"{len(found.blocking) - _FEW:,} more block; --json gives each of them.")
    for warning in found.warnings:
        typer.echo(printable(f"Warning: {warning}."))


def _amount(amount: Decimal) -> str:
    return f"{amount:,}"
