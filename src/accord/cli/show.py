"""Values on a terminal: tables that fit 100 columns, JSON, and CSV."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
import typer

from accord.core.show import printable, spreadsheet_cell

WIDTH = 100
NARROWEST = 80
"""Columns below which a table goes on past the terminal's edge rather than lose its cells."""
_UNESCAPED = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""What drives, and JSON lets stand as it is."""


def as_json(value: Any) -> None:  # noqa: ANN401 - whatever the command shows
    """Pretty JSON on standard output."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    typer.echo(_UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def as_line(value: Any) -> None:  # noqa: ANN401 - whatever the command shows
    """JSON on one line of standard output, for what is read as it comes."""
    text = msgspec.json.encode(value).decode()
    typer.echo(_UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def as_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """CSV on standard output. A cell that a spreadsheet would run is kept as text."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([spreadsheet_cell(row[column]) for column in columns])


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[int] = (),
    widths: Sequence[int] = (),
) -> None:
    """A table no wider than 100 columns; long cells end in an ellipsis.

    `right` names the columns of numbers. `widths` fixes the columns' widths, in characters, and
    lets long cells go on below instead.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=0)
    for position, name in enumerate(columns):
        justify: Literal["left", "right"] = "right" if position in right else "left"
        width = widths[position] if widths else None
        made.add_column(
            name,
            justify=justify,
            no_wrap=not widths,
            overflow="fold" if widths else "ellipsis",
            width=width,
        )
    for row in rows:
        made.add_row(*(Text(printable(cell)) for cell in row))
    console().print(made)


def stacked(rows: Iterable[tuple[Sequence[str], Sequence[str]]]) -> None:
    """Entries for whatever width there is: some columns in one line, and lines of their own below.

    What must stay whole, such as an identifier, goes below: it is never cut or broken.
    """
    made = [([printable(cell) for cell in head], below) for head, below in rows]
    widths = [max(map(len, column)) for column in zip(*(head for head, _ in made), strict=True)]
    for head, below in made:
        cells = (cell.ljust(width) for cell, width in zip(head, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
        for line in below:
            typer.echo(f"    {printable(line)}".rstrip())


def wrapped(text: str, indent: int = 0) -> None:
    """A line for whatever width there is, that goes on below, two columns further in.

    It breaks between words only: what must stay whole, such as an identifier, is never broken.
    """
    import textwrap

    typer.echo(
        textwrap.fill(
            printable(text),
            console().width,
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def beside(cells: str, text: str) -> None:
    """Some cells, and a text beside them that goes on below itself; nothing is cut."""
    import textwrap

    made = textwrap.wrap(
        printable(text),
        max(console().width - len(cells), len(cells)),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
    for place, line in enumerate(made):
        typer.echo(f"{cells if not place else ' ' * len(cells)}{line}".rstrip())


def console() -> Any:  # noqa: ANN401 - rich is loaded only where something is drawn
    """Standard output, as wide as the terminal but never wider than 100 columns."""
    from rich.console import Console

    drawn = Console(highlight=False)
    width = min(max(drawn.width, NARROWEST), WIDTH) if drawn.is_terminal else WIDTH
    return Console(highlight=False, width=width)


def second(at: str) -> str:
    """Day and time, with a space, so that a narrow column breaks between them."""
    return at[:19].replace("T", " ")


def note(text: str) -> None:
    """A remark beside the result, on standard error."""
    typer.echo(text, err=True)


def more(left: int) -> None:
    """How many rows were not printed, if any, and how to see them."""
    if left:
        note(f"{left:,} more; --limit 0 prints all.")
