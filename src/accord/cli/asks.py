"""Joint asks of suppliers: agreed, sent, answered, fixed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Person, opened, said
from accord.cli.reassess import reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.demand.asks.joint import Joint
    from accord.wiring import Node

asks = typer.Typer(
    help="Ask a supplier together: agree, send, take the answer, see it fixed.",
    no_args_is_help=True,
)
Ask = Annotated[str, typer.Argument(help="An ask's name, or how it begins.")]
Why = Annotated[str, typer.Option(help="A remark for those who read it later.")]


@asks.command("agree")
def agree(
    supplier: Annotated[
        str, typer.Argument(help="Name of the supplier; or an ask that is known here.")
    ],
    person: Person,
    requirement: Annotated[
        str, typer.Argument(help="What is asked: ssdf@1.1#PS.3.1.", show_default=False)
    ] = "",
    products: Annotated[
        list[str] | None, typer.Option("--product", help="A product; may be repeated.")
    ] = None,
    due: Annotated[str, typer.Option(help="By when: YYYY-MM-DD.", metavar="DAY")] = "",
    text: Annotated[str, typer.Option(help="What is asked, in the supplier's terms.")] = "",
    with_: Annotated[
        str, typer.Option("--with", help="Partners, or buyers, that are to consent: au,in.")
    ] = "",
    why: Why = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """State that this node consents to an ask: a new one, or one of a partner by its name."""
    from accord.demand.asks.consent import Terms
    from accord.flows.demand.asks import agree as flow

    node = opened(home, database)
    if requirement:
        partners = flow.named(node, [one for one in with_.replace(" ", "").split(",") if one])
        terms = Terms(
            supplier=supplier.strip(), requirement=requirement.strip(),
            products=tuple(sorted({one.strip() for one in products or ()})),
            text=text.strip() or f"Please show that {requirement.strip()} holds.", due=due.strip(),
            partners=partners,
        )  # fmt: skip
    elif products or due or text or with_:
        raise typer.BadParameter("name the requirement that is asked", param_hint="REQUIREMENT")
    else:
        terms = flow.one(node, supplier).terms
    name, document = flow.agree(node, terms, (person, why))
    found = flow.one(node, name)
    typer.echo(printable(f"{name[:12]}: {node.me} asks {terms.name} by {terms.due}."))
    typer.echo(f"Still to consent: {', '.join(found.missing) or 'nobody; it is joint'}.")
    show.note(f"Share it with `accord share {document[:12]} --audience NAME`.")


@asks.command("withdraw")
def withdraw(
    ask: Ask,
    person: Person,
    why: Annotated[str, typer.Option(callback=said, help="The reason.")],
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Consent to an ask no longer; links that were sent from here end."""
    from accord.flows.demand.asks import agree as flow

    node = opened(home, database)
    found, document = flow.withdraw(node, ask, (person, why))
    typer.echo(printable(f"{node.me} consents no longer to {found.id[:12]}."))
    show.note(f"Tell the partners with `accord share {document[:12]} --audience NAME`.")


