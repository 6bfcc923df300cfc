"""Notes between partners: incidents, requests for assistance, answers, lessons, breach notices."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accord.cli import show
from accord.cli.options import DEFAULT_HOME, AsJson, Database, Home, Limit, opened, said
from accord.core.origins import words
from accord.core.show import printable

if TYPE_CHECKING:
    from accord.exchange.notes.identifiers import Hashed
    from accord.flows.notes import Thread
    from accord.flows.ports import NoteRow
    from accord.identity.markings import Tlp

notes = typer.Typer(
    help="Write and list incidents, requests for help and answers, lessons, breach notices.",
    no_args_is_help=True,
)
_WIDTHS = (8, 12, 28, 14, 10, 12, 8)
_MOST_BYTES = 64 << 20


class Kind(StrEnum):
    """What a note is."""

    incident = "incident"
    assistance = "assistance"
    answer = "answer"
    lesson = "lesson"
    breach = "breach"


@notes.command("new")
def new(
    kind: Annotated[Kind, typer.Argument(help="What it is.", show_default=False)],
    title: Annotated[str, typer.Option(callback=said, help="One line.")],
    text: Annotated[str, typer.Option(callback=said, help="What to say; `-`: standard input.")],
    sector: Annotated[
        list[str] | None, typer.Option(help="A sector concerned: energy. May be repeated.")
    ] = None,
    affects: Annotated[
        list[str] | None,
        typer.Option(help="A CVE, or the STIX identifier of what is concerned. May be repeated."),
    ] = None,
    to: Annotated[
        str, typer.Option(help="The request that it answers, or the incident behind a lesson.")
    ] = "",
    tlp: Annotated[str, typer.Option(help="CLEAR, GREEN, AMBER, AMBER+STRICT or RED.")] = "",
    identifiers: Annotated[
        Path | None,
        typer.Option(
            help="For a breach: mail addresses and telephone numbers, one a line. They are hashed"
            " here and never kept.",
            metavar="FILE",
        ),
    ] = None,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Write a note and keep it here; it goes to nobody before `accord share`."""
    from accord.core.errors import Invalid
    from accord.exchange.notes.building import Draft
    from accord.flows import notes as flow

    if kind is Kind.answer and not to:
        raise typer.BadParameter(
            "an answer is to a request for assistance: name it with --to (`accord notes list` shows"
            " the requests)"
        )
    words = sys.stdin.read() if text == "-" else text
    try:
        draft = Draft(
            kind=kind.value,
            title=title,
            text=words,
            sectors=tuple(sector or ()),
            affects=tuple(affects or ()),
            to=to,
            tlp=_tlp(tlp),
            identifiers=_hashed(identifiers, f"{title}\n{words}"),
        )
        node = opened(home, database)
        identity = flow.maker(node.trust.directory(), node.me)
        id_ = flow.write(draft, node, identity)
    except Invalid as wrong:
        raise typer.BadParameter(str(wrong)) from wrong
    if json:
        show.as_json({"object": id_})
        return
    typer.echo(f"{id_} is kept on this node; nobody else has it yet.")
    if identifiers is not None:
        show.note(f"{len(draft.identifiers):,} identifiers stand in it, as hashes only.")
    typer.echo(f"Next: `accord share {id_} --audience AUDIENCE`.")


def _tlp(text: str) -> Tlp | None:
    from accord.identity.markings import parse_tlp

    return parse_tlp(text) if text else None


def _hashed(path: Path | None, words: str) -> Hashed:
    """The identifiers in a file, hashed; the file is looked at once and not kept."""
    from accord.core.errors import Invalid, TooLarge
    from accord.exchange.notes.identifiers import Hashed, hashed

    if path is None:
        return Hashed()
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise TooLarge(f"{path} has more than {_MOST_BYTES >> 20} MiB")
        return hashed(path.read_text("utf-8-sig").splitlines(), words)
    except OSError as wrong:
        raise Invalid(f"{path} cannot be read: {wrong.strerror}") from wrong
    except UnicodeDecodeError as wrong:
        raise Invalid(f"{path} is not text in UTF-8") from wrong


@notes.command("list")
def list_(
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    limit: Limit = 50,
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """List own notes and those received, answers under their requests."""
    from accord.flows.notes import threads

    with opened(home, database).views.view() as view:
        found = [one for one in threads(view) if kind in (None, one.note.kind)]
    if json:
        show.as_json(found)
        return
    if not found:
        typer.echo("No notes. `accord notes new` writes one.")
        return
    shown = found[:limit] if limit else found
    rows = [row for thread in shown for row in _rows(thread)]
    columns = ("id", "kind", "title", "from", "created", "tlp", "answered")
    show.table("Notes", columns, rows, widths=_WIDTHS)
    waiting = sum(one.note.kind == "assistance" and one.hours is None for one in found)
    if waiting:
        typer.echo(f"{waiting:,} without an answer.")
    show.more(len(found) - len(shown))


def _rows(thread: Thread) -> list[tuple[str, ...]]:
    answered = "" if thread.hours is None else _duration(thread.hours)
    if thread.note.kind == "assistance" and thread.hours is None:
        answered = "waits"
    rows = [_row(thread.note, "", answered)]
    return rows + [_row(one, "  ", "") for one in thread.answers]


def _row(note: NoteRow, indent: str, answered: str) -> tuple[str, ...]:
    return (
        note.object.partition("--")[2][:8],
        f"{indent}{note.kind}",
        note.title,
        note.origin or "this node",
        note.created[:10],
        note.tlp,
        answered,
    )


def _duration(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.0f} d"  # noqa: PLR2004 - two days


@notes.command("show")
def show_(
    note: Annotated[str, typer.Argument(help="Identifier of a note, or how it begins.")],
    json: AsJson = False,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Print one note whole, with the answers to it."""
    from accord.flows.notes import show as run

    with opened(home, database).views.view() as view:
        found = run(view, note)
    if json:
        show.as_json(found)
        return
    row = found.thread.note
    typer.echo(printable(f"{row.object}  {row.kind}  {row.title}"))
    where = f"from {words(row.origin)}" if row.origin else "of this node"
    marking = f", TLP:{row.tlp}" if row.tlp else ""
    revoked = ", revoked" if row.revoked else ""
    typer.echo(f"{where}, {row.created[:16].replace('T', ' ')} UTC{marking}{revoked}")
    for name, values in (("affects", found.affects), ("sectors", found.sectors)):
        if values:
            typer.echo(printable(f"{name}: {', '.join(values)}"))
    if found.identifiers:
        typer.echo(f"identifiers: {found.identifiers:,}, as hashes")
    typer.echo("")
    for line in found.text.splitlines():
        typer.echo(printable(line))
    for one in found.thread.answers:
        by = f"from {words(one.origin)}" if one.origin else "of this node"
        typer.echo("")
        typer.echo(printable(f"{one.kind} {by}, {one.created[:10]}: {one.title}"))
        typer.echo(f"  accord notes show {one.object.partition('--')[2][:8]}")


@notes.command("definitions")
def definitions() -> None:
    """Print the STIX extension definitions that notes use, as a bundle for other tools."""
    from accord.exchange.notes.definitions import bundle

    show.as_json(bundle())
