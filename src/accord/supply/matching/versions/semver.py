"""Semantic Versioning 2.0.0 as order-preserving keys: npm, crates.io, Hex, Swift and others.

Law (order): a < b  <=>  key(a) < key(b), bytes compared unsigned.
Law (equality): versions that differ only in build metadata have equal keys (section 10).

Read besides the standard: a leading `v`, as tags carry it, and the shorthands `1` and `1.2` for
`1.0.0` and `1.2.0`, as golang.org/x/mod/semver documents them. Leading zeros are refused
(section 2), and so is a fourth number.

Layout: three numbers; then the pre-release identifiers, closed by END, or RELEASE.

Source: Semantic Versioning 2.0.0, sections 2, 9, 10 and 11.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable, natural

RELEASE = b"\x04"
"""In place of the first identifier of a pre-release, and above every such identifier."""

_NUMERIC = b"\x02"
_WORD = b"\x03"
_NUMBER = r"(0|[1-9][0-9]*)"
_SEMVER = re.compile(
    rf"[vV]?{_NUMBER}(?:\.{_NUMBER}(?:\.{_NUMBER}(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?)?)?"
)


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not a semantic version.

    """
    match = _SEMVER.fullmatch(version)
    if match is None or len(version) > LONGEST:
        raise Unorderable("semver", version)
    major, minor, patch, before, build = match.groups("")
    core = natural(major) + natural(minor or "0") + natural(patch or "0")
    if build and "" in build.split("."):
        raise Unorderable("semver", version)
    if not before:
        return core + RELEASE
    return core + prerelease(before, version)


def prerelease(text: str, version: str) -> bytes:
    """Dot-separated identifiers of a pre-release, closed by END.

    Raises:
        Unorderable: an identifier is empty, or a number with leading zeros (section 9).

    """
    encoded = [_identifier(one) for one in text.split(".")]
    if b"" in encoded:
        raise Unorderable("semver", version)
    return b"".join(encoded) + END


@lru_cache(maxsize=1 << 14)
def _identifier(text: str) -> bytes:
    """Numbers come before words (section 11.4); empty bytes for what the standard refuses."""
    if not text.isdigit():
        return word(text) if text else b""
    if text[0] == "0" and text != "0":
        return b""
    return number(text)


def number(digits: str) -> bytes:
    """A numeric identifier: below every word."""
    return _NUMERIC + natural(digits)


def word(text: str) -> bytes:
    """An identifier with a letter or a hyphen in it: ordered as ASCII text."""
    return _WORD + text.encode("ascii") + END
