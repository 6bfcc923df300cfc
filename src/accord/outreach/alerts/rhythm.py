"""When a subscriber may be written to, in the subscriber's own time.

Law (quiet): nothing is due within quiet hours, but what is critical, where the subscriber said so.
Law (once a day): a digest is due at one time of the subscriber's day.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.core.times import when

DAY: Final = 24 * 60
_DIGEST: Final = 8 * 60
"""Minute of the day at which a digest is due, or the end of quiet hours where they last longer."""


class Rhythm(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody wants to be written to."""

    zone: str = "UTC"
    """An IANA time zone: `Asia/Kolkata`."""
    quiet_from: int = 0
    """Minute of the day."""
    quiet_to: int = 0
    """Minute of the day; as `quiet_from`: there are no quiet hours."""
    digest: bool = False
    """Once a day, all in one; else at once."""
    override: bool = False
    """What is critical comes at once, at any hour."""


def read_quiet(text: str) -> tuple[int, int]:
    """`22:00-07:30` as minutes of the day; empty: none.

    Raises:
        Invalid: it is no span.
    """
    if not text:
        return 0, 0
    try:
        first, last = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError as wrong:
        raise Invalid(f"{text[:40]!r} is no span of a day: 22:00-07:00", "quiet") from wrong
    return first.hour * 60 + first.minute, last.hour * 60 + last.minute


def due(rhythm: Rhythm, zone: tzinfo, now: str, *, critical: bool) -> str:
    """`when()` a message is due that is ready at a moment."""
    if critical and rhythm.override:
        return now
    local = datetime.fromisoformat(now).astimezone(zone)
    if rhythm.digest:
        wanted = rhythm.quiet_to if _quiet(rhythm, _DIGEST) else _DIGEST
        return _at(local, wanted, zone, now, again=True)
    if _quiet(rhythm, local.hour * 60 + local.minute):
        return _at(local, rhythm.quiet_to, zone, now, again=False)
    return now


def _quiet(rhythm: Rhythm, minute: int) -> bool:
    start, end = rhythm.quiet_from, rhythm.quiet_to
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end


def _at(local: datetime, minute: int, zone: tzinfo, now: str, *, again: bool) -> str:
    """The next time at which the subscriber's clock shows a minute of the day.

    A clock that is put forward passes over some minutes: then it is the first one after them.
    """
    for days in range(3):
        day = local.date() + timedelta(days=days)
        wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
        found = when(wall.astimezone(UTC).isoformat())
        if found > now or (found == now and not again):
            return found
    return now
