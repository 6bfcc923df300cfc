"""Take back what was shared, and see who has acknowledged it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.owner import Owner
    from accord.flows.exchange.recall import Reached, Taken

LATE = 1
"""Exit code: a partner has not acknowledged a recall in time."""
_HOUR = 3600
_MINUTE = 60


def recall(
    name: Annotated[
        str,
        typer.Argument(metavar="[OBJECT]", help="STIX identifier, digest or advisory."),
    ] = "",
    why: Annotated[str, typer.Option(help="The reason; it stays on this node.")] = "",
    relay: Annotated[
        bool, typer.Option("--relay", help="Stop passing on what came from another partner.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Who has acknowledged, and who is late.")
    ] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Take an object back for good: every version, from every audience, here and at each partner.

    With --status, exit code 1: a partner is late.
    """
    from accord.flows.exchange import due
    from accord.flows.exchange import recall as flow

    node = opened(home, database)
    if status:
        if why or relay:
            raise typer.BadParameter("--status only looks; it goes without --why and --relay")
        _status(node.owner, name, json=json)
        return
    if not name:
        raise typer.BadParameter("say what to take back", param_hint="OBJECT")
    if not why.strip():
        raise typer.BadParameter("say why, for those who read it later", param_hint="--why")
    due.release_due(node.sharing, node.clock.now())
    taken = flow.recall(node.recaller, name, why.strip(), relay=relay)
    if json:
        show.as_json(taken)
    else:
        _tell(taken, relay=relay)


def _tell(taken: Taken, *, relay: bool) -> None:
    audiences = ", ".join(taken.audiences) or "no audience yet"
    what = "is no longer passed on" if relay else "is recalled"
    typer.echo(printable(f"{taken.object} {taken.title} {what}: {audiences}."))
    if taken.also:
        typer.echo(f"With it goes what was made of it: {', '.join(taken.also)}.")
    if taken.partners and not relay:
        partners = ", ".join(taken.partners)
        typer.echo(f"To acknowledge it by {taken.deadline[:16]}: {partners}.")
        show.note(f"`accord recall --status {taken.object}` shows who has.")


def _status(owner: Owner, name: str, *, json: bool) -> None:
    from accord.flows.exchange.recall import status

    found = status(owner, name)
    if json:
        show.as_json(found)
    elif found:
        rows = [(one.object, one.partner, one.recalled[:16], said(one)) for one in found]
        show.table("Recalls", ("object", "partner", "recalled", "acknowledged"), rows)
    else:
        show.note("No recall of this object." if name else "Nothing was recalled.")
    if any(one.late and not one.acknowledged for one in found):
        raise typer.Exit(LATE)


def said(one: Reached) -> str:
    """A partner's answer to a recall, in words."""
    if one.acknowledged:
        late = f", late by {span(one.late)}" if one.late else ""
        return f"at {one.acknowledged[:16]}{late}"
    if one.left:
        return f"never: it left at {one.left[:16]}"
    return f"not yet, late by {span(one.late)}" if one.late else f"not yet, due {one.deadline[:16]}"


def span(seconds: float) -> str:
    """A stretch of time as people say it: `26 h 10 min`."""
    hours, rest = divmod(int(seconds), _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min" if minutes else f"{rest} s"
