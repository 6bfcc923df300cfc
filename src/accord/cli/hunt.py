"""Hunt through logs."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, MOST, AsJson, Database, Home, Limit, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.hunting.archive import Covered
    from accord.flows.hunting.hunt import Hunted
    from accord.flows.hunting.port import Mapping
    from accord.flows.hunting.standing import ByRule

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
    archive_days: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST,
            envvar="ACCORD_ARCHIVE_DAYS",
            show_default=False,
            help="Delete archived logs so many days after their last record.",
        ),
    ] = None,
    archive_mib: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=MOST,
            envvar="ACCORD_ARCHIVE_MIB",
            show_default=False,
            help="Delete the oldest archived logs past so many MiB.",
        ),
    ] = None,
    weak: Annotated[bool, typer.Option("--weak", help="Make sightings of weak hits, too.")] = False,
    limit: Limit = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Look through logs for every indicator that this node may use for it.

    Zeek, Suricata EVE, Windows events, CSV, JSON lines, Parquet and plain text; gzip and zstd.
    Exit code 0: all was looked at. 3: something could not be read, or not be shared by a standing
    rule (the rest was). 2: wrong usage.
    """
    from accord.flows.hunting.archive import Limits
    from accord.flows.hunting.hunt import Asked
    from accord.flows.hunting.hunt import hunt as run

    limits = Limits(archive_days, None if archive_mib is None else archive_mib << 20)
    if not paths and not retro and limits == Limits():
        raise typer.BadParameter("name a log, or say --retro", param_hint="PATHS")
    asked = Asked(
        paths=tuple(paths or ()),
        retro=retro,
        since=_since(since),
        mapping=_mapping(mapping) if mapping else None,
        keep=archive,
        weak=weak,
        limits=limits,
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
    if done.troubles or any(one.reason for one in done.shared):
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
    _report_troubles(done)
    if done.sightings or done.same:
        typer.echo(f"{len(done.sightings):,} sightings are new, {done.same:,} were known.")
    _report_archive(done)
    by_rule = [one for one in done.shared if one.outcomes]
    for rule in done.shared:
        _report_rule(rule)
    if done.sightings and not by_rule:
        typer.echo(f"Next: `accord share {done.sightings[0]} --audience AUDIENCE`.")


def _report_troubles(done: Hunted) -> None:
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


def _report_archive(done: Hunted) -> None:
    if done.dropped is not None and done.dropped.logs:
        typer.echo(f"Deleted from the archive: {_covered(done.dropped)}.")
    elif done.dropped is not None:
        typer.echo("Nothing was deleted from the archive.")
    if done.archive is not None:
        typer.echo(f"The archive holds {_covered(done.archive)}.")


def _covered(part: Covered) -> str:
    when = f" of {part.first[:10]} to {part.last[:10]}" if part.first else ""
    return f"{part.logs:,} logs, {part.records:,} records{when}, {part.size / (1 << 20):,.1f} MiB"


def _report_rule(one: ByRule) -> None:
    """What became of what a rule lets go; what did not simply go has a line of its own."""
    if one.reason:
        show.note(
            printable(
                f"Rule {one.rule}: {one.kept:,} sightings could not go to {one.audience} yet, and"
                f" the next hunt tries again: {one.reason}"
            )
        )
        return
    counts = Counter(outcome.what for outcome in one.outcomes)
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    typer.echo(printable(f"By rule {one.rule} for audience {one.audience}: {told}."))
    for outcome in one.outcomes:
        if outcome.what == "refused":
            who = f"{outcome.partner}: " if outcome.partner else ""
            show.note(printable(f"{outcome.object} stays here: {who}{outcome.reason}"))
    if counts["held for review"]:
        show.note("Personal data was found; `accord review list` shows what waits for a person.")
