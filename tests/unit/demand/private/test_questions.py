"""Bands, what a partner gives, and what is made of what was opened."""

from __future__ import annotations

import msgspec
import pytest

from accord.demand.private.bands import Band, bands, checked, limits, number
from accord.demand.private.errors import DoesNotFit, Inconsistent
from accord.demand.private.questions import Given, Ranking, Totals, limited, order, told

QUESTION = Totals(3, ((10, 20), (1,)), 2, 3)
RANKING = Ranking(4, 2, 100, 2, 2)


def test_limits_are_one_two_five() -> None:
    assert limits(1, 100) == (1, 2, 5, 10, 20, 50, 100)
    assert limits(3, 30) == (5, 10, 20)
    with pytest.raises(DoesNotFit, match="1 to 63 limits"):
        limits(3, 4)
    with pytest.raises(DoesNotFit, match="in order"):
        limits(9, 2)


@pytest.mark.parametrize("wrong", [(), (0, 1), (2, 2), (5, 2), (1, 1 << 41), range(1, 65)])
def test_limits_that_cannot_be(wrong: tuple[int, ...]) -> None:
    with pytest.raises(DoesNotFit):
        checked(wrong)


def test_every_total_lies_in_the_band_of_its_number() -> None:
    found = limits(1, 50)
    assert len(bands(found)) == len(found) + 1
    for total in range(70):
        band = bands(found)[number(total, found)]
        assert band.low <= total < (band.high or 70)
    assert bands((10,)) == [Band(0, 10), Band(10, None)]


def test_what_is_given_is_limited_to_what_decides() -> None:
    given = Given(((0, 15, 999), (0, 7, 1)), (0, 2, 9))
    assert limited(QUESTION, given) == Given(((0, 15, 20), (0, 1, 1)), (0, 2, 3))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Given(((1, 1), (1, 1)), (1, 1)), "about 3 items"),
        (Given(((1, 1, 1),), (1, 1, 1)), "2 numbers of each"),
        (Given(((1, 1, -1), (1, 1, 1)), (1, 1, 1)), "zero or more"),
        (Given(((1, 1, 1), (1, 1, 1)), (1, 1, -1)), "zero or more"),
        (Given(((0, 0, 0), (0, 1, 0)), (1, 0, 1)), "item 2 has numbers, and no agency"),
    ],
)
def test_what_cannot_be_given(given: Given, said: str) -> None:
    with pytest.raises(DoesNotFit, match=said):
        limited(QUESTION, given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"items": 0}, "items"),
        ({"items": 20_001}, "items"),
        ({"quantities": ()}, "quantities"),
        ({"partners": 1}, "partners for a result"),
        ({"partners": 5}, "partners for a result"),
        ({"agencies": 1}, "agencies for a result"),
    ],
)
def test_what_cannot_be_asked(change: dict[str, object], said: str) -> None:
    with pytest.raises(DoesNotFit, match=said):
        msgspec.structs.replace(QUESTION, **change).check(4)


def test_a_question_takes_three_partners() -> None:
    QUESTION.check(3)
    RANKING.check(8)
    for among in (2, 9):
        with pytest.raises(DoesNotFit, match="partners"):
            QUESTION.check(among)
    with pytest.raises(DoesNotFit, match="places"):
        msgspec.structs.replace(RANKING, first=5).check(4)


def test_bands_are_told_by_item() -> None:
    assert told(QUESTION, [[1, 0, 3], [2, 0, 1]]) == [[0, 1], None, [2, 0]]


@pytest.mark.parametrize("odd", [[[1, 0, 4], [2, 0, 1]], [[1, 0], [1, 0]], [[1, 0, 1], [1, 1, 1]]])
def test_bands_that_cannot_have_come_out(odd: list[list[int]]) -> None:
    with pytest.raises(Inconsistent, match="cannot be the answer"):
        told(QUESTION, odd)


def test_the_order_is_told_of_the_first() -> None:
    assert order(RANKING, [0, 2, 0, 1]) == [3, 1]
    assert order(RANKING, [0, 0, 0, 0]) == []


@pytest.mark.parametrize(
    "odd", [[1, 1, 0, 0], [0, 2, 0, 0], [1, 2, 3, 0], [1, 0, 0], [-1, 0, 0, 0]]
)
def test_an_order_that_cannot_have_come_out(odd: list[int]) -> None:
    with pytest.raises(Inconsistent, match="cannot be the answer"):
        order(RANKING, odd)
