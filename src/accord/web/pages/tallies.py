"""Lists of operators, products and vulnerabilities, each with its exposures counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import msgspec

from accord.flows.ports import BillSummary, DeploymentRow
from accord.supply.matching import ssvc
from accord.supply.matching.exposures import OPEN, Exposure
from accord.web.asked import Asked
from accord.web.desk import Desk
from accord.web.pages import parts

PARAMETERS = ("page",)
COLUMNS = ("name", "detail", *ssvc.DECISIONS, "candidates", "closed", "known exploited")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """One line of such a list."""

    name: str
    """The name."""
    detail: str
    """What distinguishes it: a release and supplier, a country and sector, a title."""
    href: str
    """Address of its page; empty where its name is too long for one."""
    act: int
    """Open exposures to act on."""
    attend: int
    """Open exposures to attend to."""
    track_star: int
    """Open exposures to track closely."""
    track: int
    """Open exposures to track."""
    candidates: int
    """Candidates."""
    closed: int
    """Exposures that VEX or a person closed."""
    known_exploited: int
    """Open exposures by known exploited vulnerabilities."""


class TalliesPage(parts.Page, frozen=True, kw_only=True):
    """Operators, products or vulnerabilities, the most pressing first."""

    template: ClassVar[str] = "tallies.html"

    sort: str
    """What is listed: `Operator`, `Product` or `Vulnerability`."""
    introduction: str
    """One sentence on what stands here."""
    rows: tuple[Tally, ...]
    """The lines of this page."""
    pages: parts.Pages
    """Where this page stands among the others."""


class _Count:
    """Counts while walking the list."""

    def __init__(self) -> None:
        self.open = dict.fromkeys(ssvc.DECISIONS, 0)
        self.candidates = self.closed = self.known_exploited = 0
        self.detail = ""

    def add(self, one: Exposure) -> None:
        if one.status in OPEN:
            self.open[one.decision] += 1
            self.known_exploited += one.known_exploited
        elif one.status == "candidate":
            self.candidates += 1
        else:
            self.closed += 1

    def rank(self) -> tuple[int, ...]:
        return (*(-count for count in self.open.values()), -self.candidates, -self.closed)


Key = tuple[str, str]
"""A name, and a release or nothing."""


def operators(desk: Desk, asked: Asked) -> TalliesPage:
    """Every operator that an estate or a claim names."""
    return _page("Operator", asked, _operators(desk, asked))


def operators_table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """The rows of the CSV."""
    return _table(_operators(desk, asked))


def products(desk: Desk, asked: Asked) -> TalliesPage:
    """Every release that an estate, a claim or a bill names."""
    return _page("Product", asked, _products(desk, asked))


def products_table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """The rows of the CSV."""
    return _table(_products(desk, asked))


def advisories(desk: Desk, asked: Asked) -> TalliesPage:
    """Every vulnerability to which anybody is exposed."""
    return _page("Vulnerability", asked, _advisories(desk, asked))


def advisories_table(desk: Desk, asked: Asked) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """The rows of the CSV."""
    return _table(_advisories(desk, asked))


_INTRODUCTIONS = {
    "Operator": "Who runs something that this node knows of.",
    "Product": "Every release that an estate or a bill names.",
    "Vulnerability": "Every vulnerability to which anybody is exposed.",
}
_HEADINGS = {"Operator": "Operators", "Product": "Products", "Vulnerability": "Vulnerabilities"}


def _page(sort: str, asked: Asked, rows: Sequence[Tally]) -> TalliesPage:
    return TalliesPage(
        heading=_HEADINGS[sort],
        sort=sort,
        introduction=_INTRODUCTIONS[sort],
        rows=tuple(parts.cut(rows, asked)),
        pages=parts.pages(asked, len(rows)),
    )


def _table(rows: Sequence[Tally]) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    return COLUMNS, (
        (r.name, r.detail, r.act, r.attend, r.track_star, r.track, r.candidates, r.closed,
         r.known_exploited)
        for r in rows
    )  # fmt: skip


def _operators(desk: Desk, asked: Asked) -> list[Tally]:
    counts: dict[Key, _Count] = {}
    with desk.view(asked.moment) as view:
        for row in view.deployments():
            count = counts.setdefault((row.operator, ""), _Count())
            words = (row.country, row.sector)
            count.detail = count.detail or ", ".join(word for word in words if word)
    _count(desk.all(asked.moment), lambda e: (e.operator, ""), counts)
    counts.pop(("", ""), None)
    return _tallies(counts, lambda key: asked.links.operator(key[0]))


def _products(desk: Desk, asked: Asked) -> list[Tally]:
    counts: dict[Key, _Count] = {}
    with desk.view(asked.moment) as view:
        deployments = view.deployments()
        claimed = {row.bill for row in deployments}
        bills = [bill for bill in view.bill_summaries() if bill.digest not in claimed]
    named: list[DeploymentRow | BillSummary] = [*deployments, *bills]
    for row in named:
        count = counts.setdefault((row.product, row.release), _Count())
        words = (row.release, row.supplier)
        count.detail = count.detail or ", ".join(word for word in words if word)
    _count(desk.all(asked.moment), lambda e: (e.product, e.release), counts)
    return _tallies(counts, lambda key: asked.links.product(*key))


def _advisories(desk: Desk, asked: Asked) -> list[Tally]:
    counts: dict[Key, _Count] = {}
    everything = desk.all(asked.moment)
    _count(everything, lambda e: (e.advisory, ""), counts)
    for one in everything:
        count = counts[one.advisory, ""]
        count.detail = count.detail or one.title
    return _tallies(counts, lambda key: asked.links.advisory(key[0]))


def _count(
    exposures: Iterable[Exposure], key: Callable[[Exposure], Key], counts: dict[Key, _Count]
) -> None:
    for one in exposures:
        place = key(one)
        if place not in counts:
            counts[place] = _Count()
        counts[place].add(one)


def _tallies(counts: dict[Key, _Count], href: Callable[[Key], str]) -> list[Tally]:
    ordered = sorted(counts.items(), key=lambda item: (item[1].rank(), item[0]))
    return [
        Tally(
            name=key[0],
            detail=count.detail,
            href=href(key),
            act=count.open["act"],
            attend=count.open["attend"],
            track_star=count.open["track*"],
            track=count.open["track"],
            candidates=count.candidates,
            closed=count.closed,
            known_exploited=count.known_exploited,
        )
        for key, count in ordered
    ]
