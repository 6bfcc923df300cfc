"""The laws of carrying, against brute force over every path."""

from __future__ import annotations

import tracemalloc
from itertools import combinations, pairwise, product
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from accord.assurance.assessing.baseline import Baseline, Need, Table
from accord.assurance.crosswalks.carrying import Carried, Crosswalk
from accord.assurance.crosswalks.loops import loops
from accord.assurance.crosswalks.relations import RELATIONS, chain
from accord.assurance.facts import Mapping
from accord.assurance.model import Level

NODES = "abcdef"
LEVELS = st.sampled_from(list(Level))
SETS = [frozenset(some) for size in (1, 2, 3) for some in combinations(range(4), size)]


@st.composite
def mappings(draw: st.DrawFn) -> list[Mapping]:
    edges = st.tuples(
        st.sampled_from(NODES),
        st.sampled_from(NODES),
        st.sampled_from(RELATIONS),
        st.sampled_from([None, 0.1, 0.5, 0.79, 0.8, 1.0]),
    )
    return [
        Mapping("x", source, target, relationship, "", confidence)
        for source, target, relationship, confidence in draw(st.lists(edges, max_size=12))
    ]


def holds(relation: str, one: frozenset[int], other: frozenset[int]) -> bool:
    """Whether two sets relate so, as demands: what is asked by one and by the other."""
    return {
        "equal": one == other,
        "equivalent": one == other,
        "superset": one >= other,
        "subset": one <= other,
        "intersects": bool(one & other),
    }[relation]


def test_composition() -> None:
    """A chain says the strongest thing that is true of every three sets that fit it."""
    strength = ("equal", "superset", "subset", "intersects")
    for first, second in product(RELATIONS, repeat=2):
        fitting = [
            (one, last)
            for one, middle, last in product(SETS, repeat=3)
            if holds(first, one, middle) and holds(second, middle, last)
        ]
        true = [word for word in strength if all(holds(word, *pair) for pair in fitting)]
        said = chain(first, second).replace("equivalent", "equal")
        assert said == (true[0] if true else ""), (first, second)


def reaches(edges: list[tuple[str, str]], start: str, end: str) -> bool:
    seen, frontier = {start}, {start}
    while frontier:
        frontier = {t for s, t in edges if s in frontier} - seen
        seen |= frontier
    return end in seen


def looped(given_: list[Mapping]) -> list[Mapping]:
    carrying = [m for m in given_ if m.relationship in {"equal", "equivalent", "superset"}]
    edges = [(m.source, m.target) for m in carrying]
    return [m for m in carrying if m.source == m.target or reaches(edges, m.target, m.source)]


def strongest(path: tuple[str, ...], given_: list[Mapping]) -> list[tuple[bool, Level]]:
    """What each way of walking a path says: whether it satisfies, and its cap."""
    turning = {(m.source, m.target) for m in looped(given_)}
    found = [("equal", Level.VERIFIED)]
    for source, target in pairwise(path):
        steps = []
        for m in given_:
            if (m.source, m.target) != (source, target):
                continue
            sure = 1.0 if m.confidence is None else m.confidence
            weak = m.relationship in {"equal", "equivalent", "superset"} and (
                sure < 0.5 or (source, target) in turning
            )
            cap = Level.VERIFIED if sure >= 0.8 else Level.THIRD_PARTY
            steps.append(("intersects" if weak else m.relationship, cap))
        found = [
            (chain(before, step), min(cap, sure))
            for (before, cap), (step, sure) in product(found, steps)
            if chain(before, step)
        ]
    return [(relation in {"equal", "equivalent", "superset"}, cap) for relation, cap in found]


def simple_paths(given_: list[Mapping], source: str, wanted: str) -> list[tuple[str, ...]]:
    done: list[tuple[str, ...]] = []
    open_: list[tuple[str, ...]] = [(source,)]
    while open_:
        path = open_.pop()
        for target in sorted({m.target for m in given_ if m.source == path[-1]} - set(path)):
            if target == wanted:
                done.append((*path, target))
            else:
                open_.append((*path, target))
    return done


