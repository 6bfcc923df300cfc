"""Feeds of publishers: added, listed, read and removed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.cli.reassess import reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from threading import Event
    from types import FrameType

    from accord.flows.feeds.listing import Listed
    from accord.flows.feeds.port import Ran
    from accord.wiring import Node

FAILED = 1
"""Exit code: a feed did not answer as it should, or not everything came."""

feeds = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="Feeds of publishers: what they bring becomes documents. Without a command: list them.",
)
Name = Annotated[str, typer.Argument(help="Of the feed, in this node.")]


@feeds.callback()
def _feeds(context: typer.Context) -> None:
    """List the feeds, where no command is named."""
    from os import environ

    if context.invoked_subcommand is None:
        context.invoke(
            list_,
            json=False,
            home=Path(environ.get("ACCORD_HOME", "") or DEFAULT_HOME),
            database=environ.get("ACCORD_DATABASE", ""),
        )


@feeds.command()
def add(
    name: Name,
    kind: Annotated[str, typer.Argument(help="taxii, misp, csaf, osv, kev, epss or url.")],
    url: Annotated[
        str, typer.Argument(help="Address; kev and epss have one.", show_default=False)
    ] = "",
    every: Annotated[
        str, typer.Option(help="How often: 15m, 6h, 1d; empty: as suits the kind.", metavar="SPAN")
    ] = "",
    trust: Annotated[
        str,
        typer.Option(
            help="full: as if this node's own people gave it. other: as another party's word."
        ),
    ] = "other",
    tlp: Annotated[
        str, typer.Option(help="TLP of what bears none; empty: the node's default.")
    ] = "",
    internal: Annotated[
        bool, typer.Option("--internal", help="It is within our own network.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="It may be asked without TLS.")] = False,
    user: Annotated[
        str, typer.Option(help="Name for basic authentication; without: a bearer token.")
    ] = "",
    secret_file: Annotated[
        str, typer.Option(help="File that holds the password or token.", metavar="FILE")
    ] = "",
    secret_env: Annotated[
        str, typer.Option(help="Variable of the environment that holds it.", metavar="NAME")
    ] = "",
    certificate: Annotated[
        str, typer.Option(help="Our key and certificate for it, in PEM.", metavar="FILE")
    ] = "",
    authorities: Annotated[
        str, typer.Option(help="Certificates that its server is known by, in PEM.", metavar="FILE")
    ] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Add a feed; `accord feeds run` reads it."""
    from accord.flows.feeds import add as flow
    from accord.flows.feeds.port import Options
    from accord.identity.markings import parse_tlp

    if trust not in {"full", "other"}:
        raise typer.BadParameter("use full or other", param_hint="--trust")
    options = Options(
        every=flow.span(every, kind),
        trust=trust,  # type: ignore[arg-type]
        tlp=int(parse_tlp(tlp)) if tlp else None,
        internal=internal,
        plain=plain,
        user=user,
        secret_file=_absolute(secret_file),
        secret_env=secret_env,
        certificate=_absolute(certificate),
        authorities=_absolute(authorities),
    )
    node = opened(home, database)
    feed = flow.add(node.feeds, name, kind, url, options, node.clock.now())
    typer.echo(f"The feed {feed.name} is added. Next: `accord feeds run {feed.name}`.")


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute()) if path else ""


@feeds.command("list")
def list_(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List the feeds: how fresh each is, how it does, and what it was worth."""
    from accord.flows.feeds.listing import listing

    node = opened(home, database)
    found = listing(node.feeds, node.clock.now())
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("There are no feeds. `accord feeds add kev kev` adds the first.")
        return
    columns = (
        "feed", "kind", "state", "answered", "changed", "due", "brought", "new", "matched", "false",
    )  # fmt: skip
    show.table("Feeds", columns, map(_row, found), right=(6, 7, 8, 9))
    for one in found:
        if one.error:
            show.note(printable(f"{one.name}: {one.error}"))
        if one.checked:
            show.note(printable(f"{one.name}: {one.checked}"))


def _row(one: Listed) -> tuple[str, ...]:
    worth = one.worth
    numbers = (worth.documents, worth.first, worth.matched, worth.false)
    moments = (_moment(one.good), _moment(one.changed), _moment(one.due))
    return (one.name, one.kind, one.state, *moments, *(f"{number:,}" for number in numbers))


def _moment(when: str) -> str:
    return when[5:16].replace("T", " ") or "-"


@feeds.command()
def run(
    name: Annotated[
        str, typer.Argument(help="One feed, now; without: those that are due.", show_default=False)
    ] = "",
    watch: Annotated[bool, typer.Option("--watch", help="Go on until it is stopped.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Read the feeds that are due, or one of them now.

    Exit code 0: everything came. 1: a feed did not answer as it should, or not all of it came.
    """
    from accord.flows.feeds.run import due
    from accord.flows.feeds.several import run_several

    if watch and name:
        raise typer.BadParameter("--watch reads all feeds: name none")
    node = opened(home, database)
    if watch:
        _watch(node, json=json)
        return
    chosen = [node.feeds.one(name)] if name else due(node.feeds, node.clock.now())
    done = run_several(chosen, node.reading, _untold if json else _tell)
    if json:
        show.as_json(done)
    elif not chosen:
        typer.echo("No feed is due. `accord feeds list` says when each is.")
    reassessed(node)
    if any(ran.error for ran in done):
        raise typer.Exit(FAILED)


def _untold(_: Ran) -> None:
    """What is printed as one list is not told one by one."""


def _tell(ran: Ran) -> None:
    counts = f"{ran.read:,} read, {ran.new:,} new, {ran.same:,} known"
    if ran.quarantined:
        counts += f", {ran.quarantined:,} quarantined"
    typer.echo(f"{ran.feed}: {ran.outcome}: {counts}, {ran.bytes / 1e6:,.1f} MB, {ran.seconds} s")
    if ran.error:
        show.note(printable(f"{ran.feed}: {ran.error}"))
    for note in ran.notes[:3]:
        show.note(printable(f"{ran.feed}: {note}"))
    if len(ran.notes) > 3:  # noqa: PLR2004 - as above
        show.note(f"{ran.feed}: {len(ran.notes) - 3} notes more; --json prints them.")


def _watch(node: Node, *, json: bool) -> None:
    from threading import Event

    from accord.flows.feeds.watch import watch

    def told(ran: Ran) -> None:
        (show.as_line if json else _tell)(ran)
        if ran.new:
            reassessed(node)

    stop = Event()
    _end_by_signal(stop)
    show.note("Reading feeds as they fall due. Ctrl-C ends it.")
    try:
        watch(node.reading, told, stop)
    except KeyboardInterrupt:
        stop.set()


def _end_by_signal(stop: Event) -> None:
    """Set an event at the first interrupt; a second one ends the command at once.

    An exception that is raised in a destructor or a callback is lost; an event is not. It is set
    by another thread, since the one that is interrupted may hold its lock.
    """
    import signal
    from threading import Thread

    def heard(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        Thread(target=stop.set, daemon=True).start()

    signal.signal(signal.SIGINT, heard)


@feeds.command()
def remove(name: Name, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Remove a feed; the documents that it brought stay."""
    node = opened(home, database)
    node.feeds.remove(name)
    typer.echo(printable(f"The feed {name} is removed; what it brought stays."))
