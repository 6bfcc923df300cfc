"""One vulnerability: what it affects, who is exposed, and what is known of its use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from accord.core.errors import NotFound
from accord.flows.explain import sentence_of as signal_sentence
from accord.flows.ports import AdvisoryRow, AffectedRow, StatementRow, Vulnerability
from accord.supply.matching.exposures import OPEN, Exposure
from accord.supply.matching.signals import Signal
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts

PARAMETERS = ("page",)


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What one document says that the vulnerability is."""

    advisory: str
    """Identifier of the advisory."""
    vulnerability: str
    """The name that the advisory refers to it by."""
    publisher: str
    """Who published it."""
    title: str
    """One line."""
    published: str
    """YYYY-MM-DD, or empty."""
    modified: str
    """YYYY-MM-DD, or empty."""
    withdrawn: str
    """YYYY-MM-DD, or empty: it stands."""
    origin: parts.Origin | None
    """The document."""


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """Versions of one package that one document names as affected."""

    package: str
    """The package."""
    stream: str
    """Distribution release or module stream; empty: any."""
    scheme: str
    """Order of the versions; empty: there is none."""
    words: str
    """The interval in words."""
    fixed: str
    """Versions that repair it."""
    vulnerability: str
    """The name that the document refers to it by."""
    origin: parts.Origin | None
    """The document."""


class Signalled(msgspec.Struct, frozen=True):
    """One fact about use, odds or severity."""

    kind: str
    """`known exploited`, `epss`, `ssvc`, `score`, `exploits`, `sighting` or `technique`."""
    sentence: str
    """The fact in words."""
    origin: parts.Origin | None
    """The document."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A VEX statement about the vulnerability."""

    status: str
    """`affected`, `not_affected`, `fixed` or `under_investigation`."""
    products: tuple[str, ...]
    """What it speaks of; the first 20."""
    author: str
    """Who says so."""
    why: str
    """Justification, impact or action."""
    at: str
    """YYYY-MM-DD, or empty."""
    origin: parts.Origin | None
    """The document."""


class AdvisoryPage(parts.Page, frozen=True, kw_only=True):
    """Everything that this node knows about one vulnerability."""

    template: ClassVar[str] = "advisory.html"

    name: str
    """Its preferred name."""
    title: str
    """One line on what it is; empty where no document gives one."""
    aliases: tuple[str, ...]
    """Its other names, by declared aliases."""
    related: tuple[parts.Named, ...]
    """Names that documents call related; never the same."""
    covers: tuple[parts.Named, ...]
    """The vulnerabilities of an advisory about several, where its identifier was asked for."""
    shares: tuple[parts.Share, ...]
    """How many of its open exposures each decision has."""
    open_count: int
    """Open exposures to it."""
    operators: tuple[parts.Named, ...]
    """Operators with open exposures to it, with how many."""
    signals: tuple[Signalled, ...]
    """What is known of its use, odds and severity, the gravest kind first."""
    affected: tuple[Interval, ...]
    """What it affects; the first 500 intervals."""
    affected_count: int
    """Intervals that documents name."""
    statements: tuple[Said, ...]
    """What VEX says of it; the first 500 statements."""
    documents: tuple[Described, ...]
    """Advisories about it; the first 500."""
    rows: tuple[parts.ExposureRow, ...]
    """Exposures to it, whatever their status, in the order in which to act."""
    pages: parts.Pages
    """Where this page stands among the others."""


_KINDS = ("known exploited", "sighting", "exploits", "ssvc", "epss", "score", "technique")


