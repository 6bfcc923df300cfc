"""Parts that several pages show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

import msgspec

from accord.core.errors import NotFound
from accord.flows.explain import Source
from accord.flows.ports import DocumentRow
from accord.supply.matching import ssvc
from accord.supply.matching.exposures import OPEN, Exposure
from accord.web.asked import ROWS, Asked
from accord.web.links import Links

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What every page has. Its fields are the members of its JSON and the words of its template."""

    template: ClassVar[str] = ""
    """Name of the template."""

    heading: str
    """What the page is about, for its title."""


class ExposureRow(msgspec.Struct, frozen=True, kw_only=True):
    """One exposure of a list, with the members that `accord exposures --json` gives."""

    id: str
    """Twelve hexadecimal digits."""
    operator: str
    """Who runs it; empty: nobody has claimed the bill."""
    country: str
    """ISO 3166-1 alpha-2."""
    sector: str
    """Sector of the operator."""
    site: str
    """Where the operator runs it."""
    supplier: str
    """Who supplies the product."""
    product: str
    """What is run."""
    release: str
    """Its version."""
    component: str
    """What in it is affected."""
    version: str
    """The component's version."""
    purl: str
    """The component's package URL, as the bill writes it."""
    cpe: str
    """The component's CPE name, as the bill writes it."""
    advisory: str
    """Preferred name of the vulnerability."""
    aliases: tuple[str, ...]
    """Its other names."""
    advisories: tuple[str, ...]
    """Identifiers of the advisories that matched."""
    title: str
    """What it is, in the words of an advisory."""
    fixed: tuple[str, ...]
    """Versions that repair it."""
    status: str
    """`exposed`, `under_investigation`, `candidate`, `fixed` or `not_affected`."""
    decision: str
    """`act`, `attend`, `track*` or `track`."""
    urgency: str
    """`immediate`, `out-of-cycle`, `scheduled` or `defer`."""
    known_exploited: bool
    """Whether a catalogue of known exploited vulnerabilities lists it."""
    known_exploited_since: str
    """YYYY-MM-DD, or empty."""
    ransomware: bool
    """Known use in ransomware campaigns."""
    exploited_by: tuple[str, ...]
    """Actors that are said to use it."""
    sightings: int
    """How often partners saw it used."""
    severity: str
    """`critical`, `high`, `medium`, `low`, `none`, or empty."""
    score: float | None
    """CVSS base score."""
    epss: float | None
    """Probability of exploitation within 30 days."""
    assumed: tuple[str, ...]
    """Inputs of the decision that were unknown, each with the value taken."""
    first_seen: str
    """YYYY-MM-DD on which this node first knew both the bill and the advisory."""
    candidate: str
    """What suggests it, where only a name or a CPE beside a package URL does."""
    href: str
    """Address of its explanation."""
    advisory_href: str
    """Address of the vulnerability; empty where its name is too long for one."""
    product_href: str
    """Address of the release; empty where it has no name."""
    operator_href: str
    """Address of the operator; empty where there is none."""
    component_href: str
    """Address of the list, limited to this component."""


COLUMNS = tuple(n for n in ExposureRow.__struct_fields__ if not n.endswith("href"))
"""Columns of a CSV of exposures."""


def row(exposure: Exposure, links: Links) -> ExposureRow:
    """An exposure as a list shows it."""
    return ExposureRow(
        **{name: getattr(exposure, name) for name in COLUMNS},
        href=links.exposure(exposure.id),
        advisory_href=links.advisory(exposure.advisory),
        product_href=links.product(exposure.product, exposure.release),
        operator_href=links.operator(exposure.operator),
        component_href=links.component(exposure.purl, exposure.component),
    )


def table(exposures: Iterable[Exposure]) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """Columns and rows of a CSV of exposures."""
    return COLUMNS, ([getattr(one, name) for name in COLUMNS] for one in exposures)


class Share(msgspec.Struct, frozen=True):
    """One decision's share of the open exposures."""

    decision: str
    """`act`, `attend`, `track*` or `track`."""
    count: int
    """Open exposures."""
    start: float
    """Where its part of the bar begins, in percent."""
    width: float
    """How wide its part of the bar is, in percent."""
    href: str = ""
    """Address of the list, limited to it; empty where the page has no such list."""


def shares(counts: Sequence[tuple[str, int, str]]) -> tuple[Share, ...]:
    """Parts of one bar, from decision, count and address."""
    total = sum(count for _, count, _ in counts) or 1
    found, start = [], 0.0
    for decision, count, href in counts:
        width = round(100 * count / total, 3)
        found.append(Share(decision, count, round(start, 3), width, href))
        start += width
    return tuple(found)


def shares_of(exposures: Iterable[Exposure]) -> tuple[Share, ...]:
    """The decisions' shares of what is open among some exposures."""
    open_ = [one.decision for one in exposures if one.status in OPEN]
    return shares([(name, open_.count(name), "") for name in ssvc.DECISIONS])


class Pages(msgspec.Struct, frozen=True):
    """Where one page of a list stands among the others."""

    number: int
    """Number of this page, from 1."""
    last: int
    """Number of the last page."""
    count: int
    """Rows on all pages."""
    first_row: int
    """Number of the first row here; 0 where there is none."""
    last_row: int
    """Number of the last row here."""
    previous: str
    """Address of the page before; empty: there is none."""
    next: str
    """Address of the page after; empty: there is none."""


def pages(asked: Asked, count: int) -> Pages:
    """Where the page that is asked for stands.

    Raises:
        NotFound: past the last page.
    """
    number, last = asked.page, max(1, -(-count // ROWS))
    if number > last:
        raise NotFound(f"there is no page {number:,}; the last is {last:,}")
    return Pages(
        number=number,
        last=last,
        count=count,
        first_row=asked.offset + 1 if count else 0,
        last_row=min(asked.offset + ROWS, count),
        previous=asked.here(page=number - 1 if number > 2 else "") if number > 1 else "",  # noqa: PLR2004 - the first page has no number
        next=asked.here(page=number + 1) if number < last else "",
    )


def cut(rows: Sequence[T], asked: Asked) -> Sequence[T]:
    """The rows of the page that is asked for."""
    return rows[asked.offset : asked.offset + ROWS]


class Origin(msgspec.Struct, frozen=True):
    """The document behind a line, and the place in it."""

    name: str
    """The last part of a name under which the document came."""
    kind: str
    """What the document is."""
    digest: str
    """Its digest."""
    place: str
    """JSON pointer or line; empty: the whole document."""
    learned: str
    """YYYY-MM-DD on which this node was given it."""
    href: str
    """Address of the document."""
    partner: str = ""
    """The partner that it came from; empty: this node's own people gave it."""


def origin(found: Source | DocumentRow | None, links: Links, place: str = "") -> Origin | None:
    """The document behind a line."""
    if found is None:
        return None
    if isinstance(found, Source):
        name, digest, place = found.name, found.document, found.place
    else:
        name, digest = (found.sources or ("",))[0], found.digest
    short = name.rpartition("/")[2] or name or digest[:12]
    learned, href = found.learned[:10], links.document(digest)
    return Origin(short, found.kind, digest, place, learned, href, found.origin)


class Named(msgspec.Struct, frozen=True):
    """A name with the address of its page."""

    name: str
    """The name."""
    detail: str
    """What distinguishes it."""
    href: str
    """Address of its page; empty: it has none."""
