"""Debian's versions as order-preserving keys: Debian, Ubuntu and what derives from them.

Law (order): a < b  <=>  key(a) < key(b), as `dpkg --compare-versions` has it.
Law (equality): a missing epoch is 0, a missing revision is 0, leading zeros have no weight.

Layout: epoch, upstream version, revision. Each of the latter is pairs of a word (which may be
empty) and a number, closed by END. Within a word `~` comes before its end, letters after it,
and every other character after all letters.

Source: Debian Policy, section 5.6.12; deb-version(7). Read besides the policy: versions that do
not begin with a digit, which dpkg compares, with a warning.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural

_DEBIAN = re.compile(r"(?:([0-9]+):)?(?:([A-Za-z0-9.+~:-]+)-([A-Za-z0-9.+~]+)|([A-Za-z0-9.+~:]+))")
_PAIR = re.compile(r"([^0-9]*)([0-9]*)")
_END_OF_WORD = b"\x02"
_ORDER = bytes(
    1 if c == ord("~") else c if chr(c).isalpha() and c < 128 else c + 128 if c < 0x7D else 0xFC  # noqa: PLR2004
    for c in range(256)
)


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: a character that no Debian version has, or a part without content.

    """
    match = _DEBIAN.fullmatch(version)
    if match is None or len(version) > LONGEST:
        raise Unorderable("debian", version)
    epoch, with_revision, revision, alone = match.groups()
    upstream = with_revision or alone
    if epoch is None and ":" in upstream:
        raise Unorderable("debian", version)
    return natural(epoch or "0") + _pairs(upstream) + _pairs(revision or "0")


@lru_cache(maxsize=1 << 14)
def _pairs(text: str) -> bytes:
    """Words and numbers in turn; nothing is the empty word and 0."""
    pairs = [
        _word(word) + natural(digits or "0")
        for word, digits in _PAIR.findall(text)
        if word or digits
    ]
    return b"".join(pairs) + _END_OF_WORD


@lru_cache(maxsize=1 << 12)
def _word(text: str) -> bytes:
    return text.encode("ascii").translate(_ORDER) + _END_OF_WORD
