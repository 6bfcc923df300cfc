"""What asking together needs of the node. Adapters raise only accord's own errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

import msgspec

from accord.core.clock import Clock
from accord.demand.private.asking.facts import PoolShare, PoolWord
from accord.demand.private.asking.job import Job, Sealed, Sum
from accord.demand.private.asking.question import Question
from accord.exchange.receipts import Line
from accord.flows.assessing.port import Store
from accord.flows.demand.port import Purchases
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.share import Sharer
from accord.flows.exchange.sharing.wanted import Holdings
from accord.flows.ports import Intake


class StatedQuestion(msgspec.Struct, frozen=True):
    """A question that somebody stated."""

    question: Question
    learned: str
    """`when()` it came to be known here."""
    document: str
    """Digest."""
    origins: tuple[str, ...]
    """The partners that sealed it; the first is empty where this node's own people gave it."""


class StatedWord(msgspec.Struct, frozen=True):
    """A word on a question that somebody stated."""

    fact: PoolWord
    document: str
    origins: tuple[str, ...]


class Part(msgspec.Struct, frozen=True):
    """The own part of this node in a question that it approved."""

    question: Question
    at: str
    """`when()` it approved."""
    audience: str
    """Through which the other partners hear of its words."""
    chance: bytes
    """What it gives to the key; nobody sees it before the computation."""
    sealed: Sealed | None = None
    """What its computation ended with; None: it has not, yet."""


class StatedShare(msgspec.Struct, frozen=True):
    """A share of an answer that somebody stated."""

    fact: PoolShare
    document: str
    origins: tuple[str, ...]


class Pool(Protocol):
    """What was stated, and this node's own parts."""

    def questions(self) -> list[StatedQuestion]:
        """Every question that is known."""

    def words(self) -> list[StatedWord]:
        """Every word on a question."""

    def shares(self, question: str) -> list[StatedShare]:
        """Every share of the answer to a question."""

    def parts(self) -> list[Part]:
        """All parts of this node, whatever became of the statements."""

    def keep(self, part: Part) -> Part:
        """Keep a part unless there is one of its question; gives what is kept."""

    def seal(self, question: str, sealed: Sealed) -> None:
        """Keep what a computation ended with, beside the part in it."""

    def components(self) -> list[str]:
        """The package URLs of all bills that this node's own people gave."""


class Peer(msgspec.Struct, frozen=True):
    """Where a partner's computation listens, and what it shows there."""

    name: str
    address: str
    """`host:port`."""
    certificate: str
    """In DER and base64: one that the directory lists."""


class Disclosures(Protocol):
    """The disclosure log."""

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines; they are kept for good once it returns."""


class Compute(Protocol):
    """Computes with the other partners. Adapters raise only `PoolError` for what goes wrong."""

    def compute(self, job: Job, peers: Sequence[Peer], seconds: float) -> Sealed:
        """The own part in the computation, which all partners do at one time.

        Raises:
            PoolError: it did not come to its end; nothing was opened.
        """

    def add_up(self, job: Sum, peers: Sequence[Peer], seconds: float) -> Sealed:
        """The own part in a computation on numbers, which all partners do at one time.

        Raises:
            PoolError: it did not come to its end; nothing was opened.
        """

    def opened(self, question: Question, parts: Sequence[bytes]) -> list[bytes]:
        """The digests that came out, from the first parts of the three that computed.

        Raises:
            Inconsistent: they give no possible answer.
        """

    def named(self, sealed: Sealed, digests: Collection[bytes]) -> dict[bytes, str]:
        """The items of this node among some digests."""


class Desk(Protocol):
    """The parts of a node that asking needs."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def pool(self) -> Pool:
        """Questions and words."""

    @property
    def answers(self) -> Disclosures:
        """The disclosure log."""

    @property
    def purchases(self) -> Purchases:
        """Contracts, rates and suppliers."""

    @property
    def assessing(self) -> Store:
        """Verdicts."""

    @property
    def me(self) -> str:
        """The node's name as a partner."""

    @property
    def holdings(self) -> Holdings:
        """The documents from which statements are shared."""

    @property
    def owner(self) -> Owner:
        """The owner of the audiences, as of now."""

    @property
    def sharer(self) -> Sharer:
        """What sharing needs, as of now."""

    @property
    def clock(self) -> Clock:
        """The time of a statement."""

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
