"""What others posted, and a person's decision on it: into this node as a document, or not at all.

Law (a person decides): nothing that was posted is known here, matched or shared before somebody
accepted it; what holds personal data is accepted only by who says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

import msgspec

from accord.core.errors import Invalid
from accord.exchange.personal import detector
from accord.exchange.personal.finds import Find
from accord.flows.load import Loaded

_MEDIA = "application/stix+json;version=2.1"


class Waiting(msgspec.Struct, frozen=True):
    """One object that was posted."""

    number: int
    caller: str
    """Who posted it, as in receipts: `client:grid-siem`."""
    object: str
    version: str
    at: str
    state: str
    """`waiting`, `accepted` or `refused`."""
    person: str
    why: str
    decided: str
    size: int
    """Bytes; 0 once it was decided on."""


class Inbox(Protocol):
    """What was posted, as it is kept."""

    def posted(self, most: int, *, waiting: bool) -> Sequence[Waiting]:
        """What was posted, the oldest first; only what waits, where that is asked for."""
        ...

    def one(self, number: int) -> Waiting:
        """One of them.

        Raises:
            NotFound: there is none of this number.
        """
        ...

    def body(self, number: int) -> bytes:
        """Its bytes."""
        ...

    def decide(self, numbers: Iterable[int], state: str, person: str, why: str, at: str) -> None:
        """Note a person's decision; the bytes go from here."""
        ...


Load = Callable[[str, bytes], Loaded]
"""Takes a document in, by its source and its bytes."""


def finds(kept: Inbox, number: int) -> tuple[Find, ...]:
    """Personal data in one of them.

    Raises:
        NotFound: there is none of this number.
    """
    kept.one(number)
    return tuple(detector.find(kept.body(number), _MEDIA))


def accept(  # noqa: PLR0913, PLR0917 - a decision has a person, a reason and a time
    kept: Inbox, number: int, person: str, why: str, at: str, load: Load, *, personal: bool
) -> Waiting:
    """Take one into this node as a document of whoever posted it.

    `personal` is whether the person has seen the personal data in it and takes it all the same.

    Raises:
        NotFound: there is none of this number.
        Invalid: it was decided on before, holds personal data, or no reader takes it.
    """
    one = _open(kept, number)
    found = finds(kept, number)
    if found and not personal:
        kinds = ", ".join(sorted({find.kind for find in found}))
        raise Invalid(
            f"it holds personal data ({kinds}): `accord inbox show {number}` shows it;"
            " --with-personal-data takes it all the same",
            one.object,
        )
    loaded = load(f"taxii:{one.caller}", _bundle(kept.body(number)))
    if loaded.quarantined:
        raise Invalid(f"it cannot be taken in: {loaded.quarantined[0].reason}", one.object)
    kept.decide([number], "accepted", person, why, at)
    return kept.one(number)


def refuse(kept: Inbox, number: int, person: str, why: str, at: str) -> Waiting:
    """Take one out; whoever posted it is told why.

    Raises:
        NotFound: there is none of this number.
        Invalid: it was decided on before.
    """
    _open(kept, number)
    kept.decide([number], "refused", person, why, at)
    return kept.one(number)


def _open(kept: Inbox, number: int) -> Waiting:
    one = kept.one(number)
    if one.state != "waiting":
        raise Invalid(f"it was {one.state} by {one.person} on {one.decided[:10]}", one.object)
    return one


def _bundle(body: bytes) -> bytes:
    """The object's bytes as a document; the same object makes the same document."""
    name = uuid5(NAMESPACE_URL, body.decode("utf-8", "replace"))
    return b'{"type":"bundle","id":"bundle--%b","objects":[%b]}' % (str(name).encode(), body)
