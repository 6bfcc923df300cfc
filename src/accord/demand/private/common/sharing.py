"""Secrets in three parts, of which each computing partner holds two.

Law (sharing): `value = part 0 ^ part 1 ^ part 2`; partner p holds parts p and p + 1 (of three, in a
circle). Any one partner's two parts are uniform, whatever the value; any two partners have all.

Many values stand in the bits of one word ("bit-slicing"): word w of slice b holds bit b of the
values 64 w to 64 w + 63, so one instruction computes on 64 of them.
Source: Araki, Furukawa, Lindell, Nof, Ohara, "High-throughput semi-honest secure three-party
computation with an honest majority" (ACM CCS 2016).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from numpy.typing import NDArray

from accord.demand.private.shape import COMPUTING

Words = NDArray[np.uint64]

SEED_BYTES = 32
BLOCK = 1 << 14
"""Words that are computed on at a time: what is needed of them stays in the processor's cache."""
_ZEROS = bytes(8 * BLOCK)
_SWAPS = tuple(
    (np.uint64(shift), np.uint64((2**64 - 1) // (2**shift + 1))) for shift in (32, 16, 8, 4, 2, 1)
)


class Stream:
    """Uniform words out of a seed: AES-256 in counter mode (NIST SP 800-38A). Used once."""

    def __init__(self, seed: bytes) -> None:
        """Begin at the beginning; the seed is never used for anything else."""
        self._cipher = Cipher(AES256(seed), CTR(bytes(16))).encryptor()

    def fill(self, out: Words) -> None:
        """Overwrite words that lie side by side."""
        flat = out.reshape(-1)
        for start in range(0, flat.size, BLOCK):
            block = flat[start : start + BLOCK]
            self._cipher.update_into(_ZEROS[: block.nbytes], block.view(np.uint8).data)

    def words(self, shape: tuple[int, ...]) -> Words:
        """New words."""
        out = np.empty(shape, np.uint64)
        self.fill(out)
        return out


class Shared(NamedTuple):
    """What one computing partner holds of a secret array."""

    first: Words
    """Part p, for partner p."""
    second: Words
    """Part p + 1."""

    def __xor__(self, other: Shared) -> Shared:
        """Exclusive or of two secrets: each part for itself, nothing is sent."""
        return Shared(self.first ^ other.first, self.second ^ other.second)

    def at(self, index: int | slice | tuple[int | slice | None, ...]) -> Shared:
        """A part of the array."""
        return Shared(self.first[index], self.second[index])

    def shaped(self, *shape: int) -> Shared:
        """The same in another shape."""
        return Shared(self.first.reshape(shape), self.second.reshape(shape))


def joined(secrets: list[Shared]) -> Shared:
    """Several arrays in one, along a new first axis."""
    return Shared(np.stack([s.first for s in secrets]), np.stack([s.second for s in secrets]))


def seed_for(seed: bytes, *purpose: str | int) -> bytes:
    """A seed for one purpose out of another one; from it, the other cannot be found."""
    label = "/".join(map(str, purpose)).encode()
    return hashlib.blake2b(
        label, key=seed, digest_size=SEED_BYTES, person=b"accord pool seed"
    ).digest()


def holders(part: int) -> tuple[int, int]:
    """The two partners that hold a part."""
    return part, (part - 1) % COMPUTING


def sliced(rows: Words) -> Words:
    """Rows of two words (a digest each), a multiple of 64 of them, as 128 slices of bits."""
    parts = np.ascontiguousarray(rows.reshape(-1, 64, 2).transpose(2, 1, 0))
    return _turned(parts).reshape(128, -1)


def rows_of(slices: Words) -> Words:
    """The inverse of `sliced`."""
    parts = slices.reshape(2, 64, -1).copy()
    return np.ascontiguousarray(_turned(parts).transpose(2, 1, 0)).reshape(-1, 2)


def _turned(parts: Words) -> Words:
    """Turn squares of 64 words of 64 bits, in place: bit b of word w becomes bit w of word b."""
    for shift, mask in _SWAPS:
        step = int(shift)
        blocks = parts.reshape(2, 32 // step, 2, step, -1)
        low, high = blocks[:, :, 0], blocks[:, :, 1]
        moved = ((low >> shift) ^ high) & mask
        high ^= moved
        low ^= moved << shift
    return parts
