"""Composer's versions as order-preserving keys: Packagist.

Law (order): a < b  <=>  key(a) < key(b), as PHP's `version_compare` has it, by which Composer's
Comparator compares versions as they are written. In particular `1.0 < 1.0.0`. (Composer's
resolver first pads versions to four numbers; published ranges are written in the packages' own
words, and so is this order.)

At each place: an unknown word, `dev`, `alpha`, `beta`, `rc`, the end, numbers, `pl`. Known words
count by their beginning (`a`, `b`, `p` suffice), except that only `rc` and `RC` are one word in
two cases. Two unknown words are equal, as PHP has it. A leading `v` has no weight.

A branch (`dev-main`) comes before every number and equals only itself.

Source: PHP manual, version_compare; composer/semver, Comparator and Constraint::versionCompare.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural

_PACKAGIST = re.compile(r"[vV]?([0-9]+(?:[._+-]?[0-9A-Za-z]+)*)")
_BRANCH = re.compile(r"dev-[!-~]+")
_TOKEN = re.compile(r"[0-9]+|[A-Za-z]+")
_WORDS = (
    ("dev", b"\x03"), ("a", b"\x04"), ("b", b"\x05"), ("RC", b"\x06"), ("rc", b"\x06"),
    ("p", b"\x09"),
)  # fmt: skip
_UNKNOWN = b"\x02"
_DEV = b"\x03"
_END = b"\x07"
_NUMBER = b"\x08"


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: neither a branch nor a version that begins with a number.

    """
    if len(version) > LONGEST:
        raise Unorderable("packagist", version)
    match = _PACKAGIST.fullmatch(version)
    if match:
        return b"".join(map(_token, _TOKEN.findall(match[1]))) + _END
    if _BRANCH.fullmatch(version):
        return _DEV + version[4:].encode("ascii") + b"\x00"
    raise Unorderable("packagist", version)


@lru_cache(maxsize=1 << 14)
def _token(text: str) -> bytes:
    if text.isdigit():
        return _NUMBER + natural(text)
    for beginning, encoded in _WORDS:
        if text.startswith(beginning):
            return encoded
    return _UNKNOWN
