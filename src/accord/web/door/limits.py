"""How often each caller may ask, so that no one keeps the others from being answered.

Law (reserve): what one caller spends is never taken from another.
"""

from __future__ import annotations

from threading import Lock

import msgspec


class Rate(msgspec.Struct, frozen=True):
    """What a caller may ask."""

    each: float
    """Requests a second, for long."""
    burst: float
    """Requests at once."""


PARTNER = Rate(200, 1_000)
"""A whole sync of a hundred thousand objects is some six hundred requests."""
CLIENT = Rate(10, 60)
TAXII = Rate(200, 1_000)
"""Of a client that reads collections page by page, or posts."""
PUBLIC = Rate(10, 60)
"""For each address."""
EVERYONE = Rate(100, 300)
"""For the public in all, wherever it is."""
FAILED = Rate(2, 30)
"""Requests from one address that claim to be somebody's and are not."""


class Buckets:
    """Token buckets, one for each name; those least recently used are forgotten when full again.

    Threads may share it.
    """

    def __init__(self, rate: Rate, most: int = 10_000) -> None:
        self._rate = rate
        self._most = most
        self._full: dict[str, tuple[float, float]] = {}
        self._lock = Lock()

    def take(self, name: str, now: float, count: float = 1) -> float:
        """Take from a bucket; the seconds to wait where it has too little, else 0.

        `now` is on a monotonic clock. A count of 0 only asks.
        """
        with self._lock:
            left = self._left(name, now)
            needed = max(count, 1)
            if left < needed:
                return (needed - left) / self._rate.each
            if count:
                self._full.pop(name, None)
                self._full[name] = (left - count, now)
                self._forget(now)
            return 0.0

    def _left(self, name: str, now: float) -> float:
        left, at = self._full.get(name, (self._rate.burst, now))
        return min(self._rate.burst, left + (now - at) * self._rate.each)

    def _forget(self, now: float) -> None:
        """What is full again says nothing. Past the bound, the longest unused goes all the same."""
        while self._full:
            oldest = next(iter(self._full))
            full = self._left(oldest, now) >= self._rate.burst
            if not full and len(self._full) <= self._most:
                break
            del self._full[oldest]
