"""NuGet's versions as order-preserving keys.

Law (order): a < b  <=>  key(a) < key(b). As Semantic Versioning, but with up to four numbers, of
which the missing are zero; letters of a pre-release compare without regard to case.
Law (equality): build metadata, leading zeros and missing numbers have no weight.

A label counts as a number as far as 32 bits reach; longer ones compare as text, as in
NuGet.Versioning. A label such as `-5`, which .NET would take for a negative number, is refused.

Source: learn.microsoft.com/nuget/concepts/package-versioning; NuGet.Versioning, VersionComparer.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable, natural
from accord.supply.matching.versions.semver import RELEASE, number, word

_NUGET = re.compile(
    r"([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:\.([0-9]+))?"
    r"(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?"
)
_LARGEST_INT = 2**31 - 1


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not a NuGet version.

    """
    match = _NUGET.fullmatch(version.strip())
    if match is None or len(version) > LONGEST:
        raise Unorderable("nuget", version)
    a, b, c, d, labels, build = match.groups("")
    core = natural(a) + natural(b or "0") + natural(c or "0") + natural(d or "0")
    if build and "" in build.split("."):
        raise Unorderable("nuget", version)
    if not labels:
        return core + RELEASE
    encoded = [_label(one) for one in labels.lower().split(".")]
    if b"" in encoded:
        raise Unorderable("nuget", version)
    return core + b"".join(encoded) + END


@lru_cache(maxsize=1 << 14)
def _label(text: str) -> bytes:
    """Numbers come before words; empty where refused."""
    if text.isdigit():
        return number(text) if int(text) <= _LARGEST_INT else word(text)
    if not text or (text[0] == "-" and text[1:].isdigit()):
        return b""
    return word(text)
