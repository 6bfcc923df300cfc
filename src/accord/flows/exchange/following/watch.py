"""Follow partners as they release things: one thread a partner waits at its door for a change.

Law (apart): a partner that is away, slow or failing delays no other.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import msgspec

from accord.core.errors import AccordError, NotFound
from accord.flows.exchange.following.remote import Remote
from accord.flows.exchange.following.sync import Means, Report, others, sync

WAIT = 25
"""Seconds that a partner is asked to wait for a change."""
AT_LEAST = 0.05
"""Seconds between two questions, whatever a partner answers."""
LONGEST_PAUSE = 60.0
"""Seconds between two tries, at most, while a partner is away."""
ROUNDS = 144
"""Questions without a change after which all is looked at anew, the partnership's metadata too: an
hour of them."""
_NEW_PARTNERS = 5.0
_GLANCE = 0.25
"""Seconds after which it is noticed that all is to end."""
_ENDING = 1.0

Told = Callable[[Report], None]


class Watching(msgspec.Struct, frozen=True):
    """What watching needs."""

    means: Callable[[], Means]
    """As of now: keys may be rotated while partners are followed."""
    told: Told
    """Called with every report, by the thread of its partner."""
    entropy: Callable[[int], bytes]
    stop: Event
    each: Callable[[], object] = lambda: None
    """Called each round, and as soon as a partner's news is applied: by one thread."""


def watch(watching: Watching) -> None:
    """Follow every partner until the event is set; those that join later too.

    Raises:
        NotFound: this node is in no partnership.
    """
    threads: dict[str, Thread] = {}
    news = Event()

    def told(report: Report) -> None:
        watching.told(report)
        if report.changed:
            news.set()

    following = msgspec.structs.replace(watching, told=told)
    while not watching.stop.is_set():
        for name in others(watching.means()):
            if name not in threads or not threads[name].is_alive():
                thread = Thread(target=follow, args=(name, following), daemon=True)
                threads[name] = thread
                thread.start()
        news.clear()
        watching.each()
        _wait(news, watching.stop)
    for thread in threads.values():
        # One that waits at a partner's door ends with the process.
        thread.join(_ENDING / max(1, len(threads)))


def _wait(news: Event, stop: Event) -> None:
    """Until there is news, or it is to end, or it is time to look for new partners."""
    for _ in range(round(_NEW_PARTNERS / _GLANCE)):
        if stop.is_set() or news.wait(_GLANCE):
            return


def follow(name: str, watching: Watching) -> None:
    """Follow one partner until the event is set, or it is a partner no more."""
    failures = 0
    while not watching.stop.is_set():
        try:
            means = watching.means()
            report = sync(name, means, patient=True)
            watching.told(report)
            good = report.good and _changed(name, means, report, watching.stop)
        except NotFound:
            return
        except AccordError as wrong:
            watching.told(Report(partner=name, failed=str(wrong)))
            good = False
        failures = 0 if good else failures + 1
        watching.stop.wait(pause(failures, watching.entropy) if failures else AT_LEAST)


def _changed(name: str, means: Means, report: Report, stop: Event) -> bool:
    """Wait until the partner has something else than we have seen, or for an hour.

    Raises:
        AccordError: the partner does not answer.
    """
    partner = means.directory().partner(name)
    if partner is None:
        return False
    remote = Remote(means.carrier, partner)
    since = {log.log: log.size for log in report.logs}
    for _ in range(ROUNDS):
        listing = remote.changes(since, report.newest, WAIT)
        sizes = {one.log: one.size for one in listing.logs}
        if stop.is_set() or sizes != since or listing.recalled != report.newest:
            break
        stop.wait(AT_LEAST)
    return True


def pause(failures: int, entropy: Callable[[int], bytes]) -> float:
    """Seconds until the next try: twice as many each time, and never the same for all.

    Law (bounded): between half a second and a minute.
    """
    longest = min(LONGEST_PAUSE, 2.0 ** min(failures, 10))
    return longest / 2 + longest / 2 * entropy(1)[0] / 255
