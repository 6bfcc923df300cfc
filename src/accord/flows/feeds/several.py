"""Read several feeds at once: up to four publishers are waited for, and one thread tells of them.

Law (apart): a feed whose server is slow, wants rest or fails delays those of other servers by
nothing; feeds of one server are read one after the other.
Law (one writer): what feeds bring is taken in by one of them at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, Queue
from typing import Final

import msgspec

from accord.exchange.feeds.addresses import origin
from accord.flows.feeds.port import Feed, Ran
from accord.flows.feeds.run import Means, run

AT_ONCE: Final = 4
_LEAVING: Final = 5.0
"""Seconds for readings to end that a person stopped; then they are left where they are."""

_Done = tuple[Feed, Ran | BaseException]


class Readings:
    """Readings that are under way."""

    def __init__(self, means: Means, at_once: int = AT_ONCE) -> None:
        self._means = means
        self._at_once = at_once
        self._done: Queue[_Done] = Queue()
        self._busy: dict[str, tuple[str, str, int]] = {}
        self._threads: list[threading.Thread] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self._busy)

    def begin(self, feeds: Sequence[Feed]) -> list[Feed]:
        """Begin as many as there is room for, in order; gives those that wait."""
        waiting = []
        for feed in feeds:
            if feed.name in self._busy:
                continue
            server = origin(feed.url)
            if len(self._busy) >= self._at_once or server in self._busy.values():
                waiting.append(feed)
                continue
            self._busy[feed.name] = server
            # A daemon: what a person has stopped ends with the program, as if it were killed.
            thread = threading.Thread(target=self._read, args=(feed,), daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()
        return waiting

    def next(self, seconds: float | None = None) -> Ran | None:
        """The account of the next that ends; None: none did in time.

        Raises:
            BaseException: what ended a reading and is no failure of its feed.
        """
        try:
            feed, ended = self._done.get(timeout=seconds)
        except Empty:
            return None
        del self._busy[feed.name]
        if isinstance(ended, BaseException):
            raise ended
        return ended

    def stop(self) -> None:
        """End what is under way at its next request."""
        self._means.stop.set()
        for thread in self._threads:
            thread.join(_LEAVING / self._at_once)

    def _read(self, feed: Feed) -> None:
        try:
            self._done.put((feed, run(feed, self._means)))
        except BaseException as wrong:  # noqa: BLE001 - it is raised where it is waited for
            self._done.put((feed, wrong))


def run_several(
    feeds: Sequence[Feed], means: Means, told: Callable[[Ran], None], at_once: int = AT_ONCE
) -> list[Ran]:
    """Read each feed once, telling of each as it ends; gives the accounts in the feeds' order."""
    done = {ran.feed: ran for ran in _each(feeds, means, told, at_once)}
    return [done[feed.name] for feed in feeds]


def _each(
    feeds: Sequence[Feed], means: Means, told: Callable[[Ran], None], at_once: int
) -> Iterator[Ran]:
    means = msgspec.structs.replace(means, stop=threading.Event())
    readings = Readings(means, at_once)
    try:
        waiting = readings.begin(feeds)
        while readings:
            ran = readings.next()
            assert ran is not None
            told(ran)
            yield ran
            waiting = readings.begin(waiting)
    except BaseException:
        readings.stop()
        raise
