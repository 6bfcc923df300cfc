"""What one partner computes, and what it ends with: the same words for all who pass it on."""

from __future__ import annotations

import msgspec

from accord.demand.private.asking.question import Question
from accord.demand.private.questions import Given, Ranking, Totals


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


class Sum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one partner computes of a question about numbers."""

    me: int
    """Its place among the partners, from 0."""
    question: Question
    computed: Totals | Ranking
    given: Given
    """Its own numbers; they stay here."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner keeps to itself until everybody has released the answer."""

    key: bytes
    items: tuple[str, ...]
    """What it put in: its own are known again by them."""
    first: bytes
    """Its share's parts; empty for a partner that does not compute. Of numbers, its masks."""
    second: bytes
    """Of numbers, the masked ones, which all have alike."""
    sent: int = 0
    """Bytes that it sent to all the others while they computed."""
