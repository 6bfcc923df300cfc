"""Receipts: what was decided on what may leave, and whether the record of it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Limit, opened

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
    limit: Limit = 50,
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
    _refuse_unknown(node, partner, client)
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
    show.stacked(
        (
            (show.second(line.at), line.decision, line.way, line.recipient),
            (line.object or f"{len(line.objects):,} objects of a page", _about(line)),
        )
        for line in found
    )


def _about(line: Line) -> str:
    """By which rule, and of what."""
    version = f"version {show.second(line.version)}" if line.version else ""
    return ", ".join(filter(None, (f"rule {line.rule}", line.tlp, version)))


def _refuse_unknown(node: Node, partners: list[str], clients: list[str]) -> None:
    """Who is no partner or client, and never was one, is a slip of the pen.

    Raises:
        NotFound: there is nobody of such a name; those that there are are named.
    """
    from accord.core.errors import NotFound
    from accord.flows.exchange.accounts.receipts import lines

    directory = node.trust.directory()
    others = {one.name for one in directory.partners} - {node.me} if directory else set[str]()
    for name in partners:
        if name not in others and not lines(node.receipts, [name], (), "", 1):
            known = ", ".join(sorted(others)) or "none yet"
            raise NotFound(f"no partner {name[:80]!r}; partners are: {known}")
    registered = {one.name for one in node.people.clients()} if clients else set[str]()
    for name in clients:
        if name not in registered and not lines(node.receipts, (), [name], "", 1):
            known = ", ".join(sorted(registered)) or "none yet"
            raise NotFound(f"no client {name[:80]!r}; clients are: {known}")


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
    for one in found.later:
        typer.echo(printable(f"{one}."))
    for one in found.wrong:
        show.note(f"Wrong: {printable(one)}")
