"""Receipts: what was decided on what may leave, and whether the record of it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, MOST, AsJson, Database, Home, opened

if TYPE_CHECKING:
    from accord.exchange.receipts import Line
    from accord.flows.exchange.accounts.receipts import Verified
    from accord.wiring import Node

_NONE: list[str] = []


def receipts(
    partner: Annotated[
        list[str], typer.Option(help="Only decisions on this partner; may stand several times.")
    ] = _NONE,
    client: Annotated[
        list[str], typer.Option(help="Only decisions on this client; may stand several times.")
    ] = _NONE,
    object_: Annotated[str, typer.Option("--object", help="Only this object, by its ID.")] = "",
    limit: Annotated[int, typer.Option(min=0, max=MOST, help="Rows to print; 0 prints all.")] = 50,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the whole chain and every partner's receipt.")
    ] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List every decision on what may leave this node, the newest first, or verify the record."""
    from accord.flows.exchange.accounts.receipts import lines

    node = opened(home, database)
    if verify:
        _verify(node, json=json)
        return
    found = lines(node.receipts, partner, client, object_, limit)
    if json:
        show.as_json(found)
    elif found:
        _table(found)
        if len(found) == limit:
            show.note(f"The newest {limit:,}; --limit 0 prints all.")
    else:
        asked = partner or client or object_
        typer.echo("No such decision." if asked else "No decision yet.")


def _table(found: list[Line]) -> None:
    show.table(
        "Decisions",
        ("when", "object", "version", "marking", "way", "recipient", "decision", "rule"),
        [
            (_when(line.at), line.object, _when(line.version), line.tlp, line.way, line.recipient,
             line.decision, line.rule)
            for line in found
        ],
        widths=(10, 25, 10, 7, 6, 13, 8, 12),
    )  # fmt: skip


def _when(at: str) -> str:
    """Day and time, so that a narrow column breaks between them."""
    return at[:19].replace("T", " ")


def _verify(node: Node, *, json: bool) -> None:
    from accord.flows.exchange.accounts.receipts import verify

    found = verify(node.receipts, node.trust.directory())
    if json:
        show.as_json(found)
    else:
        _say(found)
    if found.wrong:
        raise typer.Exit(1)


def _say(found: Verified) -> None:
    from accord.core.show import printable

    whole = "chain whole" if not found.broken else f"chain broken at line {found.broken:,}"
    if found.cut:
        whole = f"end cut off ({found.cut:,} missing)"
    typer.echo(f"{found.lines:,} lines, {whole}, head {found.head}")
    typer.echo(f"{found.cosignatures:,} receipts of partners hold.")
    for one in found.wrong:
        show.note(f"Wrong: {printable(one)}")
