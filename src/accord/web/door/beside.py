"""What runs beside the door in the same process, each in a thread that ends with it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from accord.core.errors import AccordError
from accord.flows.exchange import partners
from accord.flows.exchange.following.sync import Report, ask_directory
from accord.flows.exchange.following.watch import Watching, watch
from accord.wiring import Node

Task = Callable[[threading.Event], None]
"""Goes on until the event is set."""

_HOUR = 3600.0
_BETWEEN = 10.0
_ENDING = 1.0
"""Seconds that threads are given to end in."""
_LOG = logging.getLogger("accord.door")


@contextmanager
def beside(*tasks: Task) -> Iterator[None]:
    """Run tasks while the body runs."""
    stop = threading.Event()
    threads = [threading.Thread(target=task, args=(stop,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(_ENDING)


def refreshing(node: Node) -> Task:
    """Extends the directory's timestamp when half its life is over."""

    def run(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                partners.refresh(node.trust, node.signers.all(), node.clock.now())
            except (AccordError, DBAPIError) as wrong:
                _LOG.error("the directory's timestamp was not extended: %s", wrong)
            stop.wait(_HOUR)

    return run


def asking(node: Node, unknown: threading.Event) -> Task:
    """Asks partners for a newer directory once somebody came with a key that is in none here.

    Anybody can make that happen: it is done at most once in `_BETWEEN` seconds.
    """

    def run(stop: threading.Event) -> None:
        while not stop.is_set():
            if not unknown.wait(_ENDING / 2):
                continue
            unknown.clear()
            try:
                ask_directory(node.syncing)
            except (AccordError, DBAPIError) as wrong:
                _LOG.error("no newer directory could be asked for: %s", wrong)
            stop.wait(_BETWEEN)

    return run


def watching(node: Node, told: Callable[[Report], None]) -> Task:
    """Follows every partner; `told` is called with what came of it, by one thread at a time."""
    lock = threading.Lock()

    def one_at_a_time(report: Report) -> None:
        with lock:
            told(report)

    def each() -> None:
        try:
            if not node.asked:
                return
            change = node.reassess()
        except (AccordError, DBAPIError) as wrong:
            _LOG.error("verdicts were not made anew: %s", wrong)
            return
        if change.events:
            _LOG.info("%d verdicts changed", len(change.events))

    def run(stop: threading.Event) -> None:
        watch(Watching(lambda: node.syncing, one_at_a_time, node.entropy, stop, each))

    return run
