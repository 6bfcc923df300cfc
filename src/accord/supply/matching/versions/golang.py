"""Go modules and the Go toolchain as order-preserving keys.

Module versions are semantic versions with a leading `v`; pseudo-versions are pre-releases like
any other, and `+incompatible` is build metadata without weight. The toolchain's own names
(`go1.21rc2`, `go1.13`) are read as the Go vulnerability database reads them: `1.21.0-rc.2`.

Law (order): a < b  <=>  key(a) < key(b).

Source: go.dev/ref/mod#versions; go.dev/doc/toolchain#version.
"""

from __future__ import annotations

import re

from accord.supply.matching.versions import semver
from accord.supply.matching.versions.encoding import LONGEST, Unorderable

_TOOLCHAIN = re.compile(r"go([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:(beta|rc)([0-9]+))?")


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: neither a module's version nor a release of the toolchain, as `(devel)`.

    """
    if not version.startswith("go"):
        return semver.key(version)
    match = _TOOLCHAIN.fullmatch(version)
    if match is None or len(version) > LONGEST:
        raise Unorderable("golang", version)
    major, minor, patch, word, number = match.groups("")
    release = f"{major}.{minor or 0}.{patch or 0}"
    return semver.key(f"{release}-{word}.{number}" if word else release)
