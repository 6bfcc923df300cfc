"""The list as hashes: whole, and in buckets of one size that are asked for by 16 bits.

Who asks sends the first 16 bits of the SHA-256 of the name that somebody registered, and gets every
hash of that bucket: which of the many thousand names with those bits was meant is not told.

Law (one size): every bucket of an edition has as many bytes as every other.
Law (agreement): asked by bucket, from the whole list, or of the dangers themselves, the answer is
the same.

A bucket, and the whole list, is records of 33 bytes: a SHA-256 and the number of a category, in the
order of their bytes; a bucket is filled with records of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Final

import msgspec

from accord.core.errors import Invalid
from accord.outreach.dangers import asking, looks
from accord.outreach.dangers.model import (
    CATEGORIES,
    Asked,
    Category,
    Danger,
    Found,
    Protected,
)

RECORD: Final = 33
BUCKETS: Final = 1 << 16
LEAST: Final = 16
"""Records of the smallest bucket."""

Lookup = Callable[[int], Mapping[bytes, Category]]
"""The hashes of a bucket by its number."""


class Edition(msgspec.Struct, frozen=True):
    """The list at one moment."""

    whole: bytes
    """Every record, in order."""
    buckets: dict[int, bytes]
    """Records of each bucket that has any."""
    records: int
    """Of every bucket, filling included."""

    def bucket(self, number: int) -> bytes:
        """A bucket as it is answered."""
        return self.buckets.get(number, b"").ljust(self.records * RECORD, b"\0")

    @property
    def digest(self) -> str:
        """By which an edition is known again: SHA-256 of the whole list."""
        return sha256(self.whole).hexdigest()


def edition(dangers: Iterable[Danger]) -> Edition:
    """The list of some dangers; the gravest category of one that has several comes first."""
    kept: dict[tuple[int, bytes], int] = {}
    for one in dangers:
        place = (bucket_of(one.kind, one.value), _hash(asking.expression(one.kind, one.value)))
        code = CATEGORIES.index(one.category) + 1
        kept[place] = min(kept.get(place, code), code)
    records: dict[int, list[bytes]] = {}
    for (number, hashed), code in kept.items():
        records.setdefault(number, []).append(hashed + bytes([code]))
    most, size = max(map(len, records.values()), default=0), LEAST
    while size < most:
        size *= 2
    buckets = {number: b"".join(sorted(found)) for number, found in records.items()}
    whole = b"".join(sorted(one for found in records.values() for one in found))
    return Edition(whole, buckets, size)


def read(data: bytes) -> dict[bytes, Category]:
    """The hashes of a bucket, or of the whole list, with the category of each.

    Raises:
        Invalid: it is no list.
    """
    if len(data) % RECORD:
        raise Invalid(f"{len(data):,} bytes are no records of {RECORD}", "list")
    found: dict[bytes, Category] = {}
    for start in range(0, len(data), RECORD):
        code = data[start + RECORD - 1]
        if code > len(CATEGORIES):
            raise Invalid(f"there is no category {code}", "list")
        if code:
            found[data[start : start + RECORD - 1]] = CATEGORIES[code - 1]
    return found


def bucket_of(kind: str, value: str) -> int:
    """In which bucket something is looked up."""
    return int.from_bytes(_hash(asking.whose(kind, value))[:2], "big")


def answer(asked: Asked, lookup: Lookup, protected: Iterable[Protected]) -> Found:
    """What is known of something."""
    held = lookup(bucket_of(asked.kind, asked.value))
    categories = [held[one] for one in map(_hash, asking.expressions(asked)) if one in held]
    if categories:
        first = min(categories, key=CATEGORIES.index)
        return Found(asked=asked, verdict="dangerous", category=first)
    host = asking.host(asked.kind, asked.value)
    like = looks.like(host, protected) if host else None
    return Found(asked=asked, verdict="unknown" if like is None else "lookalike", like=like)


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
