"""When feeds are asked again."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.exchange.feeds import schedule
from accord.exchange.feeds.schedule import Health

NOW = "2026-02-01T00:00:00.000000Z"
chances = st.floats(0, 1, exclude_max=True)
tries = st.lists(
    st.tuples(st.booleans(), st.integers(0, 10**7), chances, st.floats(0, 2 * 86_400)), max_size=60
)


def seconds(health: Health, since: str) -> float:
    return (datetime.fromisoformat(health.due) - datetime.fromisoformat(since)).total_seconds()


@given(tries, st.integers(60, schedule.LONGEST))
def test_bounded_and_breaker(tried: list[tuple[bool, int, float, float]], every: int) -> None:
    """Against the plainest model: how many failures there were in a row."""
    health, now, failures = Health(), NOW, 0
    for good, wait, chance, passed in tried:
        if good:
            health, failures = schedule.succeeded(now, every, chance), 0
            assert max(60, 0.9 * every) - 1e-3 <= seconds(health, now) <= max(60, 1.1 * every)
        else:
            health, failures = schedule.failed(health, now, wait, chance), failures + 1
            left = seconds(health, now)
            asked = min(wait, schedule.LONGEST)
            assert max(60, asked) - 1e-3 <= left <= max(86_400, asked) + 1e-3
            if failures >= schedule.BREAKS:
                assert left >= 3_600 - 1e-3
        assert health.failures == failures
        now = schedule.later(now, passed)
        expected = "closed"
        if failures >= schedule.BREAKS:
            expected = "open" if health.due > now else "half-open"
        assert schedule.state(health, now) == expected


@given(chances, chances)
def test_pauses_grow(one: float, other: float) -> None:
    longest = [schedule.pause(n, 0.999) for n in range(1, 40)]
    assert all(a <= b + 1e-6 for a, b in pairwise(longest))
    assert longest[-1] <= 86_400
    assert schedule.pause(1, one) >= schedule.LEAST


def test_nodes_do_not_ask_at_the_same_moments() -> None:
    dues = {schedule.succeeded(NOW, 3_600, number / 256).due for number in range(256)}
    assert len(dues) == 256


@pytest.mark.parametrize(
    ("said", "seconds_"),
    [("15m", 900), ("6h", 21_600), ("1d", 86_400), ("7d", 604_800)],
)
def test_spans(said: str, seconds_: int) -> None:
    assert schedule.seconds_of(said) == seconds_


@pytest.mark.parametrize("said", ["", "0m", "15", "15s", "8d", "-1h", "1h30m", "\u0661h"])
def test_what_is_no_span(said: str) -> None:
    with pytest.raises(Invalid, match="no span"):
        schedule.seconds_of(said)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", 120), (" 5 ", 5), ("99999999999", schedule.LONGEST), ("", 0), ("soon", 0),
        ("-3", 0), ("Sun, 01 Feb 2026 00:02:00 GMT", 120), ("Sat, 31 Jan 2026 00:00:00 GMT", 0),
        ("Sun, 01 Feb 2099 00:00:00 GMT", schedule.LONGEST),
    ],
)  # fmt: skip
def test_retry_after(said: str, wait: int) -> None:
    assert schedule.wait_of(said, NOW) == wait


@given(tries, st.integers(60, schedule.LONGEST))
def test_due_is_never_further_ahead_than_its_span(
    tried: list[tuple[bool, int, float, float]], every: int
) -> None:
    """Whatever happened, a due date that was set now waits; one of a clock years ahead does not."""
    health = Health()
    for good, wait, chance, _ in tried:
        if good:
            health = schedule.succeeded(NOW, every, chance)
        else:
            health = schedule.failed(health, NOW, wait, chance)
        assert not schedule.is_due(health, every, NOW)
        assert schedule.is_due(health, every, health.due)
        assert schedule.is_due(health, every, "2016-02-01T00:00:00.000000Z")


def test_a_due_date_just_past_its_span_is_due() -> None:
    health = Health(0, schedule.later(NOW, 1.1 * 3_600))
    assert not schedule.is_due(health, 3_600, NOW)
    assert schedule.is_due(Health(0, schedule.later(NOW, 1.1 * 3_600 + 1)), 3_600, NOW)
    open_ = Health(schedule.BREAKS, schedule.later(NOW, schedule.LONGEST + 1))
    assert schedule.state(open_, NOW) == "half-open"
