"""The way of one reading through indexes and pages: what is asked next, and when it is enough.

Law (bounded): a reading asks for so many indexes and pages, and no more.
Law (once): an index is asked for once in a reading; a link back to it is told, not followed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from accord.exchange.feeds.values import Ask


class Step(msgspec.Struct, frozen=True):
    """One request on the way."""

    ask: Ask
    apart: bool = False
    """Whether it, or what led to it, is one of several: it then fails for itself alone."""


class Way:
    """Depth first, in the order in which a reader names them."""

    def __init__(self, first: Sequence[Ask], indexes: int, pages: int) -> None:
        """`indexes` and `pages` are how many may be asked; pages are those of cursors."""
        self._queue = deque(Step(ask) for ask in first)
        self._indexes = indexes
        self._pages = pages
        self._seen: set[str] = set()
        self.asked = 0
        self.lists: list[str] = []
        """Addresses that were asked, cursors left out."""
        self.circles: list[str] = []
        """Addresses that were named again after they had been asked."""

    def __iter__(self) -> Iterator[Step]:
        """The steps, until none is left or there were enough."""
        while self._queue and self.asked < self._most(self._queue[0]):
            step = self._queue.popleft()
            url = step.ask.url
            if not step.ask.again and url in self._seen:
                self.circles.append(url)
                continue
            self._seen.add(url)
            self.asked += 1
            if not step.ask.again:
                self.lists.append(url)
            yield step

    def lead(self, step: Step, asks: Sequence[Ask]) -> None:
        """What a step leads to, to be asked before the rest."""
        apart = step.apart or len(asks) > 1
        self._queue.extendleft(Step(ask, apart) for ask in reversed(asks))

    @property
    def rest(self) -> Ask | None:
        """What would come next; None: nothing is left."""
        return self._queue[0].ask if self._queue else None

    def left(self) -> list[str]:
        """Addresses that would come next, cursors left out."""
        return [step.ask.url for step in self._queue if not step.ask.again]

    def _most(self, step: Step) -> int:
        return self._pages if step.ask.again else self._indexes
