"""What TAXII needs of the store: items in their order, and what was posted.

Adapters raise only `AccordError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from accord.core.errors import AccordError
from accord.exchange.taxii.filters import Filters
from accord.exchange.taxii.posted import Posted
from accord.exchange.taxii.resources import Status
from accord.flows.exchange.answering.port import Kept

CLIENTS = 0
"""The scope of what clients may see."""


class Full(AccordError):
    """Too much of a caller's waits for a person: no more is kept. Its text goes to the caller."""


class Scope(msgspec.Struct, frozen=True):
    """A list of items."""

    id: int
    """An audience, or `CLIENTS`."""
    since: int = 0
    """The first entry of the audience's log that the caller may fetch."""


class Standing(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What a decision on an item hangs on, where it names nothing: one for very many items.

    Two of them are never equal: what is alike may be decided on twice, and nothing is lost.
    """

    scope: int
    recalled: int
    """Whether it is the last word about what this node took back; there are no bytes then."""
    tlp: int
    pap: int
    origin: str
    release_at: str
    expires: str
    created: str
    refs: str
    type: str
    media: str


class Listed(msgspec.Struct, frozen=True, gc=False):
    """An item of a list, with the bytes that it stands for. Only what is live is listed."""

    standing: Standing
    place: int
    """When it was added, in microseconds since 1970: no two items have one."""
    alone: int
    listed: str
    """Version of the item, or empty where the object has no date."""
    id: int
    object: str
    version: str
    apart: int
    """Whether `kept` is the object itself, taken out of its envelope before; else the envelope."""
    digest: str
    """SHA-256 of `kept`, hexadecimal."""
    kept: bytes | None

    def about(self) -> Kept:
        """The envelope that it stands for, without its bytes."""
        of = self.standing
        return Kept(
            self.id, of.origin, self.object, self.version, of.type, of.media, self.digest, of.tlp,
            of.pap, of.release_at, of.expires, "live", of.refs, len(self.kept or b""),
        )  # fmt: skip


class Shelf(Protocol):
    """What TAXII is answered from."""

    def list_new(self, now: str, me: str) -> None:
        """Put into the lists what came since; cheap where nothing did. `me` is this node."""
        ...

    def page(
        self, scopes: Sequence[Scope], most: int, filters: Filters, after: int, count: int
    ) -> Sequence[Listed]:
        """Items added later than a place, in their order, under a marking of at most `most`."""
        ...

    def originals(self, names: Sequence[str]) -> Sequence[str]:
        """The objects that were shown under some identifiers without some of their parts."""
        ...

    def renamed(self, names: Sequence[tuple[str, int]]) -> None:
        """Keep identifiers under which items, by their `id`, are about to be shown."""
        ...

    def post(self, caller: str, id_: str, at: str, posted: Sequence[Posted]) -> Status:
        """Keep what was posted until a person decides on it; what is known already is a success.

        Old status resources go, so that they are never more than a bounded number.

        Raises:
            Full: too much of this caller's waits already; nothing was kept.
        """
        ...

    def status(self, caller: str, id_: str) -> Status | None:
        """What became of it."""
        ...