def page(desk: Desk, asked: Asked) -> AdvisoryPage:
    """One vulnerability by any of its names, or one advisory by its identifier.

    Raises:
        NotFound: no document names it.
    """
    with desk.view(asked.moment) as view:
        found = view.vulnerability(asked.name)
    if found is None:
        raise NotFound(f"no document here names {asked.name!r}; the search finds parts of names")
    exposed = _exposed(desk, asked, found)
    links = asked.links
    titles = [row.title for row in found.advisories if row.title]
    return AdvisoryPage(
        heading=found.name,
        name=found.name,
        title=titles[0] if titles else "",
        aliases=found.aliases,
        related=tuple(parts.Named(one, "", links.advisory(one)) for one in found.related),
        covers=_covers(found, links),
        shares=parts.shares_of(exposed),
        open_count=sum(one.status in OPEN for one in exposed),
        operators=_operators(exposed, links),
        signals=_signals(found, links),
        affected=tuple(_interval(row, found, links) for row in found.affected),
        affected_count=found.affected_count,
        statements=tuple(_said(row, found, links) for row in found.statements),
        documents=tuple(_described(row, found, links) for row in found.advisories),
        rows=tuple(parts.row(one, links) for one in parts.cut(exposed, asked)),
        pages=parts.pages(asked, len(exposed)),
    )


def table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """All exposures to the vulnerability: the rows of the CSV.

    Raises:
        NotFound: no document names it.
    """
    with desk.view(asked.moment) as view:
        found = view.vulnerability(asked.name)
    if found is None:
        raise NotFound(f"no document here names {asked.name!r}; the search finds parts of names")
    return parts.table(_exposed(desk, asked, found))


def _exposed(desk: Desk, asked: Asked, found: Vulnerability) -> list[Exposure]:
    names = {found.name, *found.aliases, *(row.vulnerability for row in found.advisories)}
    return [one for one in desk.all(asked.moment) if one.advisory in names]


def _covers(found: Vulnerability, links: Links) -> tuple[parts.Named, ...]:
    own = {found.name, *found.aliases}
    titles = {row.vulnerability: row.title for row in found.advisories}
    return tuple(
        parts.Named(name, title, links.advisory(name))
        for name, title in titles.items()
        if name not in own
    )


def _operators(exposed: Iterable[Exposure], links: Links) -> tuple[parts.Named, ...]:
    counts: dict[str, int] = {}
    for one in exposed:
        if one.status in OPEN and one.operator:
            counts[one.operator] = counts.get(one.operator, 0) + 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(parts.Named(name, f"{n:,}", links.operator(name)) for name, n in ordered)


def _signals(found: Vulnerability, links: Links) -> tuple[Signalled, ...]:
    def order(signal: Signal) -> int:
        return _KINDS.index(signal.kind)

    return tuple(
        Signalled(one.kind, sentence, _origin(one, found, links))
        for one in sorted(found.signals, key=order)
        if (sentence := signal_sentence(one))
    )


def _origin(
    row: Signal | AdvisoryRow | AffectedRow | StatementRow, found: Vulnerability, links: Links
) -> parts.Origin | None:
    return parts.origin(found.documents.get(row.document), links, row.place)


def _interval(row: AffectedRow, found: Vulnerability, links: Links) -> Interval:
    return Interval(
        package=row.package,
        stream=row.stream,
        scheme=row.scheme,
        words=interval_words(row),
        fixed=row.fixed,
        vulnerability=row.vulnerability,
        origin=_origin(row, found, links),
    )


def interval_words(row: AffectedRow) -> str:
    """An interval of versions in words."""
    if row.since and row.since == row.until:
        return f"{row.since} alone"
    begins = "from the beginning"
    if row.since:
        begins = f"from {row.since}" if row.since_included else f"above {row.since}"
    if not row.until:
        return f"{begins}, no repaired version named"
    return (
        f"{begins} up to and with {row.until}"
        if row.until_included
        else (f"{begins} to before {row.until}")
    )


def _said(row: StatementRow, found: Vulnerability, links: Links) -> Said:
    return Said(
        status=row.status,
        products=row.products,
        author=row.author,
        why=row.why,
        at=row.at,
        origin=_origin(row, found, links),
    )


def _described(row: AdvisoryRow, found: Vulnerability, links: Links) -> Described:
    return Described(
        advisory=row.advisory,
        vulnerability=row.vulnerability,
        publisher=row.publisher,
        title=row.title,
        published=row.published,
        modified=row.modified,
        withdrawn=row.withdrawn,
        origin=_origin(row, found, links),
    )
