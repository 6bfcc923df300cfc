"""Questions that partners answer together, and nobody by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import (
    DEFAULT_HOME,
    AsJson,
    Database,
    Home,
    Person,
    moment,
    opened,
    said,
)
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.demand.pool.ask import Told
    from accord.flows.demand.pool.known import Known
    from accord.flows.demand.pool.run import Answer

pool = typer.Typer(
    help="Ask partners what all hold in common, without showing who holds what.",
    no_args_is_help=True,
)
Why = Annotated[str, typer.Option(callback=said, help="The reason, which all partners see.")]
Named = Annotated[str, typer.Argument(help="A question's name, or how it begins.")]
Audience = Annotated[
    str, typer.Option(help="The audience whose members, with this node, are the partners.")
]
Budget = Annotated[
    int,
    typer.Option(
        envvar="ACCORD_POOL_BUDGET",
        min=0,
        max=1000,
        help="Questions that this node asks or approves in 365 days.",
    ),
]


@pool.command("propose")
def propose(
    about: Annotated[
        str, typer.Argument(help="suppliers or components; totals or ranking of what came out.")
    ],
    purpose: Annotated[
        str, typer.Option(callback=said, help="What for, in words; all partners keep it.")
    ],
    deadline: Annotated[
        str, typer.Option(help="By when all is released, or it ends: YYYY-MM-DD.", metavar="DATE")
    ],
    person: Person,
    audience: Audience,
    least: Annotated[int, typer.Option(help="k: at least so many partners.")] = 3,
    size: Annotated[int, typer.Option(help="The most items of a partner: 100, 200, 500, ...")] = (
        1_000
    ),
    of: Annotated[
        str, typer.Option(help="Of totals or a ranking: the question whose answer they are about.")
    ] = "",
    agencies: Annotated[
        int, typer.Option(help="q: of totals or a ranking, at least so many agencies of all.")
    ] = 0,
    requirement: Annotated[
        list[str] | None, typer.Option(help="Of a ranking, what is asked; may be repeated.")
    ] = None,
    first: Annotated[int, typer.Option(help="Of a ranking: so many places are opened.")] = 0,
    currency: Annotated[str, typer.Option(help="Of totals or a ranking: such as USD.")] = "",
    budget: Budget = 12,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Ask the members of an audience what at least k of all hold; or how much, or what first.

    Each approves or declines. Refused where the answer, together with an earlier one, would tell
    of one partner or few.
    """
    from accord.demand.private.asking.question import COMMON, RANKING, TOTALS
    from accord.flows.demand.pool import ask

    node = opened(home, database)
    if (about in {TOTALS, RANKING}) != bool(of):
        raise typer.BadParameter("totals and a ranking need --of, nothing else has it")
    numbers = about in {TOTALS, RANKING}
    asked = ask.Wanted(
        kind=about if numbers else COMMON, items="" if numbers else about, least=least,
        size=0 if numbers else size, of=of, agencies=agencies, first=first,
        requirements=tuple(requirement or ()), currency=currency, purpose=purpose,
        deadline=moment(deadline), person=person,
    )  # fmt: skip
    told = ask.propose(node, asked, ask.Decider(person, audience, budget))
    _told(told, "proposed", json=json)
    if not json:
        show.note(f"Approve it as the others do: accord pool approve {told.question.id[:15]}")


@pool.command("list")
def list_(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List questions, the newest first, with how each stands and whom it waits for."""
    from accord.flows.demand.pool import known

    found = known.questions(opened(home, database))
    if json:
        show.as_json([_object(one) for one in found])
        return
    show.table(
        "",
        ("Question", "Asked by", "About", "k", "Until", "State", "Waits for"),
        [
            (
                one.question.id[:15], one.question.asker, one.question.items,
                f"{one.question.least} of {len(one.question.partners)}",
                one.question.deadline[:10], one.standing.state, ", ".join(one.standing.waits_for),
            )
            for one in found
        ],
    )  # fmt: skip
    for one in found:
        if one.standing.why:
            show.wrapped(f"{one.question.id[:15]} is {one.standing.state}: {one.standing.why}")


@pool.command("show")
def show_(
    question: Named, json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Show one question whole: its purpose, what it opens, who could see all, and every word."""
    from accord.flows.demand.pool import known

    found = known.one(opened(home, database), question)
    if json:
        show.as_json(_object(found))
        return
    _sheet(_object(found))


@pool.command("approve")
def approve(
    question: Named,
    person: Person,
    audience: Audience,
    address: Annotated[
        str,
        typer.Option(
            help="HOST:PORT where this node's computation will listen; else beside its door."
        ),
    ] = "",
    budget: Budget = 12,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Consent to a question's purpose, and to what this node will put in.

    Nothing is opened by that: each partner releases the answer, or does not, when it is computed.
    """
    from accord.flows.demand.pool import ask
    from accord.wiring import demanding

    node = opened(home, database)
    at = demanding.place(node, address)
    told = ask.approve(node, question, ask.Decider(person, audience, budget), at)
    _told(told, "approved", json=json)


@pool.command("decline")
def decline(
    question: Named,
    person: Person,
    audience: Audience,
    why: Why,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Take no part in a question: that ends it for all, for good."""
    from accord.flows.demand.pool import ask

    node = opened(home, database)
    told = ask.decline(node, question, ask.Decider(person, audience), why)
    _told(told, "declined", json=json)


@pool.command("run")
def run(
    question: Named,
    person: Person,
    seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="Within which all must come, and it must end.")
    ] = 600,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT to listen at, if another than the partners were told.")
    ] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Compute the answer with the other partners, who do so at the same time. Nothing is opened.

    If it begins and does not come to its end, the question is ended for all.
    """
    from accord.flows.demand.pool import run as flow
    from accord.wiring import demanding

    node = opened(home, database)
    compute = demanding.computing(node, listen)
    ran = flow.run(node, question, person, compute, seconds)
    typer.echo(printable(f"{ran.question.id} is computed; {ran.items:,} items went in."))
    show.note(f"This node sent {ran.sent:,} bytes to the others.")
    show.note(f"To open the answer: accord pool release {ran.question.id[:15]}")


@pool.command("release")
def release(
    question: Named,
    person: Person,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Consent to opening the answer. When every partner has, `accord pool result` shows it."""
    from accord.flows.demand.pool import run as flow

    told = flow.release(opened(home, database), question, person)
    _told(told, "released by this node", json=json)


