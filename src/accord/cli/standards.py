"""Catalogues of standards, and the baselines of buyers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, AsOf, Database, Home, moment, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.standards.listing import BaselineLine, CatalogueLine, Detail

WRONG = 1
"""Exit code: a baseline cannot be used, or names what its catalogue does not have."""


def catalogues(
    name: Annotated[
        str,
        typer.Argument(
            help="One catalogue, to list its items: ssdf or ssdf@1.1.", show_default=False
        ),
    ] = "",
    as_of: AsOf = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List the catalogues of standards that are here, or the items of one."""
    from accord.flows.standards import listing
    from accord.flows.standards.merged import library

    found = library(opened(home, database).standards, moment(as_of))
    if name:
        items = listing.items(found, name)
        if json:
            show.as_json(items)
            return
        rows = [(one.item, one.kind, one.title) for one in items]
        show.table(printable(f"Items of {items[0].catalogue}"), ("item", "kind", "title"), rows)
        return
    lines = listing.catalogues(found)
    if json:
        show.as_json(lines)
        return
    columns = ("catalogue", "title", "publisher", "from", "items", "corrected")
    show.table("Catalogues", columns, map(_catalogue, lines), right=(5,))
    for item in found.dangling:
        show.note(printable(f"A mapping names {item}, which does not exist."))
    for turning in found.crosswalk.loops:
        said = f"{turning.source} to {turning.target} is part of a loop: it only supports."
        show.note(printable(said))


def _catalogue(line: CatalogueLine) -> tuple[str, ...]:
    items = ", ".join(f"{count:,} {kind}" for kind, count in line.items.items())
    origin = "accord" if line.shipped else "loaded"
    return (line.catalogue, line.title, line.publisher, origin, items, f"{len(line.corrected):,}")


def baselines(
    name: Annotated[
        str, typer.Argument(help="One baseline, to list its requirements.", show_default=False)
    ] = "",
    as_of: AsOf = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List the baselines of buyers that are here, or the requirements of one.

    Exit code 0: all can be used. 1: versions overlap, or an item does not exist in its catalogue.
    """
    from accord.flows.standards import listing
    from accord.flows.standards.merged import library

    node = opened(home, database)
    at = moment(as_of)
    found = library(node.standards, at)
    at = at or node.clock.now()
    if name:
        detail = listing.detail(found, name, at)
        lines = [detail.line]
        if json:
            show.as_json(detail)
        else:
            _detail(detail)
    else:
        lines = listing.baselines(found, at)
        if json:
            show.as_json(lines)
        else:
            columns = ("baseline", "version", "owner", "from", "until", "prepare", "protect",
                       "produce", "respond")  # fmt: skip
            show.table("Baselines", columns, map(_baseline, lines), right=(5, 6, 7, 8))
    if _problems(lines):
        raise typer.Exit(WRONG)


def _baseline(line: BaselineLine) -> tuple[str, ...]:
    counts = (f"{count}" for count in line.requirements.values())
    return (
        line.baseline,
        line.version,
        line.owner,
        line.since[:10],
        line.until[:10] or "-",
        *counts,
    )


def _detail(detail: Detail) -> None:
    line = detail.line
    until = f" until {line.until[:10]}" if line.until else ""
    typer.echo(
        printable(f"{line.title}: {line.baseline}@{line.version}, from {line.since[:10]}{until}")
    )
    rows = []
    for wanted in detail.requirements:
        one = wanted.requirement
        head = (one.requirement, one.group, "must" if one.must else "should", wanted.level)
        below = [one.title]
        for choice in one.items:
            named = (f"{item} {wanted.titles.get(item, '')[:60]}".strip() for item in choice)
            below.append(" or ".join(named))
        rows.append((head, (*below, f"source: {one.source}")))
    show.stacked(rows)


def _problems(lines: list[BaselineLine]) -> bool:
    """Say what is wrong, and whether anything is."""
    for problem in dict.fromkeys(line.problem for line in lines if line.problem):
        show.note(printable(f"Cannot be used: {problem}."))
    for line in lines:
        for requirement, item in line.missing:
            named = f"{line.baseline}@{line.version}"
            show.note(printable(f"{named}, requirement {requirement}: there is no item {item}."))
        if line.absent:
            absent = ", ".join(line.absent)
            show.note(
                printable(f"{line.baseline}@{line.version} names catalogues not here: {absent}.")
            )
    return any(line.problem or line.missing for line in lines)
