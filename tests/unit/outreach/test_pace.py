"""When subscribers are written to, and how the outbox tries again."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.core.times import when
from accord.outreach.alerts import pacing
from accord.outreach.alerts.rhythm import DAY, Rhythm, due, read_quiet

ZONES = ("UTC", "Asia/Kolkata", "Asia/Tokyo", "Australia/Lord_Howe", "America/New_York")
NOWS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)).map(lambda at: when(at.isoformat()))  # noqa: DTZ001 - UTC
MINUTES = st.integers(0, DAY - 1)
RHYTHMS = st.builds(
    Rhythm,
    zone=st.sampled_from(ZONES),
    quiet_from=MINUTES,
    quiet_to=MINUTES,
    digest=st.booleans(),
    override=st.booleans(),
)


def clock(at: str, zone: str) -> int:
    """The minute that the subscriber's clock shows."""
    local = datetime.fromisoformat(at).astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute


@given(RHYTHMS, NOWS)
def test_quiet(one: Rhythm, now: str) -> None:
    found = due(one, ZoneInfo(one.zone), now, critical=False)
    assert now <= found <= when(now.replace(now[:4], str(int(now[:4]) + 1)))
    minute = clock(found, one.zone)
    start, end = one.quiet_from, one.quiet_to
    within = start <= minute < end if start <= end else minute >= start or minute < end
    # A clock that is put forward passes over some minutes, so that quiet hours end in others.
    assert not within or abs(minute - end) <= 60
    assert pacing.between(now, found) <= (2 if one.digest else 1) * 86_400 + 7_200


@given(RHYTHMS, NOWS)
def test_what_is_critical_comes_at_once_where_one_said_so(one: Rhythm, now: str) -> None:
    found = due(one, ZoneInfo(one.zone), now, critical=True)
    assert (found == now) or not one.override


def test_quiet_hours_in_words() -> None:
    assert read_quiet("22:00-07:30") == (22 * 60, 7 * 60 + 30)
    assert read_quiet("") == (0, 0)
    for wrong in ("22", "25:00-01:00", "a-b", "1-2-3"):
        with pytest.raises(Invalid):
            read_quiet(wrong)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T16:59:00.000000Z", "2026-11-24T16:59:00.000000Z"),
        ("2026-11-24T17:00:00.000000Z", "2026-11-25T01:30:00.000000Z"),
        ("2026-11-25T01:29:59.000000Z", "2026-11-25T01:30:00.000000Z"),
        ("2026-11-25T01:30:00.000000Z", "2026-11-25T01:30:00.000000Z"),
    ],
)
def test_quiet_hours_in_kolkata(now: str, expected: str) -> None:
    one = Rhythm(zone="Asia/Kolkata", quiet_from=22 * 60 + 30, quiet_to=7 * 60)
    assert due(one, ZoneInfo(one.zone), now, critical=False) == expected


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_later_and_later(attempt: int, chance: float) -> None:
    wait = pacing.back_off(attempt, chance)
    assert 15 <= wait <= 6 * 3600
    assert pacing.back_off(attempt + 1, chance) >= wait
    assert pacing.back_off(attempt, 0.0) < pacing.back_off(attempt, 0.9), "not all alike"


def test_a_channel_rests_after_five_failures_and_longer_each_time() -> None:
    spans = [pacing.rest(failures) for failures in range(14)]
    assert spans[:5] == [0.0] * 5
    assert spans[5] == 60.0
    assert spans == sorted(spans)
    assert spans[-1] == 3600.0
