"""Checkpoints and proofs, verified from the specifications alone: nothing of accord is used here.

Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-tiles; RFC 6962, section 2.1;
RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NOTE, COSIGNATURE = 1, 4
"""Types of signature, as they stand in the hash that names a key."""
TILE = 256
Tile = Callable[[int, int, int], bytes]
"""Gives a tile by level, number and width."""


class Wrong(Exception):
    """It does not verify."""


class Point(NamedTuple):
    """A checkpoint."""

    origin: str
    size: int
    root: bytes


def opened(note: bytes, name: str, public: bytes, kind: int = NOTE) -> tuple[Point, int]:
    """The checkpoint of a note on which a key has signed, and when, for a cosignature."""
    text, found, signatures = note.rpartition(b"\n\n")
    if not found or not signatures.endswith(b"\n"):
        raise Wrong("not a note")
    text += b"\n"
    keyid = sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]
    for line in signatures.decode().splitlines():
        dash, signer, data = line.split(" ")
        decoded = base64.b64decode(data, validate=True)
        if (dash, signer) != ("\u2014", name) or decoded[:4] != keyid:
            continue
        signed, at, signature = text, 0, decoded[4:]
        if kind == COSIGNATURE:
            at, signature = int.from_bytes(signature[:8], "big"), signature[8:]
            signed = b"cosignature/v1\ntime %d\n%b" % (at, text)
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
        except InvalidSignature as wrong:
            raise Wrong(line) from wrong
        origin, size, root, *_ = text.decode().split("\n")
        if str(int(size)) != size:
            raise Wrong("size")
        return Point(origin, int(size), base64.b64decode(root, validate=True)), at
    raise Wrong("not signed by this key")


def leaf(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def entries_of(bundle: bytes) -> list[bytes]:
    """The entries of a bundle: each after its length in two bytes."""
    found, at = [], 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if end > len(bundle):
            raise Wrong("cut")
        found.append(bundle[at + 2 : end])
        at = end
    return found


class Tiled:
    """A tree of a size, from tiles of hashes."""

    def __init__(self, size: int, tile: Tile) -> None:
        self.size = size
        self._tile = tile

    def range(self, start: int, end: int) -> bytes:
        """MTH(D[start:end]) of RFC 6962."""
        count = end - start
        if count == 1 or (count & (count - 1) == 0 and start % count == 0):
            return self._perfect(count.bit_length() - 1, start // count)
        half = 1 << (count - 1).bit_length() - 1
        return node(self.range(start, start + half), self.range(start + half, end))

    def _perfect(self, height: int, index: int) -> bytes:
        level, over = divmod(height, 8)
        number, at = divmod(index << over, TILE)
        width = min(TILE, (self.size >> 8 * level) - number * TILE)
        row = self._tile(level, number, width)
        if len(row) != 32 * width:
            raise Wrong("a tile of another width")
        hashes = [row[32 * one : 32 * one + 32] for one in range(at, at + (1 << over))]
        while len(hashes) > 1:
            pairs = zip(hashes[::2], hashes[1::2], strict=True)
            hashes = [node(left, right) for left, right in pairs]
        return hashes[0]

    def inclusion(self, index: int) -> list[bytes]:
        """PATH(index, D) of RFC 6962."""
        return self._path(index, 0, self.size)

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            return [*self._path(index, start, middle), self.range(middle, end)]
        return [*self._path(index, middle, end), self.range(start, middle)]

    def consistency(self, before: int) -> list[bytes]:
        """PROOF(before, D) of RFC 6962."""
        return self._subproof(before, 0, self.size, whole=True)

    def _subproof(self, before: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        if before == end:
            return [] if whole else [self.range(start, end)]
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if before <= middle:
            return [
                *self._subproof(before, start, middle, whole=whole),
                self.range(middle, end),
            ]
        return [*self._subproof(before, middle, end, whole=False), self.range(start, middle)]


def check_inclusion(data: bytes, index: int, path: list[bytes], point: Point) -> None:
    """RFC 9162, section 2.1.3.2."""
    first, last, found = index, point.size - 1, leaf(data)
    for one in path:
        if last == 0:
            raise Wrong("too long")
        if first & 1 or first == last:
            found = node(one, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = node(found, one)
        first, last = first >> 1, last >> 1
    if last or found != point.root:
        raise Wrong("not included")


def check_consistency(old: Point, new: Point, path: list[bytes]) -> None:
    """RFC 9162, section 2.1.4.2, for 0 < old < new."""
    if not path:
        raise Wrong("empty")
    if old.size & (old.size - 1) == 0:
        path = [old.root, *path]
    first, last = old.size - 1, new.size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = path[0]
    for one in path[1:]:
        if last == 0:
            raise Wrong("too long")
        if first & 1 or first == last:
            before, after = node(one, before), node(one, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node(after, one)
        first, last = first >> 1, last >> 1
    if last or (before, after) != (old.root, new.root):
        raise Wrong("not consistent")
