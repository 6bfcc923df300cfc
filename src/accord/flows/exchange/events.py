"""What happened in the exchange, for those parts of a node that follow it: lists, alerts, pages.

Listeners are given at wiring, and told once the transaction is kept: a listener that fails leaves
what happened as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Applied(msgspec.Struct, frozen=True):
    """Objects of a partner were taken."""

    partner: str
    """Who sent them: the originator, or a relay."""
    log: str
    objects: tuple[tuple[str, str], ...]
    """Origin and object of each."""
    documents: tuple[str, ...]
    """Digests of the documents that are kept of them."""


class Recalled(msgspec.Struct, frozen=True):
    """An originator took an object back, for good; it is no longer given out."""

    origin: str
    object: str
    documents: tuple[str, ...] = ()
    """Digests of the documents that were removed. None on the originator's own node, whose
    documents stay."""


Event = Applied | Recalled
Listener = Callable[[Event], None]


class Listeners(msgspec.Struct, frozen=True):
    """Who hears of events, in this order."""

    listeners: tuple[Listener, ...] = ()

    def tell(self, event: Event) -> None:
        """Tell every listener."""
        for listener in self.listeners:
            listener(event)
