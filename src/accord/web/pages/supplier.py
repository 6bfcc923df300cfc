"""The supplier's sheet: what is missing, in each buyer's terms, and nothing else."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from accord.flows.assessing.shown import ShownMissing
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.pages import parts
from accord.web.pages.assessment import assessed


class BuyerAsks(msgspec.Struct, frozen=True):
    """A buyer for whom something is missing, or nothing is."""

    buyer: str
    """Short name of the buyer."""
    title: str
    """Title of its baseline."""
    baseline: str
    """Version of its baseline."""
    verdict: str
    """`accept`, `accept with conditions`, `reject` or `cannot decide`."""
    missing: int
    """Requirements that are short of evidence."""
    by: str
    """YYYY-MM-DD of the first condition that is due; empty: there is none."""
    since: str
    """YYYY-MM-DD on which conditions began to stand; empty: they begin now, or there is none."""


class SupplierPage(parts.Page, frozen=True, kw_only=True):
    """What a supplier has to bring for one release, in each buyer's terms."""

    template: ClassVar[str] = "supplier.html"

    product: str
    """The product."""
    release: str
    """Its release; empty where it has none."""
    type: str
    """Type of product; empty: unknown."""
    as_of: str
    """YYYY-MM-DD on which it was assessed."""
    buyers: tuple[BuyerAsks, ...]
    """The buyers that ask."""
    missing: tuple[ShownMissing, ...]
    """What is missing, what unlocks most first."""
    officer_href: str
    """Address of the assessment behind it."""


def page(desk: Desk, asked: Asked) -> SupplierPage:
    """One release.

    Raises:
        NotFound: there is no such release.
        Invalid: a buyer has no baseline here.
    """
    found, _ = assessed(desk, asked)
    wanted = {(w.buyer, w.requirement) for one in found.missing for w in one.wanted}
    officer = msgspec.structs.replace(asked, steps=(found.product, found.release))
    return SupplierPage(
        heading=f"{found.product} {found.release}: what is missing",
        product=found.product,
        release=found.release,
        type=found.type,
        as_of=found.as_of[:10],
        buyers=tuple(
            BuyerAsks(
                buyer=one.buyer,
                title=one.title,
                baseline=one.baseline,
                verdict=one.verdict,
                missing=sum(buyer == one.buyer for buyer, _ in wanted),
                by=min((condition.by[:10] for condition in one.conditions), default=""),
                since=min((condition.since[:10] for condition in one.conditions), default=""),
            )
            for one in found.verdicts
        ),
        missing=found.missing,
        officer_href=officer.here(),
    )
