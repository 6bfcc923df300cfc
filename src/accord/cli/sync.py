"""Fetch what partners have released to us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.cli.proposing import renewed, tell_renewed
from accord.cli.reassess import changes, reassessed
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.flows.exchange.following.sync import LogReport, Report
    from accord.wiring import Node

_COLUMNS = (
    "partner", "audience", "new", "same", "quarantined", "withheld", "recalled", "behind",
    "acknowledged", "state",
)  # fmt: skip
_MOST = 20
"""Reasons that are printed for one log."""


def sync(
    partner: Annotated[str, typer.Argument(help="One partner; else all of them.")] = "",
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and take what is released as it comes.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Ask a partner again that was stopped because it contradicted itself.",
        ),
    ] = False,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Fetch what partners have released to us, apply it, and acknowledge it.

    Exit code 0: everything that partners have for us is here. 1: a partner was not reached, refused
    this node, or contradicts itself and is stopped.
    """
    from accord.flows.exchange.following import sync as flow

    if watch and partner:
        raise typer.BadParameter("--watch follows all partners: name none")
    if resume and not partner:
        raise typer.BadParameter("--resume is about one partner: name it")
    node = opened(home, database)
    if resume:
        count = node.following.resume(partner)
        show.note(f"{count} of {printable(partner)}'s logs will be asked for again.")
    if watch:
        _watch(node, json=json)
        return
    means = node.syncing
    if not partner and not flow.others(means):
        _alone(node)
    reports = [flow.sync(partner, means)] if partner else flow.sync_all(means)
    if json:
        show.as_json([as_object(report) for report in reports])
    elif reports:
        _table(reports)
    tell_renewed(renewed(node))
    reassessed(node)
    if not all(report.good for report in reports):
        raise typer.Exit(1)


def _alone(node: Node) -> None:
    """That nobody can be asked, and what is next."""
    from accord.flows.exchange import partners

    partnership = partners.known(node.trust).directory.partnership
    show.note(
        f"{node.me} knows no other member of {partnership}, so nobody can be asked. "
        "`accord partners invite` invites one; whoever answered is known here once its enrolment, "
        "or the proposal that takes it up, was signed here with `accord partners sign`."
    )


def as_object(report: Report) -> dict[str, Any]:
    """A report as JSON has it."""
    return {
        "partner": report.partner,
        "good": report.good,
        "failed": report.failed,
        "refused": report.refused,
        "recalled": report.recalled,
        "warnings": report.warnings,
        "logs": [
            {
                "audience": log.name,
                "log": log.log,
                "new": log.new,
                "same": log.same,
                "quarantined": [{"entry": n, "reason": why} for n, why in log.quarantined],
                "withheld": log.withheld,
                "recalled": log.recalled,
                "applied": log.applied,
                "size": log.size,
                "behind": log.lag,
                "acknowledged": log.acknowledged,
                "stopped": log.stopped,
                "failed": log.failed,
            }
            for log in report.logs
        ],
    }


def _table(reports: list[Report]) -> None:
    rows = [_row(report, log) for report in reports for log in report.logs] + [
        (report.partner, "", *("",) * 7, _failure(report) if report.failed else "nothing for us")
        for report in reports
        if not report.logs
    ]
    show.table("Synced", _COLUMNS, rows, right=tuple(range(2, 9)))
    for report in reports:
        for line in noticed(report) + problems(report):
            show.note(line)


def noticed(report: Report) -> list[str]:
    """What originators took back, by notice."""
    if not report.recalled:
        return []
    what = "1 object was" if report.recalled == 1 else f"{report.recalled:,} objects were"
    return [f"{report.partner}: {what} taken back by notice; nothing of it is used or taken again"]


def _row(report: Report, log: LogReport) -> tuple[str, ...]:
    state = _failure(report) if report.failed else "failed" if log.failed else "up to date"
    state = "STOPPED" if log.stopped else state
    numbers = (
        log.new, log.same, len(log.quarantined), log.withheld, log.recalled, log.lag,
        log.acknowledged,
    )  # fmt: skip
    return (report.partner, printable(log.name), *(f"{number:,}" for number in numbers), state)


def _failure(report: Report) -> str:
    return "refused" if report.refused else "not reached"


def problems(report: Report) -> list[str]:
    """What a person should know of, in lines."""
    lines = [f"{report.partner}: {report.failed}"] if report.failed else []
    lines += report.warnings
    if report.refused:
        lines.append(
            f"{report.partner} was reached and refused this node. See that this node's clock is"
            " right, that the directory lists the key that it signs with, and that both nodes"
            " have the newest directory: compare `accord partners list` on both."
        )
    for log in report.logs:
        who = f"{report.partner}, {log.name}"
        if log.stopped:
            lines.append(
                f"{who}: STOPPED: {log.stopped}. Both signed statements are kept:"
                " `accord exchange evidence` shows them."
            )
        if log.failed:
            lines.append(f"{who}: {log.failed}")
        shown = log.quarantined[:_MOST]
        lines += [f"{who}: entry {number} quarantined: {why}" for number, why in shown]
        if len(log.quarantined) > _MOST:
            lines.append(f"{who}: and {len(log.quarantined) - _MOST:,} more")
        if shown:
            lines.append(
                f"{who}: what is quarantined is kept here byte for byte and used for nothing;"
                f" {report.partner} was told the same numbers and reasons, and can share it anew."
                " `accord sync --json` prints all that came this time, `accord exchange status` how"
                " many there are"
            )
    return [printable(line) for line in lines]


def _watch(node: Node, *, json: bool) -> None:
    """Print what comes, until a person stops it."""
    from threading import Event, Lock

    from accord.core.errors import AccordError
    from accord.flows.exchange.following.watch import Watching, watch

    node.signers.all()
    lock, last = Lock(), dict[str, bool]()

    def told(report: Report) -> None:
        with lock:
            news = report.changed or last.get(report.partner) != report.good
            last[report.partner] = report.good
            if news:
                _tell(report, node.clock.now(), json=json)

    def each() -> None:
        try:
            said = changes(node)
        except AccordError as wrong:
            said = f"verdicts were not made anew: {wrong}"
        if said:
            with lock:
                show.note(printable(f"{node.clock.now()[:19]} {said}"))

    stop = Event()
    show.note("Following every partner. Ctrl-C ends it.")
    try:
        watch(Watching(lambda: node.syncing, told, node.entropy, stop, each))
    except KeyboardInterrupt:
        stop.set()


def _tell(report: Report, at: str, *, json: bool) -> None:
    if json:
        show.as_line({"at": at, **as_object(report)})
        return
    for log in report.logs:
        counts = (
            (log.new, "new"), (log.recalled, "recalled"), (len(log.quarantined), "quarantined"),
            (log.withheld, "withheld"),
        )  # fmt: skip
        said = ", ".join(f"{count:,} {word}" for count, word in counts if count)
        if said:
            typer.echo(printable(f"{at[:19]} {report.partner}, {log.name}: {said}"))
    for line in noticed(report) + problems(report):
        show.note(f"{at[:19]} {line}")
