"""Supplier's burden saved: pieces of evidence made once instead of once for each buyer.

Law (saved): what is saved is what the buyers ask one by one less what answers them all together;
never below nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Burden(msgspec.Struct, frozen=True):
    """What several buyers ask of one supplier."""

    supplier: str
    asked: Mapping[str, int]
    """By buyer: pieces that it asks for."""
    together: int
    """Pieces that answer all of them."""

    @property
    def apart(self) -> int:
        """Pieces, each buyer answered by itself."""
        return sum(self.asked.values())

    @property
    def saved(self) -> int:
        """Pieces that need not be made again."""
        return self.apart - self.together


def burden(supplier: str, asked: Mapping[str, frozenset[str]]) -> Burden:
    """What is saved, from the items that each buyer asks evidence of."""
    together: frozenset[str] = frozenset().union(*asked.values())
    return Burden(supplier, {buyer: len(items) for buyer, items in asked.items()}, len(together))
