"""Pages that say what went wrong, how the node is, and what pages are made of."""

from __future__ import annotations

from typing import ClassVar

from accord import __version__
from accord.assurance.model import BUYERS_VERDICTS, REQUIREMENT_VERDICTS
from accord.supply.matching import ssvc
from accord.supply.matching.exposures import STATUSES
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.pages import parts


class ErrorPage(parts.Page, frozen=True, kw_only=True):
    """What went wrong, and what to do next."""

    template: ClassVar[str] = "error.html"

    status: int
    """HTTP status."""
    happened: str
    """What went wrong."""
    next: str
    """What to do next."""


_NEXT = {
    400: "Correct the address, or go back and follow a link.",
    404: "Check the spelling, or search for a part of the name.",
    405: "Open the address in a browser, or use the command line for changes.",
    414: "Use a shorter name, or search for a part of it.",
    500: "Nothing was changed: pages only read. Try again; if it stays, look at what "
    "`accord serve` printed, and report it.",
    503: "Nothing was changed. Check that the database runs, then try again.",
}
_HEADINGS = {
    400: "This address cannot be understood",
    404: "Not found",
    405: "Not allowed",
    414: "This address is too long",
    500: "This node failed to answer",
    503: "The database does not answer",
}


def error(status: int, happened: str) -> ErrorPage:
    """The page for an HTTP status."""
    return ErrorPage(
        heading=_HEADINGS.get(status, "This cannot be answered"),
        status=status,
        happened=happened,
        next=_NEXT.get(status, _NEXT[400]),
    )


class HealthPage(parts.Page, frozen=True, kw_only=True):
    """Whether the node answers. Always JSON."""

    status: str
    """`ok`."""
    version: str
    """Of accord."""
    generation: int
    """A number that changes whenever anything is taken in."""


def health(desk: Desk) -> HealthPage:
    """Whether the node and its database answer."""
    generation = desk.node.views.generation()
    return HealthPage(heading="Health", status="ok", version=__version__, generation=generation)


class PatternsPage(parts.Page, frozen=True, kw_only=True):
    """Every part of which pages are made, once."""

    template: ClassVar[str] = "patterns.html"

    decisions: tuple[str, ...]
    """Every decision."""
    verdicts: tuple[str, ...]
    """Every verdict of a buyer, then every verdict on a requirement."""
    urgencies: tuple[str, ...]
    """Every urgency."""
    statuses: tuple[str, ...]
    """Every status."""
    shares: tuple[parts.Share, ...]
    """A bar."""
    rows: tuple[parts.ExposureRow, ...]
    """The first exposures of this node; empty: it has none."""
    pages: parts.Pages
    """Links to other pages of a list."""
    origin: parts.Origin
    """A document behind a line."""


def patterns(desk: Desk, asked: Asked) -> PatternsPage:
    """The living style page."""
    rows = desk.all(asked.moment)[:3]
    address = asked.here()
    return PatternsPage(
        heading="Patterns",
        decisions=ssvc.DECISIONS,
        verdicts=(*BUYERS_VERDICTS, *REQUIREMENT_VERDICTS),
        urgencies=ssvc.URGENCIES,
        statuses=STATUSES,
        shares=parts.shares(
            [(name, count, "") for name, count in zip(ssvc.DECISIONS, (3, 8, 13, 21), strict=True)]
        ),
        rows=tuple(parts.row(one, asked.links) for one in rows),
        pages=parts.Pages(2, 3, 250, 101, 200, address, address),
        origin=parts.Origin(
            "bill.cdx.json", "CycloneDX bill", "0" * 64, "/components/3", "2026-01-31", address
        ),
    )
