"""What reports need of the store and of the rest of the node."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import AccordError
from accord.exchange.receipts import Line
from accord.flows.ports import Intake
from accord.outreach.reports.model import File, Outcome, Report, Said, Via


class Full(AccordError):
    """So much waits for a person that nothing more is taken."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a person makes of a case."""

    outcome: Outcome
    answer: str
    person: str
    at: str


class New(msgspec.Struct, frozen=True, kw_only=True):
    """A report to keep."""

    token: str
    """SHA-256 of the code by which its sender looks it up."""
    key: str
    via: Via
    received: str
    contact: str
    said: Said
    files: tuple[tuple[File, bytes], ...]
    verdict: Verdict | None = None
    """Of an earlier report of the same."""


class Reports(Protocol):
    """Where reports are kept."""

    def add(self, new: New) -> int:
        """Keep one; gives its number.

        Raises:
            Full: too many, or too much, waits.
        """
        ...

    def all(self, outcomes: Collection[str] = ()) -> list[Report]:
        """Reports with one of some outcomes, or all; the oldest first."""
        ...

    def one(self, number: int) -> Report | None:
        """A report by its number."""
        ...

    def by_token(self, token: str) -> Report | None:
        """A report by the hash of its code."""
        ...

    def known(self, key: str, since: str) -> Verdict | None:
        """What a person made of the same at or after a time; the newest."""
        ...

    def decide(self, key: str, verdict: Verdict) -> list[Report]:
        """Decide on every report of the same that waits; gives them as they are then."""
        ...

    def answered(self, number: int, at: str) -> None:
        """The answer went out: the address is forgotten."""
        ...

    def file(self, number: int, digest: str) -> bytes | None:
        """The bytes of a file of a report."""
        ...


class Outbox(Protocol):
    """Where what leaves is recorded."""

    def record(self, lines: Sequence[Line]) -> None:
        """Keep receipts."""
        ...


class Desk(Protocol):
    """The parts of a node that reports need."""

    @property
    def reports(self) -> Reports:
        """Where reports are kept."""
        ...

    @property
    def outbox(self) -> Outbox:
        """Where what leaves is recorded."""
        ...

    @property
    def intake(self) -> Intake:
        """The one writer of documents."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
        ...

    @property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""
        ...

    @property
    def identity(self) -> str:
        """The STIX identity of this node, or empty."""
        ...
