"""Entries of a document put together as a catalogue, and an account of what was wrong with them.

Law (nothing is dropped in silence): each entry ends as an item or is refused; every identifier that
was put right, every parent that is not there and every level that names nothing is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from accord.assurance.catalogues import identifiers, names
from accord.assurance.facts import CatalogueItem
from accord.assurance.model import SEPARATOR
from accord.core.reading import NotEvaluated, Refused

CORRECTED = "identifier corrected"
"""Why a load reports an identifier that it put right."""
_ENDLESS = "an item holds itself"
_TITLE = 200
_DEEPEST = 100
"""Items within items, past which a line of them is taken to have no end."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as the document has it."""

    key: str
    """What other entries refer to it by."""
    identifier: str
    parent: str = ""
    """Key of the entry that holds it."""
    kind: str = ""
    """Empty: by its depth, as the catalogue's names have it, else by whether it holds others."""
    title: str = ""
    levels: tuple[str, ...] = ()
    place: str


class Account(msgspec.Struct):
    """Everything that there is to say about a catalogue's entries."""

    items: list[CatalogueItem] = []
    refused: list[Refused] = []
    notes: list[NotEvaluated] = []


def assemble(catalogue: str, entries: Sequence[Entry]) -> Account:
    """Entries as items: identifiers put right, parents found, duplicates refused."""
    account = Account()
    kept = _unique(catalogue, entries, account)
    by_key = {entry.key: entry for entry in kept}
    holders = {entry.parent for entry in kept}
    for entry in kept:
        line = _line(entry, by_key)
        parent = by_key.get(entry.parent)
        if entry.parent and (parent is None or line is None):
            reason = "parent does not exist" if parent is None else _ENDLESS
            account.notes.append(
                NotEvaluated(entry.place, reason, entry.identifier, f"parent {entry.parent}")
            )
            parent = None
        kind = entry.kind or _kind(catalogue, len(line or ()), holds=entry.key in holders)
        account.items.append(
            CatalogueItem(
                catalogue=catalogue,
                item=entry.identifier,
                parent=parent.identifier if parent else "",
                kind=kind,
                title=shortened(entry.title),
                levels=entry.levels,
                place=entry.place,
            )
        )
    return account


def _unique(catalogue: str, entries: Iterable[Entry], account: Account) -> list[Entry]:
    """Entries with their identifiers as they should be; what stands twice counts once."""
    places: dict[str, str] = {}
    keys: dict[str, str] = {}
    kept: list[Entry] = []
    for entry in entries:
        try:
            written = identifiers.normal(catalogue, entry.identifier)
        except identifiers.Unlike:
            written = " ".join(entry.identifier.split())
            account.notes.append(unlike(entry.place, written, catalogue))
        if not written:
            account.refused.append(Refused(entry.place, "an item without an identifier"))
            continue
        first = places.get(written) or keys.get(entry.key)
        if first is not None:
            what = written if written in places else entry.key
            reason = f"{what[:60]!r} stands twice in this catalogue; the first is at {first}"
            account.refused.append(Refused(entry.place, reason))
            continue
        places[written] = keys[entry.key] = entry.place
        if written != entry.identifier:
            account.notes.append(corrected(entry.place, entry.identifier, catalogue, written))
        kept.append(msgspec.structs.replace(entry, identifier=written))
    return kept


def corrected(place: str, found: str, catalogue: str, written: str) -> NotEvaluated:
    """An identifier that was put right."""
    return NotEvaluated(place, CORRECTED, found, f"{catalogue}{SEPARATOR}{written}")


def unlike(place: str, found: str, catalogue: str) -> NotEvaluated:
    """An identifier that its catalogue cannot have."""
    return NotEvaluated(place, "not an identifier of its catalogue", found, catalogue)


def shortened(text: str) -> str:
    """A title on one line; a long text ends where a title may."""
    line = " ".join(text.split())
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 1].rstrip()}…"


def _line(entry: Entry, by_key: dict[str, Entry]) -> tuple[str, ...] | None:
    """Keys of everything that holds an entry, the next first; None: it holds itself."""
    above: dict[str, None] = {}
    at = by_key.get(entry.parent)
    while at is not None:
        if at.key in above or at.key == entry.key or len(above) >= _DEEPEST:
            return None
        above[at.key] = None
        at = by_key.get(at.parent)
    return tuple(above)


def _kind(catalogue: str, depth: int, *, holds: bool) -> str:
    kinds = names.known(catalogue).kinds
    if depth < len(kinds):
        return kinds[depth]
    return "group" if holds else "requirement"
