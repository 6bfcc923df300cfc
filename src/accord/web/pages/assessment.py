"""The verdicts on one release, with everything behind them: what an officer decides by."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from accord.flows.assessing.assess import Question, look
from accord.flows.assessing.scores import profiles
from accord.flows.assessing.shown import Shown, shown
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.pages import parts

PARAMETERS = ("for",)
FIRST = 10
"""Items of the delta list that the officer's page shows."""


class BuyerLink(msgspec.Struct, frozen=True):
    """A buyer, as a link to the page for it alone."""

    buyer: str
    """Short name of the buyer; empty: all of them."""
    href: str
    """Address of the page for it."""
    chosen: bool
    """Whether the page is limited to it now."""


class AssessmentPage(parts.Page, frozen=True, kw_only=True):
    """What each buyer makes of one release, and why."""

    template: ClassVar[str] = "assessment.html"

    assessment: Shown
    """The assessment, as `accord assess --json` gives it."""
    buyers: tuple[BuyerLink, ...]
    """The page for each buyer, and first for all."""
    first: int
    """Items of what is missing that the page shows; its data and the supplier's sheet have all."""
    unscored: int
    """Bills of any release that are evidence and not scored yet: a page writes nothing."""
    supplier_href: str
    """Address of the supplier's sheet."""
    product_href: str
    """Address of the product."""


def page(desk: Desk, asked: Asked) -> AssessmentPage:
    """One release.

    Raises:
        NotFound: there is no such release.
        Invalid: a buyer has no baseline here.
    """
    found, buyers = assessed(desk, asked)
    names = (found.product, found.release)
    sheet = msgspec.structs.replace(asked, steps=(*names, "supplier"))
    return AssessmentPage(
        heading=f"{found.product} {found.release}: assessment",
        assessment=found,
        buyers=buyer_links(buyers, asked),
        first=FIRST,
        unscored=len(desk.node.assessing.scores.unscored(profiles())),
        supplier_href=sheet.here(),
        product_href=asked.links.product(*names),
    )


def assessed(desk: Desk, asked: Asked) -> tuple[Shown, tuple[str, ...]]:
    """The assessment that an address asks for, and every buyer that has a baseline.

    Raises:
        NotFound: there is no such release.
        Invalid: a buyer has no baseline here.
    """
    names = tuple(name.strip() for name in asked.query.get("for", "").split(",") if name.strip())
    question = Question(
        product=asked.steps[0],
        release=asked.steps[1] if len(asked.steps) > 1 else "",
        exact=len(asked.steps) > 1,
        buyers=tuple(dict.fromkeys(names)),
        as_of=asked.moment,
    )
    store = desk.node.assessing
    found = look(store, desk.node.me, desk.now(), question)
    with store.view(asked.moment, few=True) as view:
        buyers = tuple(sorted(one.name for one in view.baselines()))
    return shown(found), buyers


def buyer_links(buyers: tuple[str, ...], asked: Asked) -> tuple[BuyerLink, ...]:
    """The same page for each buyer alone, and first for all."""
    chosen = asked.query.get("for", "")
    return tuple(
        BuyerLink(name, asked.here(**{"for": name}), name == chosen) for name in ("", *buyers)
    )
