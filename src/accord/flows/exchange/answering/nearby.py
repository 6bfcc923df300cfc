"""What objects refer to, as whoever shared them saw it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property

from accord.exchange.release import Subject
from accord.flows.exchange.sharing.around import Around
from accord.flows.exchange.sharing.wanted import Beside

_NOTHING = Beside()


class Nearby:
    """`accord.flows.exchange.answering.port.Surroundings`; begins once something is looked up."""

    def __init__(self, begin: Callable[[], Around]) -> None:
        self._begin = begin

    @cached_property
    def _around(self) -> Around:
        return self._begin()

    def fetch(self, names: Collection[str]) -> None:
        """Look up objects by their identifiers, all at once."""
        if names:
            self._around.fetch(names, ())

    def of(self, name: str) -> Subject | None:
        """One of those that were looked up, without what it refers to itself."""
        return self._around.of(_NOTHING, name)

    def derive(self, names: Collection[str]) -> None:
        """Find out what some objects were made of, all at once."""
        if names:
            self._around.derive(names)

    def sources(self, subject: Subject) -> Collection[str]:
        """What this node made an object of."""
        return self._around.sources(subject)
