"""Who is exposed to what, in which order to act, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, MOST, AsJson, AsOf, Database, Home, moment, opened
from accord.core.origins import words
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.explain import Explanation, Source
    from accord.supply.matching.exposures import Exposure

TO_ACT_ON = 10
"""Exit code of `--fail-on`: something is at least that pressing."""

COLUMNS = (
    "id", "operator", "country", "sector", "site", "supplier", "product", "release", "component",
    "version", "purl", "cpe", "advisory", "aliases", "advisories", "title", "fixed", "status",
    "decision", "urgency", "known_exploited", "known_exploited_since", "ransomware",
    "exploited_by", "sightings", "severity", "score", "epss", "assumed", "first_seen", "candidate",
)  # fmt: skip
"""Members of each object of `--json`, and columns of `--csv`."""

_WIDTHS = (8, 8, 16, 10, 4, 15, 15, 15)
_FOUND_WIDTHS = (13, 42, 42)


def exposures(
    operator: Annotated[str, typer.Option(help="Part of an operator's name.")] = "",
    sector: Annotated[str, typer.Option(help="A sector, in full.")] = "",
    country: Annotated[str, typer.Option(help="ISO 3166 code.")] = "",
    decision: Annotated[str, typer.Option(help="act, attend, track* or track.")] = "",
    advisory: Annotated[str, typer.Option(help="Any name of a vulnerability or advisory.")] = "",
    component: Annotated[str, typer.Option(help="Part of a component's name or purl.")] = "",
    supplier: Annotated[str, typer.Option(help="Part of a supplier's name.")] = "",
    product: Annotated[str, typer.Option(help="Part of a product's name.")] = "",
    status: Annotated[
        str,
        typer.Option(help="exposed, under_investigation, candidate, fixed or not_affected."),
    ] = "",
    as_of: AsOf = "",
    fail_on: Annotated[
        str, typer.Option(help="Exit with 10 if anything open is at least this pressing: act, ...")
    ] = "",
    limit: Annotated[
        int, typer.Option(min=0, max=MOST, help="Rows of the table; 0 prints all.")
    ] = 50,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV on standard output.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List exposures, the most pressing first."""
    from accord.core.errors import Invalid
    from accord.flows.exposures import Filters, to_act_on
    from accord.supply.matching.ssvc import DECISIONS

    if fail_on and fail_on not in DECISIONS:
        raise typer.BadParameter(f"use one of {', '.join(DECISIONS)}", param_hint="--fail-on")
    filters = Filters(
        operator, sector, country, decision, advisory, component, supplier, product, status
    )
    try:
        filters.check()
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    found = opened(home, database).exposures.matching(filters, moment(as_of))
    if json:
        show.as_json([as_object(exposure) for exposure in found])
    elif csv:
        show.as_csv([as_object(exposure) for exposure in found], COLUMNS)
    else:
        print_ranked(found, limit)
    if fail_on and to_act_on(found, fail_on):
        raise typer.Exit(TO_ACT_ON)


def as_object(exposure: Exposure) -> dict[str, Any]:
    """An exposure as an object of the JSON list."""
    return {name: getattr(exposure, name) for name in COLUMNS}


def print_ranked(found: list[Exposure], limit: int) -> None:
    """Open exposures, then candidates apart, then a line on what is closed.

    What is closed has a table where it is all that there is, as where one asks for it.
    """
    open_ = [e for e in found if e.status in ("exposed", "under_investigation")]
    candidates = [e for e in found if e.status == "candidate"]
    closed = [e for e in found if e.status in ("fixed", "not_affected")]
    if open_ or not closed:
        _print("Exposures, in the order in which to act", open_, limit)
    if candidates:
        _print("Candidates: suggested by a name, to be confirmed", candidates, limit)
    if closed and not open_:
        _print("Closed by VEX or a person", closed, limit)
    counts = {d: sum(e.decision == d for e in open_) for d in ("act", "attend", "track*", "track")}
    words = ", ".join(f"{count:,} {decision}" for decision, count in counts.items())
    typer.echo(
        f"{len(open_):,} open ({words}); {len(candidates):,} candidates; "
        f"{len(closed):,} closed by VEX or a person."
    )


def _print(title: str, rows: list[Exposure], limit: int) -> None:
    shown = rows[:limit] if limit else rows
    show.table(
        title,
        ("id", "decision", "advisory", "exploited", "epss", "component", "product", "operator"),
        [
            (
                e.id[:8],
                e.decision,
                e.advisory,
                e.known_exploited_since or ("seen" if e.sightings else ""),
                "" if e.epss is None else f"{e.epss:.2f}",
                f"{e.component} {e.version}",
                f"{e.product} {e.release}",
                e.operator or "(not claimed)",
            )
            for e in shown
        ],
        widths=_WIDTHS,
    )
    show.more(len(rows) - len(shown))


def explain(
    exposure: Annotated[str, typer.Argument(help="ID of an exposure, or how it begins.")],
    as_of: AsOf = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Print the whole reason for one exposure, each step with its document."""
    from accord.flows.explain import explain as run

    node = opened(home, database)
    found = run(exposure, node.exposures, node.views, moment(as_of))
    if json:
        reasons = [
            {"about": r.about, "sentence": r.sentence, "source": r.source} for r in found.reasons
        ]
        show.as_json({"exposure": as_object(found.exposure), "reasons": reasons})
    else:
        _print_explanation(found)


def _print_explanation(found: Explanation) -> None:
    one = found.exposure
    typer.echo(printable(f"{one.id}  {one.advisory}  {one.title}"))
    typer.echo(
        f"{one.status}: {one.decision} / {one.urgency}"
        + (f"; repaired in {printable(', '.join(one.fixed))}" if one.fixed else "")
    )
    about = ""
    for reason in found.reasons:
        if reason.about != about:
            about = reason.about
            typer.echo(f"\n{about}")
        typer.echo(f"  {printable(reason.sentence)}")
        if reason.source is not None:
            typer.echo(f"    {printable(_where(reason.source))}")


def _where(source: Source) -> str:
    place = f" {source.place}" if source.place else ""
    origin = f", from {words(source.origin)}" if source.origin else ""
    document = f"{source.kind} {source.name}{place}, {source.document[:12]}"
    return f"{document}, learned {source.learned}{origin}"


def find(
    word: Annotated[str, typer.Argument(help="Part of a name, case aside.")],
    limit: Annotated[int, typer.Option(min=0, max=MOST, help="Rows for each kind.")] = 20,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Find operators, products, components, advisories, aliases and actors by a word."""
    if not word.strip():
        raise typer.BadParameter("give a word to look for", param_hint="WORD")
    node = opened(home, database)
    with node.views.view() as view:
        found = list(view.find(word.strip(), limit))
    if json:
        show.as_json(found)
        return
    rows = [(item.kind, item.name, item.detail) for item in found]
    columns = ("kind", "name", "detail")
    show.table(f"{len(found)} found", columns, rows, widths=_FOUND_WIDTHS)
