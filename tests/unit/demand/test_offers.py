"""A file of offers is read whole, whatever its form, or refused with the place."""

from __future__ import annotations

from fractions import Fraction

import pytest

from accord.core.errors import Invalid
from accord.demand.offers import read

YAML = b"""
currency: usd
product: SCADA
unit: sites
offers:
  - supplier: Grid
    tiers: [{price: "10.005"}, {from: 5, price: 8}]
  - {supplier: Small, discount: incremental, tiers: [{from: 0, price: 9}]}
volumes: {au: 2, us: 4}
"""
JSON = b"""{"currency": "USD", "product": "SCADA", "unit": "sites", "offers": [
  {"supplier": "Grid", "tiers": [{"from": 0, "price": 10.005}, {"from": 5, "price": 8}]},
  {"supplier": "Small", "discount": "incremental", "tiers": [{"price": "9"}]}],
  "volumes": {"au": 2, "us": 4}}"""
TABLE = b"""Supplier;Discount;From;Price;Partner;Volume;Currency;Product;Unit
Grid;;0;10.005;;;USD;SCADA;sites
Grid;;5;8;;;;;
;;;;au;2;;;
Small;incremental;;9;;;;;
;;;;us;4;;;
"""


def test_every_form_says_the_same() -> None:
    found = read(YAML)
    assert found == read(JSON) == read(TABLE)
    assert found.volumes == {"au": 2, "us": 4}
    grid, small = found.offers
    assert grid.offer.cost(4) == Fraction("40.02")
    assert grid.offer.cost(6) == 48
    assert (small.supplier, small.offer.discount) == ("Small", "incremental")


@pytest.mark.parametrize(
    ("old", "new", "place", "told"),
    [
        (b"usd", b"dollars", "/currency", "ISO 4217"),
        (b"price: 8", b"price: 8 USD", "/offers/0/tiers/1", "plain number"),
        (b"price: 8", b"price: -8", "/offers/0/tiers/1", "plain number"),
        (b"from: 5", b"from: 0", "/offers/0/tiers/1", "rise"),
        (b"from: 5", b"from: five", "/offers/0/tiers/1", "whole number"),
        (b"{from: 0, price: 9}", b"", "/offers/1/tiers", "first tier"),
        (b"Small", b"grid", "/offers/1", "offers twice"),
        (b"incremental", b"some", "", "discount"),
        (b"au: 2", b"au: 2.5", "/volumes/au", "whole number"),
        (b"{au: 2, us: 4}", b"{}", "/volumes", "no partner"),
        (b"unit:", b"units:", "", "units"),
        (b"product: SCADA", b"product: A\nproduct: B", "", "product"),
    ],
)
def test_what_is_wrong_is_named(old: bytes, new: bytes, place: str, told: str) -> None:
    assert old in YAML
    with pytest.raises(Invalid) as wrong:
        read(YAML.replace(old, new, 1))
    assert told in str(wrong.value)
    assert wrong.value.place == place or not place


@pytest.mark.parametrize(
    ("old", "new", "place", "told"),
    [
        (b";8;", b";eight;", "line 3", "plain number"),
        (b";us;4", b";au;4", "line 6, column 5", "stands twice"),
        (b"Grid;;5", b"Grid;incremental;5", "", ""),
        (b"Small;incremental", b"Small;free", "line 5, column 2", "neither"),
        (b"incremental;;9;;;;;", b"incremental;;9;;;AUD;;", "line 5, column 7", "one currency"),
        (b"Unit", b"Colour", "line 1, column 9", "unknown column"),
        (b";;;;au;2", b";;;;;2", "line 4", "a row is for"),
        (b"USD", b"US$", "line 2, column 7", "ISO 4217"),
        (b"USD", b"", "column `currency`", "no currency"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(old: bytes, new: bytes, place: str, told: str) -> None:
    assert old in TABLE
    changed = TABLE.replace(old, new, 1)
    if not told:
        assert read(changed).offers[0].offer.discount == "incremental"
        return
    with pytest.raises(Invalid) as wrong:
        read(changed)
    assert told in str(wrong.value)
    assert wrong.value.place == place
