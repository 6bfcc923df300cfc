"""RPM's `epoch:version-release` as order-preserving keys: Red Hat, SUSE and their relatives.

Law (order): a < b  <=>  key(a) < key(b), as RPM 4.16 and later compare.
Law (equality): separators, leading zeros and characters outside ASCII have no weight; a missing
epoch is 0.

With and without release: where epoch and version are equal, the version without a release comes
before the same version with any release, even an empty one (`1 < 1- < 1-0`). That is how RPM
compares two such versions; in dependencies it would ignore the release instead, which is no
order. For matching it means: `1.2` is affected by *fixed in 1.2-3*, and `1.2-3` is not affected
by *fixed in 1.2*.

Layout: epoch, version, release. Version and release are segments; at each place `~` comes first,
then the end, `^`, words, numbers.

Source: rpm-version(7); rpm, rpmio/rpmvercmp.c and rpmver.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural

_EPOCH = re.compile(r"[0-9]*:")
_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+|[~^]")
_END = b"\x02"
_MARKS = {"~": b"\x01", "^": b"\x03"}
_NO_RELEASE = b"\x01"
_RELEASE = b"\x02"


def key(version: str) -> bytes:
    """Key of one version, with or without epoch and release.

    Raises:
        Unorderable: empty, or too long.

    """
    if not version or len(version) > LONGEST:
        raise Unorderable("rpm", version)
    match = _EPOCH.match(version)
    epoch = version[: match.end() - 1] if match else "0"
    rest = version[match.end() :] if match else version
    upstream, dash, release = rest.rpartition("-")
    if not dash:
        return natural(epoch or "0") + _segments(rest) + _NO_RELEASE
    return natural(epoch or "0") + _segments(upstream) + _RELEASE + _segments(release)


@lru_cache(maxsize=1 << 14)
def _segments(text: str) -> bytes:
    return b"".join(map(_segment, _SEGMENT.findall(text))) + _END


@lru_cache(maxsize=1 << 14)
def _segment(text: str) -> bytes:
    if text in _MARKS:
        return _MARKS[text]
    if text.isdigit():
        return b"\x05" + natural(text)
    return b"\x04" + text.encode("ascii") + b"\x01"
