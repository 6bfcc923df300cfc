"""Audiences: named sets of partners to whom this node shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.cli.show import as_json, note, table
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.sharing.owner import Owner
    from accord.flows.exchange.sharing.port import Audience, Member

audience = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Whom this node shares with: named sets of partners, each with a log of its own.",
)
Name = Annotated[str, typer.Argument(help="Name of the audience: a-z, 0-9 and -.")]
Partner = Annotated[str, typer.Argument(help="Short name of the partner.")]


@audience.command()
def create(
    name: Name,
    partners: Annotated[
        list[str] | None, typer.Argument(metavar="[PARTNER...]", help="Who is in it.")
    ] = None,
    everyone: Annotated[
        bool, typer.Option("--all", help="Every partner, of today and of tomorrow.")
    ] = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Make an audience. One without partners is nobody, until somebody is added."""
    from accord.flows.exchange.sharing import audience as flow

    owner = opened(home, database).owner
    made = flow.create(owner, name, partners or (), everyone=everyone)
    typer.echo(f"Audience {name} is {_who(owner, made)}.")


@audience.command()
def show(
    name: Annotated[str, typer.Argument(help="One audience, with its members.")] = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List the audiences of this node, or the members of one."""
    owner = opened(home, database).owner
    found = [owner.audience(name)] if name else owner.sharing.audiences()
    if json:
        as_json([_as_object(owner, one) for one in found])
    elif name:
        _show_one(owner, found[0])
    elif found:
        rows = [(one.name, _who(owner, one), f"{one.size:,}") for one in found]
        table("Audiences", ("name", "who", "entries"), rows, right=(2,))
    else:
        note("There is no audience yet; `accord audience create NAME PARTNER...` makes one.")


@audience.command()
def add(
    name: Name,
    partner: Partner,
    history: Annotated[
        str,
        typer.Option(
            help="What of the past it may fetch: `all`, `none`, or the number of last entries."
        ),
    ] = "none",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Put a partner into an audience. It gets what is shared from now on."""
    from accord.flows.exchange.sharing import audience as flow

    owner = opened(home, database).owner
    since = flow.add(owner, name, partner, flow.history(history))
    size = owner.audience(name).size
    past = f"with the last {size - since:,} entries" if size > since else "without the past"
    past = past if size else "and nothing was shared with it yet"
    typer.echo(f"{printable(partner)} is in audience {name} from now on, {past}.")


@audience.command()
def remove(
    name: Name, partner: Partner, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Take a partner out of an audience. What it has fetched, it keeps."""
    from accord.flows.exchange.sharing import audience as flow

    owner = opened(home, database).owner
    flow.remove(owner, name, partner)
    typer.echo(f"{printable(partner)} is no longer in audience {name}.")
    note(
        "What it has fetched it keeps; `accord recall` takes an object back, from "
        "everybody who could have it."
    )


def _who(owner: Owner, one: Audience) -> str:
    members = ", ".join(owner.members(one))
    if one.everyone:
        return f"every partner ({members or 'none yet'})"
    return members or "nobody yet"


def _show_one(owner: Owner, one: Audience) -> None:
    typer.echo(f"Audience {one.name} is {_who(owner, one)}; its log has {one.size:,} entries.")
    rows = [
        (
            member.partner,
            member.added[:16],
            "all" if member.since == 0 else f"from entry {member.since:,}",
            _today(owner, member),
        )
        for member in one.members
    ]
    if rows:
        table("Members", ("partner", "added", "history", "today"), rows)


def _today(owner: Owner, member: Member) -> str:
    """Whether a member gets anything: who left the partnership does not."""
    if member.removed:
        return f"removed {member.removed[:16]}"
    partner = owner.directory.partner(member.partner)
    left = partner.removed if partner else ""
    return f"left the partnership {left[:16]}" if left else "in it"


def _as_object(owner: Owner, one: Audience) -> dict[str, object]:
    return {
        "name": one.name,
        "everyone": one.everyone,
        "partners": owner.members(one),
        "log": one.log,
        "size": one.size,
        "created": one.created,
        "members": one.members,
    }
