"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from accord.wiring import Node


def said(text: str) -> str:
    """A word that must not be empty.

    Raises:
        BadParameter: nothing was said.
    """
    if not text.strip():
        raise typer.BadParameter("say it in a word or more")
    return text.strip()


Home = Annotated[
    Path,
    typer.Option(envvar="ACCORD_HOME", help="Folder of the node.", show_default="~/.accord"),
]
Database = Annotated[
    str,
    typer.Option(
        envvar="ACCORD_DATABASE",
        help="postgresql://... instead of the embedded database.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV on standard output.")]
AsOf = Annotated[
    str, typer.Option(help="What was known on that day: YYYY-MM-DD or a time.", metavar="DATE")
]
Person = Annotated[str, typer.Option(callback=said, help="Who decides.", envvar="ACCORD_PERSON")]

DEFAULT_HOME = Path("~/.accord")
MOST = 1_000_000_000
"""Rows that one may ask for."""
Limit = Annotated[int, typer.Option(min=0, max=MOST, help="Rows to print; 0 prints all.")]


def closed(home: Path, database: str) -> Node:
    """The node by its settings, not yet looked at."""
    from accord.wiring import Node, Settings

    return Node(Settings(home.expanduser(), database))


def opened(home: Path, database: str) -> Node:
    """The node, known to be there."""
    return closed(home, database).open()


def moment(day: str) -> str:
    """The end of a day, or a time, in the form in which times are kept; empty is now."""
    from accord.core.errors import Invalid
    from accord.core.times import when

    try:
        at = when(day)
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    return (
        at.replace("T00:00:00.000000Z", "T23:59:59.999999Z")
        if len(day) == len("YYYY-MM-DD")
        else at
    )
