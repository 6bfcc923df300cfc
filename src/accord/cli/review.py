"""Personal data that was found before something could leave: what waits, and decisions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show as shown
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Person, opened, said
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.sharing.review import Decided, Review

REFUSED = 1
"""Exit code: the decision stands, but sharing did not go on."""

review = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Personal data in what is about to leave: what waits for a person, and decisions on it.",
)
Number = Annotated[int, typer.Argument(help="Of the review.")]
Why = Annotated[str, typer.Option(callback=said, help="The reason, for those who read it later.")]


@review.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what waits for a person's decision."""
    found = opened(home, database).reviews.reviews(waiting=not all_)
    if json:
        shown.as_json(found)
        return
    if not found:
        typer.echo("Nothing waits for a decision.")
        return
    shown.stacked(
        (
            (f"review {one.number}", _state(one), f"for {one.audience}", f"held {_when(one.at)}"),
            (f"{one.object} {_when(one.version)}".rstrip(),),
        )
        for one in found
    )


@review.command()
def show(
    number: Number,
    plain: Annotated[bool, typer.Option("--plain", help="Do not mask what was found.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Show what was found, with the text around it; masked, but with --plain."""
    from accord.flows.exchange.sharing import review as flow

    kept = opened(home, database).reviews
    one = flow.get(kept, number)
    beside = [
        other
        for other in kept.reviews(waiting=True)
        if other.digest == one.digest and other.number != number
    ]
    finds = flow.show(kept, number, plain=plain) if one.outcome in ("", "withdrawn") else []
    if json:
        shown.as_json({"review": one, "finds": finds, "beside": beside})
        return
    typer.echo(printable(f"Review {number}: {one.object} {one.version}".rstrip()))
    typer.echo(printable(f"For audience {one.audience}, held {_when(one.at)}; {_state(one)}."))
    if one.why:
        typer.echo(printable(f"Why: {one.why}"))
    for find in finds:
        where = find.place or "the whole text"
        typer.echo(printable(f"{find.kind} in {where}"))
        typer.echo(printable(f"    {find.before}[{find.text}]{find.after}"))
    for other in beside:
        typer.echo(printable(f"Decided with it: review {other.number}, audience {other.audience}."))


@review.command()
def release(
    number: Number, why: Why, person: Person, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Let it leave as it is; the share that waited goes on."""
    from accord.flows.exchange.sharing import review as flow

    node = opened(home, database)
    _tell(flow.release(node.sharer, node.reviews, number, person, why))


@review.command()
def redact(
    number: Number, why: Why, person: Person, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Cut out what was found; the share that waited goes on with what is left."""
    from accord.flows.exchange.sharing import review as flow

    node = opened(home, database)
    _tell(flow.redact(node.sharer, node.reviews, number, person, why))


@review.command()
def withdraw(
    number: Number, why: Why, person: Person, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Keep it here: sharing it is refused from now on."""
    from accord.flows.exchange.sharing import review as flow

    node = opened(home, database)
    _tell(flow.withdraw(node.reviews, number, person, why, node.clock.now()))


def _when(at: str) -> str:
    return at[:16].replace("T", " ")


def _state(one: Review) -> str:
    if not one.outcome:
        return "waits"
    return f"{one.outcome} by {one.person} {one.decided[:10]}"


def _tell(decided: Decided) -> None:
    """The decision, then what became of each share that it had interrupted."""
    from accord.cli.share import lines

    for one in decided.reviews:
        typer.echo(printable(f"Review {one.number} is {one.outcome}, by {one.person}."))
    refused = False
    for shared in decided.shared:
        for outcome in shared.outcomes:
            typer.echo(printable(f"Audience {shared.audience}:"))
            for line in lines(outcome):
                typer.echo(printable(line))
        refused |= bool(shared.counts["refused"])
    for reason in decided.failed:
        shown.note(printable(f"Sharing did not go on with audience {reason}"))
    if refused or decided.failed:
        raise typer.Exit(REFUSED)
