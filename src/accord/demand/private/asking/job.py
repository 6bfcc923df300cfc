"""What one partner computes, and what it ends with: the same words for all who pass it on."""

from __future__ import annotations

import msgspec

from accord.demand.private.asking.question import Question


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one partner computes."""

    me: int
    """Its place among the partners, from 0."""
    question: Question
    commitments: tuple[str, ...]
    """Of all partners to their chance, in their order."""
    chance: bytes
    items: tuple[str, ...]
    """What this node holds; it stays here."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner keeps to itself until everybody has released the answer."""

    key: bytes
    items: tuple[str, ...]
    """What it put in: its own are known again by them."""
    first: bytes
    """Its share's parts; empty for a partner that does not compute."""
    second: bytes
    sent: int = 0
    """Bytes that it sent to all the others while they computed."""
