"""May a release be bought: a verdict for each buyer, why, and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show, verdicts
from accord.cli.options import (
    DEFAULT_HOME,
    MOST,
    AsJson,
    AsOf,
    Database,
    Home,
    moment,
    opened,
)
from accord.cli.reassess import reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accord.assurance.assessing.deciding import Assessment
    from accord.flows.assessing.assess import Assessed
    from accord.flows.assessing.port import Event
    from accord.flows.assessing.update import Change
    from accord.wiring import Node

NOT_ACCEPTED = 10
"""Exit code of `--fail`: a buyer neither accepts nor accepts with conditions."""
_MOST = 16 * 1024 * 1024
"""Bytes of a tender that are read."""
_FEW = 10
"""Items of the delta list that are printed, where nobody says how many."""


_ALWAYS = ("json", "home", "database")
_WORKS_WITH = {
    "a product": ("product", "release", "buyers", "type_", "as_of", "state", "export", "output",
                  "person", "fail", "limit"),
    "--tender": ("tender", "as_of", "fail"),
    "--changes": ("changes", "product", "release", "buyers", "after"),
    "--events": ("events", "product", "release", "buyers", "after"),
    "all verdicts that may have changed": (),
}  # fmt: skip
"""Which options each of the command's questions knows."""


def assess(
    ctx: typer.Context,
    product: Annotated[
        str, typer.Argument(help="A product; without one, every verdict that may have changed.")
    ] = "",
    release: Annotated[str, typer.Option(help="A release, where several are known.")] = "",
    buyers: Annotated[
        str, typer.Option("--for", help="Buyers by short name: us,au,in,jp. All without it.")
    ] = "",
    type_: Annotated[
        str, typer.Option("--type", help="Type of product, such as `network device`.")
    ] = "",
    as_of: AsOf = "",
    tender: Annotated[
        Path | None, typer.Option(help="Compare the offers in this file instead.", metavar="FILE")
    ] = None,
    state: Annotated[
        bool, typer.Option("--state", help="Keep this node's verdicts as documents to share.")
    ] = False,
    export: Annotated[
        str, typer.Option(help="Write one buyer's verdict, signed: verdict, svr or vsa.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File that --export writes.")
    ] = None,
    person: Annotated[
        str, typer.Option(help="Who decides, of --state and --export.", envvar="ACCORD_PERSON")
    ] = "",
    changes: Annotated[
        bool, typer.Option("--changes", help="List how verdicts changed instead.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--events", help="The same as JSON, a line a change, for programs.")
    ] = False,
    after: Annotated[
        int, typer.Option(min=0, help="Changes after this number, of --changes and --events.")
    ] = 0,
    fail: Annotated[
        bool, typer.Option("--fail", help="Exit with 10 where a buyer does not accept.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=0, max=MOST, help="Items of what is missing; 0 prints all.")
    ] = _FEW,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Assess a release for its buyers: verdicts, reasons, and what is missing."""
    from accord.flows.assessing.assess import Question, assess_one
    from accord.flows.assessing.shown import shown

    question_of = _question(product, tender, changes=changes, events=events)
    _no_other(ctx, question_of)
    names = tuple(dict.fromkeys(name.strip() for name in buyers.split(",") if name.strip()))
    if state or export:
        _may_state(person, as_of)
    if export and (len(names) != 1 or output is None):
        raise typer.BadParameter("name one buyer with --for, and a file with --output")
    node = opened(home, database)
    if changes or events:
        some = [
            (number, event)
            for number, event in node.assessing.ledger.events(product, after)
            if (not names or event.buyer in names)
            and release.casefold() in {"", event.release.casefold()}
        ]
        _changes(some, json=json, lines=events)
    elif tender is not None:
        _tender(node, tender, moment(as_of), json=json, fail=fail)
    elif product:
        question = Question(
            product=product, release=release, buyers=names, as_of=moment(as_of), type=type_
        )
        found = assess_one(node.assessing, node.me, node.clock.now(), question)
        if json:
            show.as_json(shown(found))
        else:
            verdicts.assessed(shown(found), limit)
        if state:
            _state(node, found, person)
        if export and output is not None:
            _export(node, found, export, output, person)
        if fail:
            _refused(found.assessments)
    else:
        _update(node.reassess(every=True), json=json)


def _question(product: str, tender: Path | None, *, changes: bool, events: bool) -> str:
    """What is asked, as `_WORKS_WITH` calls it."""
    asked = {"--tender": tender is not None, "--changes": changes, "--events": events}
    for name, yes in asked.items():
        if yes:
            return name
    return "a product" if product else "all verdicts that may have changed"


def _no_other(ctx: typer.Context, question: str) -> None:
    """No option is passed over in silence; what only the environment says is no option.

    Raises:
        BadParameter: an option means nothing for this question.
    """
    known = (*_ALWAYS, *_WORKS_WITH[question])
    for one in ctx.command.params:
        source = ctx.get_parameter_source(one.name or "")
        if source is None or source.name != "COMMANDLINE" or one.name in known:
            continue
        works = [name for name, options in _WORKS_WITH.items() if one.name in options]
        hint = one.opts[0] if one.opts[0].startswith("-") else "PRODUCT"
        reason = f"means nothing with {question}; it works with {' or '.join(works)}"
        raise typer.BadParameter(reason, param_hint=hint)
    told = {name for name in ("export", "output") if ctx.params.get(name)}
    if told == {"output"}:
        raise typer.BadParameter("name the form with --export", param_hint="--output")


def _may_state(person: str, as_of: str) -> None:
    """Whether a verdict can be stated as is asked."""
    if not person.strip():
        raise typer.BadParameter("say who decides", param_hint="--person")
    if as_of:
        raise typer.BadParameter("a verdict is stated as of now", param_hint="--as-of")


def _refused(assessments: Iterable[Assessment]) -> None:
    """Exit with `NOT_ACCEPTED` where a buyer neither accepts nor accepts with conditions."""
    from accord.assurance.model import ACCEPT, CONDITIONAL

    if any(one.verdict not in {ACCEPT, CONDITIONAL} for one in assessments):
        raise typer.Exit(NOT_ACCEPTED)


def _state(node: Node, found: Assessed, person: str) -> None:
    from accord.flows.assessing.state import state

    for one in state(node, found, person):
        show.note(f"{one.buyer}: {one.verdict}, stated as document {one.document[:12]}.")
    reassessed(node)
    show.note("Share it with `accord share DIGEST --audience NAME`.")


def _export(node: Node, found: Assessed, form: str, output: Path, person: str) -> None:
    from accord.flows.assessing.state import Signing, export

    body = export(found, found.assessments[0], form, Signing(node.me, person, node.signers))
    output.write_bytes(body)
    show.note(f"{len(body):,} bytes written.")


def _update(change: Change, *, json: bool) -> None:
    if json:
        show.as_json({"assessed": change.assessed, "changes": [_event(e) for e in change.events]})
        return
    typer.echo(f"{change.assessed:,} releases looked at, {len(change.events):,} verdicts changed.")
    for event in change.events:
        typer.echo(printable(_line(event)))


def _changes(found: list[tuple[int, Event]], *, json: bool, lines: bool) -> None:
    if lines:
        for number, event in found:
            show.as_line({"number": number, **_event(event)})
        return
    if json:
        show.as_json([{"number": number, **_event(event)} for number, event in found])
        return
    for _, event in found:
        typer.echo(printable(f"{show.second(event.at)}  {_line(event)}"))


def _line(event: Event) -> str:
    before = f"{event.before} -> " if event.before else ""
    return f"{event.product} {event.release} for {event.buyer}: {before}{event.after}; {event.why}"


def _event(event: Event) -> dict[str, str]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def _tender(node: Node, file: Path, as_of: str, *, json: bool, fail: bool) -> None:
    from accord.core.errors import TooLarge
    from accord.flows.assessing.shown import offers
    from accord.flows.assessing.tender import compare, read_tender

    with file.open("rb") as opened_:
        data = opened_.read(_MOST + 1)
    if len(data) > _MOST:
        raise TooLarge(f"a tender of more than {_MOST:,} bytes")
    found = compare(node.assessing, node.me, node.clock.now(), read_tender(data), as_of)
    if json:
        show.as_json(offers(found))
    else:
        verdicts.side_by_side(found)
    if fail:
        _refused(found.assessments)
