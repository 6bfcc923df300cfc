"""RubyGems' versions as order-preserving keys.

Law (order): a < b  <=>  key(a) < key(b), as Gem::Version compares.
Law (equality): zeros at the end, and zeros before the first word, have no weight.

Numbers and words compare one by one, a word before any number, and what is missing is zero.
So a run of zeros has the place of what follows it: a word puts it below the end, a number above.

Layout: for each place WORD text, ZEROS_BELOW (zero, and a word follows the run), END,
ZEROS_ABOVE (zero, and a number follows the run), or NUMBER.

Source: RubyGems, Gem::Version, "How Software Changes" and `<=>`.
"""

from __future__ import annotations

import re

from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural

_GEM = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+")
_WORD = b"\x02"
_END_OF_WORD = b"\x01"
_ZEROS_BELOW = b"\x03"
_END = b"\x04"
_ZEROS_ABOVE = b"\x05"
_NUMBER = b"\x06"


def key(version: str) -> bytes:
    """Key of one version; white space around it does not count.

    Raises:
        Unorderable: the text is malformed by Gem::Version.

    """
    text = version.strip()
    if len(version) > LONGEST or _GEM.fullmatch(text) is None:
        raise Unorderable("rubygems", version)
    return encode(_canonical(_SEGMENT.findall(text.replace("-", ".pre.")))) + _END


def _canonical(segments: list[str]) -> list[str]:
    """Without the zeros that end the numbers, and those that end the whole."""
    first_word = next((i for i, one in enumerate(segments) if one.isalpha()), len(segments))
    return _trimmed(segments[:first_word]) + _trimmed(segments[first_word:])


def _trimmed(segments: list[str]) -> list[str]:
    while segments and not segments[-1].strip("0"):
        segments.pop()
    return segments


def encode(segments: list[str]) -> bytes:
    """Segments of which the last is not zero, from the back, so that zeros know what follows."""
    encoded: list[bytes] = []
    zeros = _ZEROS_ABOVE
    for segment in reversed(segments):
        if segment.isalpha():
            zeros = _ZEROS_BELOW
            encoded.append(_WORD + segment.encode("ascii") + _END_OF_WORD)
        elif segment.strip("0"):
            zeros = _ZEROS_ABOVE
            encoded.append(_NUMBER + natural(segment))
        else:
            encoded.append(zeros)
    return b"".join(reversed(encoded))
