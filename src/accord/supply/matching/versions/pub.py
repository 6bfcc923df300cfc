"""Dart's Pub versions as order-preserving keys: semantic versions whose build metadata counts.

Law (order): a < b  <=>  key(a) < key(b). A version without build metadata comes before the same
version with it; build identifiers compare as those of a pre-release do.

Read besides the standard: leading zeros, as pub_semver does; a leading `v` and the shorthands
`1` and `1.2`. An identifier that Dart's `int.tryParse` takes for a signed or hexadecimal number
(`-5`, `0x1F`) is refused, for its text and its value have different places.

Layout: as `semver`, then the build identifiers, closed by END.

Source: package pub_semver, class Version, operator comparison.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable, natural
from accord.supply.matching.versions.semver import RELEASE, number, word

_PUB = re.compile(
    r"[vV]?([0-9]+)(?:\.([0-9]+)(?:\.([0-9]+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?)?)?"
)
_SIGNED_OR_HEX = re.compile(r"-[0-9]+|-?0[xX][0-9A-Fa-f]+")
_LARGEST_INT = 2**63 - 1


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not a version of a Pub package.

    """
    match = _PUB.fullmatch(version)
    if match is None or len(version) > LONGEST:
        raise Unorderable("pub", version)
    major, minor, patch, before, build = match.groups("")
    core = natural(major) + natural(minor or "0") + natural(patch or "0")
    before_release = _identifiers(before, version) + END if before else RELEASE
    return core + before_release + (_identifiers(build, version) if build else b"") + END


def _identifiers(text: str, version: str) -> bytes:
    encoded = [_identifier(one) for one in text.split(".")]
    if b"" in encoded:
        raise Unorderable("pub", version)
    return b"".join(encoded)


@lru_cache(maxsize=1 << 14)
def _identifier(text: str) -> bytes:
    """A number as far as Dart's 64-bit integers reach, else a word; empty where refused."""
    if not text or _SIGNED_OR_HEX.fullmatch(text):
        return b""
    if text.isdigit() and int(text) <= _LARGEST_INT:
        return number(text)
    return word(text)
