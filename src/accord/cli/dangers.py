"""The list of what is known to be dangerous: two people put something on it, one takes it off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Person, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from pathlib import Path

    from accord.flows.outreach.checking.port import Entry
    from accord.wiring.checking import CheckDesk

LEFT = 1
"""Exit code: something that a source names was not proposed."""

dangers = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="What the public is warned of: propose, approve, revoke; imitated names; appeals.",
)
Number = Annotated[int, typer.Argument(help="Of the entry.", min=1, show_default=False)]
Because = Annotated[str, typer.Option(help="Why; it is kept.", show_default=False)]
Name = Annotated[str, typer.Argument(help="As somebody registered it.", show_default=False)]


def _desk(home: Path, database: str) -> CheckDesk:
    from accord.wiring.checking import CheckDesk

    return CheckDesk(opened(home, database))


@dangers.command()
def propose(
    source: Annotated[
        str,
        typer.Argument(
            help="An indicator, or report:NUMBER for its telephone numbers.", show_default=False
        ),
    ],
    category: Annotated[
        str,
        typer.Option("--as", help="phishing, malware, scam or impersonation.", show_default=False),
    ],
    person: Person,
    confidence: Annotated[
        int | None, typer.Option(help="Yours, of 100; without: the source's.", min=0, max=100)
    ] = None,
    days: Annotated[int, typer.Option(help="Days after which it ends.", min=1, max=90)] = 30,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Propose what an indicator names; somebody else approves it."""
    from accord.flows.outreach.checking import listing
    from accord.outreach.dangers.model import CATEGORIES

    if category not in CATEGORIES:
        raise typer.BadParameter(f"use one of {', '.join(CATEGORIES)}", param_hint="--as")
    wanted = listing.Wanted(
        source=source, category=category,
        person=person, confidence=confidence, days=days,
    )  # fmt: skip
    done = listing.propose(_desk(home, database), wanted)
    for one in done.entries:
        typer.echo(_line(one))
    for value, why in done.left:
        typer.echo(printable(f"not proposed: {value}: {why}"), err=True)
    if done.entries:
        typer.echo("Somebody else approves it: `accord dangers approve NUMBER`.")
    if done.left:
        raise typer.Exit(LEFT)


@dangers.command("list")
def list_(
    state: Annotated[str, typer.Option(help="Only proposed, listed, refused or revoked.")] = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what was proposed, and what became of it."""
    from accord.flows.outreach.checking.port import STATES

    if state and state not in STATES:
        raise typer.BadParameter(f"use one of {', '.join(STATES)}", param_hint="--state")
    found = _desk(home, database).dangers.all((state,) if state else ())
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("Nothing was proposed.")
        return
    columns = ("danger", "state", "value", "category", "ends", "by")
    rows = (
        (str(one.id), one.state, printable(one.value), one.category, one.expires[:10],
         printable(", ".join(filter(None, (one.proposed_by, one.decided_by, one.ended_by)))))
        for one in found
    )  # fmt: skip
    show.table("Dangers", columns, rows)


@dangers.command()
def approve(
    number: Number, person: Person, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Put a proposed entry on the list."""
    from accord.flows.outreach.checking import listing

    typer.echo(_line(listing.approve(_desk(home, database), number, person)))


@dangers.command()
def refuse(
    number: Number, because: Because, person: Person, home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:  # fmt: skip
    """Keep a proposed entry off the list."""
    from accord.flows.outreach.checking import listing

    typer.echo(_line(listing.refuse(_desk(home, database), number, person, because)))


@dangers.command()
def revoke(
    number: Number, because: Because, person: Person, home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:  # fmt: skip
    """Take an entry off the list: the public hears of it no more within five minutes."""
    from accord.flows.outreach.checking import listing

    typer.echo(_line(listing.revoke(_desk(home, database), number, person, because)))


@dangers.command()
def names(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List the names that looks are compared with."""
    from accord.flows.outreach.checking.port import protected
    from accord.outreach.dangers import never

    found = protected(_desk(home, database).dangers.named(), never.SERVICES)
    if json:
        show.as_json(found)
        return
    show.table("Names", ("name", "owner"), ((one.name, printable(one.owner)) for one in found))


@dangers.command()
def protect(
    name: Name,
    owner: Annotated[str, typer.Argument(help="Whose it is.", show_default=False)],
    person: Person,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Warn of what looks like a name."""
    from accord.flows.outreach.checking import listing

    kept = listing.name(_desk(home, database), name, owner, person)
    typer.echo(printable(f"{kept.name} ({kept.owner}) is protected."))


@dangers.command()
def spare(name: Name, person: Person, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Say of a name that it looks like nothing."""
    from accord.flows.outreach.checking import listing

    typer.echo(f"{listing.name(_desk(home, database), name, '', person).name} is spared.")


@dangers.command("appeals")
def appeals_(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what the public says against answers."""
    found = _desk(home, database).dangers.appeals(("new",) if waiting else ())
    if json:
        show.as_json([
            {"id": one.id, "kind": one.kind, "value": one.value, "said": one.said,
             "received": one.received, "outcome": one.outcome, "answer": one.answer,
             "person": one.person, "decided": one.decided}
            for one in found
        ])  # fmt: skip
        return
    if not found:
        typer.echo("There are no appeals.")
        return
    for one in found:
        head = f"appeal {one.id}, {one.received[:16].replace('T', ' ')}: {one.outcome}"
        typer.echo(printable(f"{head}: {one.value}"))
        typer.echo(f"  {printable(one.said)}")


@dangers.command()
def settle(
    number: Annotated[int, typer.Argument(help="Of the appeal.", min=1, show_default=False)],
    outcome: Annotated[str, typer.Argument(help="granted or declined.", show_default=False)],
    person: Person,
    say: Annotated[str, typer.Option(help="What to tell whoever appealed.")] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Decide on an appeal; one that is granted takes off the list what made the answer."""
    from accord.flows.outreach.checking import appeals
    from accord.flows.outreach.checking.port import SETTLED

    if outcome not in SETTLED:
        raise typer.BadParameter(f"use one of {', '.join(SETTLED)}", param_hint="OUTCOME")
    done = appeals.settle(
        _desk(home, database), number, outcome,  # type: ignore[arg-type]
        person, say,
    )  # fmt: skip
    typer.echo(f"appeal {number}: {outcome}")
    for one in done.revoked:
        typer.echo(_line(one))
    if done.spared:
        typer.echo(f"{done.spared} is spared: it looks like nothing.")


def _line(one: Entry) -> str:
    return printable(
        f"danger {one.id}: {one.kind} {one.value}: {one.state}, {one.category}, "
        f"until {one.expires[:10]}"
    )