@asks.command("send")
def send(
    ask: Ask,
    to: Annotated[str, typer.Option(help="The supplier's mail address.", callback=said)],
    person: Person,
    client: Annotated[str, typer.Option(help="The supplier, as `accord clients` has it.")] = "",
    tlp: Annotated[str, typer.Option(help="CLEAR or GREEN.")] = "CLEAR",
    door: Annotated[
        str, typer.Option(help="Where the supplier reaches this node's door: https://host:port/.")
    ] = "",
    days: Annotated[int, typer.Option(help="For how long the link may be used.")] = 60,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Send a joint ask to its supplier, with a link by which it answers once.

    The mail server stands in ACCORD_MAIL, ACCORD_MAIL_FROM and ACCORD_MAIL_PASSWORD.
    """
    import os

    from accord.flows.demand.asks import send as flow
    from accord.identity.markings import parse_tlp
    from accord.transport.mail import SmtpMailer, server

    node = opened(home, database)
    mail = server(os.environ)
    sending = flow.Sending(
        to=to, sender=mail.sender, person=person, door=door or _door(node), tlp=parse_tlp(tlp),
        client=client, days=days,
    )  # fmt: skip
    found = flow.send(node, SmtpMailer(mail), ask, sending, node.people.clients)
    typer.echo(printable(f"{found.id[:12]} was sent to {to}; the link is good for {days} days."))


@asks.command("answer")
def answer(
    ask: Ask,
    person: Person,
    answer_: Annotated[
        Literal["done", "plan", "no"], typer.Option("--answer", help="What the supplier says.")
    ],
    text: Annotated[str, typer.Option(callback=said, help="Its words.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="Evidence that came with it.", show_default=False)
    ] = None,
    promised: Annotated[str, typer.Option(help="Of a plan, the day.", metavar="DAY")] = "",
    release: Annotated[str, typer.Option(help="Of this release only.")] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Take a supplier's answer that came otherwise, as evidence."""
    from accord.cli.evidence import read_bytes
    from accord.flows.demand.asks import answer as flow

    given = flow.Answer(
        answer=answer_, text=text, promised=promised, release=release,
        files=tuple((str(path), read_bytes(path)) for path in files or ()),
    )  # fmt: skip
    node = opened(home, database)
    found = flow.by_hand(node, ask, given, person)
    typer.echo(printable(f"{found.id[:12]} is answered: {answer_}."))
    reassessed(node)


@asks.command("fixed")
def fixed(
    ask: Annotated[
        str, typer.Argument(help="An ask; none: whichever the verdicts show.", show_default=False)
    ] = "",
    release: Annotated[str, typer.Option(help="The release that fixes it.")] = "",
    person: Annotated[str, typer.Option(help="Who decides.", envvar="ACCORD_PERSON")] = "",
    why: Why = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Record that an ask is fixed: one by a person's word, or all that the verdicts show."""
    from accord.flows.demand.asks import effect as flow

    node = opened(home, database)
    if not ask:
        found = flow.find(node)
        typer.echo(f"{len(found)} asks are fixed, as the verdicts show.")
    else:
        if not release.strip() or not person.strip():
            raise typer.BadParameter("name the release and the person: --release R --person P")
        found = [flow.fixed(node, ask, release.strip(), (person.strip(), why))]
    for one in found:
        _whole(node, one)


@asks.command("list")
def list_(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List the asks that are known here, the first due first, and what came of them."""
    from accord.demand.asks.joint import tally
    from accord.flows.demand.asks import agree as flow

    node = opened(home, database)
    found, now = flow.every(node), node.clock.now()
    if json:
        show.as_json({"asks": [_object(one, now) for one in found], "tally": tally(found, now)})
        return
    if not found:
        typer.echo("No asks yet; `accord asks agree` makes one.")
        return
    show.stacked(
        (
            (one.id[:12], f"{_state(one, now)}, due {one.terms.due}"),
            (one.terms.name, ", ".join(one.terms.products), *_dates(one)),
        )
        for one in found
    )


@asks.command("show")
def show_(
    ask: Ask, json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Show one ask whole: its words, who consents, and what came of it."""
    from accord.flows.demand.asks import agree as flow

    node = opened(home, database)
    found = flow.one(node, ask)
    if json:
        show.as_json(_object(found, node.clock.now()))
        return
    _whole(node, found)


def _whole(node: Node, one: Joint) -> None:
    show.wrapped(f"{one.id[:12]}: {_state(one, node.clock.now())}, due {one.terms.due}")
    show.wrapped(one.terms.name)
    show.wrapped(f"for {', '.join(one.terms.products)}")
    for line in one.terms.text.split("\n"):
        show.wrapped(line, 4)
    for line in (*_dates(one), *_effect(one)):
        show.wrapped(line)


def _door(node: Node) -> str:
    """Where this node's door is, as the directory lists it."""
    directory = node.trust.directory()
    own = directory.partner(node.me) if directory else None
    if own is None or not own.addresses:
        raise typer.BadParameter("the directory lists no address of this node", param_hint="--door")
    return own.addresses[0]


def _effect(one: Joint) -> tuple[str, ...]:
    """Verdicts and exposures from the sending to the fix."""
    from accord.demand.asks.records import effect_of

    seen = [(step.step, effect_of(step)) for step in one.steps]
    return tuple(
        f"when {step}: met in {found.met} of {found.buyers} verdicts, {found.accepted} accept;"
        f" {found.exposures} open exposures"
        for step, found in seen
        if found
    )


def _state(one: Joint, now: str) -> str:
    return f"{one.state}, overdue" if one.overdue(now) else one.state


def _dates(one: Joint) -> tuple[str, ...]:
    """Who did what, and when."""
    lines = [f"{s.fact.partner} consents since {s.fact.at[:10]}" for s in one.consents]
    lines += [f"{s.fact.partner} consents no longer, {s.fact.at[:10]}" for s in one.withdrawn]
    if one.missing:
        lines.append(f"still to consent: {', '.join(one.missing)}")
    for step in one.steps:
        more = step.recipient or step.answer or step.release
        promised = f", promised for {step.promised}" if step.promised else ""
        found = ", as the verdicts show" if step.found else f" by {step.person}"
        lines.append(
            f"{step.step} on {step.at[:10]}{f' ({more})' if more else ''}{found}{promised}"
        )
    return tuple(lines)


def _object(one: Joint, now: str) -> dict[str, Any]:
    return {
        "ask": one.id, "terms": one.terms, "state": one.state, "overdue": one.overdue(now),
        "agreed": one.agreed, "missing": one.missing, "steps": one.steps,
        "consents": [{"partner": s.fact.partner, "at": s.fact.at, "document": s.document}
                     for s in one.consents],
        "withdrawn": [{"partner": s.fact.partner, "at": s.fact.at, "document": s.document}
                      for s in one.withdrawn],
    }  # fmt: skip
