"""The built-in scenario on one node."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import typer

from accord.cli import exposures as listing
from accord.cli import load as loading
from accord.core.show import printable


def demo_one() -> None:
    """Start one node in a temporary folder, load the built-in scenario, and print what follows."""
    from accord import scenario
    from accord.flows.load import load_documents
    from accord.wiring import Node, Settings

    started = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="accord-demo-"))
    node = Node(Settings(home))
    node.create()
    loaded = load_documents(scenario.files(), node.intake, node.clock.now())
    loading.report(loaded, time.monotonic() - started)
    found = node.exposures.all()
    listing.print_ranked(found, 15)
    with node.views.view() as view:
        reasons: dict[str, int] = {}
        for gap in view.unevaluated():
            reasons[gap.reason] = reasons.get(gap.reason, 0) + 1
    typer.echo(
        "act: repair at once. attend: sooner than usual. track*: watch closely. "
        "track: with the usual updates."
    )
    words = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    typer.echo(f"Could not be evaluated: {words or 'nothing'}.")
    typer.echo(f"All of it took {time.monotonic() - started:.1f} s.\n")
    _next(home, found[0].id[:8] if found else "ID")


def _next(home: Path, exposure: str) -> None:
    typer.echo("Try next:")
    for rest in (f"explain {exposure}", "exposures --sector energy --limit 20", "serve"):
        typer.echo(f"  ACCORD_HOME={home} {command()} {rest}")


def command() -> str:
    """How the person called accord, so that it can be called like this again."""
    name = os.path.relpath(sys.argv[0]) if Path(sys.argv[0]).name == "accord" else "accord"
    return printable(name)
