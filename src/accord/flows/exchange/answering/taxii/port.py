"""What TAXII needs of the store: items in their order, and what was posted.

Adapters raise only `AccordError`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from accord.exchange.taxii.filters import Filters
from accord.exchange.taxii.posted import Posted
from accord.exchange.taxii.resources import Status

CLIENTS = 0
"""The scope of what clients may see."""


class Scope(msgspec.Struct, frozen=True):
    """A list of items."""

    id: int
    """An audience, or `CLIENTS`."""
    since: int = 0
    """The first entry of the audience's log that the caller may fetch."""


class Listed(msgspec.Struct, frozen=True, gc=False):
    """An item of a list, with the envelope that it stands for."""

    place: int
    """When it was added, in microseconds since 1970: no two items have one."""
    scope: int
    alone: int
    recalled: int
    """Whether it is the last word about what this node took back; `envelope` is empty then."""
    listed: str
    """Version of the item, or empty where the object has no date."""
    id: int
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
    state: str
    refs: str
    created: str
    envelope: bytes


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

    def post(self, caller: str, id_: str, at: str, posted: Sequence[Posted]) -> Status:
        """Keep what was posted until a person decides on it; what is known already is a success."""
        ...

    def status(self, caller: str, id_: str) -> Status | None:
        """What became of it."""
        ...
