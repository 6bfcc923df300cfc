"""How this node stands in the exchange: who it is, its logs, those it follows, what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from accord.core.errors import NotFound
from accord.flows.exchange.answering.port import Evidence
from accord.identity.partners import Directory


class Standing(msgspec.Struct, frozen=True):
    """How far a member of an audience is."""

    partner: str
    acknowledged: int
    """Entries that it last said it has applied; 0: none yet."""
    at: str
    """`when()` its word arrived; or empty."""


class AudienceStatus(msgspec.Struct, frozen=True):
    """One audience of this node."""

    name: str
    log: str
    everyone: bool
    size: int
    signed: bool
    """Whether the newest checkpoint was asked for, and signed."""
    members: tuple[Standing, ...]


class FollowStatus(msgspec.Struct, frozen=True):
    """One log of a partner."""

    partner: str
    log: str
    name: str
    size: int
    """Entries applied here."""
    cosigned: int
    """Of these, acknowledged to the partner."""
    quarantined: int
    withheld: int
    at: str
    """`when()` it was last brought up to date."""
    stopped: str
    """Why nothing more is taken from it, or empty."""

    @property
    def lag(self) -> int:
        """Entries that are applied and not acknowledged yet."""
        return self.size - self.cosigned


class Kept(msgspec.Struct, frozen=True):
    """What the store tells of the exchange."""

    audiences: tuple[AudienceStatus, ...]
    follows: tuple[FollowStatus, ...]
    sealed: str
    """Why no checkpoint is signed any more, or empty."""
    waiting: int
    """Envelopes that wait for their release date."""
    reviews: int
    """Objects that wait for a person's decision."""
    evidence: int
    receipts: int


class Status(msgspec.Struct, frozen=True):
    """The whole answer."""

    me: str
    partnership: str
    title: str
    partners: tuple[str, ...]
    """The other partners of today."""
    kept: Kept


class Numbered(msgspec.Struct, frozen=True):
    """Evidence, with the number under which it is asked for."""

    number: int
    evidence: Evidence


class Accounts(Protocol):
    """What the store tells of the exchange as a whole."""

    def standing(self, everyone: Sequence[str]) -> Kept:
        """Audiences, follows and counts; `everyone` is who an audience of all partners is."""
        ...

    def evidence(self, number: int | None = None) -> Sequence[Numbered]:
        """What contradicts what, oldest first; or the one of a number."""
        ...


def status(accounts: Accounts, directory: Directory | None, me: str) -> Status:
    """How this node stands."""
    partner = directory.partner(me) if directory else None
    others = sorted(p.name for p in directory.members() if p.name != me) if directory else []
    return Status(
        me=me,
        partnership=directory.partnership if directory else "",
        title=partner.title if partner else "",
        partners=tuple(others),
        kept=accounts.standing(others),
    )


_LAST = 2**63 - 1
"""The greatest number that a store counts to."""


def evidence(accounts: Accounts, number: int | None = None) -> Sequence[Numbered]:
    """All evidence, or one.

    Raises:
        NotFound: nothing is kept under this number.
    """
    kept = number is None or 0 <= number <= _LAST
    found = accounts.evidence(number) if kept else ()
    if number is not None and not found:
        raise NotFound(f"no evidence {number}; `accord exchange evidence` lists what there is")
    return found
