"""Ask whether something is dangerous, as the public does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.outreach.dangers.model import Found

KNOWN = 1
"""Exit code: something is known to be dangerous, or looks like a protected name."""
_LONGEST = 256 << 20


def check(
    text: Annotated[
        str,
        typer.Argument(
            help="A link, message, mail address, telephone number, hash, or app:IDENTIFIER.",
            show_default=False,
        ),
    ],
    list_: Annotated[
        Path | None,
        typer.Option("--list", help="A list from /check/list: no node is asked.", metavar="FILE"),
    ] = None,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Say whether something is known to be dangerous, or looks like a protected name."""
    found = _offline(list_, text) if list_ is not None else _here(home, database, text)
    if json:
        show.as_json([_plain(one) for one in found])
    else:
        _print(found)
    if found[0].verdict != "unknown":
        raise typer.Exit(KNOWN)


def _here(home: Path, database: str, text: str) -> tuple[Found, ...]:
    from accord.flows.outreach.checking.ask import ask
    from accord.flows.outreach.checking.listing import snapshot
    from accord.wiring.checking import CheckDesk

    return ask(snapshot(CheckDesk(opened(home, database))), text)


def _offline(file: Path, text: str) -> tuple[Found, ...]:
    from accord.core.errors import Invalid
    from accord.flows.outreach.checking.ask import answers
    from accord.outreach.dangers import asking, buckets, never

    try:
        with file.open("rb") as opening:
            data = opening.read(_LONGEST + 1)
    except OSError as wrong:
        raise Invalid(f"cannot read {file}: {wrong.strerror}") from wrong
    if len(data) > _LONGEST:
        raise Invalid(f"{file} is longer than any list", "list")
    held = buckets.read(data)
    return answers(asking.read(text), lambda _: held, never.SERVICES)


def _print(found: tuple[Found, ...]) -> None:
    from accord.outreach.languages.catalogue import speaker

    english = speaker("en")
    for one in found:
        typer.echo(printable(one.asked.value))
        remarks = [each.said(english) for each in one.asked.remarks]
        for line in (one.said(english), *remarks, one.now(english)):
            typer.echo(f"  {line}")


def _plain(one: Found) -> dict[str, object]:
    from accord.outreach.languages.catalogue import speaker

    english = speaker("en")
    return {
        "kind": one.asked.kind, "value": one.asked.value, "answer": one.verdict,
        "category": one.category, "looks_like": one.like and one.like.name,
        "remarks": [each.said(english) for each in one.asked.remarks],
        "said": one.said(english), "now": one.now(english),
    }  # fmt: skip
