"""What following partners' logs needs of the store. Adapters raise only accord's own errors."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from accord.core.errors import AccordError
from accord.exchange.log.merkle import Frontier
from accord.exchange.notices import Notice
from accord.flows.ports import Kept
from accord.identity.partners import Directory


class Overtaken(AccordError):
    """Another process goes on with this log: nothing was written, and nothing is lost."""


class Follow(msgspec.Struct, frozen=True, kw_only=True):
    """A partner's log, and how far it is applied here."""

    id: int
    partner: str
    log: str
    """Its name in addresses."""
    name: str
    """Its audience's name."""
    frontier: Frontier
    """Right edge of the tree over the entries that are applied."""
    checkpoint: bytes
    """The newest signed note that was verified; it may cover more entries than are applied, where
    applying them was interrupted. Empty before the first."""
    cosigned: int
    """Entries up to which this node has cosigned."""
    stopped: str
    """Why nothing more is taken from it, or empty."""

    @property
    def size(self) -> int:
        """Entries that are applied."""
        return self.frontier.size


class Copy(msgspec.Struct, frozen=True):
    """An envelope that this node sealed or received."""

    id: int
    origin: str
    object: str
    version: str
    digest: str
    """SHA-256 of the envelope."""
    state: str
    """`live`, `held`, `recalled`, `replaced` or `expired`."""
    issued: str
    """`when()` its originator sealed it."""
    document: str
    """Digest of the document as which its content is kept; empty where it is not."""


class New(msgspec.Struct, frozen=True, kw_only=True):
    """An envelope to be kept: the columns of its row."""

    origin: str
    object: str
    version: str
    type: str
    media: str
    digest: str
    tlp: int
    pap: int
    release_at: str
    expires: str
    created: str
    issued: str
    refs: str
    """JSON list of object identifiers."""
    learned: str
    title: str
    envelope: bytes
    document: str


class Row(msgspec.Struct, frozen=True):
    """What became of one entry of a followed log."""

    number: int
    state: str
    """`applied`, `quarantined`, `withheld`, `recalled`, `retracted` or `tombstone`."""
    commitment: bytes | None = None
    shared: int | None = None
    reason: str = ""
    refused: bytes | None = None
    """The bytes that were quarantined."""


class Unit(Protocol):
    """One durable transaction of the one writer: all of it is kept, or nothing."""

    @property
    def documents(self) -> Kept:
        """The documents and their facts, in the same transaction."""
        ...

    def still(self, follow: Follow) -> None:
        """Return only if nobody else has gone on with this log.

        Raises:
            Overtaken: somebody has.
        """
        ...

    def copies(self, digests: Collection[str]) -> list[Copy]:
        """Envelopes by their digests."""
        ...

    def numbered(self, shared: Collection[int]) -> list[Copy]:
        """Envelopes by their numbers."""
        ...

    def of_objects(self, objects: Collection[tuple[str, str]]) -> list[Copy]:
        """Every envelope of some objects, each by origin and identifier."""
        ...

    def final(self, objects: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these, by origin and identifier, were recalled for good."""
        ...

    def keep(self, envelopes: Sequence[New]) -> list[int]:
        """Keep envelopes, or give those that were erased their bytes back; gives their numbers."""
        ...

    def enter(self, follow: int, rows: Sequence[Row], at: str) -> None:
        """Note what became of new entries."""
        ...

    def change(self, follow: int, rows: Sequence[Row], at: str) -> None:
        """Note what became of entries that were noted before."""
        ...

    def entries(self, follow: int, numbers: Collection[int]) -> list[Row]:
        """What became of entries."""
        ...

    def set_aside(self) -> Iterator[tuple[int, Row]]:
        """Everything that was refused and is kept, with the number of its log."""
        ...

    def unsupported(self, shared: Collection[int]) -> set[int]:
        """Those envelopes that no applied entry of any log stands for any more."""
        ...

    def direct(self, shared: Collection[int], among: Collection[str] | None = None) -> set[int]:
        """Those envelopes that an applied entry of their originator's own logs stands for.

        `among` names the logs that count; without it all do.
        """
        ...

    def erase(self, shared: Collection[int], state: str, at: str) -> tuple[str, ...]:
        """Erase envelopes, here and with tombstones in this node's own logs.

        Their documents go too, unless another envelope or this node's own people gave them.

        Returns:
            Digests of the documents that are gone.
        """
        ...

    def finish(self, origin: str, object: str, at: str) -> None:  # noqa: A002 - the field's own word
        """Note that an object is recalled for good."""
        ...

    def connecting(self, objects: Collection[str]) -> list[int]:
        """Live envelopes of relationships and sightings that have one of these at an end.

        An end that is live here by anybody's envelope shows, and does not count.
        """
        ...

    def retract(self, shared: Collection[int], at: str) -> None:
        """Take envelopes out of this node's own logs; they are kept."""
        ...

    def publish(self, notice: Notice, statement: bytes, directory: Directory, me: str) -> None:
        """Keep the signed notice of a recall, for every partner that could have it from us."""
        ...

    def hear(self, partner: str, digest: str) -> None:
        """Note the last notice of recall that a partner told of, by its digest."""
        ...

    def idle(self, origin: str) -> int:
        """Bytes that are kept of an originator's recalls of what was never here."""
        ...

    def advance(self, follow: int, frontier: Frontier, checkpoint: bytes, at: str) -> None:
        """Note how far a log is applied."""
        ...


class Following(Protocol):
    """The logs of partners that this node follows."""

    def logs(self, partner: str) -> list[Follow]:
        """Those of one partner, by name."""
        ...

    def follow(self, partner: str, log: str, name: str, at: str) -> Follow:
        """One of them, begun where it is new."""
        ...

    def stop(self, follow: Follow, reason: str, ours: bytes, theirs: bytes, at: str) -> None:
        """Take nothing more from a log, and keep the two statements that contradict each other."""
        ...

    def resume(self, partner: str) -> int:
        """Let the logs of a partner be asked for again; gives how many were stopped."""
        ...

    def withheld(self, follow: int, before: str, limit: int) -> list[Row]:
        """Entries whose envelopes were not given, and that were last asked for before a time."""
        ...

    def quarantined(self, follow: int, first: int, end: int, limit: int) -> list[tuple[int, str]]:
        """Index and reason of what was refused among the entries `[first, end)`."""
        ...

    def lapsed(self, now: str, me: str) -> list[int]:
        """Envelopes of others that may be kept no longer."""
        ...

    def cosign(self, follow: int, size: int, old: int) -> None:
        """Note durably that a size is about to be cosigned; `old` is the partner's last.

        Raises:
            Overtaken: more was cosigned before.
        """
        ...

    def unsent(self, follow: int) -> int | None:
        """The `old` of a cosignature of which it is not known that it arrived."""
        ...

    def sent(self, follow: int) -> None:
        """The partner has the cosignature."""
        ...

    def heard(self, partner: str) -> str:
        """Digest of the last notice of recall that a partner told of, or empty."""
        ...

    def unit(self) -> AbstractContextManager[Unit]:
        """A unit of work.

        Raises:
            AccordError: the database did not take it; nothing was kept.
        """
        ...

    def scrub(self) -> None:
        """Overwrite what the database keeps of erased bytes outside its tables."""
        ...
