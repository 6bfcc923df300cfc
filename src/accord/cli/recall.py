"""Take back what was shared, and see who has acknowledged it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.cli.reassess import reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.sharing.recall import Reached, Taken
    from accord.wiring import Node

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
    from msgspec import structs

    from accord.flows.exchange.sharing import due
    from accord.flows.exchange.sharing import recall as flow

    node = opened(home, database)
    if status:
        if why or relay:
            raise typer.BadParameter("--status only looks; it goes without --why and --relay")
        _status(node, name, json=json)
        return
    if not name:
        raise typer.BadParameter("say what to take back", param_hint="OBJECT")
    if not why.strip():
        raise typer.BadParameter("say why, for those who read it later", param_hint="--why")
    due.release_due(node.sharing, node.clock.now())
    taken = flow.recall(node.recaller, name, why.strip(), relay=relay)
    if not relay:
        # Whoever was taken out of an audience before may have it still, and is asked as well.
        owed = {one.partner for one in flow.status(node.owner, taken.object) if not one.gone}
        taken = structs.replace(taken, partners=tuple(sorted(owed | set(taken.partners))))
    if json:
        show.as_json(taken)
    else:
        _tell(taken, relay=relay)
    reassessed(node)


def _tell(taken: Taken, *, relay: bool) -> None:
    audiences = ", ".join(taken.audiences) or "no audience yet"
    what = "is no longer passed on" if relay else "is recalled"
    typer.echo(printable(f"{taken.object} {taken.title} {what}: {audiences}."))
    if taken.also:
        typer.echo(f"With it goes what was made of it: {', '.join(taken.also)}.")
    if taken.connecting:
        many = (
            "relationship or sighting" if taken.connecting == 1 else "relationships and sightings"
        )
        typer.echo(f"With it goes what connects it: {taken.connecting:,} {many}.")
    if taken.partners and not relay:
        partners = ", ".join(taken.partners)
        typer.echo(f"To acknowledge it by {taken.deadline[:16]}: {partners}.")
        show.note(f"`accord recall --status {taken.object}` shows who has.")


def _status(node: Node, name: str, *, json: bool) -> None:
    """Who has acknowledged what; identifiers are never cut, so that they can be copied.

    Raises:
        NotFound: nothing of this name was recalled.
    """
    from accord.core.errors import NotFound
    from accord.flows.exchange.sharing.recall import status

    names = [name, *_subjects(node, name)] if name else [""]
    found = next(filter(None, (status(node.owner, one) for one in names)), [])
    if name and not found:
        raise NotFound(f"no recall of {name[:200]!r}; `accord recall --status` lists all of them")
    if json:
        show.as_json(found)
    elif not found:
        show.note("Nothing was recalled.")
    else:
        _list(found)
    if any(one.late and not one.acknowledged for one in found):
        raise typer.Exit(LATE)


def _subjects(node: Node, name: str) -> list[str]:
    """What an advisory's name or a digest stands for among what is shared."""
    held = node.holdings.named(name)
    return [word for one in held for word in (one.subject, f"sha256:{one.digest}") if word]


def _list(found: list[Reached]) -> None:
    told = ""
    widest = max(len(one.partner) for one in found)
    for one in found:
        if one.object != told:
            told = one.object
            typer.echo(printable(f"{one.object}  recalled {one.recalled[:16]}: {one.why}"))
        typer.echo(printable(f"  {one.partner:{widest}}  {said(one)}  ({one.audience})"))


def said(one: Reached) -> str:
    """A partner's answer to a recall, in words."""
    if one.acknowledged:
        late = f", late by {span(one.late)}" if one.late else ""
        return f"acknowledged {one.acknowledged[:16]}{late}"
    if one.gone:
        return f"never: it left at {one.left[:16]}"
    return f"not yet, late by {span(one.late)}" if one.late else f"not yet, due {one.deadline[:16]}"


def span(seconds: float) -> str:
    """A stretch of time as people say it: `26 h 10 min`."""
    hours, rest = divmod(int(seconds), _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min" if minutes else f"{rest} s"
