"""Requests, answers and what is read in them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final, Literal, Protocol

import msgspec

Role = Literal["document", "index", "item"]
Position = dict[str, Any]
"""How far a feed was read, as its kind writes it; JSON."""
FROM: Final = "from"
"""In a position: addresses at which a reading that was too long goes on: the first still there."""
READ: Final = "read"
"""In a position: digests of the addresses of lists that were read since all of them were."""


def mark(url: str) -> str:
    """What an address is remembered by."""
    return sha256(url.encode()).hexdigest()[:16]


class Item(msgspec.Struct, frozen=True):
    """One document that an index lists."""

    key: str
    """What it is called in the index."""
    revision: str
    """Changes whenever the document does; empty: the index does not say."""
    url: str
    digests: tuple[str, ...] = ()
    """Addresses of its digests, the strongest first."""
    signature: str = ""
    """Address of its detached signature; empty: none is offered."""
    probed: bool = False
    """Whether these are where they would be, and nobody says that they are."""


class Key(msgspec.Struct, frozen=True):
    """A key that a publisher names as its own."""

    url: str
    fingerprint: str = ""
    """In hexadecimal; empty: it is not said."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    url: str
    role: Role = "index"
    accept: str = "*/*"
    conditional: bool = False
    """Whether nothing but a change is asked for, where the same was answered before."""
    reads: tuple[int, ...] = ()
    """Statuses besides 200 that its reader knows what to do with."""
    again: bool = False
    """Whether the same address may give something else when it is asked anew, as cursors do."""
    optional: bool = False
    """Whether it may be closed to us (401, 403): it is then passed over with a note."""
    item: Item | None = None


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    url: str
    """Where it came from in the end: redirections are followed."""
    status: int
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes
    at: str
    """`when()` it came."""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from an answer."""

    asks: tuple[Ask, ...] = ()
    """To be asked next."""
    documents: tuple[tuple[str, bytes], ...] = ()
    """Name and bytes of what it holds itself."""
    items: tuple[Item, ...] = ()
    position: Position | None = None
    """How far the feed is read once the documents are kept; None: as far as before."""
    notes: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    """By which what it leads to is signed."""


class Reader(Protocol):
    """One kind of feed."""

    def begin(self, url: str) -> tuple[Ask, ...]:
        """What to ask first."""
        ...

    def read(self, ask: Ask, answer: Answer, position: Position, /) -> Read:
        """What an index says.

        Raises:
            Misanswered: it is none of this kind.
        """
        ...
