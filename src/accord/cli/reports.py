"""Reports from the public: taken, looked at with one key press each, and answered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Person, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.outreach.reporting.decide import Decided
    from accord.outreach.reports.model import Report
    from accord.wiring.reporting import ReportDesk

INCOMPLETE = 1
"""Exit code: an answer did not leave."""

reports = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Reports from the public: take, look at, decide on and answer them.",
)
Number = Annotated[int, typer.Argument(help="Of the report.", min=1, show_default=False)]
Marking = Annotated[str, typer.Option(help="Of the indicators that are made: CLEAR to RED.")]
_CHOICES = "d dangerous  {}h harmless  u unclear  s skip  q quit: "
_KEYS = {"d": "dangerous", "h": "harmless", "u": "unclear"}


def _desk(home: Path, database: str) -> ReportDesk:
    from accord.wiring.reporting import ReportDesk

    return ReportDesk(opened(home, database))


@reports.command("take")
def take_(
    files: Annotated[
        list[Path], typer.Argument(help="Mails (.eml); `-`: one from input.", show_default=False)
    ],
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Take forwarded mails as reports, as a mail server hands them over."""
    from accord.core.errors import Invalid
    from accord.flows.outreach.reporting.take import take_mail
    from accord.outreach.reports.model import MOST_BYTES

    desk = _desk(home, database)
    for file in files:
        try:
            if str(file) == "-":
                data = sys.stdin.buffer.read(MOST_BYTES + 1)
            else:
                with file.open("rb") as opening:
                    data = opening.read(MOST_BYTES + 1)
        except OSError as wrong:
            raise Invalid(f"cannot read {file}: {wrong.strerror}") from wrong
        taken = take_mail(desk, data)
        report = taken.report
        typer.echo(printable(f"report {report.id}: {_about(report)}: {report.outcome}"))


