"""What stands in an audience log: commitments to envelopes, and tombstones.

An entry says nothing about what was shared. A *commitment* is the SHA-256 of a random salt and an
envelope; without the salt it cannot be matched with a guess. A *tombstone* names an earlier entry
of the same log.
"""

from __future__ import annotations

from enum import IntEnum
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid

SALT = 32
"""Bytes of a salt."""
_WIDTH = 8


class Kind(IntEnum):
    """The first byte of an entry."""

    COMMITMENT = 1
    RECALL = 2
    """Tombstone: the originator takes the object back, for good."""
    RETRACT = 3
    """Tombstone: this audience no longer gets this envelope: replaced, narrowed, or not relayed."""


class Entry(msgspec.Struct, frozen=True):
    """One entry."""

    kind: Kind
    commitment: bytes = b""
    """32 bytes, for a commitment."""
    target: int = -1
    """Index of the earlier entry that a tombstone names."""


def commitment(salt: bytes, envelope: bytes) -> bytes:
    """What stands in the log for an envelope: 32 bytes."""
    return sha256(salt + envelope).digest()


def write(entry: Entry) -> bytes:
    """An entry as the bytes that are hashed into the log: 33 or 9 of them."""
    if entry.kind is Kind.COMMITMENT:
        return bytes((entry.kind,)) + entry.commitment
    return bytes((entry.kind,)) + entry.target.to_bytes(_WIDTH, "big")


def read(data: bytes, index: int) -> Entry:
    """The entry at an index of the log.

    Raises:
        Invalid: not an entry, or a tombstone that names no earlier one.
    """
    place = f"entry {index}"
    kind = data[0] if data else 0
    if kind == Kind.COMMITMENT and len(data) == 1 + sha256().digest_size:
        return Entry(Kind.COMMITMENT, data[1:])
    if kind in (Kind.RECALL, Kind.RETRACT) and len(data) == 1 + _WIDTH:
        target = int.from_bytes(data[1:], "big")
        if target < index:
            return Entry(Kind(kind), target=target)
        raise Invalid(f"a tombstone for entry {target}, which is not an earlier one", place)
    raise Invalid(f"{len(data)} bytes of kind {kind} are not an entry", place)
