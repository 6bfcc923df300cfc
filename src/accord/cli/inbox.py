"""What clients and partners posted: what waits for a person, and decisions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show as shown
from accord.cli.options import DEFAULT_HOME, MOST, AsJson, Database, Home, Person, opened, said
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.inbox import Waiting

inbox = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What clients and partners posted over TAXII: what waits for a person, and decisions.",
)
Number = Annotated[int, typer.Argument(help="Of the object in the inbox.")]
Why = Annotated[str, typer.Option(callback=said, help="The reason; who posted it is told.")]


@inbox.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Rows to print.")] = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what waits for a person's decision, the oldest first."""
    found = opened(home, database).inbox.posted(limit, waiting=not all_)
    if json:
        shown.as_json(found)
        return
    if not found:
        typer.echo("Nothing waits in the inbox.")
        return
    shown.stacked(
        (
            (str(one.number), _state(one), f"from {one.caller}", f"posted {one.at[:16]}"),
            (f"{one.object} {one.version}".rstrip(),),
        )
        for one in found
    )


@inbox.command()
def show(
    number: Number,
    plain: Annotated[bool, typer.Option("--plain", help="Do not mask personal data.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Show one, and the personal data in it; masked, but with --plain."""
    from accord.flows.exchange import inbox as flow

    kept = opened(home, database).inbox
    one = kept.one(number)
    finds = flow.finds(kept, number) if one.size else ()
    if json:
        shown.as_json({"posted": one, "finds": [[find.kind, find.place] for find in finds]})
        return
    typer.echo(printable(f"{one.object} {one.version}".rstrip()))
    typer.echo(printable(f"From {one.caller}, {one.size:,} bytes; {_state(one)}."))
    for find in finds:
        typer.echo(printable(f"{find.kind} in {find.place or 'the whole text'}"))
    if plain and one.size:
        typer.echo(printable(kept.body(number).decode("utf-8", "replace")))


@inbox.command()
def accept(
    number: Number,
    why: Why,
    person: Person,
    with_personal_data: Annotated[
        bool, typer.Option("--with-personal-data", help="Take it though it holds personal data.")
    ] = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Take it into this node, as a document of whoever posted it."""
    from accord.flows.exchange import inbox as flow
    from accord.flows.load import load_documents

    node = opened(home, database)
    now = node.clock.now()
    one = flow.accept(
        node.inbox, number, person, why, now,
        lambda source, body: load_documents([(source, body)], node.intake, now),
        personal=with_personal_data,
    )  # fmt: skip
    typer.echo(printable(f"{one.object} is accepted; it is a document of this node now."))


@inbox.command()
def refuse(
    number: Number, why: Why, person: Person, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Take it out; its bytes are deleted, and who posted it is told why."""
    from accord.flows.exchange import inbox as flow

    node = opened(home, database)
    one = flow.refuse(node.inbox, number, person, why, node.clock.now())
    typer.echo(printable(f"{one.object} is refused; its bytes are gone."))


def _state(one: Waiting) -> str:
    if one.state == "waiting":
        return "waits"
    return f"{one.state} by {one.person} {one.decided[:10]}"
