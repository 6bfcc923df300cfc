"""Alerts: drafted, released, updated and cancelled by a person; subscribers; the outbox."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Limit, Person, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.outreach.alerting.port import Kept
    from accord.wiring.outreaching import AlertDesk

INCOMPLETE = 1
"""Exit code: a message waits, is dead, or is kept here by a rule."""

alerts = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Alerts to the public and to subscribers: a person drafts, edits and releases each.",
)
Code = Annotated[str, typer.Argument(help="Of the alert: K7QF-3MZP.", show_default=False)]


def _desk(home: Path, database: str) -> AlertDesk:
    from accord.wiring.outreaching import AlertDesk

    return AlertDesk(opened(home, database))


@alerts.command()
def draft(
    person: Person,
    source: Annotated[
        tuple[str, str],
        typer.Option(
            "--from",
            help="Of what: exposure ID, advisory CVE, incident NOTE, or verdict PRODUCT@RELEASE.",
            metavar="KIND NAME",
            show_default=False,
        ),
    ],
    tlp: Annotated[str, typer.Option(help="CLEAR: for the public. Stricter: for clients.")] = (
        "CLEAR"
    ),
    status: Annotated[str, typer.Option(help="Actual, Exercise or Test.")] = "Actual",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Draft an alert of what this node knows; nothing leaves before it is released."""
    from typing import get_args

    from accord.flows.outreach.alerting.draft import Wanted
    from accord.flows.outreach.alerting.draft import draft as flow
    from accord.identity.markings import parse_tlp
    from accord.outreach.alerts.drafting import SOURCES
    from accord.outreach.alerts.model import Status

    if source[0] not in SOURCES:
        raise typer.BadParameter(f"use one of {', '.join(SOURCES)}", param_hint="--from")
    if status not in get_args(Status):
        raise typer.BadParameter("use Actual, Exercise or Test", param_hint="--status")
    wanted = Wanted(
        source=source[0],
        name=source[1],
        tlp=parse_tlp(tlp),
        status=status,  # type: ignore[arg-type]
        person=person,
    )
    _tell(flow(_desk(home, database), wanted), json=json)


