"""What may go wrong, when, and how often it did: everything from one seeded source of chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

NETWORK = ("drop", "lose answer", "twice", "stale", "cut", "garble", "slow")
DISK = ("crash before commit", "crash after commit", "torn commit", "full", "input/output error")
PLACES = ("crash at network", "crash at high-water")


class Crash(BaseException):
    """A node is gone in the middle of what it did; nothing of it may be caught as an error."""

    def __init__(self, name: str, where: str) -> None:
        super().__init__(f"{name} is killed: {where}")
        self.name = name


class Faults:
    """Chance, and the account of it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.armed = False
        self.counts: Counter[str] = Counter()
        # Each run has its own weather: some kinds of fault only, each seldom or often.
        kinds = NETWORK + DISK + PLACES
        self.rates = {
            kind: random.choice((0.0, 0.0, 0.03, 0.1)) * (1.5 if kind in NETWORK else 1)
            for kind in kinds
        }

    def strikes(self, kind: str) -> bool:
        """Whether a fault happens now."""
        if not self.armed or self.random.random() >= self.rates[kind]:
            return False
        self.counts[kind] += 1
        return True

    def one_of(self, kinds: tuple[str, ...]) -> str:
        """The first of some faults that happens now, or none."""
        return next((kind for kind in kinds if self.strikes(kind)), "")

    @contextmanager
    def none(self) -> Iterator[None]:
        """For a while nothing goes wrong."""
        before, self.armed = self.armed, False
        try:
            yield
        finally:
            self.armed = before
