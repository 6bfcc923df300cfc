"""Bitnami's versions as order-preserving keys: semantic versions in which `-N` is a revision.

Law (order): a < b  <=>  key(a) < key(b), and `1.2.3 < 1.2.3-0 < 1.2.3-1 < 1.2.3-10 < 1.2.4`.

Bitnami counts the builds of one release with a plain number: bitnami/go-version places them
after the release. A suffix with a word in it (`-rc1`, `-beta.2`) stays a pre-release as in
Semantic Versioning, because the advisories declare their ranges as semantic ones and mean
upstream's release candidates by it.

Source: bitnami/go-version, README, "Version revision"; Semantic Versioning 2.0.0, section 11.
"""

from __future__ import annotations

import re

from accord.supply.matching.versions import semver
from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural

_REVISION = re.compile(r"([^-+]+)-([0-9]+)(\+.+)?")
_REVISED = b"\x05"


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not a semantic version.

    """
    match = _REVISION.fullmatch(version) if len(version) <= LONGEST else None
    if match is None:
        return _semantic(version, version)
    core, revision, build = match.groups("")
    if core.count(".") != 2:  # noqa: PLR2004  # a revision follows a complete version only
        raise Unorderable("bitnami", version)
    released = _semantic(core + build, version)
    return released[: -len(semver.RELEASE)] + _REVISED + natural(revision)


def _semantic(text: str, version: str) -> bytes:
    try:
        return semver.key(text)
    except Unorderable:
        raise Unorderable("bitnami", version) from None
