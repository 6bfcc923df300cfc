"""Totals in bands of 1, 2 and 5: what is opened instead of a sum.

Law (banding): a total lies in the band whose number is how many limits it has reached.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from accord.demand.private.errors import DoesNotFit

STEPS = (1, 2, 5)
MOST_LIMITS = 63
LARGEST = 1 << 40
"""No limit is above it: what is added up is told in units that keep it below."""


class Band(msgspec.Struct, frozen=True):
    """From `low` up to, but without, `high`; None means that there is no end."""

    low: int
    high: int | None


def limits(lowest: int, highest: int) -> tuple[int, ...]:
    """Every 1, 2 and 5 times a power of ten from `lowest` to `highest`.

    Raises:
        DoesNotFit: no such number lies between them.
    """
    if not 1 <= lowest <= highest <= LARGEST:
        raise DoesNotFit(f"limits of bands lie between 1 and {LARGEST:,}, in order")
    steps = (step * 10**power for power in range(len(str(highest))) for step in STEPS)
    found = tuple(step for step in steps if lowest <= step <= highest)
    return checked(found)


def checked(found: Sequence[int]) -> tuple[int, ...]:
    """The limits, as they are, if they can be used.

    Raises:
        DoesNotFit: none, too many, out of order or too large.
    """
    if not 1 <= len(found) <= MOST_LIMITS:
        raise DoesNotFit(f"a quantity has 1 to {MOST_LIMITS} limits of bands, not {len(found)}")
    if any(a >= b for a, b in zip((0, *found), found, strict=False)) or found[-1] > LARGEST:
        raise DoesNotFit(f"limits of bands rise from 1 to at most {LARGEST:,}")
    return tuple(found)


def number(total: int, found: Sequence[int]) -> int:
    """The number of a total's band, from 0."""
    return bisect_right(found, total)


def bands(found: Sequence[int]) -> list[Band]:
    """Every band, by its number."""
    return [Band(low, high) for low, high in zip((0, *found), (*found, None), strict=True)]
