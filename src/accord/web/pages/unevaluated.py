"""What could not be evaluated, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec

from accord.flows.ports import Gap
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.links import Links
from accord.web.pages import parts

PARAMETERS = ("reason", "page")
COLUMNS = ("reason", "subject", "name", "place", "document", "source", "kind")


class ReasonLink(msgspec.Struct, frozen=True):
    """One reason, as a link."""

    reason: str
    """The reason; empty: any."""
    count: int
    """How often."""
    href: str
    """Address of the list, limited to it."""
    chosen: bool
    """Whether the list is limited to it now."""


class GapLine(msgspec.Struct, frozen=True):
    """Something that could not be evaluated."""

    reason: str
    """Why."""
    subject: str
    """What, as its document names it."""
    name: str
    """The vulnerability or product concerned."""
    origin: parts.Origin | None
    """The document; null where several are concerned."""


class UnevaluatedPage(parts.Page, frozen=True, kw_only=True):
    """What was read and understood, but cannot be judged."""

    template: ClassVar[str] = "unevaluated.html"

    reasons: tuple[ReasonLink, ...]
    """Each reason, with how often it stands here; the most frequent first."""
    rows: tuple[GapLine, ...]
    """The lines of this page."""
    pages: parts.Pages
    """Where this page stands among the others."""


def page(desk: Desk, asked: Asked) -> UnevaluatedPage:
    """What could not be evaluated, for one reason or any."""
    gaps = desk.gaps(asked.moment)
    wanted = asked.query.get("reason", "")
    rows = _wanted(gaps, wanted)
    counts = Counter(gap.reason for gap in gaps)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    reasons = [ReasonLink("", len(gaps), asked.here(reason="", page=""), not wanted)]
    reasons += [
        ReasonLink(reason, count, asked.here(reason=reason, page=""), reason == wanted)
        for reason, count in ordered
    ]
    return UnevaluatedPage(
        heading="Could not be evaluated",
        reasons=tuple(reasons),
        rows=tuple(_line(gap, asked.links) for gap in parts.cut(rows, asked)),
        pages=parts.pages(asked, len(rows)),
    )


def table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """All of it for the reason: the rows of the CSV."""
    rows = _wanted(desk.gaps(asked.moment), asked.query.get("reason", ""))
    return COLUMNS, ([getattr(gap, name) for name in COLUMNS] for gap in rows)


def _wanted(gaps: list[Gap], reason: str) -> list[Gap]:
    return [gap for gap in gaps if reason in ("", gap.reason)]


def _line(gap: Gap, links: Links) -> GapLine:
    short = gap.source.rpartition("/")[2] or gap.source or gap.document[:12]
    href = links.document(gap.document)
    place = parts.Origin(short, gap.kind, gap.document, gap.place, "", href) if href else None
    return GapLine(gap.reason, gap.subject, gap.name, place)
