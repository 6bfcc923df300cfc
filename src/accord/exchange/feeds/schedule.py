"""When a feed is asked again.

Law (bounded): between two tries there is at least a minute, and after failures at most a day, or
what the publisher asks for, up to a week.
Law (breaker): after five failures in a row a feed is *open*: it is left alone for an hour, then
twice as long each time. One try after that either closes it or opens it again.
Law (recovers): a due date further ahead than any pause could set it is one of a wrong clock, and
counts as due.
Law (apart): two nodes with the same feed do not ask at the same moments.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from accord.core.errors import Invalid
from accord.core.times import when

LEAST: Final = 60
"""Seconds between two tries, at least."""
LONGEST: Final = 7 * 86_400
BREAKS: Final = 5
"""Failures in a row that open the breaker."""
_DAY: Final = 86_400
_HOUR: Final = 3_600
_LESS, _MOST = 0.9, 1.1
"""Parts of its interval after which a feed is asked again."""
_UNITS = {"m": 60, "h": _HOUR, "d": _DAY}
_EVERY = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)

State = Literal["closed", "open", "half-open"]


class Health(msgspec.Struct, frozen=True):
    """How a feed does."""

    failures: int = 0
    """In a row."""
    due: str = ""
    """`when()` to ask again; empty: at once."""


def state(health: Health, now: str) -> State:
    """Where the breaker is: a feed that is open is not asked."""
    if health.failures < BREAKS:
        return "closed"
    return "half-open" if is_due(health, LONGEST, now) else "open"


def is_due(health: Health, every: int, now: str) -> bool:
    """Whether a feed that is asked every so many seconds is to be asked now."""
    span = LONGEST if health.failures else max(LEAST, every * _MOST)
    return health.due <= now or health.due > later(now, span)


def succeeded(now: str, every: int, chance: float, wait: int = 0) -> Health:
    """After a good answer: again in `every` seconds, a tenth more or less.

    `chance` is from 0 up to 1; `wait` the seconds that one of several servers asked for.
    """
    seconds = every * (_LESS + (_MOST - _LESS) * chance)
    return Health(0, later(now, max(LEAST, min(wait, LONGEST), seconds)))


def failed(health: Health, now: str, wait: int, chance: float) -> Health:
    """After a failure: later each time, and not before the publisher wants it.

    `wait` is the seconds that it asked for, or 0.
    """
    failures = health.failures + 1
    return Health(failures, later(now, max(min(wait, LONGEST), pause(failures, chance))))


def pause(failures: int, chance: float) -> float:
    """Seconds to leave a feed alone after so many failures in a row."""
    if failures < BREAKS:
        longest = min(_HOUR, 2.0 * LEAST * 2.0 ** (failures - 1))
    else:
        longest = min(_DAY, 2.0 * _HOUR * 2.0 ** min(failures - BREAKS, 10))
    return longest / 2 + longest / 2 * chance


def later(now: str, seconds: float) -> str:
    """A moment some seconds after another, as `when()`."""
    return when((datetime.fromisoformat(now) + timedelta(seconds=seconds)).isoformat())


def seconds_of(text: str) -> int:
    """`15m`, `6h` or `1d` in seconds.

    Raises:
        Invalid: it is not so written, or longer than a week.
    """
    match = _EVERY.fullmatch(text)
    if match is None or int(match[1]) * _UNITS[match[2]] > LONGEST:
        raise Invalid(f"{text!r} is no span: write 15m, 6h or 1d; at most a week")
    return int(match[1]) * _UNITS[match[2]]


def wait_of(header: str, now: str) -> int:
    """Seconds that a `Retry-After` asks for (RFC 9110, section 10.2.3); 0: none that is known."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST)
    try:
        at = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")  # noqa: DTZ007 - GMT is said
    except ValueError:
        return 0
    span = at - datetime.fromisoformat(now).replace(tzinfo=None)
    return max(0, min(int(span.total_seconds()), LONGEST))
