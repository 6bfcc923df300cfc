"""Bitnami's versions as order-preserving keys: semantic versions in which `-N` is a revision.

Law (order): a < b  <=>  key(a) < key(b), and `1.2.3 < 1.2.3-0 < 1.2.3-1 < 1.2.3-10 < 1.2.4`.

Bitnami counts the builds of one release with a plain number: bitnami/go-version places them
after the release. A suffix with a word in it (`-rc1`, `-beta.2`) stays a pre-release as in
Semantic Versioning, because the advisories declare their ranges as semantic ones and mean
upstream's release candidates by it.

Read besides the standard: leading zeros, for Bitnami publishes calendar versions (`2026.03.17`).

Source: bitnami/go-version, README, "Version revision"; Semantic Versioning 2.0.0, section 11.
"""

from __future__ import annotations

import re

from accord.supply.matching.versions import semver
from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural

_RELEASED = re.compile(
    r"([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9]+))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_REVISED = b"\x05"
"""In place of semver's RELEASE, and above it."""


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not a semantic version.

    """
    match = _RELEASED.fullmatch(version) if len(version) <= LONGEST else None
    if match is None:
        return _semantic(version)
    major, minor, patch, revision = match.groups()
    core = natural(major) + natural(minor) + natural(patch)
    return core + (_REVISED + natural(revision) if revision else semver.RELEASE)


def _semantic(version: str) -> bytes:
    try:
        return semver.key(version)
    except Unorderable:
        raise Unorderable("bitnami", version) from None
