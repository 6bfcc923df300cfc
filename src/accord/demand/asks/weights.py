"""What hangs on a product: the operators that run it, weighted by mission impact.

Law (once): an operator counts once for a release, however many sites run it, by its worst impact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

IMPACT: Final[Mapping[str, int]] = {"low": 1, "medium": 2, "high": 3, "very high": 4}
"""Steps of mission impact; one that nobody stated counts as the worst."""


def worst(impacts: Iterable[str]) -> int:
    """The weight of the worst of some mission impacts; none: nought."""
    return max((IMPACT.get(one, max(IMPACT.values())) for one in impacts), default=0)
