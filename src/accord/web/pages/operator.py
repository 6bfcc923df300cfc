"""One operator: what it runs, and what it is exposed to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from accord.core.errors import NotFound
from accord.flows.ports import DeploymentRow
from accord.supply.matching.exposures import OPEN, Exposure
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts

PARAMETERS = ("page",)
_MOST = 500


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A release that somebody runs."""

    operator: str
    """Who runs it; empty: nobody has claimed the bill."""
    operator_href: str
    """Address of the operator; empty where there is none."""
    product: str
    """What is run; empty where neither estate nor bill says."""
    product_href: str
    """Address of the release; empty where it has no name."""
    release: str
    """Its version."""
    supplier: str
    """Who supplies it."""
    country: str
    """ISO 3166-1 alpha-2."""
    sector: str
    """Sector of the operator."""
    site: str
    """Where it is run."""
    exposure: str
    """SSVC system exposure, or empty: not known."""
    mission: str
    """SSVC mission impact, or empty: not known."""
    bill_href: str
    """Address of its bill; empty: there is none here."""


class OperatorPage(parts.Page, frozen=True, kw_only=True):
    """What one operator runs, and what it is exposed to."""

    template: ClassVar[str] = "operator.html"

    name: str
    """Name of the operator."""
    shares: tuple[parts.Share, ...]
    """How many of its open exposures each decision has."""
    open_count: int
    """Its open exposures."""
    candidates_count: int
    """Its candidates."""
    closed_count: int
    """Its exposures that VEX or a person closed."""
    running: tuple[Running, ...]
    """What it runs; the first 500."""
    running_count: int
    """Releases that it runs."""
    rows: tuple[parts.ExposureRow, ...]
    """Its exposures, whatever their status, in the order in which to act."""
    pages: parts.Pages
    """Where this page stands among the others."""


def page(desk: Desk, asked: Asked) -> OperatorPage:
    """One operator.

    Raises:
        NotFound: no estate, claim or exposure names it.
    """
    found = _exposures(desk, asked)
    with desk.view(asked.moment) as view:
        runs = [row for row in view.deployments() if row.operator == asked.name]
    if not found and not runs:
        raise NotFound(f"no operator is called {asked.name!r}; /operators lists them all")
    open_count = sum(one.status in OPEN for one in found)
    candidates = sum(one.status == "candidate" for one in found)
    return OperatorPage(
        heading=asked.name,
        name=asked.name,
        shares=parts.shares_of(found),
        open_count=open_count,
        candidates_count=candidates,
        closed_count=len(found) - open_count - candidates,
        running=tuple(running(row, asked.links) for row in runs[:_MOST]),
        running_count=len(runs),
        rows=tuple(parts.row(one, asked.links) for one in parts.cut(found, asked)),
        pages=parts.pages(asked, len(found)),
    )


def table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """All exposures of the operator: the rows of the CSV."""
    return parts.table(_exposures(desk, asked))


def _exposures(desk: Desk, asked: Asked) -> list[Exposure]:
    return [one for one in desk.all(asked.moment) if one.operator == asked.name]


def running(row: DeploymentRow, links: Links) -> Running:
    """A deployment as a page shows it."""
    return Running(
        operator=row.operator,
        operator_href=links.operator(row.operator),
        product=row.product,
        product_href=links.product(row.product, row.release),
        release=row.release,
        supplier=row.supplier,
        country=row.country,
        sector=row.sector,
        site=row.site,
        exposure=row.exposure,
        mission=row.mission,
        bill_href=links.document(row.bill),
    )
