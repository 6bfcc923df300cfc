"""What the door needs of the store: logs, envelopes, receipts, and what is kept of partners' words.

Adapters raise only `AccordError`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import msgspec

from accord.core.errors import AccordError
from accord.exchange.receipts import Line
from accord.exchange.release import Subject
from accord.identity.directory.trusted import Trusted
from accord.identity.partners import Directory


class Damaged(AccordError):
    """What is kept here is no longer what was kept. Nothing of it is given out."""


class Log(msgspec.Struct, frozen=True):
    """An audience log of this node, as one of its members may see it."""

    audience: int
    """Its number in the store."""
    name: str
    """Name of the audience."""
    log: str
    """Its name in addresses."""
    everyone: bool
    """Whether the audience is every partner of the directory."""
    size: int
    root: bytes
    """Root over its first `size` entries."""
    checkpoint: bytes
    """The signed note of its newest checkpoint; empty where it was not signed yet."""
    since: int
    """First entry whose envelope the member may fetch."""


class Kept(msgspec.Struct, frozen=True):
    """An envelope of the store, without its bytes."""

    id: int
    origin: str
    object: str
    version: str
    type: str
    media: str
    digest: str
    """SHA-256 of the envelope, hexadecimal."""
    tlp: int
    pap: int
    release_at: str
    expires: str
    state: str
    refs: str
    """Identifiers that it refers to, a JSON list."""
    size: int
    """Bytes of the envelope; 0 once it was erased."""


class Committed(msgspec.Struct, frozen=True):
    """A commitment of a log, with what it stands for."""

    number: int
    """Index in the log."""
    state: str
    """`live`, `recalled` or `retracted`."""
    salt: bytes
    """Empty once it was erased."""
    kept: Kept | None


class Cosigned(msgspec.Struct, frozen=True):
    """A partner's word that it applied a log up to a size."""

    size: int
    root: bytes
    statement: bytes
    """As it was signed."""
    at: str
    """When it was signed, by the partner's clock."""
    received: str
    quarantined: str
    """JSON list of [index, reason]."""


class Evidence(msgspec.Struct, frozen=True):
    """Two statements that cannot both be true; or, without statements, what was found damaged."""

    partner: str
    """Whose statement contradicts ours; empty where nobody else has a part in it."""
    log: str
    what: str
    """What contradicts what, for a person."""
    at: str
    ours: bytes
    theirs: bytes


class Told(msgspec.Struct, frozen=True):
    """A notice of recall on its way to a partner."""

    object: str
    tlp: int
    """The most restrictive marking that the object had here."""
    statement: bytes


class Answers(Protocol):
    """What can be answered from."""

    def logs(self, partner: str) -> Sequence[Log]:
        """The logs that a partner is a member of today, by name of the audience."""
        ...

    def log(self, log: str, partner: str) -> Log | None:
        """One of them, or None: another's log and one that does not exist look alike."""
        ...

    def members(self, audience: int) -> frozenset[str]:
        """The members of an audience today, by name."""
        ...

    def tile(self, audience: int, level: int, number: int) -> bytes:
        """Hashes of a tile, perhaps more than there were at an earlier size; empty for none."""
        ...

    def entries(self, audience: int, first: int, count: int) -> Sequence[bytes]:
        """Entries of a log, in their order."""
        ...

    def committed(self, audience: int, commitments: Collection[bytes]) -> dict[bytes, Committed]:
        """Those commitments that stand in this log, each with what it stands for."""
        ...

    def envelopes(self, ids: Collection[int]) -> dict[int, bytes]:
        """The bytes of envelopes."""
        ...

    def versions(self, object_: str, count: int) -> Sequence[Kept]:
        """What is kept live of one object, newest version first."""
        ...

    def page(self, tlp: int, after: tuple[str, str], count: int) -> Sequence[Kept]:
        """Live STIX objects up to a marking, by (object, version), past a place."""
        ...

    def sealed_as(self, digests: Collection[str], tlp: int) -> dict[str, list[Kept]]:
        """Live envelopes up to a marking that hold documents, by the digests of these."""
        ...

    def newest_notice(self, partner: str) -> tuple[str, bool]:
        """Digest of the last notice of recall for a partner, or empty, and whether it has it."""
        ...

    def notices(self, partner: str, digest: str, count: int) -> Sequence[Told]:
        """The notices for a partner after one of them, or from the first.

        `digest` is the last that it has, by its own word; one that is not known here is none.
        """
        ...

    def heard(self, partner: str, digest: str, at: str) -> None:
        """Note that a partner has everything up to a notice."""
        ...

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log; they are kept for good once this returns."""
        ...

    def acknowledged(self, audience: int, partner: str) -> int:
        """The size that a partner last acknowledged, 0 for none."""
        ...

    def acknowledge(self, audience: int, partner: str, old: int, word: Cosigned) -> int | None:
        """Keep a partner's word if its last one was for `old` entries, in one step.

        Returns:
            None once it is kept; else the size that the partner last acknowledged.
        """
        ...

    def sealed(self) -> str:
        """Why this node signs nothing any more, or empty."""
        ...

    def contradicted(self, evidence: Evidence, *, seal: bool) -> None:
        """Keep evidence, once; `seal` stops all signing here."""
        ...


class Surroundings(Protocol):
    """What objects refer to, as far as it is known here."""

    def fetch(self, names: Collection[str]) -> None:
        """Look up objects by their identifiers, all at once."""
        ...

    def of(self, name: str) -> Subject | None:
        """One of those that were looked up, without what it refers to itself."""
        ...

    def derive(self, names: Collection[str]) -> None:
        """Find out what some objects were made of, all at once."""
        ...

    def sources(self, subject: Subject) -> Collection[str]:
        """What this node made an object of."""
        ...


class Notary(Protocol):
    """What the door asks of the sharer's side."""

    def checkpoint(self, log: str) -> bytes:
        """The signed note of a log's newest checkpoint, signed now if it was not.

        Raises:
            Sealed: this node signs nothing any more.
        """
        ...

    def release_due(self) -> None:
        """Append what waited for its release date."""
        ...


class Trust(Protocol):
    """What the door asks of the partnership's directory."""

    def directory(self) -> Directory | None:
        """The partnership, where this node is in one."""
        ...

    def me(self) -> str:
        """The name of this node in it."""
        ...

    def trusted(self) -> Trusted | None:
        """The partnership with the files that it rests on."""
        ...
