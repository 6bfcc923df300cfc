"""Shares, the index, and what falls with what, against plain counting and brute force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from accord.demand.burden import burden
from accord.demand.concentration import Needs, concentration, falls, reach, single_source
from accord.demand.renewals import Ending, calendar

NAMES = "abcdef"


@given(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 100)))
def test_shares_and_index(amounts: dict[str, int]) -> None:
    found = concentration(amounts)
    held = [amount for amount in amounts.values() if amount]
    assert sum(one.share for one in found.shares) == (1 if held else 0)
    assert [one.amount for one in found.shares] == sorted(held, reverse=True)
    if held:
        assert Fraction(10_000, len(held)) <= found.hhi <= 10_000
        assert found.hhi == sum(Fraction(100 * amount, sum(held)) ** 2 for amount in held)


def test_the_guidelines_own_kind_of_example() -> None:
    """Four with 30, 30, 20 and 20 in a hundred: 900 + 900 + 400 + 400."""
    found = concentration({"a": 30, "b": 30, "c": 20, "d": 20})
    assert found.hhi == 2_600
    assert found.high


PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(["", *"xyz"])))


@given(PAIRS)
def test_reach_and_single_source(pairs: list[tuple[str, str]]) -> None:
    wholes = {whole for whole, _ in pairs}
    assert {one.name: len(one.wholes) for one in reach(pairs)} == {
        name: len({w for w, n in pairs if n == name}) for _, name in pairs if name
    }
    assert all(one.share == Fraction(len(one.wholes), len(wholes)) for one in reach(pairs))
    assert single_source(pairs) == {
        w: s for w in wholes for s in "xyz" if {n for v, n in pairs if v == w} == {s}
    }


@st.composite
def graphs(draw: st.DrawFn, *, any_alone: bool = False) -> dict[str, Needs]:
    """Each rests on some that come before it: no loops."""
    found = {}
    for i, name in enumerate(NAMES[1:], start=1):
        some = st.lists(st.sampled_from(NAMES[:i]), max_size=3, unique=True).map(tuple)
        every = () if any_alone else draw(some)
        found[name] = Needs(every=every, any=draw(some))
    return found


def stands(node: str, graph: Mapping[str, Needs], without: str) -> bool:
    if node == without:
        return False
    needs = graph.get(node, Needs())
    served = not needs.any or any(stands(one, graph, without) for one in needs.any)
    return served and all(stands(one, graph, without) for one in needs.every)


@given(graphs())
def test_what_falls(graph: dict[str, Needs]) -> None:
    found = falls(graph)
    for gone in NAMES:
        fallen = {n for n in NAMES if n != gone and not stands(n, graph, gone)}
        assert set(found.get(gone, ())) == fallen


@given(graphs(any_alone=True))
def test_dominators(graph: dict[str, Needs]) -> None:
    """Where any one serves, what falls with a node is what every path leads through."""

    def paths(node: str) -> list[set[str]]:
        below = graph.get(node, Needs()).any
        return [{node, *path} for one in below for path in paths(one)] if below else [{node}]

    found = falls(graph)
    for gone in NAMES:
        assert set(found.get(gone, ())) == {
            node for node in NAMES if node != gone and all(gone in path for path in paths(node))
        }


TODAY = date(2026, 6, 1)
DAYS = st.integers(-40, 400).map(lambda days: TODAY + timedelta(days))


@given(
    st.lists(st.tuples(st.sampled_from("ab"), DAYS, st.none() | DAYS), max_size=12),
    st.integers(0, 60),
)
def test_calendar(rows: list[tuple[str, date, date | None]], window: int) -> None:
    endings = [Ending(str(i), s, f"agency {i % 3}", e, n) for i, (s, e, n) in enumerate(rows)]
    groups = calendar(endings, TODAY, window)
    placed = [move.ending for group in groups for move in group.moves]
    assert sorted(one.contract for one in placed) == sorted(
        one.contract for one in endings if one.ends >= TODAY
    )
    for group in groups:
        ends = [move.ending.ends for move in group.moves]
        assert ends == sorted(ends)
        assert all((b - a).days <= window for a, b in pairwise(ends))
        assert group.aligned == ends[-1]
        for move in group.moves:
            assert move.ending.supplier == group.supplier
            assert move.ending.ends + timedelta(move.days) == group.aligned
            assert move.late == (move.ending.notice is not None and move.ending.notice < TODAY)
        others = [g for g in groups if g is not group and g.supplier == group.supplier]
        far = [abs(m.ending.ends - end).days for g in others for m in g.moves for end in ends]
        assert all(days > window for days in far)
    keys = [group.act_by or group.aligned for group in groups]
    assert keys == sorted(keys)


@given(st.dictionaries(st.sampled_from(NAMES), st.frozensets(st.integers(0, 9).map(str))))
def test_burden(asked: dict[str, frozenset[str]]) -> None:
    found = burden("x", asked)
    union = {item for items in asked.values() for item in items}
    assert found.saved == sum(len(items) for items in asked.values()) - len(union)
    assert found.saved >= 0