@alerts.command("list")
def list_(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List alerts, the newest first, and what waits in the outbox."""
    desk = _desk(home, database)
    found, counts = desk.alerts.all(), desk.outbox.counts()
    if json:
        show.as_json({"alerts": [_plain(one) for one in found], "outbox": counts})
        return
    if not found:
        typer.echo("There are no alerts. `accord alerts draft --from advisory CVE` drafts one.")
        return
    columns = ("alert", "state", "kind", "severity", "tlp", "sent", "headline")
    show.table("Alerts", columns, map(_row, found))
    if counts:
        show.note(f"Outbox: {', '.join(f'{count:,} {name}' for name, count in counts.items())}.")


def _row(one: Kept) -> tuple[str, ...]:
    alert = one.alert
    sent = alert.sent[:16].replace("T", " ") or "-"
    head = printable(alert.info("en").headline)
    return (alert.identifier, one.state, alert.kind, alert.severity, alert.tlp.word, sent, head)


@alerts.command("show")
def show_(
    code: Code,
    editable: Annotated[
        bool, typer.Option("--editable", help="Print what `accord alerts edit` takes.")
    ] = False,
    json: AsJson = False,
    cap: Annotated[bool, typer.Option("--cap", help="Print the newest message as CAP.")] = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Show an alert with everything that follows it."""
    from accord.flows.outreach.alerting import draft as flow

    desk = _desk(home, database)
    thread = flow.one(desk, code)
    if editable:
        typer.echo(flow.editable(flow.waiting(desk, code)).decode(), nl=False)
    elif cap:
        from accord.core.errors import Invalid
        from accord.outreach.alerts.cap import write

        released = [one.alert for one in thread if one.state == "released"]
        if not released:
            raise Invalid(f"{thread[0].alert.code} was not released: it has no CAP document yet")
        typer.echo(write(released[-1]).decode(), nl=False)
    elif json:
        show.as_json([_plain(one) for one in thread])
    else:
        for one in thread:
            _print(one)


def _print(one: Kept) -> None:
    alert = one.alert
    typer.echo(
        f"{alert.identifier}  {one.state}  {alert.kind}  {alert.severity}  {alert.tlp.label}"
    )
    typer.echo(printable(f"from {one.occasion}, by {one.person}"))
    for topic in alert.topics:
        typer.echo(printable(f"topic {topic.kind} {topic.value}".rstrip()))
    for info in alert.infos:
        typer.echo(printable(f"\n[{info.language}] {info.headline}"))
        for line in f"{info.description}\n{info.instruction}".rstrip().split("\n"):
            typer.echo(printable(line))
    typer.echo("")


def _plain(one: Kept) -> dict[str, object]:
    import msgspec

    alert: dict[str, object] = msgspec.to_builtins(one.alert)
    return {
        "identifier": one.alert.identifier, "state": one.state, "occasion": one.occasion,
        "person": one.person, "created": one.created, **alert, "tlp": one.alert.tlp.word,
    }  # fmt: skip


def _tell(kept: Kept, *, json: bool) -> None:
    if json:
        show.as_json(_plain(kept))
        return
    code = kept.alert.code
    typer.echo(f"{kept.alert.identifier} is a draft; nobody has it yet.")
    typer.echo(f"Next: `accord alerts show {code}`, then `accord alerts release {code}`.")


@alerts.command()
def edit(
    code: Code,
    file: Annotated[Path, typer.Argument(help="As `show --editable` prints it; `-`: from input.")],
    person: Person,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Put other words, topics or languages into a draft."""
    from accord.core.errors import Invalid
    from accord.flows.outreach.alerting.draft import edit as flow

    most = 1 << 20
    try:
        data = sys.stdin.buffer.read(most) if str(file) == "-" else file.read_bytes()[:most]
    except OSError as wrong:
        raise Invalid(f"cannot read {file}: {wrong.strerror}") from wrong
    kept = flow(_desk(home, database), code, data, person)
    typer.echo(f"{kept.alert.identifier} says so now.")


@alerts.command()
def drop(code: Code, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Forget a draft."""
    from accord.flows.outreach.alerting.draft import waiting

    desk = _desk(home, database)
    kept = waiting(desk, code)
    desk.alerts.drop(kept.alert.code, kept.alert.revision)
    typer.echo(f"The draft {kept.alert.identifier} is gone.")


@alerts.command()
def release(
    code: Code,
    person: Person,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Release a draft: it is final, and queued for everybody who wants it and may have it."""
    from accord.flows.outreach.alerting.release import release as flow
    from accord.wiring.outreaching import zone

    done = flow(_desk(home, database), code, person, zone)
    if json:
        show.as_json({**_plain(done.kept), "queued": done.matched.queued,
                      "replaced": done.matched.replaced, "withheld": done.withheld})  # fmt: skip
        return
    typer.echo(f"{done.kept.alert.identifier} is released; {done.matched.queued:,} messages wait.")
    for one in done.withheld:
        show.note(printable(f"Not for {one}"))
    typer.echo("Next: `accord alerts deliver`.")


@alerts.command()
def update(
    code: Code,
    person: Person,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Draft an update; once released, it reaches everyone who got the alert."""
    from accord.flows.outreach.alerting.draft import follow

    _tell(follow(_desk(home, database), code, "update", person), json=json)


@alerts.command()
def cancel(
    code: Code,
    person: Person,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Draft a cancellation, which is final; released, it reaches everyone who got the alert."""
    from accord.flows.outreach.alerting.draft import follow

    _tell(follow(_desk(home, database), code, "cancel", person), json=json)


@alerts.command()
def subscribe(
    channel: Annotated[
        str, typer.Argument(help="mail, telegram, webhook or whatsapp.", show_default=False)
    ],
    address: Annotated[
        str, typer.Argument(help="A mail address, a chat, or an address.", show_default=False)
    ],
    topic: Annotated[
        list[str],
        typer.Option(
            help="all, product:NAME, supplier:NAME, sector:NAME, region:CODE. May be repeated.",
            show_default=False,
        ),
    ],
    floor: Annotated[
        str, typer.Option(help="The least severity: Unknown, Minor, Moderate, Severe, Extreme.")
    ] = "Unknown",
    language: Annotated[str, typer.Option(help="en, hi, ja, id.")] = "en",
    digest: Annotated[bool, typer.Option("--digest", help="Once a day, all in one.")] = False,
    quiet: Annotated[str, typer.Option(help="No messages then: 22:00-07:00.")] = "",
    zone: Annotated[str, typer.Option(help="Of these hours: Asia/Kolkata.")] = "UTC",
    override: Annotated[
        bool, typer.Option("--override", help="What is extreme comes at once all the same.")
    ] = False,
    cap: Annotated[int, typer.Option(help="Messages a day at most; 0: any number.")] = 0,
    client: Annotated[
        str, typer.Option(help="The client of this node that it is; without: anybody.")
    ] = "",
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Ask an address to confirm that it wants alerts; nothing else is sent to it before."""
    from os import environ

    from accord.flows.outreach.alerting import subscribe as flow
    from accord.flows.outreach.alerting.port import Subscriber
    from accord.outreach.alerts import model
    from accord.outreach.alerts.rhythm import Rhythm, read_quiet
    from accord.wiring import outreaching

    if floor not in model.SEVERITIES:
        raise typer.BadParameter(f"one of {', '.join(model.SEVERITIES)}", param_hint="--floor")
    node = opened(home, database)
    carriers = outreaching.carriers(node, environ)
    if channel not in carriers:
        known = ", ".join(sorted(carriers))
        raise typer.BadParameter(f"{channel} is not set up here; these are: {known}")
    first, last = read_quiet(quiet)
    wanted = Subscriber(
        channel=channel,  # type: ignore[arg-type]
        address=address,
        topics=tuple(model.topic(one) for one in topic),
        floor=model.SEVERITIES.index(floor),
        language=language,
        rhythm=Rhythm(zone=zone, quiet_from=first, quiet_to=last, digest=digest, override=override),
        cap=cap,
        recipient=f"client:{client}" if client else "public",
    )
    desk = outreaching.AlertDesk(node)
    place = outreaching.place(environ)
    flow.subscribe(desk, carriers[channel], place, wanted, outreaching.zone)
    typer.echo("The address was asked to confirm; until it does, nothing else is sent to it.")


@alerts.command()
def subscribers(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """List who wants alerts, and how."""
    import msgspec

    desk = _desk(home, database)
    found = desk.subscribers.all()
    if json:
        show.as_json([{**msgspec.to_builtins(one), "token": ""} for one in found])
        return
    columns = ("subscriber", "state", "channel", "address", "for", "topics", "rhythm")
    rows = (
        (
            str(one.subscriber), one.state, one.wanted.channel, printable(one.wanted.address),
            one.wanted.recipient,
            printable(", ".join(f"{t.kind} {t.value}".strip() for t in one.wanted.topics)),
            "digest" if one.wanted.rhythm.digest else "instant",
        )
        for one in found
    )  # fmt: skip
    show.table("Subscribers", columns, rows)


@alerts.command()
def deliver(
    until_empty: Annotated[
        bool, typer.Option("--until-empty", help="Go on until nothing is due within ten minutes.")
    ] = False,
    lease: Annotated[
        float, typer.Option(min=1, max=86_400, help="Seconds after which a sender is given up.")
    ] = 300.0,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Send what is due. It may be stopped and begun again at any time.

    Exit code 0: all that was due was sent. 1: something is tried again later, is dead, or a rule
    keeps it here.
    """
    from os import environ

    from accord.flows.outreach.alerting import deliver as flow
    from accord.wiring import outreaching

    node = opened(home, database)
    means = outreaching.means(node, environ, lease)
    desk = outreaching.AlertDesk(node)
    done = (flow.until_empty if until_empty else flow.deliver)(desk, means)
    if json:
        show.as_json(done)
    else:
        typer.echo(
            f"{done.sent:,} sent, {done.later:,} later, {done.dead:,} dead, {done.kept:,} kept"
            f" here, {done.again:,} perhaps twice"
        )
        for note in done.notes:
            show.note(printable(note))
    if done.later or done.dead or done.kept:
        raise typer.Exit(INCOMPLETE)


@alerts.command()
def dead(
    again: Annotated[
        str, typer.Option(help="Queue the dead letters of this alert anew; `all`: of every one.")
    ] = "",
    limit: Limit = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List dead letters: messages that could not be sent, and why; or queue them anew."""
    from accord.core.errors import NotFound
    from accord.outreach.alerts.model import read_code

    desk = _desk(home, database)
    if again:
        code = "" if again == "all" else read_code(again)
        if not code and again != "all":
            raise NotFound(f"no alert {again[:40]!r}; `accord alerts list` shows them")
        count = desk.outbox.again(code, desk.clock.now())
        typer.echo(f"{count:,} messages wait anew.")
        return
    found = desk.outbox.letters("dead", limit or 1_000_000_000)
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("There are no dead letters.")
        return
    columns = ("alert", "subscriber", "channel", "tries", "why")
    rows = (
        (f"{one.alert}-{one.revision}", str(one.subscriber), one.channel, str(one.attempts),
         printable(one.error))
        for one in found
    )  # fmt: skip
    show.table("Dead letters", columns, rows, right=(3,))
