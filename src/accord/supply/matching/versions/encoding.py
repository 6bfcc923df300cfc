"""Bytes whose plain order is the order of what they encode.

Law (order): natural(a) < natural(b)  <=>  int(a) < int(b), for any number of digits.
Law (prefix): natural(a) is never a proper prefix of natural(b).
"""

from __future__ import annotations

from functools import lru_cache

from accord.core.errors import AccordError

LONGEST = 512
"""Characters of the longest version that is looked at; nothing published comes near it."""

END = b"\x01"
"""Closes a list or a word: below every byte that may follow within it. A scheme in which
something sorts below the end gives that a byte below this one."""

EXACT = b"\xfe"
"""First byte of a key that only equals itself: an unorderable version, a commit."""

ABOVE_ALL = b"\xfd"
"""Above every orderable key and below every exact one: *no fix*, for a range that starts
somewhere."""

EVERYTHING = b"\xff"
"""Above every key, exact ones included: *no fix*, for a range that starts at the beginning."""

_LONG = 0xF0


class Unorderable(AccordError):
    """A version has no place in the order of its scheme; it is never guessed."""

    def __init__(self, scheme: str, version: str) -> None:
        super().__init__(f"{version[:80]!r} has no place in the {scheme} order")
        self.scheme = scheme
        self.version = version

    def __reduce__(self) -> tuple[type[Unorderable], tuple[str, str]]:
        """Keep scheme and version when the error crosses a process boundary."""
        return (type(self), (self.scheme, self.version))


@lru_cache(maxsize=1 << 16)
def natural(digits: str) -> bytes:
    """A natural number: a length byte, then its digits without leading zeros.

    Zero is the single byte 0. `digits` holds ASCII digits only, at least one.
    """
    digits = digits.lstrip("0")
    length = len(digits)
    if length < _LONG:
        return bytes((length,)) + digits.encode("ascii")
    return b"\xf0" + length.to_bytes(4, "big") + digits.encode("ascii")


@lru_cache(maxsize=1 << 16)
def part(digits: str) -> bytes:
    """One natural number of a list that `END` closes: above the end, whatever the number."""
    return b"\x02" + natural(digits)


def exact(text: str) -> bytes:
    """Key of what has no order: equal to itself alone, outside every ordered range."""
    return EXACT + text.encode("utf-8", "surrogatepass")


def next_key(key: bytes) -> bytes:
    """The very next byte string: turns *last affected* into a half-open end."""
    return key + b"\x00"
