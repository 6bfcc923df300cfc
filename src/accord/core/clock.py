"""The clock, passed in: domains never look at the time by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> str:
        """The time as `accord.core.times.when()` writes it."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> str:
        """The time in UTC."""
        return f"{datetime.now(UTC).isoformat(timespec='microseconds')[:26]}Z"


class FixedClock:
    """A clock that stands still: for replays and tests."""

    def __init__(self, at: str) -> None:
        self._at = at

    def now(self) -> str:
        """The time at which it stands."""
        return self._at
