"""The delta list: what is missing, for whom, and what each item would unlock.

Law (unlocks): an item unlocks a requirement where a claim about it, believed as far as is asked and
of a kind that is accepted, would meet it, everything else as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from accord.assurance.assessing.baseline import Baseline, Need, Table
from accord.assurance.assessing.deciding import Assessment, assess
from accord.assurance.assessing.judging import Claims, Judged, judge
from accord.assurance.model import ACCEPT, Claim, Level

SUPPOSED = "what is missing"
"""Who says what would be said, in a claim that is only supposed."""


class Wanted(msgspec.Struct, frozen=True):
    """One requirement that an item is missing for, in its buyer's words."""

    buyer: str
    need: str
    title: str
    verdict: str
    """What it is now, one of `REQUIREMENT_VERDICTS`."""
    level: Level
    """The least that is enough."""
    accepts: tuple[str, ...]
    """Kinds of evidence that count; empty: any."""
    days: int
    alternatives: tuple[str, ...] = ()
    """Other items that would do instead."""
    denied: tuple[str, ...] = ()
    """Why it is contradicted: this must be answered before anything else counts."""


class Missing(msgspec.Struct, frozen=True):
    """An item that is missing, and what evidence of it would change."""

    item: str
    level: Level
    """The most that anybody asks for it."""
    unlocks: tuple[tuple[str, str], ...]
    """Buyer and requirement that would be met by it alone."""
    accepts: tuple[str, ...]
    """Buyers whose verdict would become *accept* by it alone."""
    wanted: tuple[Wanted, ...]


def delta(
    assessments: Sequence[Assessment], claims: Mapping[str, Claims], table: Table
) -> list[Missing]:
    """What is missing for any of several buyers, what unlocks most first.

    `claims` are what each buyer, by name, knows: they recognise different verdicts of others.
    """
    found: dict[str, dict[tuple[str, str], tuple[Baseline, Judged]]] = {}
    for assessment in assessments:
        for judged in assessment.judged:
            if not judged.met:
                for alternatives in judged.missing:
                    for item in alternatives:
                        place = (assessment.baseline.name, judged.need.id)
                        short = found.setdefault(item, {})
                        short[place] = (assessment.baseline, judged)
    every = [
        _missing(item, list(short.values()), assessments, claims, table)
        for item, short in found.items()
    ]
    return sorted(
        every, key=lambda one: (-len(one.unlocks), -len(one.accepts), -len(one.wanted), one.item)
    )


def _missing(
    item: str,
    short: list[tuple[Baseline, Judged]],
    assessments: Sequence[Assessment],
    claims: Mapping[str, Claims],
    table: Table,
) -> Missing:
    level = max(max(judged.need.level, Level.SELF_ASSERTED) for _, judged in short)
    supposed = _Supposing(claims, item, level)
    met = {(a.baseline.name, j.need.id) for a in assessments for j in a.judged if j.met}
    buyers = {assessment.baseline.name for assessment in assessments}
    unlocks = tuple(
        (baseline.name, need.id)
        for baseline, need in table.wanting.get(item, ())
        if baseline.name in buyers
        and (baseline.name, need.id) not in met
        and judge(need, supposed.for_(baseline, need), table).met
    )
    return Missing(
        item,
        level,
        unlocks,
        _accepting(assessments, {buyer for buyer, _ in unlocks}, supposed, table),
        tuple(_wanted(baseline, judged, item) for baseline, judged in short),
    )


def _accepting(
    assessments: Sequence[Assessment], touched: set[str], supposed: _Supposing, table: Table
) -> tuple[str, ...]:
    return tuple(
        assessment.baseline.name
        for assessment in assessments
        if assessment.baseline.name in touched
        and assessment.verdict != ACCEPT
        and assess(assessment.baseline, supposed.of_every_kind(assessment.baseline), table).verdict
        == ACCEPT
    )


class _Supposing:
    """The claims as they would be with one more."""

    def __init__(self, claims: Mapping[str, Claims], item: str, level: Level) -> None:
        self._claims = claims
        self._item = item
        self._level = level

    def for_(self, baseline: Baseline, need: Need) -> Claims:
        """With a claim of a kind that a requirement accepts."""
        return self._with(baseline, [min(need.accepts, default="")])

    def of_every_kind(self, baseline: Baseline) -> Claims:
        """With a claim of each kind that anybody may accept."""
        return self._with(baseline, self._claims[baseline.name].table.kinds)

    def _with(self, baseline: Baseline, kinds: Sequence[str]) -> Claims:
        known = self._claims[baseline.name]
        now = str(known.now)
        return known.also(
            Claim(
                item=self._item,
                level=self._level,
                kind=kind,
                issuer=SUPPOSED,
                issued=now,
            )
            for kind in kinds
        )


def _wanted(baseline: Baseline, judged: Judged, item: str) -> Wanted:
    need = judged.need
    others = next((group for group in judged.missing if item in group), (item,))
    return Wanted(
        baseline.name, need.id, need.title, judged.verdict, need.level,
        tuple(sorted(need.accepts)), need.days,
        tuple(other for other in others if other != item),
        tuple(claim.why or claim.item for claim in judged.denials),
    )  # fmt: skip
