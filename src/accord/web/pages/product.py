"""One product, or one release of it: who runs it, its bills, and its exposures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from accord.core.errors import NotFound
from accord.flows.ports import BillSummary, DeploymentRow
from accord.supply.matching.exposures import OPEN, Exposure
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts
from accord.web.pages.operator import Running, running

PARAMETERS = ("name", "release", "page")
_MOST = 500


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """A bill of the product."""

    digest: str
    """Digest of the document."""
    href: str
    """Address of the document."""
    product: str
    """What the bill says that it describes."""
    release: str
    """In which version."""
    supplier: str
    """By whom."""
    format: str
    """Format and version."""
    created: str
    """YYYY-MM-DD on which it was made, by its own word; or empty."""


class ProductPage(parts.Page, frozen=True, kw_only=True):
    """Who runs a product, what it consists of, and what it is exposed to."""

    template: ClassVar[str] = "product.html"

    name: str
    """Name of the product."""
    release: str
    """The release; empty: all of them."""
    suppliers: tuple[str, ...]
    """Who is said to supply it."""
    releases: tuple[parts.Named, ...]
    """Its releases, where no release is asked for; otherwise a link to all of them."""
    shares: tuple[parts.Share, ...]
    """How many of its open exposures each decision has."""
    open_count: int
    """Its open exposures."""
    running: tuple[Running, ...]
    """Who runs it; the first 500."""
    running_count: int
    """How often it is run."""
    bills: tuple[BillLine, ...]
    """Its bills; the first 500."""
    rows: tuple[parts.ExposureRow, ...]
    """Its exposures, whatever their status, in the order in which to act."""
    pages: parts.Pages
    """Where this page stands among the others."""


def page(desk: Desk, asked: Asked) -> ProductPage:
    """One product.

    Raises:
        NotFound: no estate, bill or exposure names it.
    """
    name, release = asked.query["name"], asked.query.get("release", "")
    found = _exposures(desk, asked)
    with desk.view(asked.moment) as view:
        runs = [r for r in view.deployments() if _is(r, name, release)]
        bills = _bills(view.bill_summaries(), {r.bill for r in runs}, name, release)
    if not (found or runs or bills):
        called = f"{name!r} {release}".strip()
        raise NotFound(f"no product is called {called}; /products lists them all")
    named: list[Exposure | DeploymentRow | BillSummary] = [*runs, *bills, *found]
    return ProductPage(
        heading=f"{name} {release}".strip(),
        name=name,
        release=release,
        suppliers=tuple(sorted({row.supplier for row in named if row.supplier})),
        releases=_releases(named, release, name, asked.links),
        shares=parts.shares_of(found),
        open_count=sum(one.status in OPEN for one in found),
        running=tuple(running(row, asked.links) for row in runs[:_MOST]),
        running_count=len(runs),
        bills=tuple(_bill(bill, asked.links) for bill in bills[:_MOST]),
        rows=tuple(parts.row(one, asked.links) for one in parts.cut(found, asked)),
        pages=parts.pages(asked, len(found)),
    )


def table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """All exposures of the product: the rows of the CSV."""
    return parts.table(_exposures(desk, asked))


def _exposures(desk: Desk, asked: Asked) -> list[Exposure]:
    name, release = asked.query["name"], asked.query.get("release", "")
    return [one for one in desk.all(asked.moment) if _is(one, name, release)]


def _is(row: Exposure | DeploymentRow | BillSummary, name: str, release: str) -> bool:
    return row.product == name and release in ("", row.release)


def _bills(
    bills: Iterable[BillSummary], run: set[str], name: str, release: str
) -> list[BillSummary]:
    return [bill for bill in bills if bill.digest in run or _is(bill, name, release)]


def _releases(
    rows: Iterable[Exposure | DeploymentRow | BillSummary], release: str, name: str, links: Links
) -> tuple[parts.Named, ...]:
    if release:
        return (parts.Named("all releases", "", links.product(name)),)
    found = sorted({row.release for row in rows if row.product == name and row.release})
    return tuple(parts.Named(one, "", links.product(name, one)) for one in found)


def _bill(bill: BillSummary, links: Links) -> BillLine:
    return BillLine(
        digest=bill.digest,
        href=links.document(bill.digest),
        product=bill.product,
        release=bill.release,
        supplier=bill.supplier,
        format=bill.format,
        created=bill.created[:10],
    )
