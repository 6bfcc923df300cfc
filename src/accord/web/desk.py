"""What pages ask of the node, remembered for as long as the node's knowledge is the same."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import AbstractContextManager
from threading import Lock

from accord.flows.listing import Remembered
from accord.flows.ports import Gap, View
from accord.supply.matching.exposures import Exposure
from accord.wiring import Node

_PATIENCE = 0.3
"""Seconds that a page waits for a count beside its answer."""
_DAYS = 4


class Desk:
    """One node, as many pages read it at once."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.exposures = Remembered(node.views, _DAYS)
        self._lock = Lock()
        self._gaps: dict[tuple[int, str], Future[list[Gap]]] = {}
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="accord-gaps")

    def all(self, moment: str) -> list[Exposure]:
        """Every exposure, in the order in which to act."""
        return self.exposures.all(moment)

    def view(self, moment: str) -> AbstractContextManager[View]:
        """What the node knew at a moment."""
        return self.node.views.view(moment)

    def gaps(self, moment: str) -> list[Gap]:
        """What could not be evaluated."""
        return self._asked(moment).result()

    def gaps_soon(self, moment: str) -> list[Gap] | None:
        """The same where it is known by now: to count over all documents may take seconds."""
        try:
            return self._asked(moment).result(_PATIENCE)
        except NotYet:
            return None

    def now(self) -> str:
        """`when()` it is."""
        return self.node.clock.now()

    def close(self) -> None:
        """Stop counting."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _asked(self, moment: str) -> Future[list[Gap]]:
        place = (self.node.views.generation(), moment)
        with self._lock:
            earlier = self._gaps.get(place)
            if earlier is None or (earlier.done() and earlier.exception()):
                self._gaps[place] = self._worker.submit(self._count, moment)
            while len(self._gaps) > _DAYS:
                del self._gaps[next(iter(self._gaps))]
            return self._gaps[place]

    def _count(self, moment: str) -> list[Gap]:
        with self.node.views.view(moment) as view:
            return list(view.unevaluated())
