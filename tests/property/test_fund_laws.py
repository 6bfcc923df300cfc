"""A budget is divided whole, within bounds, by need; and what a year did is told as it was."""

from __future__ import annotations

from fractions import Fraction
from math import log, sqrt
from statistics import mean, stdev

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.demand.fund import (
    SIGNALS,
    Component,
    Observed,
    criticality,
    divide,
    fragility,
    outcome,
)
from accord.demand.scoreboard import Value, commitments, scoreboard

PARTS = st.lists(
    st.builds(
        Component,
        name=st.uuids().map(str),
        criticality=st.fractions(0, 1, max_denominator=20),
        dependents=st.integers(0, 9),
        fragility=st.fractions(0, 1, max_denominator=4),
        missing=st.lists(st.sampled_from("abc"), unique=True).map(tuple),
        controls=st.just(3),
    ),
    max_size=9,
)


@given(PARTS, st.integers(0, 2_000), st.integers(0, 300), st.none() | st.integers(0, 900))
def test_whole_and_bounds(parts: list[Component], budget: int, least: int, cap: int | None) -> None:
    assume(cap is None or cap >= least)
    grants = divide(parts, budget, least=least, cap=cap)
    given_ = [one.amount for one in grants]
    most = budget if cap is None else min(cap, budget)
    assert all(max(least, 1) <= amount <= most for amount in given_)
    assert sum(given_) <= budget
    needy = [one for one in parts if one.need > 0]
    if sum(given_) < budget:
        # Less only where all who could be given have their cap, or nobody can be given the least.
        assert all(amount == most for amount in given_) or not grants
        fits = len(needy) if not least else min(len(needy), budget // least)
        assert len(grants) == fits or not grants or most < least
    if not grants:
        assert not needy or budget < max(least, 1) or most < max(least, 1)


@given(PARTS, st.integers(1, 2_000), st.integers(0, 100), st.integers(0, 900))
def test_monotone(parts: list[Component], budget: int, least: int, more: int) -> None:
    grants = divide(parts, budget, least=least, cap=least + more)
    amounts = {one.component.name: one.amount for one in grants}
    for one in parts:
        for other in parts:
            if one.need > other.need:
                assert amounts.get(one.name, 0) >= amounts.get(other.name, 0)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(1, 10**6))
def test_without_bounds_it_is_in_proportion(needs: list[int], budget: int) -> None:
    """Nobody is off by a whole minor unit, unless some would get none at all."""
    parts = [
        Component(name=str(i), criticality=Fraction(1, 2), dependents=need, controls=1)
        for i, need in enumerate(needs)
    ]
    assume(budget >= sum(needs))
    for one in divide(parts, budget):
        exact = Fraction(budget * one.component.dependents, sum(needs))
        assert abs(one.amount - exact) < 1


def test_what_the_cap_leaves_goes_to_the_next() -> None:
    """4 and 2 in proportion; 2 is too little, and 4 alone would leave 2."""
    parts = [
        Component(name=name, criticality=Fraction(1), dependents=need, controls=1)
        for name, need in (("a", 2), ("b", 1))
    ]
    assert [one.amount for one in divide(parts, 6, least=3, cap=4)] == [3, 3]
    assert [one.amount for one in divide(parts, 6, least=3)] == [6]


def test_the_formula_by_hand() -> None:
    """Two signals of weight 2 and 1: log(101) / log(5001) and a full one."""
    score, missing = criticality({"contributor_count": 100, "org_count": 10})
    assert score == pytest.approx((2 * log(101) / log(5001) + 1) / 3)
    assert len(missing) == len(SIGNALS) - 2


def test_the_published_default_parameters() -> None:
    assert sum(one.weight for one in SIGNALS.values()) == 10.5
    full = {name: one.threshold for name, one in SIGNALS.items()}
    assert criticality({**full, "updated_since": 0})[0] == pytest.approx(1)
    assert criticality(full)[0] == pytest.approx(9.5 / 10.5)
    assert criticality({"updated_since": 20})[0] == pytest.approx(log(101) / log(121))
    assert criticality({"updated_since": 500})[0] == 0.0
    assert criticality({})[0] == 0.0


@pytest.mark.parametrize("figure", [-1, float("nan"), float("inf")])
def test_odd_figures_are_refused(figure: float) -> None:
    with pytest.raises(Invalid, match="org_count"):
        criticality({"org_count": figure})


def test_fragility() -> None:
    assert fragility(months=36, maintainers=1) == 1
    assert fragility(months=0, maintainers=10) == Fraction(1, 20)
    assert fragility(months=None, maintainers=None) == Fraction(1, 2)


def observed(name: str, criticality_: float, before: float, after: float) -> Observed:
    """A name that begins with f is funded."""
    return Observed(name, name.startswith("f"), criticality_, before, after)


def test_outcome_by_hand() -> None:
    """Three pairs gain 0.3, 0.1 and 0.2 more than what is like them."""
    rows = []
    gains = [0.3, 0.1, 0.2]
    for i, gain in enumerate(gains):
        rows.append(observed(f"f{i}", 0.2 + 0.3 * i, 0.5, 0.55 + gain))
        rows.append(observed(f"u{i}", 0.21 + 0.3 * i, 0.5, 0.55))
    rows.append(observed("fully alone", 0.99, 0.1, 0.9))
    found = outcome(rows)
    assert (found.pairs, found.unmatched) == (3, ("fully alone",))
    assert found.difference == pytest.approx(mean(gains))
    half = 4.303 * stdev(gains) / sqrt(3)
    assert (found.low, found.high) == pytest.approx((mean(gains) - half, mean(gains) + half))


def test_each_is_matched_once() -> None:
    rows = [observed(f"f{i}", 0.5, 0.5, 0.9) for i in range(2)]
    assert outcome([*rows, observed("u", 0.5, 0.5, 0.5)]).unmatched == ("f1",)


def test_unknown_is_not_nought() -> None:
    rows = scoreboard({"asks-fixed": Value(3, "asks")}, {"asks-fixed": Value(5, "asks")})
    known = [row for row in rows if row.now is not None]
    assert [(row.measure.id, row.change, row.improved) for row in known] == [
        ("asks-fixed", -2, False)
    ]
    assert all(
        (row.change, row.improved, row.source) == (None, None, "")
        for row in rows
        if row.now is None
    )


def test_less_is_better_where_it_is() -> None:
    (row,) = (
        one
        for one in scoreboard(
            {"act-open-over-14-days": Value(1, "x")}, {"act-open-over-14-days": Value(4, "x")}
        )
        if one.now is not None
    )
    assert row.improved


def test_promises_are_told_once_and_in_order() -> None:
    every = commitments()
    names = [measure.id for one in every for measure in one.measures]
    assert len(names) == len(set(names))
    assert [one.when for one in every] == sorted(one.when for one in every)
