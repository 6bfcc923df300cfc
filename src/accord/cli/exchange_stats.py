"""How the exchange goes: time to share, who stands where, and evidence of what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, MOST, AsJson, Database, Home, opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accord.flows.exchange.accounts.stats import Journey, Spread, Stats
    from accord.flows.exchange.accounts.status import FollowStatus, Numbered, Status
    from accord.wiring import Node

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
"""Seconds."""


def stats(
    objects: Annotated[bool, typer.Option("--objects", help="Also object by object.")] = False,
    limit: Annotated[
        int, typer.Option(min=0, max=MOST, help="Objects to print; 0 prints all.")
    ] = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Print how long it takes until partners have applied what is shared, in both directions."""
    from accord.flows.exchange.accounts.stats import stats as run

    node = opened(home, database)
    found = run(node.accounts, _status(node).partners, limit if objects else None)
    if json:
        show.as_json(found)
        return
    _print_stats(found)


def status(json: AsJson = False, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Print who this node is, how far its partners are, what it follows, and what is wrong."""
    found = _status(opened(home, database))
    if json:
        show.as_json(found)
        return
    _print_status(found)


def evidence(
    number: Annotated[int | None, typer.Argument(help="Number of one piece, in full.")] = None,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List kept statements that cannot both be true, or print two of them as they were signed."""
    from accord.flows.exchange.accounts.status import evidence as run

    found = run(opened(home, database).accounts, number)
    if json:
        show.as_json([_plain(one) for one in found])
    elif not found:
        typer.echo("No evidence: no statement contradicts another.")
    elif number is None:
        _print_evidence(found)
    else:
        _print_one(found[0])


def _status(node: Node) -> Status:
    from accord.flows.exchange.accounts.status import status as run

    return run(node.accounts, node.trust.directory(), node.me)


def _print_stats(found: Stats) -> None:
    if not found.partners:
        typer.echo("Nothing was shared with partners yet, and nothing was taken from them.")
        return
    show.table(
        "Time to share",
        ("partner", "direction", "objects", "applied", "median", "95 of 100", "unknown"),
        [_row(one) for one in found.partners],
        right=(2, 3, 4, 5, 6),
    )
    if any(one.unknown for one in found.partners):
        show.note("Unknown: the clocks of two nodes disagree, so that the time would be negative.")
    if found.journeys:
        show.table(
            "Objects",
            ("object", "with", "released", "making", "applied"),
            [_journey(one) for one in found.journeys],
            widths=(25, 14, 10, 9, 36),
        )


def _row(one: Spread) -> tuple[str, ...]:
    way = "to it" if one.way == "to" else "from it"
    numbers = (f"{one.objects:,}", f"{one.applied:,}", took(one.median), took(one.high))
    return (one.partner, way, *numbers, f"{one.unknown:,}" if one.unknown else "")


def _journey(one: Journey) -> tuple[str, ...]:
    applied = ", ".join(f"{name} {took(taken) or '-'}" for name, taken in one.applied.items())
    where = one.audience or one.partner
    return (one.object, where, show.second(one.released), took(one.making), applied)


def took(seconds: float | None) -> str:
    """A duration for a person; empty where it is not known."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{seconds:.2f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.1f} min"
    return f"{seconds / _HOUR:.1f} h" if seconds < _DAY else f"{seconds / _DAY:.1f} d"


def _print_status(found: Status) -> None:
    from accord.core.show import printable

    kept = found.kept
    if not found.me:
        typer.echo(
            "This node is in no partnership: `accord partners found` begins one, "
            "`accord partners accept` joins one."
        )
        return
    title = f" ({printable(found.title)})" if found.title else ""
    others = ", ".join(found.partners) or "nobody else yet"
    typer.echo(f"{found.me}{title}, in {found.partnership} with {others}.")
    if kept.sealed:
        typer.echo(f"SEALED: nothing is signed any more: {printable(kept.sealed)}")
    for line in _waiting(found):
        typer.echo(line)
    show.table(
        "Audiences",
        ("audience", "entries", "member", "acknowledged", "behind", "when"),
        list(_members(found)),
        right=(1, 3, 4),
    )
    if kept.follows:
        show.table(
            "Logs followed",
            ("partner", "audience", "applied", "to say", "quarantined", "withheld", "when", ""),
            [_followed(one) for one in kept.follows],
            right=(2, 3, 4, 5),
        )
    for one in kept.follows:
        if one.stopped:
            typer.echo(f"STOPPED: {one.partner}, {printable(one.name)}: {printable(one.stopped)}")


def _waiting(found: Status) -> Iterator[str]:
    kept = found.kept
    yield f"{kept.receipts:,} decisions in the disclosure log (`accord receipts`)."
    if kept.waiting:
        yield f"{kept.waiting:,} envelopes wait for their release date."
    if kept.reviews:
        yield f"{kept.reviews:,} objects wait for a person's decision (`accord review list`)."
    if kept.evidence:
        yield f"{kept.evidence:,} pieces of EVIDENCE are kept (`accord exchange evidence`)."


def _members(found: Status) -> Iterator[tuple[str, ...]]:
    for one in found.kept.audiences:
        name = f"{one.name} (all)" if one.everyone else one.name
        if not one.members:
            yield (name, f"{one.size:,}", "nobody", "", "", "")
        for member in one.members:
            behind = one.size - member.acknowledged
            counts = (f"{member.acknowledged:,}", f"{behind:,}" if behind else "")
            yield (name, f"{one.size:,}", member.partner, *counts, show.second(member.at))


def _followed(one: FollowStatus) -> tuple[str, ...]:
    counts = (one.lag, one.quarantined, one.withheld)
    numbers = (f"{one.size:,}", *(f"{count:,}" if count else "" for count in counts))
    return (one.partner, one.name, *numbers, show.second(one.at), "stopped" if one.stopped else "")


def _print_evidence(found: Sequence[Numbered]) -> None:
    show.table(
        "Evidence",
        ("number", "when", "partner", "what"),
        [
            (str(e.number), show.second(e.evidence.at), e.evidence.partner, e.evidence.what)
            for e in found
        ],
        widths=(6, 10, 14, 65),
    )
    show.note("`accord exchange evidence NUMBER` prints both statements as they were signed.")


def _print_one(one: Numbered) -> None:
    from accord.core.show import printable

    kept = one.evidence
    typer.echo(f"{kept.at}  {printable(kept.partner) or 'this node alone'}")
    typer.echo(printable(kept.what))
    for name, statement in (("Ours", kept.ours), ("Theirs", kept.theirs)):
        typer.echo(f"\n{name}:")
        for line in statement.decode("utf-8", "replace").splitlines() or ["(none)"]:
            typer.echo(f"  {printable(line)}")


def _plain(one: Numbered) -> dict[str, object]:
    kept = one.evidence
    return {
        "number": one.number, "partner": kept.partner, "log": kept.log, "what": kept.what,
        "at": kept.at, "ours": kept.ours.decode("utf-8", "replace"),
        "theirs": kept.theirs.decode("utf-8", "replace"),
    }  # fmt: skip
