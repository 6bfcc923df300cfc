"""Pooled price: what partners save by buying together, and how the saving is divided.

The saving of a coalition is what its members pay apart less what they pay together. It is divided
by the Shapley value: each partner gets its average contribution over all orders of joining.

Law (efficiency): the parts add up to the whole saving, to the last fraction.
Law (symmetry): who contributes alike to every coalition gets alike.
Law (dummy): who contributes nothing to any coalition gets nothing.
Law (core): a division lies in the core when no coalition saves more by itself than it is given.

Source: L. S. Shapley, *A value for n-person games*, 1953; D. B. Gillies, *Solutions to general
non-zero-sum games*, 1959 (the core).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import factorial
from typing import Final, Literal

import msgspec

from accord.core.errors import Invalid

MOST: Final = 12
"""Partners for which every coalition is looked at: 4,096 of them."""

Amount = Fraction


class Tier(msgspec.Struct, frozen=True):
    """A price for each unit, from a volume on."""

    volume: int
    """The least volume for which it holds, in units."""
    price: Amount


class Offer(msgspec.Struct, frozen=True):
    """A supplier's prices by volume."""

    tiers: tuple[Tier, ...]
    """Rising in volume; the first begins at zero."""
    discount: Literal["all-units", "incremental"] = "all-units"
    """Whether the price reached holds for every unit, or only for those past the tier's volume."""

    def __post_init__(self) -> None:
        volumes = [tier.volume for tier in self.tiers]
        if not volumes or volumes[0] != 0:
            raise Invalid("an offer needs a first tier from volume 0", "/tiers")
        for place, (low, high) in enumerate(pairwise(volumes), start=1):
            if low >= high:
                raise Invalid(f"a tier from {high} comes after one from {low}", f"/tiers/{place}")
        for place, tier in enumerate(self.tiers):
            if tier.price < 0:
                raise Invalid("a price is below zero", f"/tiers/{place}")

    def cost(self, volume: int) -> Amount:
        """What a volume costs, in the offer's currency."""
        if self.discount == "all-units":
            reached = [tier.price for tier in self.tiers if tier.volume <= volume]
            return reached[-1] * volume
        total = Fraction(0)
        ends = [*(tier.volume for tier in self.tiers[1:]), volume]
        for tier, end in zip(self.tiers, ends, strict=True):
            total += tier.price * max(0, min(end, volume) - tier.volume)
        return total


class Part(msgspec.Struct, frozen=True):
    """What pooling is to one partner."""

    partner: str
    alone: Amount
    """What it pays by itself."""
    share: Amount
    """Its part of the saving."""

    @property
    def pays(self) -> Amount:
        """What it pays in the pool."""
        return self.alone - self.share


class Blocking(msgspec.Struct, frozen=True):
    """A coalition that would rather buy by itself."""

    partners: tuple[str, ...]
    saves: Amount
    """What it saves by itself."""
    given: Amount
    """What its members are given together."""


class Pool(msgspec.Struct, frozen=True, dict=True):
    """A pooled purchase: the saving of each coalition and its division."""

    partners: tuple[str, ...]
    costs: tuple[Amount, ...]
    """Of each coalition, by its bits: bit `i` is partner `i`."""

    @property
    def everyone(self) -> int:
        """The coalition of all."""
        return len(self.costs) - 1

    @cached_property
    def savings(self) -> tuple[Amount, ...]:
        """What each coalition saves against its members' buying apart, by its bits."""
        alone = [Fraction(0)] * len(self.costs)
        for bits in range(1, len(self.costs)):
            lowest = bits & -bits
            alone[bits] = alone[bits ^ lowest] + self.costs[lowest]
        return tuple(apart - cost for apart, cost in zip(alone, self.costs, strict=True))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The Shapley division, in the partners' order."""
        shares = shapley(self.savings)
        return tuple(
            Part(name, self.costs[1 << i], share)
            for i, (name, share) in enumerate(zip(self.partners, shares, strict=True))
        )

    @cached_property
    def blocking(self) -> tuple[Blocking, ...]:
        """Coalitions that the division gives less than they save alone, the worst first.

        Empty: the division lies in the core.
        """
        given = [Fraction(0)] * len(self.costs)
        found: list[tuple[Amount, int]] = []
        for bits in range(1, len(self.costs)):
            lowest = bits & -bits
            given[bits] = given[bits ^ lowest] + self.parts[lowest.bit_length() - 1].share
            if given[bits] < self.savings[bits]:
                found.append((given[bits] - self.savings[bits], bits))
        return tuple(
            Blocking(self.names(bits), self.savings[bits], given[bits]) for _, bits in sorted(found)
        )

    def names(self, bits: int) -> tuple[str, ...]:
        """The members of a coalition."""
        return tuple(name for i, name in enumerate(self.partners) if bits >> i & 1)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why pooling may be worthless to somebody, in words."""
        found = []
        if self.savings[self.everyone] <= 0:
            found.append("buying together saves nothing")
        for i, part in enumerate(self.parts):
            without = self.savings[self.everyone ^ 1 << i]
            if part.share <= 0:
                found.append(f"pooling is worthless to {part.partner}: its part is nothing")
            elif without >= self.savings[self.everyone]:
                found.append(f"the others save as much without {part.partner}")
        if self.blocking:
            worst = self.blocking[0]
            found.append(
                f"{' and '.join(worst.partners)} would do better by themselves:"
                " the division is not in the core"
            )
        return tuple(found)


def shapley(savings: Sequence[Amount]) -> tuple[Amount, ...]:
    """The exact Shapley value of a game: `savings` of each coalition, by its bits.

    Of 2^n coalitions; n values in the order of the bits.
    """
    n = (len(savings) - 1).bit_length()
    weights = [Fraction(factorial(s) * factorial(n - 1 - s), factorial(n)) for s in range(n)]
    values = []
    for i in range(n):
        bit = 1 << i
        # Sums by size first: the fractions of the weights are multiplied n times, not 2^n.
        sums = [Fraction(0)] * n
        for bits, saved in enumerate(savings):
            if not bits & bit:
                sums[bits.bit_count()] += savings[bits | bit] - saved
        values.append(sum((w * s for w, s in zip(weights, sums, strict=True)), Fraction(0)))
    return tuple(values)


def pool(offers: Sequence[Offer], volumes: Mapping[str, int]) -> Pool:
    """Price every coalition by whichever offer is cheapest for it.

    Raises:
        Invalid: no offer, no partner, too many partners, or a volume below zero.
    """
    if not offers:
        raise Invalid("a pooled price needs an offer", "/offers")
    if not 1 <= len(volumes) <= MOST:
        raise Invalid(f"a pooled price is for 1 to {MOST} partners; here are {len(volumes)}")
    for name, volume in volumes.items():
        if volume < 0:
            raise Invalid(f"the volume of {name} is below zero", f"/volumes/{name}")
    partners = tuple(sorted(volumes))
    totals = [0] * (1 << len(partners))
    for bits in range(1, len(totals)):
        lowest = bits & -bits
        totals[bits] = totals[bits ^ lowest] + volumes[partners[lowest.bit_length() - 1]]
    known = {total: min(offer.cost(total) for offer in offers) for total in set(totals)}
    return Pool(partners, tuple(known[total] for total in totals))
