"""Take documents in."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, closed
from accord.cli.reassess import reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.load import Loaded, Progress

QUARANTINED = 3
"""Exit code: something was quarantined; everything else was taken."""


def load(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders and zip archives.")],
    operator: Annotated[str, typer.Option(help="Who runs what the bill describes.")] = "",
    product: Annotated[str, typer.Option(help="Under which name it runs there.")] = "",
    release: Annotated[str, typer.Option(help="In which release.")] = "",
    learned: Annotated[
        str, typer.Option(help="When this node came to know it, for history.", metavar="DATE")
    ] = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Load advisories, bills, VEX, estates and threat reports, recognised by their content.

    Exit code 0: all taken. 3: something was quarantined (the rest was taken). 2: wrong usage.
    """
    from accord.core.errors import Invalid
    from accord.flows.claim import claim
    from accord.flows.load import load as run

    for path in paths:
        _must_exist(path)
    if (product or release) and not operator:
        raise typer.BadParameter("--product and --release need --operator")
    at = _learned(learned)
    node = closed(home, database)
    if at > node.clock.now():
        raise typer.BadParameter(f"{learned} is yet to come", param_hint="--learned")
    if node.create():
        show.note(f"A new node is at {node.settings.home}.")
    started = time.monotonic()
    try:
        loaded = run(paths, node.intake, at or node.clock.now(), _progress())
    except KeyboardInterrupt:
        show.note("\nStopped. What was kept stays; loading the same again goes on from there.")
        raise
    unclaimed = ""
    if operator:
        try:
            claim(
                loaded,
                node.views,
                node.intake,
                at or node.clock.now(),
                (operator, product, release),
            )
        except Invalid as wrong:
            unclaimed = str(wrong)
    report(loaded, time.monotonic() - started, json=json)
    reassessed(node)
    if unclaimed:
        raise typer.BadParameter(unclaimed)
    if loaded.total.quarantined or loaded.total.items_quarantined:
        raise typer.Exit(QUARANTINED)


def _must_exist(path: Path) -> None:
    try:
        found = path.exists()
    except OSError as wrong:
        reason = f"{path} cannot be looked at: {wrong.strerror}"
        raise typer.BadParameter(reason, param_hint="PATHS") from wrong
    if not found:
        raise typer.BadParameter(f"{path} does not exist", param_hint="PATHS")


def _learned(day: str) -> str:
    from accord.core.errors import Invalid
    from accord.core.times import when

    try:
        return when(day)
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--learned") from wrong


def _progress() -> Progress | None:
    """A line that counts, on a terminal only."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, source: str) -> None:
        line = printable(f"{done:,} documents  {source}")[: show.WIDTH - 1]
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    return tell


def report(loaded: Loaded, seconds: float, *, json: bool = False) -> None:
    """The account of a load: a table by kind, and what was quarantined."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if json:
        show.as_json(
            {
                "counts": loaded.counts,
                "total": loaded.total,
                "quarantined": loaded.quarantined,
                "bytes": loaded.bytes,
                "seconds": round(seconds, 3),
            }
        )
        return
    rows = [
        (kind, *(f"{n:,}" for n in (c.read, c.new, c.same, c.quarantined, c.items_quarantined)))
        for kind, c in sorted(loaded.counts.items())
    ]
    total = loaded.total
    counts = (total.read, total.new, total.same, total.quarantined, total.items_quarantined)
    rows.append(("all", *(f"{n:,}" for n in counts)))
    columns = ("kind", "read", "new", "same", "quarantined", "items quarantined")
    show.table("Loaded", columns, rows, right=(1, 2, 3, 4, 5))
    rate = loaded.bytes / 1e6 / seconds if seconds else 0.0
    typer.echo(
        f"{loaded.bytes / 1e6:,.1f} MB of new documents in {seconds:.1f} s ({rate:,.1f} MB/s)"
    )
    if not (total.read or loaded.quarantined):
        show.note("There were no files; names that begin with a dot and links are passed over.")
    if loaded.quarantined:
        first = loaded.quarantined[0]
        where = f" at {first.place}" if first.place else ""
        said = f"Quarantined first: {first.source}{where}: {first.reason[:300]}"
        show.note(printable(said))
        show.note("`accord documents --quarantined` lists all, with places and reasons.")
