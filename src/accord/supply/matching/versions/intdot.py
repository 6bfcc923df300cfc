"""Dotted whole numbers as order-preserving keys: the `intdot` scheme of version ranges.

Law (order): a < b  <=>  key(a) < key(b). Numbers compare one by one, and a missing number is
zero: `1.0 = 1`.

Source: package-url/vers-spec, type `intdot`.
"""

from __future__ import annotations

import re

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable, part

_INTDOT = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not numbers joined by dots.

    """
    if len(version) > LONGEST or _INTDOT.fullmatch(version) is None:
        raise Unorderable("intdot", version)
    return numbers(version) + END


def numbers(text: str) -> bytes:
    """Dotted numbers without the zeros at the end, which have no weight; END must follow."""
    encoded = [part(digits) for digits in text.split(".")]
    zero = part("0")
    while encoded and encoded[-1] == zero:
        encoded.pop()
    return b"".join(encoded)
