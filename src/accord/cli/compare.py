"""Versions compared by the order of their ecosystem."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import AsJson
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.supply.matching.schemes import Scheme

_FACTS = (
    re.compile(r"(\S.*?)\s+(<=|>=|<|>|==?)\s+(\S.*)"),
    re.compile(r"([^\s<>=!]+)\s*(<=|>=|<|>|==?)\s*([^\s<>=!]+)"),
)
"""With spaces around the sign, versions may hold anything; without them, no sign and no space."""
_HOLDS = {
    "<": {"<"},
    "<=": {"<", "="},
    "=": {"="},
    "==": {"="},
    ">=": {">", "="},
    ">": {">"},
}


def compare(
    ecosystem: Annotated[str, typer.Argument(help="OSV ecosystem or package URL type, any case.")],
    a: Annotated[str, typer.Argument(help="A version.")] = "",
    b: Annotated[str, typer.Argument(help="Another version.")] = "",
    facts: Annotated[
        Path | None, typer.Option(help="File of lines such as `1.0 < 1.1`.", metavar="FILE")
    ] = None,
    within: Annotated[str, typer.Option(help="A VERS range, for one version A.")] = "",
    json: AsJson = False,
) -> None:
    """Compare two versions, check a file of order facts, or ask whether a version is in a range.

    Prints <, =, > or unorderable; inside, outside or unorderable with --within. With --facts,
    exit code 1 where the order disagrees with any line.
    """
    from accord.supply.matching import schemes

    scheme = schemes.of_ecosystem(ecosystem)
    if scheme is None:
        raise typer.BadParameter(f"no version order is known for {ecosystem!r}")
    if facts is not None and not (a or b or within):
        _facts(scheme, facts, json)
    elif within and a and not b:
        _within(within, a, json)
    elif a and b and not within:
        result = schemes.compare(scheme, a, b)
        show.as_json({"result": result}) if json else typer.echo(result)
    else:
        raise typer.BadParameter("give two versions, or one with --within, or --facts FILE")


def _within(text: str, version: str, json: bool) -> None:
    from accord.core.errors import Invalid
    from accord.supply.matching import vers

    try:
        result = vers.within(text, version)
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--within") from wrong
    show.as_json({"result": result}) if json else typer.echo(result)


def _facts(scheme: Scheme, path: Path, json: bool) -> None:
    """Every line against the order; those that disagree are printed."""
    from accord.supply.matching import schemes

    if not path.is_file():
        raise typer.BadParameter(f"{path} is not a file", param_hint="--facts")
    agree, disagree, unorderable, unread = 0, [], 0, []
    for number, line in enumerate(path.read_text("utf-8-sig", "replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith(("#", "//")):
            continue
        match = next(filter(None, (fact.fullmatch(text) for fact in _FACTS)), None)
        if match is None:
            unread.append((number, text))
            continue
        left, sign, right = match.groups()
        result = schemes.compare(scheme, left, right)
        if result == "unorderable":
            unorderable += 1
        elif result in _HOLDS[sign]:
            agree += 1
        else:
            disagree.append({"line": number, "fact": text, "order": result})
    _print_facts(agree, disagree, unorderable, unread, json)


def _print_facts(
    agree: int,
    disagree: list[dict[str, Any]],
    unorderable: int,
    unread: list[tuple[int, str]],
    json: bool,
) -> None:
    if json:
        show.as_json(
            {
                "agree": agree,
                "disagree": len(disagree),
                "unorderable": unorderable,
                "not_a_fact": len(unread),
                "disagreements": disagree,
            }
        )
    else:
        typer.echo(f"agree {agree:,}, disagree {len(disagree):,}, unorderable {unorderable:,}")
        for row in disagree:
            fact = printable(row["fact"])
            typer.echo(f"line {row['line']}: {fact} (the order says {row['order']})")
    for number, text in unread:
        show.note(f"line {number} is not a fact: {printable(text[:80])}")
    if disagree:
        raise typer.Exit(1)
