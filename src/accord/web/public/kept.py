"""The list as the public is answered from it: made anew every few seconds, beside the answers.

Law (no old answer): a list that could not be made anew for four minutes is answered from no more,
so that what was revoked is out within five.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from accord.core.errors import AccordError
from accord.flows.outreach.checking.listing import Snapshot

EVERY: Final = 20.0
"""Seconds between two lists."""
OLDEST: Final = 240.0
"""Seconds after which a list is not answered from."""
_LOG = logging.getLogger("accord.public")


class Served(msgspec.Struct, frozen=True):
    """A list with what is made of it once, and not for each answer."""

    snapshot: Snapshot
    digest: str
    knowledge: bytes
    """What a script needs beside the list, as JSON."""


class Kept:
    """The newest list."""

    def __init__(self, load: Callable[[], Served], seconds: Callable[[], float]) -> None:
        """`load` makes a list; `seconds` is a clock that only goes on."""
        self._load, self._seconds = load, seconds
        self._stop = threading.Event()
        self._served: Served | None = None
        self._made = 0.0

    def start(self) -> None:
        """Make the first list now, and others in a thread of their own."""
        self.renew()
        threading.Thread(target=self._run, name="check", daemon=True).start()

    def close(self) -> None:
        """Make no more."""
        self._stop.set()

    def renew(self) -> None:
        """Make a list; where it cannot be made, the last stays for a while."""
        begun = self._seconds()
        try:
            served = self._load()
        except Exception as wrong:  # noqa: BLE001 - whatever it is, it is told, and the list grows old
            _LOG.error("the list of dangers could not be made: %s", type(wrong).__name__)
            return
        self._served, self._made = served, begun

    def now(self) -> Served:
        """The list to answer from.

        Raises:
            AccordError: there is none that is new enough.
        """
        served = self._served
        if served is None or self._seconds() - self._made > OLDEST:
            raise AccordError("there is no list at present")
        return served

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self.renew()
