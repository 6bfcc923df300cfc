"""Hunt through logs, and list what was seen."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Limit, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.hunting.hunt import Hunted
    from accord.flows.hunting.port import Mapping

UNREAD = 3
"""Exit code: something could not be looked at; everything else was."""
_TOLD = 10


def hunt(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Logs, and folders of logs.", show_default=False)
    ] = None,
    retro: Annotated[
        bool,
        typer.Option("--retro", help="Look through the archive for indicators that came since."),
    ] = False,
    since: Annotated[
        str,
        typer.Option(help="Only records from then on, and those without a time.", metavar="DATE"),
    ] = "",
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="TOML that names the columns of a log of no known format.", metavar="FILE"
        ),
    ] = None,
    archive: Annotated[
        bool, typer.Option(help="Keep the records for --retro, readable by this node alone.")
    ] = True,
    weak: Annotated[bool, typer.Option("--weak", help="Make sightings of weak hits, too.")] = False,
    limit: Limit = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Look through logs for every indicator that this node may use for it.

    Zeek, Suricata EVE, Windows events, CSV, JSON lines, Parquet and plain text; gzip and zstd.
    Exit code 0: all was looked at. 3: something could not be read (the rest was). 2: wrong usage.
    """
    from accord.flows.hunting.hunt import Asked
    from accord.flows.hunting.hunt import hunt as run

    if not paths and not retro:
        raise typer.BadParameter("name a log, or say --retro", param_hint="PATHS")
    asked = Asked(
        paths=tuple(paths or ()),
        retro=retro,
        since=_since(since),
        mapping=_mapping(mapping) if mapping else None,
        keep=archive,
        weak=weak,
    )
    node = opened(home, database)
    try:
        done = run(asked, node, _progress if sys.stderr.isatty() else None)
    finally:
        node.hunting.close()
    if json:
        show.as_json({**_fields(done), "strengths": done.strengths})
    else:
        _report(done, limit)
    if done.troubles:
        raise typer.Exit(UNREAD)


def _fields(done: Hunted) -> dict[str, object]:
    return {name: getattr(done, name) for name in done.__struct_fields__}


def _since(day: str) -> str:
    from accord.core.errors import Invalid
    from accord.core.times import when

    try:
        return when(day)
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--since") from wrong


def _mapping(path: Path) -> Mapping:
    import msgspec

    from accord.flows.hunting.port import Mapping

    try:
        found = msgspec.toml.decode(path.read_bytes(), type=Mapping)
    except (OSError, msgspec.MsgspecError) as wrong:
        raise typer.BadParameter(f"{path}: {wrong}", param_hint="--mapping") from wrong
    return found


def _progress(name: str) -> None:
    sys.stderr.write(f"\r\x1b[K{printable(name)[: show.WIDTH - 1]}")
    sys.stderr.flush()


def _report(done: Hunted, limit: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    formats = ", ".join(f"{count} {name}" for name, count in sorted(done.formats.items()))
    typer.echo(
        f"{done.indicators:,} indicators, {done.files:,} logs{f' ({formats})' if formats else ''},"
        f" {done.records:,} records"
    )
    shown = done.findings[:limit] if limit else done.findings
    if shown:
        show.stacked(
            (
                (one.strength, one.value or one.kind, f"{one.count:,} times", one.last[:16]),
                (
                    f"{one.name or one.indicator} ({one.origin or 'this node'}, {one.marking})",
                    f"{one.file}, record {one.record:,}",
                    "; ".join(one.why),
                ),
            )
            for one in shown
        )
    else:
        typer.echo("No hits.")
    show.more(len(done.findings) - len(shown))
    for reason, count in sorted(done.not_used.items()):
        show.note(f"{count:,} indicators were not used: {reason}.")
    if done.not_evaluated:
        id_, why = done.not_evaluated[0]
        show.note(printable(f"{len(done.not_evaluated):,} were not evaluated; first {id_}: {why}"))
    if done.refused:
        show.note(f"{done.refused:,} lines could not be read.")
    for one in done.troubles[:_TOLD]:
        where = f"{one.file}, line {one.line}" if one.line else one.file
        show.note(printable(f"{where}: {one.reason}"))
    if done.sightings or done.same:
        typer.echo(f"{len(done.sightings):,} sightings are new, {done.same:,} were known.")
    if done.sightings:
        typer.echo(f"Next: `accord share {done.sightings[0]} --audience AUDIENCE`.")


def sightings(
    limit: Limit = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what was seen, here and by partners, added up."""
    from accord.flows.hunting.tally import tally

    with opened(home, database).views.view() as view:
        found = tally(view)
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("Nothing was seen yet. `accord hunt PATH` looks.")
        return
    shown = found[:limit] if limit else found
    rows = [
        (
            one.name or one.sighted, f"{one.count:,}", f"{one.own:,}",
            ", ".join(f"{name} {count:,}" for name, count in one.partners.items()),
            one.first_seen[:16], one.last_seen[:16],
        )
        for one in shown
    ]  # fmt: skip
    columns = ("seen", "times", "by this node", "by partners", "first", "last")
    show.table("Sightings", columns, rows, right=(1, 2))
    show.more(len(found) - len(shown))
