"""A moment remembers the first date to come of all that it was compared with."""

from __future__ import annotations

from collections.abc import Callable

from accord.core.moment import Moment

NOW = "2026-11-23T12:00:00.000000Z"
SOON, LATER, PAST = "2026-12-01T00:00:00.000000Z", "2027-01-01", "2026-01-01"


def test_every_way_to_compare_is_remembered_on_either_side() -> None:
    asked: tuple[Callable[[str], bool], ...] = (
        lambda now: now < SOON, lambda now: now < SOON, lambda now: now >= SOON,
        lambda now: now >= SOON, lambda now: now > SOON, lambda now: now <= SOON,
        lambda now: now <= SOON, lambda now: now > SOON,
    )  # fmt: skip
    for ask in asked:
        now = Moment(NOW)
        assert ask(now) == ask(NOW)
        assert now.next == SOON


def test_the_first_to_come_is_remembered_and_nothing_that_is_over() -> None:
    now = Moment(NOW)
    assert (now > PAST, now < LATER, now < SOON) == (True, True, True)
    assert (now.next, now.apart().next, now.apart()) == (SOON, "", now)


def test_what_turns_after_the_very_instant_is_due_at_it() -> None:
    now = Moment(NOW)
    assert not now > NOW
    assert now.next == NOW


def test_a_day_that_is_cut_from_it_remembers_with_it() -> None:
    now = Moment(NOW)
    assert not now[:10] >= LATER
    assert now.next == LATER
    assert type(str(now)) is str
