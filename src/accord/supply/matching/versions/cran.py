"""R's package versions as order-preserving keys: CRAN and Bioconductor.

Law (order): a < b  <=>  key(a) < key(b). Numbers compare one by one, `.` and `-` are alike, and
of two versions that agree as far as the shorter goes, the longer is the later: `1.0 < 1.0.0`.

Source: R, base::numeric_version, "Details".
"""

from __future__ import annotations

import re

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable, part

_CRAN = re.compile(r"[0-9]+(?:[.-][0-9]+)*")


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not numbers joined by `.` and `-`.

    """
    if len(version) > LONGEST or _CRAN.fullmatch(version) is None:
        raise Unorderable("cran", version)
    return b"".join(map(part, version.replace("-", ".").split("."))) + END
