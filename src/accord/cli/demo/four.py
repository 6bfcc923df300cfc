"""Four nodes as four processes: one sees an attack, all are warned, each as far as it may be."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli.demo import stage
from accord.cli.demo.one import command
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.cli.demo.story import Story


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the nodes running until Ctrl-C.")
    ] = False,
    wait: Annotated[
        float, typer.Option(help="Seconds to wait for a step before giving up.", min=1)
    ] = 60,
) -> None:
    """Start four nodes as partners on this machine, and let one of them warn the others."""
    from accord.cli.demo.buying import Buying
    from accord.cli.demo.story import Story

    folder = Path(tempfile.mkdtemp(prefix="accord-demo-"))
    nodes = stage.make(folder)
    story = Story(nodes, wait)
    story.prepare()
    with stage.running(nodes) as numbers:
        story.introduce(numbers)
        story.warn()
        story.tell_some()
        story.refuse()
        story.recall()
        buying = Buying(nodes, wait)
        buying.offer()
        buying.recognise()
        buying.revoke()
        story.verify()
        _next(story, folder)
        if keep:
            _stay()


def _next(story: Story, folder: Path) -> None:
    typer.echo("\nThe nodes are in the folder below. Look into them:")
    for name, rest in (
        ("india", f"explain {story.example()}"),
        ("australia", "receipts --partner india --verify"),
        ("united-states", "exposures --limit 5"),
        ("united-states", "assess 'GridView SCADA' --release 4.4 --for us"),
    ):
        typer.echo(f"  ACCORD_HOME={printable(str(folder / name))} {command()} {rest}")


def _stay() -> None:
    typer.echo("\nThe four nodes are running; Ctrl-C ends them.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        typer.echo("\nEnded.")
