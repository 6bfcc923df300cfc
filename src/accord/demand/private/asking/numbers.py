"""What a question about numbers computes: the quantities, their bands, and how many of each.

Whoever takes part must have the same, so all of it follows from the question and from how many
items came out of the one that it is about.
"""

from __future__ import annotations

from typing import Final

from accord.demand.private import bands
from accord.demand.private.asking.question import RANKING, Question
from accord.demand.private.questions import Ranking, Totals

THOUSAND: Final = 1_000
"""Spend is given in so many units of the currency a year, rounded to the nearest."""
SPEND, OPERATORS, MISSING = "spend", "operators", "missing"
QUANTITIES: Final = {
    "suppliers": (SPEND, OPERATORS, MISSING),
    "components": (SPEND, OPERATORS),
}
"""Spend a year, operators that run it, and requirements that its verdicts miss."""
_LIMITS: Final = {
    SPEND: bands.limits(1, 1_000_000),
    OPERATORS: bands.limits(1, 1_000),
    MISSING: bands.limits(1, 1_000),
}
LARGEST: Final = 1_000_000
"""The highest priority that a partner gives to an ask, in thousandths."""


def computed(question: Question, items: int) -> Totals | Ranking:
    """The computation over so many items that came out.

    Raises:
        DoesNotFit: they are too many or too few for it.
    """
    if question.kind == RANKING:
        asks = items * len(question.requirements)
        found: Totals | Ranking = Ranking(
            asks, min(question.first, asks), LARGEST, question.least, question.agencies
        )
    else:
        limits = tuple(_LIMITS[name] for name in QUANTITIES[question.items])
        found = Totals(items, limits, question.least, question.agencies)
    found.check(len(question.partners))
    return found


def band(name: str, number: int) -> bands.Band:
    """A band of a quantity by its number."""
    return bands.bands(_LIMITS[name])[number]