def by_brute_force(given_: list[Mapping], source: str, wanted: str) -> tuple[object, ...] | None:
    best = None
    for path in simple_paths(given_, source, wanted):
        for satisfies, cap in strongest(path, given_):
            rank = (len(path), not satisfies, -cap, path)
            best = rank if best is None or rank < best else best
    return best


def ranked(one: Carried) -> tuple[object, ...]:
    return (len(one.path), not one.satisfies, -one.cap, one.path)


@settings(max_examples=150, deadline=None)
@given(given_=mappings(), wanted=st.sampled_from(NODES))
def test_carrying_is_what_brute_force_finds(given_: list[Mapping], wanted: str) -> None:
    answer = {one.item: ranked(one) for one in Crosswalk(given_).sources(wanted)}
    expected = {
        source: found
        for source in NODES
        if source != wanted and (found := by_brute_force(given_, source, wanted))
    }
    assert answer == expected


@settings(max_examples=100, deadline=None)
@given(given_=mappings(), wanted=st.sampled_from(NODES), claimed=LEVELS)
def test_carrying_never_raises_a_level(given_: list[Mapping], wanted: str, claimed: Level) -> None:
    for one in Crosswalk(given_).sources(wanted):
        assert one.level(claimed) <= claimed
        assert one.level(claimed) <= one.cap


@settings(max_examples=100, deadline=None)
@given(given_=mappings(), wanted=st.sampled_from(NODES))
def test_subset_and_intersects_never_satisfy(given_: list[Mapping], wanted: str) -> None:
    carrying = {
        (m.source, m.target)
        for m in given_
        if m.relationship in {"equal", "equivalent", "superset"}
    }
    for one in Crosswalk(given_).sources(wanted):
        assert not one.satisfies or set(pairwise(one.path)) <= carrying


@settings(max_examples=100, deadline=None)
@given(given_=mappings(), wanted=st.sampled_from(NODES), data=st.data())
def test_the_order_of_mappings_does_not_matter(
    given_: list[Mapping], wanted: str, data: st.DataObject
) -> None:
    other = data.draw(st.permutations(given_))
    assert Crosswalk(given_).sources(wanted) == Crosswalk(other).sources(wanted)


@settings(max_examples=150, deadline=None)
@given(given_=mappings())
def test_loops_are_found_and_nothing_else(given_: list[Mapping]) -> None:
    assert list(loops(given_)) == looped(given_)


def test_of_paths_of_one_length_the_first_by_name_is_told() -> None:
    steps = ("zy", "zx", "yb", "xc", "ba", "ca", "mb", "mc", "nm")
    given_ = [Mapping("x", one[0], one[1], "superset", "") for one in steps]
    told = {one.item: "".join(one.path) for one in Crosswalk(given_).sources("a")}
    assert (told["z"], told["m"], told["n"]) == ("zxca", "mba", "nmba")


def test_a_long_chain_costs_no_more_than_its_length() -> None:
    """No path is written out until it is asked for."""
    long = 20_000
    chained = [Mapping("x", f"c@1#{n}", f"c@1#{n + 1}", "superset", "") for n in range(long)]
    tracemalloc.start()
    try:
        began = process_time()
        table = Table([wanting(f"c@1#{long}")], Crosswalk(chained))
        spent, (_, most) = process_time() - began, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    reaches = table.satisfying[f"c@1#{long}"]
    assert len(reaches) == long + 1
    assert reaches[-1].path == tuple(f"c@1#{n}" for n in range(long + 1))
    assert most < 64 << 20
    assert spent < 10


def wanting(item: str) -> Baseline:
    need = Need(id="a", title="a", items=((item,),), level=Level.VERIFIED)
    return Baseline(name="us", needs=(need,))
