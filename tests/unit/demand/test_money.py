from __future__ import annotations

from decimal import Decimal

import pytest

from accord.demand.contracts.facts import Rate
from accord.demand.currencies import DIGITS
from accord.demand.money import Money, NoRate, Rates


def _rate(currency: str, base: str, day: str, rate: str) -> Rate:
    return Rate(currency=currency, base=base, day=day, rate=rate)


def _converted(rates: Rates, amount: str, one: str, to: str) -> str:
    return str(rates.convert(Money(Decimal(amount), one), to).amount)


_RATES = (
    _rate("AUD", "USD", "2026-01-01", "0.65"), _rate("AUD", "USD", "2026-02-01", "0.70"),
    _rate("JPY", "USD", "2026-01-01", "0.0065"), _rate("EUR", "USD", "2026-03-01", "1.1"),
)  # fmt: skip


def test_the_newest_rate_on_or_before_the_day_counts() -> None:
    assert _converted(Rates(_RATES, "2026-01-31"), "100", "AUD", "USD") == "65.00"
    assert _converted(Rates(_RATES, "2026-02-01"), "100", "AUD", "USD") == "70.00"


def test_a_rate_is_used_the_other_way_round_and_over_a_common_base() -> None:
    rates = Rates(_RATES, "2026-01-31")
    assert _converted(rates, "65", "USD", "AUD") == "100.00"
    assert _converted(rates, "100", "AUD", "JPY") == "10000"


def test_money_is_rounded_once_to_the_smallest_unit_half_to_even() -> None:
    rates = Rates([_rate("AUD", "USD", "2026-01-01", "0.5")], "2026-01-31")
    assert _converted(rates, "0.01", "AUD", "USD") == "0.00"
    assert _converted(rates, "0.03", "AUD", "USD") == "0.02"


@pytest.mark.parametrize(("one", "to"), [("EUR", "USD"), ("GBP", "USD"), ("USD", "INR")])
def test_what_has_no_rate_is_told(one: str, to: str) -> None:
    with pytest.raises(NoRate, match="on or before 2026-01-31"):
        _converted(Rates(_RATES, "2026-01-31"), "1", one, to)


def test_rates_that_contradict_each_other_do_not_count() -> None:
    rates = Rates([*_RATES, _rate("AUD", "USD", "2026-01-01", "0.66")], "2026-01-31")
    assert rates.contradictions == (("AUD", "USD", "2026-01-01"),)
    with pytest.raises(NoRate, match="contradict"):
        _converted(rates, "1", "AUD", "USD")


def test_every_currency_has_its_digits() -> None:
    assert all(len(code) == 3 and code.isupper() for code in DIGITS)
    assert (DIGITS["USD"], DIGITS["JPY"], DIGITS["KWD"]) == (2, 0, 3)
