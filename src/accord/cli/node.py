"""The node itself: create it, list its documents, rebuild its facts, hash its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import (
    DEFAULT_HOME,
    AsJson,
    AsOf,
    Database,
    Home,
    Limit,
    closed,
    moment,
    opened,
)
from accord.core.origins import words

if TYPE_CHECKING:
    from accord.flows.ports import DocumentRow

_GAP_WIDTHS = (19, 28, 15, 16, 16)
_REASON_WIDTHS = (24, 24, 48)
_DOCUMENT_WIDTHS = (12, 18, 32, 10, 10, 11)
"""Of columns, in characters: with what stands between them, 100."""


def init(home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Create a node, or upgrade one to this release. Safe to run again."""
    node = closed(home, database)
    new = node.create()
    word = "A new node is" if new else "The node is"
    typer.echo(f"{word} at {node.settings.home} ({node.address}).")
    typer.echo("Next: `accord load PATH...`, then `accord exposures`.")
    if not node.me:
        typer.echo(
            "To share with partners: `accord partners found` begins a partnership, "
            "`accord partners accept` joins one."
        )


def unevaluated(
    reason: Annotated[str, typer.Option(help="Only this reason.")] = "",
    limit: Limit = 50,
    as_of: AsOf = "",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what could not be evaluated, and why: nothing is dropped in silence."""
    node = opened(home, database)
    with node.views.view(moment(as_of)) as view:
        gaps = [gap for gap in view.unevaluated() if reason in ("", gap.reason)]
    if json:
        show.as_json(gaps)
        return
    if not gaps:
        typer.echo("Everything was evaluated." if not reason else f"No gap for {reason!r}.")
        return
    counts: dict[str, int] = {}
    for gap in gaps:
        counts[gap.reason] = counts.get(gap.reason, 0) + 1
    show.table(
        "Could not be evaluated",
        ("reason", "count"),
        [(name, f"{count:,}") for name, count in sorted(counts.items(), key=lambda i: -i[1])],
        right=(1,),
    )
    shown = gaps[:limit] if limit else gaps
    show.table(
        "",
        ("reason", "subject", "name", "document", "place"),
        [(g.reason, g.subject, g.name, g.source.rsplit("/", 1)[-1], g.place) for g in shown],
        widths=_GAP_WIDTHS,
    )
    show.more(len(gaps) - len(shown))


def documents(
    quarantined: Annotated[bool, typer.Option(help="Only what was refused, with why.")] = False,
    kind: Annotated[str, typer.Option(help="Only this kind.")] = "",
    limit: Limit = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List the documents that this node keeps, and what was quarantined."""
    node = opened(home, database)
    with node.views.view() as view:
        rows = [
            row
            for row in view.list_documents(quarantined=quarantined)
            if not kind or kind.casefold() in row.kind.casefold()
        ]
    if json:
        show.as_json(rows)
        return
    shown = rows[:limit] if limit else rows
    if quarantined:
        lines = [
            ((r.sources or ("",))[0].rsplit("/", 1)[-1], place or "whole", reason)
            for r in shown
            for place, reason in r.quarantined
        ]
        columns = ("document", "place", "reason")
        show.table("Quarantined", columns, lines, widths=_REASON_WIDTHS)
    else:
        show.table(
            "Documents",
            ("digest", "kind", "title", "edition", "learned", ""),
            [
                (r.digest[:12], r.kind, _titled(r), _edition(r.edition), r.learned[:10],
                 "" if r.current else r.outcome if r.outcome != "taken" else "superseded")
                for r in shown
            ],
            widths=_DOCUMENT_WIDTHS,
        )  # fmt: skip
    show.more(len(rows) - len(shown))


def _titled(row: DocumentRow) -> str:
    """The title, with the partner that the document came from."""
    return f"{row.title} (from {words(row.origin)})" if row.origin else row.title


def _edition(text: str) -> str:
    """A day, or a version's numbers without the zeros that put them in order."""
    first = text.partition(" ")[0]
    if "-" in first:
        return first[:10]
    return ".".join(number.lstrip("0") or "0" for number in first.split(".")) if first else ""


def rebuild(home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Make every fact anew from the kept documents."""
    from accord.flows.rebuild import rebuild as run

    node = opened(home, database)
    done = run(node.intake)
    typer.echo(f"{done:,} documents read again; state hash {node.views.state_hash()}")


def state_hash(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Print one digest over all facts: equal for every order of loading and every database."""
    digest = opened(home, database).views.state_hash()
    if json:
        show.as_json({"state_hash": digest})
    else:
        typer.echo(digest)
