"""What a person decides, kept as documents: candidates confirmed, rival documents preferred."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from accord.cli.options import DEFAULT_HOME, Database, Home, opened, said
from accord.core.show import printable

Person = Annotated[str, typer.Option("--by", callback=said, help="Who decides.")]
Why = Annotated[str, typer.Option(callback=said, help="The reason, for those who read it later.")]


def confirm(
    exposure: Annotated[str, typer.Argument(help="ID of a candidate, or how it begins.")],
    why: Why,
    by: Person,
    refuse: Annotated[bool, typer.Option(help="It is not affected.")] = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Turn a candidate into an exposure, or refuse it; the decision is kept as a document."""
    from accord.flows.judge import confirm as run

    node = opened(home, database)
    verdict: Literal["exposed", "not_affected"] = "not_affected" if refuse else "exposed"
    id_ = run(node, exposure, verdict, person=by, why=why)
    typer.echo(f"{id_} is {verdict}, by {printable(by)}.")


def choose(
    document: Annotated[str, typer.Argument(help="Digest of the document that counts.")],
    why: Why,
    by: Person,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Prefer one of several rival documents about one thing; the choice is kept as a document."""
    from accord.flows.judge import choose as run

    losers = run(opened(home, database), document, person=by, why=why)
    typer.echo(f"{document[:12]} counts; {losers} set aside.")