@reports.command("list")
def list_(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits.")] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List reports, the oldest first."""
    found = _desk(home, database).reports.all(("new",) if waiting else ())
    if json:
        show.as_json([_plain(one) for one in found])
        return
    if not found:
        typer.echo("There are no reports.")
        return
    columns = ("report", "received", "via", "outcome", "answer", "about")
    rows = (
        (str(one.id), one.received[:16].replace("T", " "), one.via, one.outcome,
         "sent" if one.answered else "wanted" if one.contact else "-", printable(_about(one)))
        for one in found
    )  # fmt: skip
    show.table("Reports", columns, rows)


@reports.command("show")
def show_(
    number: Number, json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Show what a report says, and what is kept of it."""
    report = _one(_desk(home, database), number)
    if json:
        show.as_json(_plain(report))
    else:
        _print(report, 1)


@reports.command("file")
def file_(
    number: Number,
    digest: Annotated[str, typer.Argument(help="How its SHA-256 begins.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Where to write it.", show_default=False)],
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Write a file of a report out, byte for byte. It may be dangerous: open it nowhere."""
    from accord.core.errors import Invalid, NotFound

    desk = _desk(home, database)
    report = _one(desk, number)
    named = {one.digest for one in report.said.files if digest and one.digest.startswith(digest)}
    kept = [data for one in sorted(named) if (data := desk.reports.file(number, one)) is not None]
    if len(kept) != 1:
        raise NotFound(f"report {number} keeps {len(kept)} files whose SHA-256 begins so")
    try:
        with out.open("xb") as opening:
            opening.write(kept[0])
    except OSError as wrong:
        raise Invalid(f"cannot write {out}: {wrong.strerror}") from wrong
    typer.echo(f"{len(kept[0]):,} bytes are in {out}.")


@reports.command("decide")
def decide(
    number: Number,
    outcome: Annotated[
        str, typer.Argument(help="dangerous, harmless or unclear.", show_default=False)
    ],
    person: Person,
    say: Annotated[str, typer.Option(help="What else to tell whoever reported it.")] = "",
    item: Annotated[
        list[str] | None,
        typer.Option(help="Make an indicator of this alone. May be repeated; without: of all."),
    ] = None,
    tlp: Marking = "AMBER",
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Decide on a report and on every other of the same."""
    from accord.flows.outreach.reporting.decide import Wanted, settle
    from accord.identity.markings import parse_tlp
    from accord.outreach.reports.model import OUTCOMES

    if outcome not in OUTCOMES:
        raise typer.BadParameter(f"use one of {', '.join(OUTCOMES)}", param_hint="OUTCOME")
    wanted = Wanted(
        outcome=outcome,  # type: ignore[arg-type]
        person=person, answer=say, tlp=parse_tlp(tlp), items=None if item is None else tuple(item),
    )  # fmt: skip
    _tell(settle(_desk(home, database), number, wanted), json=json)


@reports.command()
def triage(
    person: Person, tlp: Marking = "AMBER", home: Home = DEFAULT_HOME, database: Database = ""
) -> None:
    """Go through what waits, one case after the other, with one key press each."""
    from accord.core.errors import Invalid
    from accord.flows.outreach.reporting.decide import Wanted, settle
    from accord.identity.markings import parse_tlp

    if not sys.stdin.isatty():
        raise Invalid("it reads keys from a terminal; `accord reports decide` needs none")
    marking = parse_tlp(tlp)
    desk = _desk(home, database)
    cases: dict[str, list[Report]] = {}
    for one in desk.reports.all(("new",)):
        cases.setdefault(one.key, []).append(one)
    done = 0
    for number, case in enumerate(cases.values(), 1):
        typer.echo(f"\n[{number} of {len(cases)}]")
        _print(case[0], len(case))
        listed = [one.value for one in case[0].said.items[:9]]
        typer.echo(_CHOICES.format(f"1-{len(listed)} only that one  " if listed else ""), nl=False)
        pressed = _key(f"dhusq{'123456789'[: len(listed)]}")
        typer.echo(pressed)
        if pressed == "q":
            break
        if pressed != "s":
            wanted = Wanted(
                outcome=_KEYS.get(pressed, "dangerous"),  # type: ignore[arg-type]
                person=person,
                tlp=marking,
                items=(listed[int(pressed) - 1],) if pressed.isdigit() else None,
            )
            _tell(settle(desk, case[0].id, wanted))
            done += 1
    typer.echo(f"{done} of {len(cases)} cases are decided. Next: `accord reports answer`.")


@reports.command()
def answer(home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Answer by mail everybody who left an address and whose report is decided."""
    from os import environ

    from accord.flows.outreach.reporting.decide import answer as flow
    from accord.transport.mail import SmtpMailer, server
    from accord.transport.messaging.mail import MailCarrier

    desk = _desk(home, database)
    at = server(environ)
    done = flow(desk, MailCarrier(SmtpMailer(at), at.sender, desk.clock))
    typer.echo(f"{done.sent} answers were sent.")
    for number, why in done.failed:
        show.note(printable(f"report {number}: {why}"))
    if done.failed:
        raise typer.Exit(INCOMPLETE)


def _key(wanted: str) -> str:
    """One key of those wanted. Several at once, as an arrow or a pasted text, are none."""
    while True:
        pressed = typer.getchar().lower()
        if pressed in ("\x03", "\x04", ""):
            return "q"
        if len(pressed) == 1 and pressed in wanted:
            return pressed


def _one(desk: ReportDesk, number: int) -> Report:
    from accord.core.errors import NotFound

    found = desk.reports.one(number)
    if found is None:
        raise NotFound(f"no report {number}; `accord reports list` lists them")
    return found


def _about(report: Report) -> str:
    from accord.outreach.reports.model import first

    return (
        first(report.said.items) if report.said.items else report.said.text[:60].replace("\n", " ")
    )


def _print(report: Report, same: int) -> None:
    said = report.said
    many = f", {same} alike" if same > 1 else ""
    typer.echo(
        f"report {report.id}, {report.received[:16]}, by {report.via}{many}: {report.outcome}"
    )
    for name, value in (("from", said.sender), ("subject", said.subject)):
        if value:
            typer.echo(printable(f"{name}: {value}"))
    for number, item in enumerate(said.items, 1):
        typer.echo(printable(f"{number}. {item.kind}: {item.value}"))
    for file in said.files:
        typer.echo(printable(f"file: {file.digest[:12]}  {file.size:,}  {file.kind}  {file.name}"))
    for line in said.text[:2_000].split("\n"):
        typer.echo(printable(f"  {line}"))


def _plain(report: Report) -> dict[str, object]:
    """As data, without the address of whoever reported it."""
    import msgspec

    made: dict[str, object] = msgspec.to_builtins(report)
    made["contact"] = bool(report.contact)
    return made


def _tell(done: Decided, *, json: bool = False) -> None:
    if json:
        show.as_json({"reports": [one.id for one in done.reports],
                      "indicators": list(done.indicators)})  # fmt: skip
        return
    typer.echo(f"{len(done.reports)} reports: {done.reports[0].outcome}.")
    for one in done.indicators:
        typer.echo(f"{one} is kept here; nobody else has it yet.")
    for item in done.unnamed:
        show.note(printable(f"{item.kind} {item.value}: no indicator, STIX has no name for it"))
