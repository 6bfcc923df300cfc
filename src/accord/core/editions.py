"""Which of several documents about one thing counts.

Law (order): the answer depends on the documents alone, never on the order in which they arrived.
Law (origin): a partner's document never supersedes one of this node or of another partner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec


class Edition(msgspec.Struct, frozen=True):
    """One document among those that share a subject."""

    id: int
    digest: str
    edition: str
    """Text whose order is the order of the editions; empty where the document has no date."""
    origin: str = ""
    """The partner that sealed it; empty: this node's own people gave it."""


def current(editions: Iterable[Edition], overruled: Collection[str] = ()) -> frozenset[int]:
    """Identifiers of the documents that count: the latest edition, and undated rivals beside it.

    Each origin is looked at by itself. `overruled` holds digests that a choice of this node's own
    people set aside; they lose only while another document of their origin, or of this node, is
    left that was not set aside.
    """
    origins: dict[str, list[Edition]] = {}
    for edition in editions:
        origins.setdefault(edition.origin, []).append(edition)
    rivals = {origin: _latest(group) for origin, group in origins.items()}
    if not overruled:
        return frozenset(rival.id for group in rivals.values() for rival in group)
    preferred = {
        origin: [rival for rival in group if rival.digest not in overruled]
        for origin, group in rivals.items()
    }
    ours = bool(preferred.get(""))
    return frozenset(
        rival.id
        for origin, group in rivals.items()
        for rival in preferred[origin] or ([] if origin and ours else group)
    )


def _latest(editions: list[Edition]) -> list[Edition]:
    """The latest edition, and what has no date."""
    latest = max(edition.edition for edition in editions)
    return [edition for edition in editions if edition.edition in ("", latest)]
