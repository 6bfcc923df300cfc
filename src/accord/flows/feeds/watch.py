"""Read feeds as they fall due, until a person stops it.

Law (apart): a feed that fails delays the others by its own time-outs alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event

from accord.flows.feeds.port import Ran
from accord.flows.feeds.run import Means, due, run

_LONGEST = 30.0
"""Seconds after which it is looked again: a feed may be added meanwhile."""
_LEAST = 0.5


def watch(means: Means, told: Callable[[Ran], None], stop: Event) -> None:
    """Read what is due, again and again, until the event is set."""
    while not stop.is_set():
        for feed in due(means.feeds, means.clock.now()):
            if stop.is_set():
                return
            told(run(feed, means))
        stop.wait(_pause(means))


def _pause(means: Means) -> float:
    """Seconds until the next feed is due."""
    times = [feed.health.due for feed in means.feeds.all() if feed.health.due]
    if not times:
        return _LONGEST
    now = datetime.fromisoformat(means.clock.now())
    left = (datetime.fromisoformat(min(times)) - now).total_seconds()
    return max(_LEAST, min(_LONGEST, left))
