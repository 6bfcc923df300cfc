"""MISP: its events as STIX and back, and feeds for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accord.flows.misp.translate import Problem

misp = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="MISP: its events as STIX and back, and feeds for it.",
)
_TOLD = 10
INCOMPLETE = 3
"""Exit code: something could not be read; everything else was."""

Out = Annotated[
    Path | None,
    typer.Option(help="File to write; without it, standard output.", show_default=False),
]


@misp.command()
def stix(
    events: Annotated[
        list[Path], typer.Argument(help="Files, folders and archives.", show_default=False)
    ],
    out: Out = None,
    json: AsJson = False,
) -> None:
    """Write events of MISP as one bundle of STIX 2.1.

    Exit code 0: all was written. 3: something could not be read (the rest was written).
    """
    from accord.flows.misp.translate import to_stix

    done = to_stix(events)
    _write(done.bundle, out, json=json)
    if json:
        show.as_json({
            "events": done.events, "attributes": done.attributes, "became": done.became,
            "kept": done.kept, "refused": done.refused,
        })  # fmt: skip
    else:
        became = ", ".join(f"{count:,} {type_}" for type_, count in done.became.items())
        show.note(f"{done.events:,} events, {done.attributes:,} attributes: {became}.")
        _list("are in the extension only, since STIX has no equal", done.kept)
        _list("could not be read", done.refused)
    if done.refused:
        raise typer.Exit(INCOMPLETE)


@misp.command()
def event(
    bundle: Annotated[Path, typer.Argument(help="A bundle of STIX.", show_default=False)],
    out: Out = None,
    json: AsJson = False,
) -> None:
    """Write a bundle of STIX as events of MISP: what was one before comes back whole."""
    from accord.flows.misp.translate import to_misp

    done = to_misp(bundle)
    _write(done.document, out, json=json)
    if json:
        show.as_json({"events": done.events, "attributes": done.attributes, "kept": done.kept})
    else:
        show.note(f"{done.events:,} events, {done.attributes:,} attributes.")
        _list("have no equal in MISP", done.kept)


@misp.command()
def export(
    to: Annotated[Path, typer.Option(help="Folder of the feed.", show_default=False)],
    audience: Annotated[str, typer.Option(help="For every member of this audience.")] = "",
    client: Annotated[str, typer.Option(help="For this client.")] = "",
    public: Annotated[bool, typer.Option("--public", help="For anybody.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Write a feed for MISP of what a recipient may see of what this node shares."""
    from accord.flows.misp import export as flow

    if sum(map(bool, (audience, client, public))) != 1:
        raise typer.BadParameter("say one of --audience, --client and --public")
    flow.check_folder(to)
    exporter = opened(home, database).exporter
    if audience:
        done = flow.to_audience(exporter, audience, to)
    elif client:
        done = flow.to_client(exporter, client, to)
    else:
        done = flow.to_public(exporter, to)
    if json:
        show.as_json(done)
        return
    typer.echo(
        f"{done.events:,} events and {done.indicators:,} indicators ({done.attributes:,}"
        f" attributes) are in {done.files:,} files."
    )
    for count, what in (
        (done.withheld, "are not for this recipient: `accord receipts` says why"),
        (done.passed_over, "are left out: unreadable, recalled, or in the name of another's event"),
        (
            done.stricter,
            "are left out, since something else here marks them more strictly: `accord receipts`",
        ),
        (done.no_equal, "are of types that a feed of MISP does not hold"),
        (done.removed, "files of an earlier feed were removed"),
    ):
        if count:
            show.note(f"{count:,} {what}.")


def _write(data: bytes, out: Path | None, *, json: bool) -> None:
    from accord.core.errors import AccordError

    if out is None:
        if json:
            raise typer.BadParameter("--json needs --out", param_hint="--json")
        sys.stdout.buffer.write(data)
        return
    try:
        out.write_bytes(data)
    except OSError as wrong:
        raise AccordError(f"cannot write {out}: {wrong.strerror}") from wrong


def _list(what: str, found: Sequence[Problem]) -> None:
    if not found:
        return
    show.note(f"{len(found):,} {what}:")
    for one in found[:_TOLD]:
        where = f"{one.source}{f' {one.place}' if one.place else ''}"
        show.note(printable(f"  {where}: {one.reason}{f' ({one.subject})' if one.subject else ''}"))
    if len(found) > _TOLD:
        show.note(f"  and {len(found) - _TOLD:,} more; --json lists all.")
