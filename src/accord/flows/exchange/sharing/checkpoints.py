"""Signed checkpoints of this node's logs, made when somebody asks for them.

Law (one log): of each log this node signs one growing sequence of entries; where that cannot be
known any more, because the node was restored from an old backup, it signs nothing.

Source: C2SP tlog-checkpoint.
"""

from __future__ import annotations

from typing import Protocol

from accord.core.clock import Clock
from accord.core.errors import Invalid
from accord.exchange.log import checkpoint as checkpoints
from accord.exchange.log import names
from accord.flows.exchange.sharing import due
from accord.flows.exchange.sharing.owner import standing
from accord.flows.exchange.sharing.port import Head, Sharing
from accord.identity.keys import Signers
from accord.identity.partners import ED25519, Directory, Untrusted


class Trusted(Protocol):
    """What is needed of the partnership's directory."""

    def directory(self) -> Directory | None:
        """The partnership, where this node is in one."""

    def me(self) -> str:
        """Name of this node in it."""


def checkpoint(log: str, sharing: Sharing, trust: Trusted, signers: Signers, now: str) -> bytes:
    """The signed note of a log's newest checkpoint; signed now where it was not.

    It is kept durably, here and outside the database, before it is given.

    Raises:
        NotFound: no such log, or this node is in no partnership.
        Sealed: this node signs nothing any more.
    """
    me = trust.me()
    directory = standing(trust.directory(), me)
    partnership = directory.partnership
    name = names.key_name(partnership, me)
    partner = directory.partner(me)
    key = partner.current(ED25519) if partner else None

    def make(head: Head) -> bytes:
        one = checkpoints.Checkpoint(names.origin(partnership, me, log), head.size, head.root)
        return checkpoints.sign(one, name, signers.ed25519)

    def good(note: bytes) -> bool:
        """Whether today's key signed it: a rotated one does not count for new readers."""
        try:
            checkpoints.open_note(note, name, [key] if key else [])
        except (Untrusted, Invalid):
            return False
        return True

    return sharing.sign(log, now, good, make)


class Notary:
    """Signs checkpoints and releases what is due, for whoever answers partners."""

    def __init__(self, sharing: Sharing, trust: Trusted, signers: Signers, clock: Clock) -> None:
        self._sharing = sharing
        self._trust = trust
        self._signers = signers
        self._clock = clock

    def checkpoint(self, log: str) -> bytes:
        """The signed note of a log's newest checkpoint.

        Raises:
            NotFound: no such log.
            Sealed: this node signs nothing any more.
        """
        now = self._clock.now()
        return checkpoint(log, self._sharing, self._trust, self._signers, now)

    def release_due(self) -> None:
        """Append what waited for its release date."""
        due.release_due(self._sharing, self._clock.now())
