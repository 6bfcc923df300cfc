"""The list of dangers as files in signed editions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from accord.cli.options import DEFAULT_HOME, Database, Home, opened
from accord.core.show import printable

lists = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The list of dangers as files for resolvers, filters and programs, in signed editions.",
)
Folder = Annotated[Path, typer.Argument(help="Of the edition.", show_default=False)]
_LONGEST = 512 << 20
_FILES = 200


@lists.command()
def write(
    folder: Folder,
    hours: Annotated[
        int, typer.Option(help="Hours after which the edition ends.", min=1, max=720)
    ] = 24,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:
    """Write the newest edition, with what changed since the last one in the folder."""
    from accord.exchange.feeds.schedule import later
    from accord.flows.outreach.checking.listing import snapshot
    from accord.outreach.lists import editions
    from accord.outreach.lists.formats import Head
    from accord.wiring.checking import CheckDesk

    node = opened(home, database)
    now = node.clock.now()
    dangers = snapshot(CheckDesk(node)).dangers
    before = _held(folder) if folder.exists() else {}
    files = editions.edition(
        dangers, before, Head(number=0, made=now, publisher=node.me), later(now, hours * 3_600.0)
    )
    _put(folder, files, before)
    number = editions.whole(files[editions.NEWEST]).number
    typer.echo(f"Edition {number} with {len(dangers):,} entries is in {folder}.")
    typer.echo(f"Next, by each partner that stands for it: `accord lists sign {folder}`.")


@lists.command()
def sign(folder: Folder, home: Home = DEFAULT_HOME, database: Database = "") -> None:
    """Sign the edition in a folder as this partner, beside what others signed."""
    from accord.core.errors import Invalid
    from accord.outreach.lists import editions

    node = opened(home, database)
    files = _held(folder)
    if editions.CONTENTS not in files:
        raise Invalid(f"{folder} holds no edition; `accord lists write` makes one")
    made = editions.sign(files[editions.CONTENTS], node.signers.all())
    name = editions.signature_name(node.me)
    _put(folder, {name: made}, {})
    typer.echo(f"Signed as {node.me}: {folder / name}")


@lists.command()
def verify(
    folder: Folder,
    threshold: Annotated[
        int, typer.Option(help="Partners that must have signed; 0: as the directory says.", min=0)
    ] = 0,
    seen: Annotated[
        Path | None,
        typer.Option(help="Where the newest number is kept: an older edition is refused.",
                     metavar="FILE"),
    ] = None,
    home: Home = DEFAULT_HOME,
    database: Database = "",
) -> None:  # fmt: skip
    """Say whether an edition counts: its partners, its files, its end, and its number."""
    from accord.core.errors import NotFound
    from accord.outreach.lists import editions

    node = opened(home, database)
    directory = node.trust.directory()
    if directory is None:
        raise NotFound("this node is in no partnership: it knows nobody's keys")
    newest = _number(seen)
    done = editions.check(
        _held(folder), directory, threshold or directory.threshold, now=node.clock.now(),
        seen=newest,
    )  # fmt: skip
    if seen is not None:
        _put(seen.parent, {seen.name: f"{done.contents.number}\n".encode()}, {})
    files = len(done.contents.files)
    typer.echo(
        f"Edition {done.contents.number} counts: signed by {', '.join(done.partners)}; "
        f"{files} files; until {done.contents.expires[:16]}Z."
    )


def _number(seen: Path | None) -> int:
    from accord.core.errors import Invalid

    if seen is None or not seen.exists():
        return 0
    text = seen.read_bytes()[:32].decode("ascii", "replace").strip()
    if not text.isdigit() or not text.isascii():
        raise Invalid(f"{seen} holds no number")
    return int(text)


def _held(folder: Path) -> dict[str, bytes]:
    """The files of an edition that stand in a folder, within bounds."""
    from accord.core.errors import Invalid
    from accord.outreach.lists import editions
    from accord.outreach.lists.formats import FORMATS

    found: dict[str, bytes] = {}
    size = 0
    try:
        for path in sorted(folder.iterdir()):
            ours = path.name in FORMATS or editions.is_ours(path.name)
            if not ours or path.is_symlink() or not path.is_file():
                continue
            size += path.stat().st_size
            if size > _LONGEST or len(found) >= _FILES:
                raise Invalid(f"{folder} holds more than any edition")
            found[path.name] = path.read_bytes()
    except OSError as wrong:
        raise Invalid(printable(f"cannot read {folder}: {wrong.strerror}")) from wrong
    return found


def _put(folder: Path, files: dict[str, bytes], before: dict[str, bytes]) -> None:
    """Each file whole or not at all, the contents last; then what is of no edition goes."""
    from accord.core.errors import Invalid
    from accord.outreach.lists import editions

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(files, key=lambda name: name == editions.CONTENTS):
            beside = folder / f".{name}.new"
            beside.write_bytes(files[name])
            os.replace(beside, folder / name)  # noqa: PTH105 - over what stands there
        for name in before.keys() - files.keys():
            (folder / name).unlink(missing_ok=True)
    except OSError as wrong:
        raise Invalid(printable(f"cannot write {folder}: {wrong.strerror}")) from wrong
