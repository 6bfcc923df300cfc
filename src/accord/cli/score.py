"""How much of what profiles ask for a bill states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, opened
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.assurance.profiles.profile import Profile
    from accord.assurance.profiles.scoring import FieldScore, Score
    from accord.flows.score import Scored

_WIDTHS = (36, 13, 8, 9, 9, 9)


def score(
    bill: Annotated[
        str, typer.Argument(help="File of a bill, or the digest of a loaded one.", metavar="BILL")
    ],
    profile: Annotated[
        list[str] | None,
        typer.Option(
            help="A profile by name, or a file of your own; all that come with accord if none.",
            show_default=False,
            metavar="NAME",
        ),
    ] = None,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Count how many components of a bill state each field that a profile asks for.

    Exit code 0: every required field of every profile is stated. 1: something lacks.
    2: wrong usage.
    """
    from accord.flows.score import score_bill

    profiles = [_profile(name) for name in profile or ()]
    found = score_bill(_bill(bill, home, database), profiles)
    show.as_json(_as_data(found)) if json else _print(found)
    if not found.passes:
        raise typer.Exit(1)


def _bill(name: str, home: Path, database: str) -> bytes:
    """A file, or else a document of the node."""
    from accord.core.errors import NotFound

    path = Path(name)
    if path.is_file():
        return _bytes(path)
    try:
        node = opened(home, database)
        with node.views.view() as view:
            row = view.document(name.removeprefix("sha256:"))
            if row is not None:
                return view.body(row.digest)
    except NotFound as wrong:
        raise NotFound(f"{name[:90]!r} is not a file, and {wrong}") from wrong
    raise NotFound(f"{name[:90]!r} is neither a file nor the digest of a document of this node")


def _bytes(path: Path) -> bytes:
    from accord.core.errors import TooLarge
    from accord.core.limits import LIMITS

    try:
        if path.stat().st_size > LIMITS.bytes:
            raise TooLarge(f"more than {LIMITS.bytes:,} bytes", str(path))
        return path.read_bytes()
    except OSError as wrong:
        raise typer.BadParameter(f"{path}: {wrong.strerror}") from wrong


def _profile(name: str) -> Profile:
    from accord.assurance.profiles.profile import read
    from accord.core.errors import Invalid
    from accord.flows.score import named

    path = Path(name)
    if not path.is_file():
        return named(name)
    try:
        return read(_bytes(path))
    except Invalid as wrong:
        raise Invalid(str(wrong), str(path)) from wrong


def _as_data(found: Scored) -> dict[str, Any]:
    """Shares as numerator and denominator, exactly."""
    import msgspec

    made: dict[str, Any] = msgspec.to_builtins(found)
    made["passes"] = found.passes
    for score in made["scores"]:
        for field in score["fields"]:
            field["share"] = {"numerator": field["stated"], "denominator": field["total"]}
    return made


def _print(found: Scored) -> None:
    about = f"{found.product} {found.release}".strip()
    typer.echo(printable(f"{about or 'A bill without a product'} ({found.format})"))
    for one in found.scores:
        _table(one)
        short = [field for field in one.fields if field.required and not field.passes]
        if not one.listed:
            typer.echo("Does not pass: the bill lists nothing beside its product.")
        elif short:
            typer.echo(f"Does not pass: {len(short)} required fields lack.")
        else:
            typer.echo("Passes: every required field is stated throughout.")
        for field in short:
            _lacks(field)
    refused = found.scores[0].refused if found.scores else ()
    for entry in refused[:5]:
        show.note(printable(f"Refused at {entry.place}: {entry.reason[:200]}"))
    if len(refused) > len(refused[:5]):
        show.note(f"{len(refused) - 5:,} more were refused; --json lists all.")


def _table(one: Score) -> None:
    rows = [
        (
            field.title if field.required else f"{field.title} (recommended)",
            f"{field.stated:,}/{field.total:,}",
            _percent(field),
            *(f"{count:,}" for count in (field.unknown, field.withheld, field.missing)),
        )
        for field in one.fields
    ]
    columns = ("field", "stated", "share", "unknown", "withheld", "missing")
    show.table(f"{one.title} ({one.profile})", columns, rows, right=(1, 2, 3, 4, 5), widths=_WIDTHS)


def _percent(field: FieldScore) -> str:
    """Rounded down, so that only the whole is 100 %."""
    return f"{int(field.share * 100)} %"


def _lacks(field: FieldScore) -> None:
    for one in field.lacking[:3]:
        where = f" at {one.place}" if one.place else ""
        what = (
            one.component or "the bill" if field.level == "bill" else one.component or "(no name)"
        )
        typer.echo(printable(f"  {field.id}: {one.said}, {what}{where}"))
