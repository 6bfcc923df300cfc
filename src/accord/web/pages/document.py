"""One document: what it is, what was made of it, and its bytes."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from accord.core.errors import NotFound
from accord.flows.ports import ComponentRow, Contents, DocumentRow, View
from accord.web.asked import ROWS, Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts
from accord.web.pages.documents import DocumentLine, line

PARAMETERS = ("page",)


class Count(msgspec.Struct, frozen=True):
    """Facts of one sort."""

    sort: str
    """`component`, `affected`, `advisory`, ..."""
    count: int
    """How many."""


class Refused(msgspec.Struct, frozen=True):
    """What was quarantined."""

    place: str
    """JSON pointer or line; empty: the whole document."""
    reason: str
    """Why."""


class ComponentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One component of a bill."""

    name: str
    """Its name."""
    version: str
    """Its version, as the bill writes it."""
    purl: str
    """Its package URL."""
    cpe: str
    """Its CPE name."""
    supplier: str
    """Its supplier."""
    kind: str
    """`library`, `application`, ..."""
    href: str
    """Address of the exposures through it."""


class DocumentPage(parts.Page, frozen=True, kw_only=True):
    """What one document is, and the facts that follow from it."""

    template: ClassVar[str] = "document.html"

    document: DocumentLine
    """The document."""
    subject: str
    """What it is an edition of; empty: it stands for itself alone."""
    sources: tuple[str, ...]
    """Names under which it came; the first 50."""
    raw_href: str
    """Address of its bytes."""
    facts: tuple[Count, ...]
    """Facts that follow from it, by sort."""
    quarantined: tuple[Refused, ...]
    """What was refused in it; the first 500."""
    quarantined_count: int
    """How much was refused in it."""
    editions: tuple[DocumentLine, ...]
    """Other documents about the same; the first 100, the latest first."""
    products: tuple[parts.Named, ...]
    """What the bill describes, and under which names it is run; empty: it is no bill."""
    vulnerabilities: tuple[parts.Named, ...]
    """Vulnerabilities that it speaks of; the first 500."""
    components: tuple[ComponentLine, ...]
    """Components of the bill on this page."""
    pages: parts.Pages
    """Where this page stands among the others, by components."""


def page(desk: Desk, asked: Asked) -> DocumentPage:
    """One document.

    Raises:
        NotFound: none, or several, begin so.
    """
    links = asked.links
    with desk.view(asked.moment) as view:
        found = find(view, asked.name)
        contents = view.contents(found.digest, asked.offset, ROWS)
        editions = [row for row in view.editions(found.subject) if row.digest != found.digest]
        products = _products(view, found, links)
    return DocumentPage(
        heading=found.title or f"{found.kind} {found.digest[:12]}",
        document=line(found, links),
        subject=found.subject,
        sources=found.sources[:50],
        raw_href=f"/documents/{found.digest}/raw",
        facts=tuple(Count(*one) for one in contents.counts),
        quarantined=tuple(Refused(*one) for one in found.quarantined[:500]),
        quarantined_count=len(found.quarantined),
        editions=tuple(line(row, links) for row in editions[:100]),
        products=products,
        vulnerabilities=_vulnerabilities(contents, links),
        components=tuple(_component(row, links) for row in contents.components),
        pages=parts.pages(asked, dict(contents.counts).get("component", 0)),
    )


def raw(desk: Desk, asked: Asked, digest: str) -> tuple[str, bytes]:
    """A name for a file, and the document byte for byte.

    Raises:
        NotFound: none, or several, begin so.
    """
    with desk.view(asked.moment) as view:
        found = find(view, digest)
        return f"sha256-{found.digest}.txt", view.body(found.digest)


def find(view: View, name: str) -> DocumentRow:
    """A document by its digest or the beginning of one.

    Raises:
        NotFound: none, or several, begin so.
    """
    found = view.document(name)
    if found is None:
        raise NotFound(f"no document, or more than one, begins with {name[:80]!r}; see /documents")
    return found


def _products(view: View, found: DocumentRow, links: Links) -> tuple[parts.Named, ...]:
    own = [(b.product, b.release) for b in view.bill_summaries() if b.digest == found.digest]
    own += [(r.product, r.release) for r in view.deployments() if r.bill == found.digest]
    return tuple(
        parts.Named(name, release, links.product(name, release))
        for name, release in dict.fromkeys(own)
        if name
    )


def _vulnerabilities(contents: Contents, links: Links) -> tuple[parts.Named, ...]:
    return tuple(
        parts.Named(name, detail, links.advisory(name)) for name, detail in contents.vulnerabilities
    )


def _component(row: ComponentRow, links: Links) -> ComponentLine:
    return ComponentLine(
        name=row.name,
        version=row.version,
        purl=row.purl,
        cpe=row.cpe,
        supplier=row.supplier,
        kind=row.kind,
        href=links.component(row.purl, row.name),
    )
