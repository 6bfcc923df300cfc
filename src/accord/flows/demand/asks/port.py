"""What joint asks need of the store, of the mail, and of the rest of the node."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import AccordError
from accord.demand.asks.facts import Step
from accord.demand.asks.joint import Said
from accord.exchange.receipts import Line
from accord.flows.assessing.port import Store
from accord.flows.evidence.port import Proofs
from accord.flows.exposures import Exposures
from accord.flows.ports import Intake
from accord.identity.markings import Marking, Tlp
from accord.identity.partners import Directory


class NotSent(AccordError):
    """A mail did not leave, or nobody knows whether it did; the text says what to do next."""

    def __init__(self, reason: str, *, code: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        """What the server said of the recipient (RFC 5321, section 4.2); 0: nothing of it."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link by which a supplier answers, without its secret."""

    token: str
    """SHA-256 of the secret, hexadecimal."""
    ask: str
    recipient: str
    """As it stands in receipts."""
    tlp: Tlp
    """Of what was sent with it."""
    created: str
    expires: str
    used: str = ""
    """`when()` it was used; empty: it was not."""


class Asks(Protocol):
    """Where asks are kept. Adapters raise only `AccordError`."""

    def said(self) -> list[Said]:
        """Every consent that is known here, and who gave it."""

    def steps(self) -> list[Step]:
        """What this node's people did about asks."""

    def marked(self, documents: Collection[str]) -> dict[str, list[tuple[str, Marking]]]:
        """How consents are marked where they were shared: by digest, each sealer's marking."""

    def dispatch(self, link: Link, lines: Iterable[Line]) -> None:
        """Keep a link with the receipts of what is about to leave: both, for good, or neither."""

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log; they are kept for good once this returns."""

    def link(self, token: str) -> Link | None:
        """A link by the hash of its secret."""

    def take(self, token: str, now: str) -> bool:
        """Use a link, once: False where it was used, or has expired, or there is none."""

    def give_back(self, token: str, now: str) -> None:
        """Let a link be used again: nothing came of its use at a moment."""

    def close(self, ask: str, now: str) -> None:
        """End every link of an ask that was not used."""


class Mailer(Protocol):
    """The way of mail."""

    def send(self, to: str, message: bytes) -> None:
        """Give one message to the mail server.

        Raises:
            NotSent: it did not take it.
        """


class Trust(Protocol):
    """What asks need of the partnership's directory."""

    def directory(self) -> Directory | None:
        """The partnership, where this node is in one."""


class Desk(Protocol):
    """The parts of a node that asks need."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def asks(self) -> Asks:
        """Where asks are kept."""

    @property
    def assessing(self) -> Store:
        """What is known of releases and their verdicts."""

    @property
    def proofs(self) -> Proofs:
        """What is recorded of evidence."""

    @property
    def exposures(self) -> Exposures:
        """The ranked list."""

    @property
    def trust(self) -> Trust:
        """The partnership's directory."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
