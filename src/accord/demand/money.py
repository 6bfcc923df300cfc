"""Money: exact decimals with a currency, and rates of exchange that have a day.

Law (exact): an amount is never a binary fraction; it is rounded once, to the smallest unit of the
currency that it is converted to, half to even.
Law (missing): where no rate leads to the currency, there is no amount and the reason is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal

import msgspec

from accord.core.errors import Invalid
from accord.demand.contracts.facts import Rate
from accord.demand.currencies import DIGITS

_AMOUNT = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,12})?", re.ASCII)
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


class Money(msgspec.Struct, frozen=True):
    """An amount in the main unit of a currency."""

    amount: Decimal
    currency: str
    """ISO 4217."""


class NoRate(Invalid):
    """No rate leads from one currency to the other on that day."""


def currency(text: str) -> str:
    """A code of ISO 4217.

    Raises:
        Invalid: no such currency.
    """
    code = text.strip().upper()
    if code and code not in DIGITS:
        raise Invalid(f"{text[:20]!r} is no currency of ISO 4217, such as AUD, INR, JPY or USD")
    return code


def decimal(text: str) -> str:
    """A plain decimal, in its one spelling.

    Raises:
        Invalid: a sign, a separator of thousands, a currency, or no number.
    """
    if not text:
        return ""
    if not _AMOUNT.fullmatch(text):
        raise Invalid(
            f"{text[:40]!r} is not a plain number: digits and a point are expected, such as"
            " 1200000.50, with no sign, currency or separator of thousands"
        )
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{rest}" if rest else whole


def amount(text: str, code: str) -> str:
    """A decimal that a currency can pay.

    Raises:
        Invalid: no plain number, no currency, or more digits than its smallest unit has.
    """
    number = decimal(text)
    if number and not code:
        raise Invalid("an amount without a currency; give its code of ISO 4217")
    digits = len(number.partition(".")[2])
    if number and digits > DIGITS[code]:
        raise Invalid(f"{number} has {digits} digits after the point; {code} has {DIGITS[code]}")
    return number


class Rates:
    """Rates of exchange as of a day."""

    def __init__(self, rates: Iterable[Rate], day: str) -> None:
        """`day` is YYYY-MM-DD: of each pair the newest rate on or before it counts."""
        self.day = day
        newest: dict[tuple[str, str], str] = {}
        said: dict[tuple[str, str, str], set[Decimal]] = {}
        for rate in rates:
            if rate.day > day:
                continue
            pair = (rate.currency, rate.base)
            newest[pair] = max(newest.get(pair, ""), rate.day)
            said.setdefault((*pair, rate.day), set()).add(Decimal(rate.rate))
        self._days = newest
        self._rates = {
            pair: next(iter(found))
            for pair, at in newest.items()
            if len(found := said[(*pair, at)]) == 1
        }
        self.contradictions = tuple(
            (one, base, at) for (one, base), at in sorted(newest.items())
            if len(said[one, base, at]) > 1
        )  # fmt: skip
        """Currency, base and day of which documents say different rates: none of them counts."""

    def base(self) -> str:
        """The base of the newest rates, the first by name where there are several; or empty."""
        days = [(at, base) for (_, base), at in self._days.items()]
        latest = max((at for at, _ in days), default="")
        return min((base for at, base in days if at == latest), default="")

    def convert(self, money: Money, to: str) -> Money:
        """The amount in another currency.

        Raises:
            NoRate: no rate leads there.
        """
        one = Decimal(1)
        times, by = (one, one) if money.currency == to else self._factor(money.currency, to)
        product = _EXACT.divide(_EXACT.multiply(money.amount, times), by)
        unit = one.scaleb(-DIGITS[to])
        return Money(product.quantize(unit, context=_EXACT), to)

    def _factor(self, one: str, to: str) -> tuple[Decimal, Decimal]:
        """Directly, the other way round, or over the base that both have the newest rates to."""
        if (one, to) in self._rates:
            return self._rates[one, to], Decimal(1)
        if (to, one) in self._rates:
            return Decimal(1), self._rates[to, one]
        bases = [
            (min(self._days[one, base], self._days[to, base]), base)
            for first, base in self._rates
            if first == one and (to, base) in self._rates
        ]
        if not bases:
            raise NoRate(self._why(one, to))
        latest = max(at for at, _ in bases)
        base = min(base for at, base in bases if at == latest)
        return self._rates[one, base], self._rates[to, base]

    def _why(self, one: str, to: str) -> str:
        doubtful = [pair for pair in self.contradictions if {one, to} & set(pair[:2])]
        if doubtful:
            first, base, at = doubtful[0]
            return f"documents contradict each other on the rate of {first} in {base} on {at}"
        return f"no rate of {one} in {to} on or before {self.day}"