@pool.command("result")
def result(
    question: Named, json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Show the answer that all have released: own items by name, others as digests.

    The first call of a partner that computed gives its share to the others.
    """
    from accord.flows.demand.pool import run as flow
    from accord.wiring import demanding

    node = opened(home, database)
    found = flow.result(node, question, demanding.computing(node))
    if json:
        show.as_json(found)
    elif isinstance(found, flow.Waiting):
        if found.sent:
            typer.echo("The share of this node goes to its partners now.")
        show.wrapped(f"No answer yet: it waits for the share of {', '.join(found.shares)}.")
    else:
        show.wrapped(f"Purpose: {found.question.purpose}")
        show.wrapped(found.question.opens)
        if found.rows:
            _rows(found)
            return
        for item in found.ours:
            typer.echo(printable(item))
        show.wrapped(f"{len(found.others):,} more that this node does not hold.")
        for digest in found.others:
            typer.echo(digest)
        show.note(f"This node sent {found.sent:,} bytes to the others to compute it.")


def _rows(found: Answer) -> None:
    """Totals in bands, or the first asks, best first."""
    names = [one.item if one.held else f"not held here: {one.item}" for one in found.rows]
    if found.question.first:
        show.table(
            "",
            ("Place", "Asked of", "Requirement"),
            [
                (f"{place}", name, one.requirement)
                for place, (name, one) in enumerate(zip(names, found.rows, strict=True), 1)
            ],
            right=(0,),
        )
    else:
        heads = {"spend": f"Thousand {found.question.currency} a year"}
        columns = list(next((one.bands for one in found.rows if one.bands), {}))
        show.table(
            "",
            ("Item", *(heads.get(name, name.capitalize()) for name in columns)),
            [
                (name, *(_band(one.bands[each]) for each in columns))
                if one.bands
                else (name, *("too few" for _ in columns))
                for name, one in zip(names, found.rows, strict=True)
            ],
        )
    show.note(f"This node sent {found.sent:,} bytes to the others to compute it.")


def _band(limits: tuple[int, int | None]) -> str:
    low, high = limits
    return f"{low:,} or more" if high is None else f"{low:,} to under {high:,}"


def _told(told: Told, word: str, *, json: bool) -> None:
    """What was said, and whether the partners hear of it."""
    outcome, question = told.outcome, told.question
    if json:
        show.as_json(
            {"question": question.id, "word": word, "document": told.document, "outcome": outcome}
        )
    else:
        typer.echo(printable(f"{question.id} is {word}."))
        show.wrapped(f"Purpose: {question.purpose}")
        show.wrapped(f"It opens: {question.opens}")
        show.wrapped(f"Trust: {question.trust}.")
    if outcome.what == "held for review":
        show.note(f"Personal data was found; it waits: accord review show {outcome.review}")
    elif outcome.what not in {"shared", "already shared"}:
        typer.echo(printable(f"accord: not shared: {outcome.reason}"), err=True)
        raise typer.Exit(1)


def _object(one: Known) -> dict[str, Any]:
    asked = one.question
    return {
        "question": asked.id, "state": one.standing.state, "why": one.standing.why,
        "waits_for": one.standing.waits_for, "kind": asked.kind, "items": asked.items,
        "least": asked.least, "agencies": asked.agencies, "size": asked.size,
        "partners": asked.partners, "asker": asked.asker, "person": asked.person,
        "purpose": asked.purpose, "of": asked.of, "first": asked.first, "opens": asked.opens,
        "trust": asked.trust, "at": asked.at, "deadline": asked.deadline,
        "words": [
            {"partner": word.partner, "word": word.word, "person": word.person, "why": word.why,
             "at": word.at}
            for word in one.words
        ],
        "document": one.document,
    }  # fmt: skip


def _sheet(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name != "words" and value not in ("", 0, ()):
            words = ", ".join(value) if isinstance(value, tuple) else str(value)
            show.wrapped(f"{name.replace('_', ' '):10} {words}")
    for one in values["words"]:
        why = f": {one['why']}" if one["why"] else ""
        show.wrapped(f"{one['at'][:16]}Z {one['partner']}, {one['person']}: {one['word']}{why}")
