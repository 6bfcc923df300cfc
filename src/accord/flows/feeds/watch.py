"""Read feeds as they fall due, until a person stops it.

Law (apart): a feed that fails or is slow delays none of another server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Final

import msgspec

from accord.flows.feeds.port import Ran
from accord.flows.feeds.run import Means, due
from accord.flows.feeds.several import AT_ONCE, Readings

_LONGEST: Final = 30.0
"""Seconds after which it is looked again: a feed may be added meanwhile."""
_LEAST: Final = 0.5


def watch(means: Means, told: Callable[[Ran], None], stop: Event, at_once: int = AT_ONCE) -> None:
    """Read what is due, again and again, until the event is set."""
    means = msgspec.structs.replace(means, stop=Event())
    readings = Readings(means, at_once)
    try:
        while not stop.is_set():
            readings.begin(due(means.feeds, means.clock.now()))
            if not readings:
                stop.wait(_pause(means))
                continue
            ran = readings.next(_LEAST)
            if ran is not None:
                told(ran)
    finally:
        readings.stop()


def _pause(means: Means) -> float:
    """Seconds until the next feed is due."""
    times = [feed.health.due for feed in means.feeds.all() if feed.health.due]
    if not times:
        return _LONGEST
    now = datetime.fromisoformat(means.clock.now())
    left = (datetime.fromisoformat(min(times)) - now).total_seconds()
    return max(_LEAST, min(_LONGEST, left))
