"""Haskell's package versions as order-preserving keys: Hackage and GHC.

Law (order): a < b  <=>  key(a) < key(b). Numbers compare one by one; of two versions that agree
as far as the shorter goes, the longer is the later: `1.0 < 1.0.0`.

Source: Haskell Package Versioning Policy; Cabal, Distribution.Types.Version, which refuses
leading zeros and has no order for tags.
"""

from __future__ import annotations

import re

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable, part

_HACKAGE = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not numbers joined by dots.

    """
    if len(version) > LONGEST or _HACKAGE.fullmatch(version) is None:
        raise Unorderable("hackage", version)
    return b"".join(map(part, version.split("."))) + END
