"""List what was seen, and the standing rules by which sightings are shared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Limit, Person, opened, said
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.exchange.hunting.rules import Rule
    from accord.identity.markings import Tlp

sightings = typer.Typer(
    rich_markup_mode=None,
    invoke_without_command=True,
    help="What was seen, here and by partners, added up; and rules that share sightings.",
)
rule = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Standing rules by which sightings that `accord hunt` makes are shared.",
)
sightings.add_typer(rule, name="rule")
Why = Annotated[str, typer.Option(callback=said, help="The reason.")]


@sightings.callback()
def list_(
    context: typer.Context,
    at_most: Annotated[
        str,
        typer.Option(help="Leave out what is marked more strictly than this.", metavar="TLP"),
    ] = "",
    limit: Limit = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List what was seen, here and by partners, added up.

    Each sum bears the strictest marking of what is in it: to tell others, see --at-most.
    """
    if context.invoked_subcommand is not None:
        return
    from accord.flows.hunting.tally import tally

    found = tally(opened(home, database), _tlp(at_most, "--at-most") if at_most else None)
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("Nothing was seen yet. `accord hunt PATH` looks.")
        return
    shown = found[:limit] if limit else found
    rows = [
        (
            one.name or one.sighted, f"{one.count:,}", f"{one.own:,}",
            ", ".join(f"{name} {count:,}" for name, count in one.partners.items()),
            one.first_seen[:10], one.last_seen[:10], one.marking.removeprefix("TLP:"),
        )
        for one in shown
    ]  # fmt: skip
    columns = ("seen", "times", "by this node", "by partners", "first", "last", "TLP")
    show.table("Sightings", columns, rows, right=(1, 2))
    show.more(len(found) - len(shown))


@rule.command()
def add(
    audience: Annotated[str, typer.Option(help="To whom.")],
    at_most: Annotated[
        str, typer.Option(help="The strictest marking that it lets go.", metavar="TLP")
    ],
    why: Why,
    person: Person,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="ip, domain, url, hash, mail, file or pattern; all where none is named.",
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="Partner whose indicators it is about, or `own`; all where none is named.",
        ),
    ] = None,
    strength: Annotated[
        str, typer.Option(help="The weakest hit that it lets go: strong or weak.")
    ] = "strong",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Share sightings that later hunts make, within these bounds, without a word for each.

    Personal data is held for review all the same, and no marking goes further than it may.
    """
    from accord.exchange.hunting.rules import Rule
    from accord.flows.hunting import standing

    if strength not in {"strong", "weak"}:
        raise typer.BadParameter("write strong or weak", param_hint="--strength")
    node = opened(home, database)
    owner = node.owner
    asked = Rule(
        audience=audience,
        kinds=tuple(kind or ()),
        origins=tuple(origin or ()),
        at_most=_tlp(at_most, "--at-most"),
        strength="strong" if strength == "strong" else "weak",
        person=person,
        why=why,
        made=owner.now,
    )
    made = standing.add(asked, owner, node.rules)
    typer.echo(printable(f"Rule {made.number}: {_said(made)}."))


@rule.command("list")
def rules(
    all_: Annotated[bool, typer.Option("--all", help="Removed ones too.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List the standing rules, each with who made it and why."""
    found = opened(home, database).rules.rules(removed=all_)
    if json:
        show.as_json([_as_object(one) for one in found])
        return
    if not found:
        typer.echo("There is no standing rule: sightings go by a person's word alone.")
        return
    show.stacked(
        (
            (str(one.number), _said(one)),
            (f"{one.person}, {one.made[:10]}: {one.why}", *_removed(one)),
        )
        for one in found
    )


@rule.command()
def remove(
    number: Annotated[int, typer.Argument(help="Of the rule.")],
    why: Why,
    person: Person,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Take a rule out. What went stays shared; what waited by it stays here."""
    node = opened(home, database)
    gone = node.rules.remove(number, person, why, node.clock.now())
    typer.echo(printable(f"Rule {gone.number} for audience {gone.audience} is removed."))


def _said(one: Rule) -> str:
    kinds = ", ".join(one.kinds) or "every kind"
    origins = ", ".join(one.origins) or "everybody"
    return (
        f"to {one.audience}, {kinds}, indicators of {origins}, at most {one.at_most.label},"
        f" {one.strength} hits{' and better' if one.strength == 'weak' else ''}"
    )


def _removed(one: Rule) -> tuple[str, ...]:
    if not one.removed:
        return ()
    return (f"removed by {one.removed_by}, {one.removed[:10]}: {one.removed_why}",)


def _as_object(one: Rule) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__struct_fields__} | {
        "at_most": one.at_most.word
    }


def _tlp(text: str, option: str) -> Tlp:
    from accord.core.errors import Invalid
    from accord.identity.markings import parse_tlp

    try:
        return parse_tlp(text)
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong), param_hint=option) from wrong
