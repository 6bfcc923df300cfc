"""What an ask is worth: the gap that it closes, the leverage behind it, and its priority.

`G = sum of exposure x (1 - assurance)`, over every buyer that requires it.
`L = demand that requires it / the supplier's revenue`, a range where the revenue is one.
`P = G x L x feasibility`.

Law (monotone): more exposure, less assurance, more demand or more feasibility never lowers it.
Law (threshold): a requirement that fewer than k partners ask of a supplier is no common ask.
Law (range): the low end is never above the high end, and leverage is never above one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

import msgspec

from accord.assurance.model import Level

ASSURANCE: Final = {
    Level.VERIFIED: Fraction(1),
    Level.THIRD_PARTY: Fraction(4, 5),
    Level.SELF_ASSERTED: Fraction(2, 5),
}
"""How far a verdict on a requirement takes its gap away; any other takes nothing."""


class Range(msgspec.Struct, frozen=True):
    """From a low end to a high one, both included."""

    low: Fraction
    high: Fraction

    def __mul__(self, other: Fraction) -> Range:
        return Range(self.low * other, self.high * other)

    @property
    def exact(self) -> bool:
        """Whether both ends are the same."""
        return self.low == self.high


class Gap(msgspec.Struct, frozen=True):
    """One buyer's view of one requirement of one supplier's product."""

    partner: str
    supplier: str
    requirement: str
    """An item: `catalogue@version#identifier`, the same for every buyer."""
    exposure: Fraction
    """What hangs on it, in any one unit: operators, weighted by impact."""
    assurance: Fraction
    """From nothing to one; see `ASSURANCE`."""
    demand: Fraction
    """What this buyer spends a year with the supplier and requires it for."""


class Ask(msgspec.Struct, frozen=True):
    """One requirement, asked of one supplier."""

    supplier: str
    requirement: str
    partners: tuple[str, ...]
    gap: Fraction
    leverage: Range
    feasibility: Fraction
    priority: Range


def priorities(
    gaps: Iterable[Gap],
    revenues: Mapping[str, Range],
    feasible: Mapping[str, Fraction],
    *,
    least: int,
) -> list[Ask]:
    """Every common ask, the most worth first.

    `revenues` are a year's, by supplier, in the currency of the demand; a supplier without one is
    taken to earn between its known demand and the greatest revenue known. `feasible` is by
    requirement, one where it is not given. `least` is how many partners must ask.

    They are ordered by what is certain, the low end of their priority, then by the high end.
    """
    by_ask: dict[tuple[str, str], list[Gap]] = {}
    for one in gaps:
        by_ask.setdefault((one.supplier, one.requirement), []).append(one)
    greatest = max((one.high for one in revenues.values()), default=None)
    found = []
    for (supplier, requirement), asked in by_ask.items():
        partners = tuple(sorted({one.partner for one in asked}))
        if len(partners) < least:
            continue
        demand = sum((one.demand for one in asked), Fraction(0))
        gap = sum((one.exposure * (1 - one.assurance) for one in asked), Fraction(0))
        leverage = _leverage(demand, revenues.get(supplier), greatest)
        feasibility = feasible.get(requirement, Fraction(1))
        priority = leverage * (gap * feasibility)
        found.append(Ask(supplier, requirement, partners, gap, leverage, feasibility, priority))
    return sorted(
        found,
        key=lambda one: (-one.priority.low, -one.priority.high, one.supplier, one.requirement),
    )


def _leverage(demand: Fraction, revenue: Range | None, greatest: Fraction | None) -> Range:
    if demand <= 0:
        return Range(Fraction(0), Fraction(0))
    if revenue is None:
        low = Fraction(0) if greatest is None else demand / max(demand, greatest)
        return Range(low, Fraction(1))
    return Range(_most_one(demand, revenue.high), _most_one(demand, revenue.low))


def _most_one(demand: Fraction, revenue: Fraction) -> Fraction:
    return min(Fraction(1), demand / revenue) if revenue > 0 else Fraction(1)
