"""What sharing and recalling need of the store. Adapters raise only accord's own errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

import msgspec

from accord.core.errors import AccordError
from accord.exchange.log.entries import Kind
from accord.exchange.notices import Notice
from accord.exchange.receipts import Line
from accord.identity.partners import Directory


class Sealed(AccordError):
    """No checkpoint is signed here any more, until a person has looked at why."""


class Changed(AccordError):
    """Somebody else shared or recalled the same objects at the same time."""


class Member(msgspec.Struct, frozen=True):
    """A partner in an audience."""

    partner: str
    since: int
    """First entry of the log whose envelope it may fetch."""
    added: str
    removed: str = ""
    """`when()` it was taken out; empty for a member of today."""


class Audience(msgspec.Struct, frozen=True):
    """A named set of partners, with its log."""

    id: int
    name: str
    log: str
    """Random name of the log in addresses."""
    everyone: bool
    """Every partner of the directory, of today and of tomorrow."""
    created: str
    size: int
    """Entries of the log."""
    members: tuple[Member, ...]
    """Those whom its owner named, removed ones too, by name."""

    def named(self) -> tuple[str, ...]:
        """The partners that its owner named and that are still in it."""
        return tuple(member.partner for member in self.members if not member.removed)


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed envelope as this node keeps it, without its bytes."""

    id: int = 0
    """Number in the store; 0 while it is not kept."""
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
    created: str
    issued: str
    state: str
    """`live` or `held` (under an embargo)."""
    refs: tuple[str, ...]
    title: str
    content: str
    """SHA-256 of the object's bytes within the envelope, hexadecimal."""
    made_of: str = ""
    """The object that was redacted into this one."""
    audiences: tuple[str, ...] = ()
    """Names of the audiences of this node in whose logs it is live, sorted."""
    waiting: tuple[str, ...] = ()
    """Names of the audiences for which it waits, sorted."""


class LiveEntry(msgspec.Struct, frozen=True):
    """Where an envelope is live."""

    audience: str
    number: int
    """Index of its entry."""
    at: str
    """`when()` it was appended."""


class Standing(msgspec.Struct, frozen=True):
    """An envelope as it stands in logs, or waits to."""

    copy: Copy
    envelope: bytes
    places: tuple[LiveEntry, ...]


class Known(msgspec.Struct, frozen=True):
    """What the store holds of some objects at one moment."""

    copies: tuple[Copy, ...]
    """Live and held, of every origin, in the order of intake."""
    finals: frozenset[tuple[str, str]]
    """Origin and object of what was recalled for good."""
    taken_back: frozenset[tuple[str, str]] = frozenset()
    """Object and content of what partners sealed and recalled for good."""

    def of(self, objects: Collection[str]) -> Known:
        """What it holds of some of the objects."""
        return Known(
            tuple(copy for copy in self.copies if copy.object in objects),
            frozenset(pair for pair in self.finals if pair[1] in objects),
            frozenset(pair for pair in self.taken_back if pair[0] in objects),
        )


class Final(msgspec.Struct, frozen=True):
    """An object that its originator took back for good."""

    origin: str
    object: str
    at: str
    """`when()` this node knew of it."""


class Head(msgspec.Struct, frozen=True):
    """The end of a log."""

    log: str
    size: int
    root: bytes
    """Root over all entries, 32 bytes."""
    checkpoint: bytes
    """The newest signed note; empty where none was signed yet."""


class Due(msgspec.Struct, frozen=True):
    """An envelope whose embargo has ended."""

    audience: str
    shared: int
    expires: str


class Recall(msgspec.Struct, frozen=True):
    """A recall in one log."""

    object: str
    why: str
    at: str
    """`when()` it was recalled."""
    deadline: str
    """`when()` by which it is to be acknowledged."""
    audience: str
    """Empty: it was never in a log."""
    shared: str
    """`when()` its first envelope went into this log."""
    size: int
    """Entries of the log up to the last of its tombstones: who cosigned so many has applied it."""
    acknowledged: dict[str, str]
    """By partner: `when()` its word for so many entries, or more, first arrived."""
    last: tuple[int, str] = (0, "")
    """Index of its last entry in this log, and `when()` it was shared."""
    told: dict[str, str] = {}
    """By partner for whom there is a notice: `when()` it asked for what follows it, or empty."""


class Screened(msgspec.Struct, frozen=True):
    """What is known of the personal data in an object's bytes."""

    state: Literal["free", "found", "redacted", "withdrawn"]
    """Nothing was found, or a person released it; something was, and nobody has decided; a person
    cut it out; a person withdrew the object."""
    body: bytes = b""
    """What a person left of it, where it was redacted."""


class Waiting(msgspec.Struct, frozen=True):
    """An object that a person has to decide on before it may leave."""

    object: str
    version: str
    digest: str
    """SHA-256 of the body, hexadecimal."""
    audience: str
    options: str
    """The words of the share command, as JSON."""
    body: bytes


class Screen(Protocol):
    """Personal data, and what people decided about it."""

    def screen(self, bodies: Sequence[tuple[str, bytes, str]]) -> dict[str, Screened]:
        """What is known of bodies, each given as digest, bytes and media type; by digest."""

    def hold(self, waiting: Sequence[Waiting], at: str) -> list[int]:
        """Let objects wait for a person, each once; gives the numbers under which they wait."""


