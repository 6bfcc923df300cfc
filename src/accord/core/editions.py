"""Which of several documents about one thing counts.

Law (order): the answer depends on the documents alone, never on the order in which they arrived.
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


def current(editions: Iterable[Edition], overruled: Collection[str] = ()) -> frozenset[int]:
    """Identifiers of the documents that count: the latest edition, and undated rivals beside it.

    `overruled` holds digests that a person's choice set aside; they lose only while another
    document of the subject is left.
    """
    known = tuple(editions)
    latest = max((edition.edition for edition in known), default="")
    rivals = [edition for edition in known if edition.edition in ("", latest)]
    preferred = [rival for rival in rivals if rival.digest not in overruled]
    return frozenset(rival.id for rival in preferred or rivals)
