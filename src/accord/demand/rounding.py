"""Exact amounts as whole minor units of a currency, so that parts still add up.

Law (whole): parts that are rounded together add up to their total.
Law (near): where the exact parts add up to the total, none is off by a whole minor unit.

Source: M. L. Balinski and H. P. Young, *Fair Representation*, 1982 (largest remainders).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from accord.demand.currencies import DIGITS


def minor(amount: Fraction, currency: str) -> int:
    """An amount of the main unit in minor units, half to even."""
    return round(amount / exact(1, currency))


def exact(units: int, currency: str) -> Fraction:
    """Minor units as an exact amount of the main unit."""
    return Fraction(units, 10 ** DIGITS[currency])


def major(units: int, currency: str) -> Decimal:
    """Minor units as an amount of the main unit."""
    return Decimal(units).scaleb(-DIGITS[currency])


def parts(shares: Sequence[Fraction], total: int) -> list[int]:
    """Exact parts as whole ones that add up to `total`, the largest remainders rounded up.

    Of equal remainders the earlier one is.
    """
    whole = [floor(one) for one in shares]
    if not whole:
        return whole
    each, over = divmod(total - sum(whole), len(whole))
    ranked = sorted(range(len(whole)), key=lambda place: (whole[place] - shares[place], place))
    return [one + each + (place in ranked[:over]) for place, one in enumerate(whole)]
