"""How the outbox tries again, and when it leaves a channel alone.

Law (later and later): each try waits longer than the one before, up to a bound, and not all alike.
Law (obeyed): a provider that says how long to wait is not asked before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

TRIES: Final = 8
"""After so many that failed a message is a dead letter."""
_FIRST, _LONGEST = 30.0, 6 * 3600.0
"""Seconds."""
_OPENS: Final = 5
"""Failures in a row after which a channel is left alone."""
_REST: Final = 60.0
_MOST_REST: Final = 3600.0
MOST_WAIT: Final = 24 * 3600.0
"""A provider that asks for more than a day is asked again after one."""


def back_off(attempt: int, chance: float) -> float:
    """Seconds until the next try; `attempt` is counted from 1, `chance` is from 0 up to 1."""
    span = min(_LONGEST, _FIRST * 2.0 ** (min(attempt, 32) - 1))
    return span * (0.5 + 0.5 * chance)


def rest(failures: int) -> float:
    """Seconds for which a channel is left alone that failed so often in a row; 0: it is not."""
    if failures < _OPENS:
        return 0.0
    return min(_MOST_REST, _REST * 2.0 ** min(failures - _OPENS, 16))


def between(now: str, then: str) -> float:
    """Seconds from one `when()` to another."""
    return (datetime.fromisoformat(then) - datetime.fromisoformat(now)).total_seconds()
