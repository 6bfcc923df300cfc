"""Share objects with an audience."""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.sharing.plan import Options, Outcome
    from accord.flows.exchange.sharing.share import Progress, Shared
    from accord.wiring import Node

REFUSED = 1
"""Exit code: something was refused; everything else was shared."""
_LINES = 40
"""Objects up to which each gets a line, whatever became of it."""


def share(
    context: typer.Context,
    objects: Annotated[
        list[str],
        typer.Argument(
            help="STIX identifiers, digests of documents, advisories, or files.",
        ),
    ],
    audience: Annotated[str, typer.Option(help="To whom.")],
    tlp: Annotated[
        str, typer.Option(help="CLEAR, GREEN, AMBER, AMBER+STRICT or RED, if stricter.")
    ] = "",
    pap: Annotated[str, typer.Option(help="CLEAR, GREEN, AMBER or RED, if stricter.")] = "",
    expires: Annotated[
        str, typer.Option(help="From when on it is given out no more.", metavar="DATE")
    ] = "",
    release_at: Annotated[
        str, typer.Option(help="Before when it goes to nobody (an embargo).", metavar="DATE")
    ] = "",
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Leave out who made it and who saw it.")
    ] = False,
    everywhere: Annotated[
        bool,
        typer.Option(
            "--everywhere",
            help="Put this marking in the place of those under which other audiences have it.",
        ),
    ] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Release objects to an audience, as far as their marking lets every member have them.

    A file is loaded first, so that it is kept here as well; of a STIX bundle each object is shared.
    Where another audience has the same version under another marking, the stricter of the two
    counts in both, and it is said which; with --everywhere yours counts in both.
    Exit code 0: all is shared, or waits. 1: something was refused.
    """
    from accord.flows.exchange.sharing import share as flow
    from accord.flows.exchange.sharing import wanted
    from accord.flows.exchange.sharing.owner import recalled

    for name in objects:
        _check(name)
    _refuse_empty(context)
    options = _options(tlp, pap, expires, release_at, anonymous=anonymous, everywhere=everywhere)
    node = opened(home, database)
    owner = node.owner
    owner.audience(audience)
    found = wanted.find(_names(objects, node), node.holdings, partial(recalled, owner))
    shared = flow.share(node.sharer, found, audience, options, _progress())
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if json:
        show.as_json(
            {
                "audience": shared.audience,
                "members": shared.members,
                "counts": shared.counts,
                "outcomes": shared.outcomes,
            }
        )
    else:
        _report(shared)
    if shared.counts["refused"]:
        raise typer.Exit(REFUSED)


def _refuse_empty(context: typer.Context) -> None:
    """An option that was given says something: an unset variable must not lift a marking.

    Raises:
        BadParameter: one was given without a value.
    """
    for name in ("tlp", "pap", "expires", "release_at"):
        source = context.get_parameter_source(name)
        given = source is not None and source.name != "DEFAULT"
        if given and not context.params[name].strip():
            option = f"--{name.replace('_', '-')}"
            raise typer.BadParameter(
                f"it was given without a value (is a variable not set?); give {option} a value or"
                " leave it out",
                param_hint=option,
            )


def _options(
    tlp: str, pap: str, expires: str, release_at: str, *, anonymous: bool, everywhere: bool
) -> Options:
    from accord.core.errors import Invalid
    from accord.core.times import when
    from accord.flows.exchange.sharing.plan import Options
    from accord.identity.markings import parse_pap, parse_tlp

    try:
        options = Options(
            tlp=parse_tlp(tlp) if tlp else None,
            pap=parse_pap(pap) if pap else None,
            expires=when(expires),
            release_at=when(release_at),
            anonymous=anonymous,
            everywhere=everywhere,
        )
        options.refuse_contradictions()
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    return options


def _names(objects: list[str], node: Node) -> list[str]:
    """Each object as the store knows it; files are loaded and become their documents' digests."""
    from accord.flows.load import load

    names: list[str] = []
    for name in objects:
        if _is_file(name):
            loaded = load([Path(name)], node.intake, node.clock.now())
            names += loaded.digests
            if not loaded.digests:
                why = loaded.quarantined[0].reason if loaded.quarantined else "holds no document"
                raise typer.BadParameter(f"{name}: {why}", param_hint="OBJECT")
        else:
            names.append(name)
    return names


def _check(name: str) -> None:
    """A folder is not shared by accident: its files are named one by one.

    Raises:
        BadParameter: nothing was named, or a folder.
    """
    if not name.strip():
        raise typer.BadParameter("an empty name names nothing", param_hint="OBJECT")
    if _is_file(name) and Path(name).is_dir():
        raise typer.BadParameter(
            f"{name} is a folder; name the files that are to be shared", param_hint="OBJECT"
        )


def _is_file(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _progress() -> Progress | None:
    """A line that counts, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int) -> None:
        sys.stderr.write(f"\r\x1b[K{done:,} objects")
        sys.stderr.flush()

    return tell


def _report(shared: Shared) -> None:
    """What became of each; of many, only of those that did not simply go out."""
    many = len(shared.outcomes) > _LINES
    quiet = ("shared", "already shared") if many else ()
    for outcome in shared.outcomes:
        if outcome.what not in quiet:
            typer.echo("\n".join(map(printable, lines(outcome))))
    said = Counter(text for one in shared.outcomes if one.what in quiet for text in one.warnings)
    for text, count in said.items():
        typer.echo(printable(f"{count:,} objects: {text}"))
    counts = ", ".join(f"{count:,} {what}" for what, count in shared.counts.items())
    who = ", ".join(shared.members) or "nobody"
    typer.echo(f"Audience {shared.audience} ({who}): {counts or 'nothing'}.")
    if shared.counts["held for review"]:
        show.note("Personal data was found; `accord review list` shows what waits for a person.")


def lines(outcome: Outcome) -> list[str]:
    """One object: what became of it, and below it why."""
    about = f"{outcome.what:<15}  {outcome.tlp:<12}  {outcome.object}  {outcome.title}".rstrip()
    if outcome.what == "refused":
        who = f"{outcome.partner}: " if outcome.partner else ""
        return [about, f"    {who}{outcome.reason} [{outcome.rule}]"]
    if outcome.what == "held for review":
        return [about, f"    personal data was found: accord review show {outcome.review}"]
    below = [f"    {outcome.reason}"] if outcome.reason else []
    below += [f"    {text}" for text in outcome.warnings]
    if outcome.redacted:
        below.append("    a new object, without what may not be seen")
    return [about, *below]
