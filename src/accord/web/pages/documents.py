"""The documents that the node keeps."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from accord.core.errors import Invalid
from accord.flows.ports import DocumentRow
from accord.web.asked import ROWS, Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts

PARAMETERS = ("kind", "state", "page")
STATES = ("current", "superseded", "items quarantined", "quarantined")


class DocumentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One document of the list."""

    digest: str
    """SHA-256, 64 hexadecimal digits."""
    href: str
    """Address of the document."""
    kind: str
    """What it is, in the words of its format."""
    title: str
    """One line."""
    name: str
    """The last part of a name under which it came."""
    edition: str
    """YYYY-MM-DD or number of its edition; empty: undated."""
    learned: str
    """YYYY-MM-DD on which this node was given it."""
    size: int
    """Bytes."""
    partner: str
    """The partner that it came from; empty: this node's own people gave it."""
    state: str
    """`current`, `superseded` or `quarantined`."""
    reasons: tuple[str, ...]
    """Why it, or items of it, were refused: place and reason; the first 5."""


class Option(msgspec.Struct, frozen=True):
    """One kind or state, as a link."""

    name: str
    """The kind or state; empty: any."""
    count: int
    """Documents that the list has after following the link."""
    href: str
    """Address of the list, limited to it."""
    chosen: bool
    """Whether the list is limited to it now."""


class Unopened(msgspec.Struct, frozen=True):
    """Something that was refused before it became a document."""

    source: str
    """Name under which it came."""
    reason: str
    """Why it was refused."""


class DocumentsPage(parts.Page, frozen=True, kw_only=True):
    """The documents, the newest first, with what was quarantined."""

    template: ClassVar[str] = "documents.html"

    kinds: tuple[Option, ...]
    """Kinds of document, with how many there are."""
    states: tuple[Option, ...]
    """States of documents, with how many there are."""
    rows: tuple[DocumentLine, ...]
    """The documents of this page."""
    pages: parts.Pages
    """Where this page stands among the others."""
    unopened: tuple[Unopened, ...]
    """What was refused unopened; the first 500."""
    unopened_count: int
    """How much was refused unopened."""


def page(desk: Desk, asked: Asked) -> DocumentsPage:
    """The documents of a kind and a state.

    Raises:
        Invalid: there is no such state.
        NotFound: past the last page.
    """
    kind, state = asked.query.get("kind", ""), asked.query.get("state", "")
    if state and state not in STATES:
        raise Invalid(f"{state!r} is not a state: use one of {', '.join(STATES)}")
    with desk.view(asked.moment) as view:
        shelf = view.shelf(kind, state, asked.offset, ROWS)
    return DocumentsPage(
        heading="Documents",
        kinds=_options("kind", kind, shelf.kinds, asked),
        states=_options("state", state, {s: shelf.states.get(s, 0) for s in STATES}, asked),
        rows=tuple(line(row, asked.links) for row in shelf.documents),
        pages=parts.pages(asked, shelf.count),
        unopened=tuple(Unopened(*one) for one in shelf.unopened),
        unopened_count=shelf.unopened_count,
    )


def _options(name: str, chosen: str, counts: dict[str, int], asked: Asked) -> tuple[Option, ...]:
    found = [
        Option(value, count, asked.here(**{name: value, "page": ""}), value == chosen)
        for value, count in (sorted(counts.items()) if name == "kind" else counts.items())
    ]
    if not chosen:
        return tuple(found)
    total = counts.get("current", 0) + counts.get("superseded", 0) + counts.get("quarantined", 0)
    total = total if name == "state" else sum(counts.values())
    return (Option("", total, asked.here(**{name: "", "page": ""}), chosen=False), *found)


def line(row: DocumentRow, links: Links) -> DocumentLine:
    """A document as a list shows it."""
    name = row.sources[0] if row.sources else ""
    state = "current" if row.current else "superseded"
    return DocumentLine(
        digest=row.digest,
        href=links.document(row.digest),
        kind=row.kind,
        title=row.title,
        name=name.rpartition("/")[2] or name,
        edition=edition(row.edition),
        learned=row.learned[:10],
        size=row.size,
        partner=row.origin,
        state="quarantined" if row.outcome == "quarantined" else state,
        reasons=tuple(f"{p or 'whole'}: {reason}" for p, reason in row.quarantined[:5]),
    )


def edition(text: str) -> str:
    """A `when()` as its day, and `numbered()` numbers without their padding."""
    if text[4:5] == "-":
        return text[:10]
    return ".".join(str(int(one)) if one.isdecimal() else one for one in text.split("."))
