"""Merkle tree hashing, and the right edge of a tree, from which every later root follows.

Law (frontier): extending by some leaves and then by others is extending by all of them at once,
and its root is the root of all.
Law (append only): a frontier grows into exactly one root for the leaves that follow; so a root
that is not that one belongs to another log.

Source: RFC 6962, section 2.1; SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice

import msgspec

from accord.core.errors import Invalid

EMPTY = sha256(b"").digest()
"""Root of a tree without leaves."""
HASH = 32
"""Bytes of a hash."""
MAX_SIZE = 1 << 62
"""No log has as many entries."""


_SIZE = 8
_CHUNK = 1 << 16


def leaf(data: bytes) -> bytes:
    """Hash of one entry."""
    return sha256(b"\x00" + data).digest()


def leaves(entries: Iterable[bytes]) -> list[bytes]:
    """Hashes of many entries, in their order."""
    new = sha256
    return [new(b"\x00" + data).digest() for data in entries]


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees side by side."""
    return sha256(b"\x01" + left + right).digest()


def pairs(hashes: Sequence[bytes]) -> list[bytes]:
    """The level above: each two hashes joined; an odd one at the end is left out."""
    new = sha256
    halves = zip(hashes[::2], hashes[1::2], strict=False)
    return [new(b"\x01" + left + right).digest() for left, right in halves]


def fold(subtrees: Sequence[bytes]) -> bytes:
    """Root over perfect subtrees that stand side by side, the largest first."""
    if not subtrees:
        return EMPTY
    result = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        result = node(left, result)
    return result


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over all leaf hashes of a tree."""
    return Frontier().extend(leaves).root()


class Frontier(msgspec.Struct, frozen=True):
    """The right edge of a tree: all that must be kept of it so that it can grow.

    Raises:
        Invalid: the hashes do not fit the size.
    """

    size: int = 0
    """Leaves of the tree."""
    hashes: tuple[bytes, ...] = ()
    """Roots of the perfect subtrees that the tree falls into, the largest first: one for each
    one-bit of the size."""

    def __post_init__(self) -> None:
        if not 0 <= self.size < MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise Invalid(f"{len(self.hashes)} hashes are not the edge of a tree of {self.size}")
        if any(len(one) != HASH for one in self.hashes):
            raise Invalid(f"a hash at the edge of a tree is not {HASH} bytes")

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The edge after these leaf hashes have been appended."""
        edge = self
        rest = iter(leaves)
        while chunk := list(islice(rest, _CHUNK)):
            edge = edge._extended(chunk)
        return edge

    def root(self) -> bytes:
        """Root of the whole tree, 32 bytes."""
        return fold(self.hashes)

    def write(self) -> bytes:
        """As bytes: the size in 8, then the hashes."""
        return self.size.to_bytes(_SIZE, "big") + b"".join(self.hashes)

    def _extended(self, chunk: list[bytes]) -> Frontier:
        """Level by level: what pairs is joined and goes up, what is left over is the new edge."""
        size = self.size + len(chunk)
        old = list(self.hashes)
        edge: list[bytes] = []
        for level in range(size.bit_length()):
            if self.size >> level & 1:
                chunk.insert(0, old.pop())
            if len(chunk) & 1:
                edge.append(chunk[-1])
            chunk = pairs(chunk)
        return Frontier(size, tuple(reversed(edge)))


def read(data: bytes) -> Frontier:
    """A frontier from its bytes.

    Raises:
        Invalid: the bytes are not what `Frontier.write` wrote.
    """
    if len(data) < _SIZE:
        raise Invalid(f"{len(data)} bytes are not the edge of a tree")
    size = int.from_bytes(data[:_SIZE], "big")
    return Frontier(size, tuple(_cut(data[_SIZE:])))


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[start : start + HASH] for start in range(0, len(data), HASH))
