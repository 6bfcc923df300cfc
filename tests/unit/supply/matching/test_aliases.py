from __future__ import annotations

import random
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from accord.supply.matching.aliases import Names, conflicts, preference

NAMES = ("CVE-2026-1000", "CVE-2026-999", "GHSA-a", "GHSA-b", "OSV-1", "PYSEC-1", "GO-1", "X")
pairs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=8)


def reached(start: str, declared: list[tuple[str, str]]) -> set[str]:
    """Every name that a chain of declarations joins to this one, by walking it."""
    found, waiting = {start}, deque([start])
    while waiting:
        here = waiting.popleft()
        for one, other in declared:
            if here in (one, other):
                for name in {one, other} - found:
                    found.add(name)
                    waiting.append(name)
    return found


@given(pairs, st.sampled_from(NAMES))
def test_two_names_are_one_exactly_when_declared_aliases_join_them(
    declared: list[tuple[str, str]], name: str
) -> None:
    names = Names(declared)
    assert set(names.of(name)) == reached(name, declared)
    assert all(names.of(other) == names.of(name) for other in names.of(name))
    assert names.main(name) == names.of(name)[0]


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_declarations_does_not_matter(
    declared: list[tuple[str, str]], chosen: random.Random
) -> None:
    other = [pair[::-1] if chosen.random() < 0.5 else pair for pair in declared]
    chosen.shuffle(other)
    for name in NAMES:
        assert Names(declared).of(name) == Names(other).of(name)


def test_a_long_chain_is_joined_without_recursion() -> None:
    names = Names([(f"N-{n}", f"N-{n + 1}") for n in range(20_000)])
    assert len(names.of("N-777")) == 20_001


def test_a_cve_is_preferred_then_a_ghsa_then_the_rest() -> None:
    named = ["OSV-1", "GHSA-b", "CVE-2026-1000", "CVE-2026-999", "A"]
    assert sorted(named, key=preference) == [
        "CVE-2026-999",
        "CVE-2026-1000",
        "GHSA-b",
        "A",
        "OSV-1",
    ]


def test_documents_that_claim_one_name_for_different_packages_are_a_conflict() -> None:
    one, other = frozenset({"pkg:npm/a"}), frozenset({"pkg:pypi/b"})
    (found,) = conflicts({"CVE-2026-1000": [("OSV-1", one), ("OSV-2", other)]})
    assert found.name == "CVE-2026-1000"
    assert found.claims == (("OSV-1", ("pkg:npm/a",)), ("OSV-2", ("pkg:pypi/b",)))


def test_the_same_software_in_two_catalogues_is_no_conflict() -> None:
    npm, deb = frozenset({"pkg:npm/node_x"}), frozenset({"pkg:deb/debian/node-x", "cpe:a:m:node_x"})
    assert conflicts({"C": [("OSV-1", npm), ("DSA-1", deb)]}) == []
    assert conflicts({"C": [("OSV-1", npm), ("OSV-2", frozenset())]}) == []
    assert conflicts({"C": [("OSV-1", npm)]}) == []
