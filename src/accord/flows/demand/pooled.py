"""A pooled price: what each coalition pays and saves, and how the saving is divided.

Law (adds up): in minor units, parts add up to the saving, and what partners pay to the cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from accord.demand import rounding
from accord.demand.offers import Offers
from accord.demand.price import Blocking, Pool, pool


class Coalition(msgspec.Struct, frozen=True, kw_only=True):
    """Some partners that buy together."""

    partners: tuple[str, ...]
    volume: int
    supplier: str
    """Whose offer is the cheapest for them; of equal ones the first by name."""
    apart: Decimal
    """What they pay each by itself."""
    together: Decimal
    saving: Decimal


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one partner gets of the saving."""

    partner: str
    volume: int
    alone: Decimal
    """What it pays by itself."""
    saving: Decimal
    """Its Shapley value in minor units."""
    pays: Decimal
    exact: str
    """Its Shapley value as a fraction of the main unit."""


class Blocked(msgspec.Struct, frozen=True):
    """A coalition that would do better by itself."""

    partners: tuple[str, ...]
    saves: Decimal
    """What it saves by itself."""
    given: Decimal
    """What its members are given together."""


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """A pooled purchase."""

    currency: str
    product: str
    unit: str
    coalitions: tuple[Coalition, ...]
    """Every one, the smaller first."""
    division: tuple[Share, ...]
    in_core: bool
    """Whether no coalition saves more by itself than it is given."""
    blocking: tuple[Blocked, ...]
    """Those that do, the worst first."""
    warnings: tuple[str, ...]


def priced(asked: Offers) -> Priced:
    """What buying together would do.

    Raises:
        Invalid: too many partners.
    """
    found = pool([one.offer for one in asked.offers], asked.volumes)
    code = asked.currency
    return Priced(
        currency=code,
        product=asked.product,
        unit=asked.unit,
        coalitions=tuple(
            _coalition(asked, found, bits)
            for bits in sorted(range(1, len(found.costs)), key=lambda one: (one.bit_count(), one))
        ),
        division=tuple(_division(asked, found)),
        in_core=not found.blocking,
        blocking=tuple(_blocked(found.blocking, code)),
        warnings=found.warnings,
    )


def _coalition(asked: Offers, found: Pool, bits: int) -> Coalition:
    code, members = asked.currency, found.names(bits)
    volume = sum(asked.volumes[name] for name in members)
    _, supplier = min((one.offer.cost(volume), one.supplier) for one in asked.offers)
    together = rounding.minor(found.costs[bits], code)
    apart = sum(
        rounding.minor(found.costs[1 << i], code)
        for i in range(len(found.partners))
        if bits >> i & 1
    )
    return Coalition(
        partners=members, volume=volume, supplier=supplier,
        apart=rounding.major(apart, code), together=rounding.major(together, code),
        saving=rounding.major(apart - together, code),
    )  # fmt: skip


def _division(asked: Offers, found: Pool) -> Iterable[Share]:
    code = asked.currency
    alone = [rounding.minor(part.alone, code) for part in found.parts]
    total = sum(alone) - rounding.minor(found.costs[found.everyone], code)
    unit = rounding.exact(1, code)
    shares = rounding.parts([part.share / unit for part in found.parts], total)
    for part, own, share in zip(found.parts, alone, shares, strict=True):
        yield Share(
            partner=part.partner, volume=asked.volumes[part.partner],
            alone=rounding.major(own, code), saving=rounding.major(share, code),
            pays=rounding.major(own - share, code), exact=str(part.share),
        )  # fmt: skip


def _blocked(blocking: Iterable[Blocking], code: str) -> Iterable[Blocked]:
    for one in blocking:
        saves, given = (rounding.minor(amount, code) for amount in (one.saves, one.given))
        yield Blocked(one.partners, rounding.major(saves, code), rounding.major(given, code))
