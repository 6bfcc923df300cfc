"""Affected versions as half-open ranges of keys."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.supply.advisories.facts import Event
from accord.supply.matching import schemes
from accord.supply.matching.interval import Interval, intervals, version_key
from accord.supply.matching.versions.encoding import ABOVE_ALL, EVERYTHING, exact

NPM = schemes.of_ecosystem("npm")


def events(*pairs: str) -> tuple[Event, ...]:
    return tuple(Event(*pair.split(" ")) for pair in pairs)


def held(found: list[Interval], *versions: str) -> list[bool]:
    return [any(one.holds(version_key(NPM, v)[0]) for one in found) for v in versions]


def test_introduced_and_fixed() -> None:
    found, problems = intervals(NPM, [events("introduced 1.0.0", "fixed 1.2.0")], [])
    assert problems == []
    assert held(found, "0.9.0", "1.0.0-rc", "1.0.0", "1.1.9", "1.2.0-a", "1.2.0", "junk") == [
        False, False, True, True, True, False, False,
    ]  # fmt: skip
    assert [(one.since, one.until, one.until_included, one.fixed) for one in found] == [
        ("1.0.0", "1.2.0", False, "1.2.0")
    ]


def test_from_the_beginning_without_end_everything_is_affected() -> None:
    found, _ = intervals(NPM, [events("introduced 0")], ["1.0.0", "junk"])
    assert found == [Interval(b"", EVERYTHING, "0", "")]
    assert held(found, "0.0.0-0", "1.0.0", "junk", "") == [True] * 4


def test_from_somewhere_without_end_what_has_no_order_is_not_affected() -> None:
    found, _ = intervals(NPM, [events("introduced 1.0.0")], [])
    assert found[0].hi == ABOVE_ALL
    assert held(found, "0.9.0", "1.0.0", "999.0.0", "junk") == [False, True, True, False]


def test_last_affected_and_after() -> None:
    found, _ = intervals(NPM, [events("after 1.0.0", "last_affected 2.0.0")], [])
    assert held(found, "1.0.0", "1.0.1-0", "1.0.1", "2.0.0", "2.0.0+b", "2.0.1-0", "2.0.1") == [
        False, True, True, True, True, False, False,
    ]  # fmt: skip
    assert (found[0].since_included, found[0].until_included, found[0].fixed) == (False, True, "")


def test_several_branches_in_any_order() -> None:
    pairs = ["fixed 3.1.0", "introduced 3.0.0", "fixed 1.5.0", "introduced 0"]
    found, _ = intervals(NPM, [events(*pairs)], [])
    assert found == intervals(NPM, [events(*reversed(pairs))], [])[0]
    assert held(found, "0.1.0", "1.5.0", "3.0.0", "3.1.0") == [True, False, True, False]


def test_limits() -> None:
    found, _ = intervals(NPM, [events("introduced 0", "limit 2.0.0", "limit 1.0.0")], [])
    assert held(found, "1.9.0", "2.0.0", "junk") == [True, False, False]
    assert (found[0].until, found[0].fixed) == ("2.0.0", "")
    found, _ = intervals(NPM, [events("introduced 0", "limit *")], [])
    assert found[0].hi == EVERYTHING
    found, _ = intervals(NPM, [events("introduced 3.0.0", "fixed 4.0.0", "limit 2.0.0")], [])
    assert found == []


def test_an_end_and_a_beginning_at_one_place() -> None:
    assert intervals(NPM, [events("introduced 1.0.0", "fixed 1.0.0")], [])[0] == []
    pairs = ("introduced 1.0.0", "fixed 1.5.0", "introduced 1.5.0", "fixed 2.0.0")
    found, _ = intervals(NPM, [events(*pairs)], [])
    assert held(found, "1.4.0", "1.5.0", "1.9.0", "2.0.0") == [True, True, True, False]
    assert [one.fixed for one in found] == ["1.5.0", "2.0.0"]


def test_enumerated_versions_outside_of_ranges_are_points() -> None:
    found, _ = intervals(
        NPM, [events("introduced 1.0.0", "fixed 2.0.0")], ["1.5.0", "2.5.0", "junk", "v2.5.0"]
    )
    assert [one.since for one in found] == ["1.0.0", "2.5.0", "junk"]
    assert held(found, "2.5.0", "2.5.1", "junk", "Junk") == [True, False, True, False]
    assert found[2].lo == exact("junk")


def test_an_event_without_order_leaves_its_range_out_and_is_reported() -> None:
    bad, good = events("introduced 0", "fixed 2.1.x"), events("introduced 5.0.0")
    found, problems = intervals(NPM, [bad, good], ["2.1.x"])
    assert held(found, "1.0.0", "5.0.0", "2.1.x") == [False, True, True]
    assert problems == ["range not evaluated: '2.1.x' has no place in the semver order"]


@pytest.mark.parametrize(
    "pairs", [["fixed 1.0.0"], [], ["introduced 0", "repaired 1.0.0"], ["limit 1.0.0"]]
)
def test_meaningless_ranges_are_reported(pairs: list[str]) -> None:
    found, problems = intervals(NPM, [events(*pairs)], [])
    assert found == []
    assert len(problems) == 1
    assert problems[0].startswith("range not evaluated: ")


def test_without_a_scheme_texts_equal_themselves() -> None:
    found, problems = intervals(None, [events("introduced 0", "fixed 1")], ["1.0"])
    assert found == [
        Interval(exact("1.0"), exact("1.0") + b"\0", "1.0", "1.0", until_included=True)
    ]
    assert len(problems) == 1
    assert intervals(None, [events("introduced 0")], ["1.0"])[0] == [
        Interval(b"", EVERYTHING, "0", "")
    ]


def test_overlapping_ranges_become_one() -> None:
    first, second = (
        events("introduced 1.0.0", "fixed 2.0.0"),
        events("after 1.5.0", "fixed 3.0.0"),
    )
    found, _ = intervals(NPM, [second, first], [])
    assert [(one.since, one.since_included, one.fixed) for one in found] == [
        ("1.0.0", True, "3.0.0")
    ]


_versions = st.tuples(*[st.integers(0, 2).map(str)] * 3).map(".".join)
_events = st.lists(
    st.tuples(st.sampled_from(["introduced", "fixed", "last_affected"]), _versions),
    min_size=1, max_size=6, unique_by=lambda pair: pair[1],
)  # fmt: skip


def by_the_schema(pairs: list[tuple[str, str]], version: str) -> bool:
    """The OSV schema's own evaluation, on numbers."""

    def number(text: str) -> list[int]:
        return [int(part) for part in text.split(".")]

    affected = False
    for kind, at in sorted(pairs, key=lambda pair: number(pair[1])):
        if kind == "introduced" and number(version) >= number(at):
            affected = True
        elif (kind == "fixed" and number(version) >= number(at)) or (
            kind == "last_affected" and number(version) > number(at)
        ):
            affected = False
    return affected


@settings(max_examples=300, deadline=None)
@given(
    ranges=st.lists(_events, max_size=3), enumerated=st.lists(_versions, max_size=3), data=st.data()
)
def test_membership(
    ranges: list[list[tuple[str, str]]], enumerated: list[str], data: st.DataObject
) -> None:
    version = data.draw(_versions)
    as_events = [tuple(Event(*pair) for pair in one) for one in ranges]
    found, _ = intervals(NPM, as_events, enumerated)
    expected = version in enumerated or any(by_the_schema(one, version) for one in ranges)
    assert held(found, version) == [expected]
    assert found == sorted(found, key=lambda one: one.lo)
    assert all(a.hi <= b.lo for a, b in pairwise(found))
    shuffled = data.draw(st.permutations([tuple(reversed(one)) for one in as_events]))
    assert intervals(NPM, shuffled, reversed(enumerated))[0] == found
