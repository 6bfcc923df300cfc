"""Numbers that stay closed after a computation, until every partner gives its mask.

What comes out of the computation is the sum, in the field, of each number and of a random mask of
each partner. With all masks but one it is chance; with all of them it is the number.

Law (all): the numbers follow from the masked ones and every partner's masks, and without one of
these every number is as likely as every other.
"""

from __future__ import annotations

from collections.abc import Sequence

from accord.demand.private.errors import Inconsistent

WIDTH = 16
"""Bytes of a number, the lowest first. The prime of the field comes before the masked ones."""


def written(numbers: Sequence[int]) -> bytes:
    """Numbers as they are kept and stated."""
    return b"".join(number.to_bytes(WIDTH, "little") for number in numbers)


def read(data: bytes) -> list[int]:
    """Numbers as they were written.

    Raises:
        Inconsistent: they were not written so.
    """
    if len(data) % WIDTH:
        raise Inconsistent("a share is no row of numbers")
    return [
        int.from_bytes(data[start : start + WIDTH], "little")
        for start in range(0, len(data), WIDTH)
    ]


def unmasked(masked: bytes, masks: Sequence[bytes]) -> list[int]:
    """The numbers.

    Raises:
        Inconsistent: a mask is not of as many numbers of the field.
    """
    prime, *numbers = read(masked)
    found = numbers
    for mask in masks:
        own = read(mask)
        if len(own) != len(numbers) or any(number >= prime for number in own):
            raise Inconsistent("a share does not fit what was computed")
        found = [(number - one) % prime for number, one in zip(found, own, strict=True)]
    return found
