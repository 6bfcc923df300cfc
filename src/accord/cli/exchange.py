"""The exchange between nodes: the door, and how it goes."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import exchange_stats
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.cli.show import as_json, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accord.flows.exchange.following.sync import Report
    from accord.web.door.server import DoorServer
    from accord.wiring import Node

exchange = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The exchange with partners: serve the door to them, and see how it goes.",
)
for command in (exchange_stats.stats, exchange_stats.status, exchange_stats.evidence):
    exchange.command(command.__name__)(command)
_SOON = 90
"""Days before the end of the certificate from which a start warns of it."""


@exchange.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 8443,
    watch: Annotated[
        bool, typer.Option("--watch", help="Also follow all partners, in the same process.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Without TLS, for a proxy on this machine.")
    ] = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Serve the door, at which partners and clients ask; the pages are served by `accord serve`."""
    from accord.web.door.beside import asking, beside, refreshing, watching
    from accord.web.door.server import DoorServer

    node = _ready(opened(home, database))
    server = DoorServer(node, host, port, plain=plain)
    for warning in _warnings(node, server):
        note(f"Warning: {warning}")
    tasks = [refreshing(node), asking(node, server.unknown)]
    if watch:
        tasks.append(watching(node, _teller(node)))
    with beside(*tasks):
        note(f"The door is open at {server.address} for partners and clients.")
        # What is here by now stays: nothing looks through it for cycles while requests are read.
        gc.collect()
        gc.freeze()
        server.run()


@exchange.command("state-hash")
def state_hash(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Print one digest over what is held of partners: equal where the same was seen."""
    digest = opened(home, database).accounts.state_hash()
    if json:
        as_json({"state_hash": digest})
    else:
        typer.echo(digest)


def _ready(node: Node) -> Node:
    """A node that is a partner, and whose keys are open before anybody asks.

    Raises:
        AccordError: it is in no partnership, or its keys cannot be opened.
    """
    from accord.core.errors import AccordError

    if not node.me:
        raise AccordError(
            "this node is in no partnership yet: `accord partners found` begins one, "
            "`accord partners accept` joins one"
        )
    node.signers.all()
    return node


def _warnings(node: Node, server: DoorServer) -> Iterator[str]:
    """What partners would stumble over."""
    from accord.store.keys import FOLDER
    from accord.transport.tls import days_left

    directory = node.trust.directory()
    own = directory.partner(node.me) if directory else None
    if own is None or not server.certificate:
        return
    if server.certificate not in own.certificates:
        yield (
            "the directory does not list the certificate that this door shows, so partners will "
            f"not speak to it; `accord partners update --certificate {server.certificate}`"
        )
    days = days_left(node.settings.home / FOLDER, node.clock.now())
    if days < _SOON:
        yield f"the door's certificate ends in {days} days: see the documentation of the door"


def _teller(node: Node) -> Callable[[Report], None]:
    """Prints what came from partners, and each trouble once until it is over."""
    from accord.cli.sync import noticed, problems
    from accord.core.show import printable

    troubles: dict[str, list[str]] = {}

    def told(report: Report) -> None:
        at = node.clock.now()[:19]
        for log in report.logs:
            if log.new or log.recalled:
                said = f"{log.new:,} new, {log.recalled:,} recalled"
                typer.echo(printable(f"{at} {report.partner}, {log.name}: {said}"))
        for line in noticed(report):
            typer.echo(printable(f"{at} {line}"))
        found = problems(report)
        if found != troubles.get(report.partner):
            for line in found:
                note(f"{at} {line}")
        troubles[report.partner] = found

    return told
