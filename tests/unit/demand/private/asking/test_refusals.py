"""What may not be asked beside what was asked: each refusal names the earlier question, and why."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from asking_made import NAMES, question

from accord.demand.private.asking.question import Question
from accord.demand.private.asking.refusals import Earlier, begins, refuse, refuse_over
from accord.demand.private.errors import NotAsked

NOW = "2026-06-01T00:00:00.000000Z"
FIVE = (*NAMES, "zealand")
THREE = NAMES[:3]


def earlier(asked: Question, at: str = "") -> Earlier:
    return Earlier(asked, at or asked.at)


def refusal(new: Question, *before: Question) -> NotAsked:
    with pytest.raises(NotAsked) as caught:
        refuse(new, map(earlier, before), NOW)
    return caught.value


@pytest.mark.parametrize("least", [1, 2])
def test_of_k_partners_without_the_asker_more_than_one_must_be_left(least: int) -> None:
    assert refusal(question(least=least)).rule == "threshold"
    refuse(question(least=3), [], NOW)


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        ({"partners": THREE}, {"partners": NAMES}, "others"),
        ({"partners": THREE}, {"partners": (*NAMES[:2], "united-states")}, "others"),
        ({"least": 3}, {"least": 4}, "other-threshold"),
        ({}, {"purpose": "again, later", "at": "2026-05-01T00:00:00.000000Z",
              "deadline": NOW}, "repeat"),
        ({}, {"size": 500}, "repeat"),
        ({}, {"asker": "japan"}, "repeat"),
        ({"kind": "totals", "agencies": 3, "of": "common-1"},
         {"kind": "totals", "agencies": 5, "of": "common-1"}, "other-threshold"),
        ({"kind": "totals", "agencies": 3, "of": "common-1"},
         {"kind": "totals", "agencies": 3, "of": "common-2"}, "repeat"),
    ],
)  # fmt: skip
def test_both_sides(one: dict[str, Any], other: dict[str, Any], rule: str) -> None:
    """Whichever of two was asked first, the other one is refused, and the first is named."""
    for first, second in permutations((question(**one), question(**other))):
        found = refusal(second, first)
        assert (found.rule, found.earlier) == (rule, first.id)
        assert first.id in str(found)


def test_the_partners_that_differ_are_named() -> None:
    found = refusal(question(partners=FIVE), question(partners=NAMES))
    assert "zealand alone" in str(found)


@pytest.mark.parametrize(
    "more",
    [
        {"items": "components"},
        {"kind": "ranking", "agencies": 3, "of": "common-1", "first": 3},
        {"partners": ("x", "y", "z"), "asker": "x"},
    ],
)
def test_what_cannot_be_subtracted_may_be_asked(more: dict[str, Any]) -> None:
    refuse(question(**more), [earlier(question())], NOW)


def test_after_the_period_it_may_be_asked_again() -> None:
    before = question()
    new = question(purpose="a year later")
    for at, free in (("2025-06-01T00:00:00.000000Z", True), ("2025-06-01T00:00:00.000001Z", False)):
        assert begins(NOW) == "2025-06-01T00:00:00.000000Z"
        if free:
            refuse(new, [earlier(before, at)], NOW)
        else:
            with pytest.raises(NotAsked):
                refuse(new, [earlier(before, at)], NOW)


def test_a_question_is_not_compared_with_itself() -> None:
    refuse(question(), [earlier(question())], NOW)
    refuse_over(1, [earlier(question())], question(), NOW)


def test_the_budget_is_never_exceeded() -> None:
    spent = [earlier(question(purpose=f"{n}"), f"2026-0{n}-01T00:00:00.000000Z") for n in (1, 2, 3)]
    refuse_over(4, spent, question(), NOW)
    with pytest.raises(NotAsked, match="3 questions in 365 days, and 3 are spent") as caught:
        refuse_over(3, spent, question(), NOW)
    assert (caught.value.rule, caught.value.earlier) == ("budget", spent[0].question.id)
    old = [earlier(question(), "2025-01-01T00:00:00.000000Z")]
    refuse_over(1, old, question(purpose="new"), NOW)
    with pytest.raises(NotAsked):
        refuse_over(0, [], question(), NOW)
