"""The best set of asks, against every set there is."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.demand.asks import choosing
from accord.demand.asks.choosing import Candidate, Chosen, choose
from accord.demand.asks.priority import Gap, Range, priorities

ASKS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 12), st.integers(0, 4)),
    max_size=9,
    unique_by=lambda found: found[:2],
).map(lambda found: [Candidate(s, f"r{r}", float(w), float(c)) for s, r, w, c in found])


def cost(asks: tuple[Candidate, ...], visit: float) -> float:
    return sum(one.cost for one in asks) + visit * len({one.supplier for one in asks})


def best(asks: list[Candidate], budget: float, visit: float) -> float:
    every = chain.from_iterable(combinations(asks, n) for n in range(len(asks) + 1))
    return max(sum(a.worth for a in some) for some in every if cost(some, visit) <= budget)


@settings(deadline=None, max_examples=150)
@given(ASKS, st.integers(0, 12), st.integers(0, 3))
def test_best(asks: list[Candidate], budget: int, visit: int) -> None:
    found = choose(asks, budget, visit=visit)
    assert found.worth == pytest.approx(best(asks, budget, visit))
    assert found.worth == pytest.approx(sum(one.worth for one in found.asks))
    assert found.cost == pytest.approx(cost(found.asks, visit))
    assert found.cost <= budget
    assert found.gap == pytest.approx(0, abs=1e-9)


@settings(deadline=None, max_examples=20)
@given(ASKS, st.integers(0, 12))
def test_bound_holds_without_time(asks: list[Candidate], budget: int) -> None:
    """Stopped at once, the set is told with a bound that no set passes."""
    found: Chosen = choose(asks, budget, visit=1, seconds=0)
    assert found.bound >= best(asks, budget, 1) - 1e-9
    assert found.cost <= budget


@settings(deadline=None, max_examples=60)
@given(ASKS, st.integers(0, 12), st.integers(0, 3), st.integers(0, 3))
def test_bound_holds_where_the_solver_is_given_few(
    asks: list[Candidate], budget: int, visit: int, most: int
) -> None:
    """What it is not given counts in the bound by what it could reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choosing, "_MOST", most)
        found = choose(asks, budget, visit=visit)
    assert found.bound >= best(asks, budget, visit) - 1e-9
    assert found.cost <= budget


def test_many_asks_are_narrowed() -> None:
    """What pays at the price is picked first, so that few asks are left to the solver."""
    rng = random.Random(5)
    asks = []
    for supplier in range(500):
        size = rng.paretovariate(1.1)
        asks += [Candidate(str(supplier), str(n), size * rng.random()) for n in range(60)]
    problem = choosing._Problem(asks, 100.0, 3.0)
    _, first, reach = problem.narrowed()
    assert problem.kept(reach, problem.worth(first))[0].sum() < len(asks) / 20


def test_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="asked of a twice"):
        choose([Candidate("a", "r", 1), Candidate("a", "r", 2)], 3)


@pytest.mark.parametrize("cost_", [-1.0, float("nan")])
def test_odd_costs_are_refused(cost_: float) -> None:
    with pytest.raises(Invalid, match="number from zero on"):
        choose([Candidate("a", "r", 1, cost_)], 3)


NUMBERS = st.integers(0, 9).map(Fraction)
GAPS = st.lists(
    st.builds(
        Gap,
        st.sampled_from(["au", "in", "jp"]),
        st.sampled_from("ab"),
        st.sampled_from(["x#1", "x#2"]),
        NUMBERS,
        st.sampled_from([Fraction(0), Fraction(2, 5), Fraction(4, 5), Fraction(1)]),
        NUMBERS,
    ),
    max_size=12,
)
REVENUES = st.dictionaries(
    st.sampled_from("ab"),
    st.tuples(st.integers(1, 40), st.integers(0, 40)).map(
        lambda pair: Range(Fraction(pair[0]), Fraction(pair[0] + pair[1]))
    ),
)


@given(GAPS, REVENUES, st.integers(1, 3))
def test_priorities(gaps: list[Gap], revenues: dict[str, Range], least: int) -> None:
    found = {
        (one.supplier, one.requirement): one for one in priorities(gaps, revenues, {}, least=least)
    }
    for supplier in "ab":
        for requirement in ("x#1", "x#2"):
            mine = [
                one for one in gaps if (one.supplier, one.requirement) == (supplier, requirement)
            ]
            asked = len({one.partner for one in mine}) >= least
            assert asked == ((supplier, requirement) in found)
            if not asked:
                continue
            one = found[supplier, requirement]
            assert one.gap == sum(m.exposure - m.exposure * m.assurance for m in mine)
            assert 0 <= one.leverage.low <= one.leverage.high <= 1
            demand = sum(m.demand for m in mine)
            if supplier in revenues:
                assert one.leverage.low == min(1, demand / revenues[supplier].high)
                assert one.leverage.high == min(1, demand / revenues[supplier].low)
            elif demand:
                assert one.leverage.high == 1
            assert one.priority == Range(one.gap * one.leverage.low, one.gap * one.leverage.high)


@given(GAPS, REVENUES)
def test_monotone(gaps: list[Gap], revenues: dict[str, Range]) -> None:
    """Whatever is made more certain of one supplier alone lowers no gap."""
    worse = [
        Gap(g.partner, g.supplier, g.requirement, g.exposure + 1, g.assurance, g.demand)
        for g in gaps
    ]
    before = {(a.supplier, a.requirement): a for a in priorities(gaps, revenues, {}, least=1)}
    after = {(a.supplier, a.requirement): a for a in priorities(worse, revenues, {}, least=1)}
    assert before.keys() == after.keys()
    for key, one in before.items():
        assert after[key].priority.low >= one.priority.low
        assert after[key].priority.high >= one.priority.high


def test_order_is_by_what_is_certain() -> None:
    gaps = [
        Gap("au", "known", "x#1", Fraction(10), Fraction(0), Fraction(5)),
        Gap("au", "unknown", "x#1", Fraction(10), Fraction(0), Fraction(5)),
    ]
    revenues = {name: Range(Fraction(n), Fraction(n)) for name, n in [("known", 50), ("big", 100)]}
    found = priorities(gaps, revenues, {}, least=1)
    assert [one.supplier for one in found] == ["known", "unknown"]
    assert found[1].priority.high > found[0].priority.high