class Unit(Protocol):
    """One durable transaction of the one writer: all of it is kept, or nothing."""

    def known(self, objects: Collection[str]) -> Known:
        """What the store holds of some objects."""

    def keep(self, copies: Sequence[tuple[Copy, bytes]]) -> list[int]:
        """Keep envelopes with their bytes; gives their numbers."""

    def append(self, audience: str, shared: Sequence[int], at: str) -> range:
        """Commit to envelopes in an audience's log, each under a fresh salt.

        Returns:
            The indices of the new entries.
        """

    def wait(self, audience: str, shared: int, release_at: str) -> None:
        """Let an envelope wait for the end of its embargo."""

    def unwait(self, audience: str, shared: int) -> None:
        """An envelope waits no more."""

    def renewed(self) -> str:
        """What was noted last, or empty."""

    def note_renewed(self, mark: str) -> None:
        """Note under which keys and rules the envelopes of this node were looked through."""

    def due(self, now: str, limit: int) -> list[Due]:
        """What waited until now, the earliest first."""

    def come(self, due: Sequence[Due], state: str) -> None:
        """What waited waits no more: it is `live` now, or `expired`."""

    def retract(
        self, shared: Sequence[int], kind: Kind, at: str, audience: str | None = None
    ) -> int:
        """Append a tombstone for every live entry of these envelopes, and erase their salts.

        `audience` limits it to one log.

        Returns:
            How many entries were taken back.
        """

    def erase(self, shared: Sequence[int], state: str) -> None:
        """Erase the bytes of envelopes; what is left is `state` and what the log already told."""

    def forget(self, objects: Collection[str]) -> None:
        """Erase what waits for review of some objects: their bytes are there once more."""

    def finish(self, origin: str, object: str, at: str, why: str, deadline: str) -> None:  # noqa: A002 - the field's own word
        """Note that an object is recalled for good."""

    def connecting(self, objects: Collection[str]) -> list[int]:
        """Live envelopes of relationships and sightings that have one of these at an end."""

    def publish(self, notice: Notice, statement: bytes, directory: Directory, me: str) -> None:
        """Keep the signed notice of a recall, for every partner that could have the object."""

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log."""


class Sharing(Protocol):
    """The audiences of this node and their logs."""

    def audiences(self) -> list[Audience]:
        """All of them, by name."""

    def audience(self, name: str) -> Audience | None:
        """One of them."""

    def create(self, name: str, *, everyone: bool, members: Sequence[str], at: str) -> None:
        """Make an audience with an empty log.

        Raises:
            Invalid: there is one of this name.
        """

    def admit(self, name: str, partner: str, last: int | None, at: str) -> int:
        """Put a partner into an audience, with its last so many entries or (None) all of them.

        Returns:
            The first entry that it may fetch.

        Raises:
            NotFound: no such audience.
        """

    def dismiss(self, name: str, partner: str, at: str) -> None:
        """Take a partner out of an audience."""

    def known(self, objects: Collection[str]) -> Known:
        """What the store holds of some objects."""

    def finals(self, objects: Collection[str]) -> list[Final]:
        """Which of some objects were recalled for good, by whom and when."""

    def gone(self, objects: Collection[str]) -> set[tuple[str, str]]:
        """Object and origin of what was given of some objects, and is given no more."""

    def made_of(self, object: str) -> list[str]:  # noqa: A002 - the field's own word
        """The objects into which one was redacted, sorted."""

    def envelopes(self, shared: Collection[int]) -> dict[int, bytes]:
        """The bytes of envelopes that are kept.

        Raises:
            AccordError: one was erased meanwhile.
        """

    def own(self, origin: str, after: int, limit: int) -> list[Standing]:
        """Envelopes of an origin that are live or wait, by number, from after one on."""

    def notices(self, origin: str) -> list[bytes]:
        """The signed notices of recall of an originator."""

    def renewed(self) -> str:
        """Under which keys and rules this node's envelopes were looked through; empty: never."""

    def due(self, now: str, limit: int) -> list[Due]:
        """What waited until now, the earliest first."""

    def recalls(self, object: str = "") -> list[Recall]:  # noqa: A002 - the field's own word
        """What this node recalled, the newest first; of one object where it is named."""

    def head(self, log: str) -> Head | None:
        """The end of a log."""

    def sign(
        self, log: str, at: str, good: Callable[[bytes], bool], make: Callable[[Head], bytes]
    ) -> bytes:
        """The signed note of a log's newest checkpoint, kept durably before it is given.

        `good` tells whether a kept note may be given again, `make` signs one.

        Raises:
            NotFound: no such log.
            Sealed: this node signs nothing any more.
        """

    def sealed(self) -> str:
        """Why this node signs nothing any more, or empty."""

    def marking(self) -> str:
        """Name of the node's default TLP; empty where none was set."""

    def unit(self) -> AbstractContextManager[Unit]:
        """A unit of work.

        Raises:
            AccordError: the database did not take it; nothing was kept.
        """
