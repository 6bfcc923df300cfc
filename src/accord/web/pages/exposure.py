"""One exposure, with the whole reason for it."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

import msgspec

from accord.flows.explain import Reason, explain
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts


class Step(msgspec.Struct, frozen=True):
    """One sentence of the explanation."""

    sentence: str
    """The sentence."""
    origin: parts.Origin | None
    """The document that says so; null where it follows from others."""


class Steps(msgspec.Struct, frozen=True):
    """Sentences about one thing."""

    about: str
    """`component`, `match`, `aliases`, `statement`, `input`, `decision`, ..."""
    steps: tuple[Step, ...]
    """Its sentences."""


class ExposurePage(parts.Page, frozen=True, kw_only=True):
    """Why one exposure is on the list, and what would take it off."""

    template: ClassVar[str] = "exposure.html"

    exposure: parts.ExposureRow
    """The exposure."""
    reasons: tuple[Steps, ...]
    """Every reason, in the order in which a person would ask for them."""
    command: str
    """The command by which a person confirms or refuses it; empty unless it is a candidate."""


def page(desk: Desk, asked: Asked) -> ExposurePage:
    """The explanation of one exposure.

    Raises:
        NotFound: no exposure begins so, or several do.
    """
    found = explain(asked.name, desk.exposures, desk.node.views, asked.moment)
    one = found.exposure
    return ExposurePage(
        heading=f"{one.advisory} in {one.component} {one.version}".strip(),
        exposure=parts.row(one, asked.links),
        reasons=tuple(
            Steps(about, tuple(_step(reason, asked.links) for reason in group))
            for about, group in groupby(found.reasons, key=lambda reason: reason.about)
        ),
        command=f"accord confirm {one.id}" if one.status == "candidate" else "",
    )


def _step(reason: Reason, links: Links) -> Step:
    return Step(reason.sentence, parts.origin(reason.source, links))
