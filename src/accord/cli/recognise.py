"""Whose verdicts count for whom: rules between authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Person, moment, opened, said
from accord.cli.reassess import reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.assessing.recognise import Recognised

recognise = typer.Typer(
    help="Recognise another authority's verdicts, within written bounds.", no_args_is_help=True
)
Why = Annotated[str, typer.Option(callback=said, help="The reason, for those who read it later.")]
Named = Annotated[str, typer.Argument(help="A rule's name, or how it begins.")]


@recognise.command("add")
def add(
    by: Annotated[str, typer.Argument(help="The buyer that recognises: au.")],
    of: Annotated[str, typer.Argument(help="The buyer whose verdicts count: in.")],
    person: Person,
    why: Why,
    items: Annotated[
        list[str] | None,
        typer.Option("--item", help="Items, such as `ssdf@1.1#PS.*`; may be repeated."),
    ] = None,
    level: Annotated[
        str, typer.Option(help="The least that it found: verified or `third party`.")
    ] = "verified",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these types of product.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Not these types of product.")
    ] = None,
    onward: Annotated[
        bool, typer.Option("--onward", help="Count what it only recognised itself, too.")
    ] = False,
    since: Annotated[str, typer.Option(help="From when on: YYYY-MM-DD.", metavar="DATE")] = "",
    until: Annotated[str, typer.Option(help="Until when: YYYY-MM-DD.", metavar="DATE")] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """State a rule: a buyer recognises another's verdicts."""
    from accord.assurance.assessing.recognition import Rule
    from accord.assurance.model import LEVELS
    from accord.core.times import when
    from accord.flows.assessing import recognise as flow

    if level not in LEVELS:
        raise typer.BadParameter(f"use one of {', '.join(LEVELS)}", param_hint="--level")
    node = opened(home, database)
    rule = Rule(
        id="", by=by, of=of, level=LEVELS[level], items=flow.patterns(items or ()),
        types=tuple(types or ()), without=tuple(without or ()), onward=onward,
        since=when(since) or node.clock.now(), until=moment(until), person=person, why=why,
    )  # fmt: skip
    named, document = flow.add(node, rule)
    typer.echo(printable(f"{named.id}: {named.by} recognises {named.of}."))
    reassessed(node)
    show.note(f"Share it with `accord share {document[:12]} --audience NAME`.")


@recognise.command("list")
def list_(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List the rules that are known here."""
    from accord.flows.assessing import recognise as flow

    found = flow.rules(opened(home, database))
    if json:
        show.as_json([_object(one) for one in found])
        return
    show.table(
        "",
        ("Rule", "By", "Of", "Level", "Items", "State"),
        [
            (
                one.rule.id, one.rule.by, one.rule.of, one.rule.level.words,
                ", ".join(one.rule.items), _state(one),
            )
            for one in found
        ],
    )  # fmt: skip


@recognise.command("show")
def show_(
    rule: Named, json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Show one rule whole."""
    from accord.flows.assessing import recognise as flow

    found = flow.one(opened(home, database), rule)
    if json:
        show.as_json(_object(found))
        return
    for name, value in _object(found).items():
        words = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        typer.echo(printable(f"{name:12} {words}".rstrip()))


@recognise.command("revoke")
def revoke(
    rule: Named, person: Person, why: Why, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """End a rule of this node for good."""
    from accord.flows.assessing import recognise as flow

    node = opened(home, database)
    ended, document = flow.revoke(node, rule, person=person, why=why)
    typer.echo(printable(f"{ended.id} is revoked."))
    reassessed(node)
    show.note(f"Tell the partners with `accord share {document[:12]} --audience NAME`.")


def _state(one: Recognised) -> str:
    rule = one.rule
    if rule.revoked:
        return f"revoked on {rule.revoked[:10]}"
    if not one.counts:
        return f"not {one.origin or 'this node'}'s to say"
    if not one.stands:
        return f"from {rule.since[:10]}" + (f" until {rule.until[:10]}" if rule.until else "")
    return f"until {rule.until[:10]}" if rule.until else "stands"


def _object(one: Recognised) -> dict[str, Any]:
    rule = one.rule
    return {
        "rule": rule.id, "by": rule.by, "of": rule.of, "level": rule.level.words,
        "items": rule.items, "types": rule.types, "without": rule.without,
        "onward": rule.onward, "since": rule.since, "until": rule.until,
        "revoked": rule.revoked, "person": rule.person, "why": rule.why, "state": _state(one),
        "origin": one.origin, "documents": one.documents,
    }  # fmt: skip
