"""PEP 440 as order-preserving keys: PyPI.

Law (order): a < b  <=>  key(a) < key(b), local versions included.
Law (equality): versions that normalise to the same text, or differ in trailing zeros of the
release only, have equal keys.

Versions that PEP 440 does not define (`0.1-bulbasaur`, `2004d-foo`) are unorderable: the order
that setuptools once gave them was withdrawn.

Layout: epoch; release without trailing zeros, closed by END; pre-release phase and number;
post-release; development release; local segments, closed by END.

Source: PEP 440, "Summary of permitted suffixes and relative ordering" and "Normalization".
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable, natural, part

_PEP440 = re.compile(
    r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[._-]?(alpha|beta|preview|pre|rc|a|b|c)[._-]?([0-9]*))?"
    r"(?:-([0-9]+)|[._-]?(post|rev|r)[._-]?([0-9]*))?"
    r"(?:[._-]?(dev)[._-]?([0-9]*))?"
    r"(?:\+([a-z0-9]+(?:[._-][a-z0-9]+)*))?"
)
_PHASE = {
    "a": b"\x02", "alpha": b"\x02", "b": b"\x03", "beta": b"\x03",
    "c": b"\x04", "rc": b"\x04", "pre": b"\x04", "preview": b"\x04",
}  # fmt: skip
_DEVELOPMENT_ONLY = b"\x01"
_NO_PHASE = b"\x05"
_FINAL = b"\x05\x01\x02\x01"
"""No pre-release, no post-release, no development release, no local version."""


def key(version: str) -> bytes:
    """Key of one version; white space around it and the case of letters do not count.

    Raises:
        Unorderable: the text is not a version by PEP 440.

    """
    match = _PEP440.fullmatch(version.strip().lower()) if version.isascii() else None
    if match is None or len(version) > LONGEST:
        raise Unorderable("pep440", version)
    epoch, release, phase, phase_number, implicit, post, post_number, dev, dev_number, local = (
        match.groups()
    )
    head = natural(epoch or "0") + _release(release)
    if match.lastindex == 2:  # noqa: PLR2004  # nothing after the release
        return head + _FINAL
    return head + b"".join(
        (
            _phase(phase, phase_number, alone=bool(dev) and not (post or implicit)),
            b"\x02" + natural(implicit or post_number or "0") if post or implicit else b"\x01",
            b"\x01" + natural(dev_number or "0") if dev else b"\x02",
            _local(local) if local else END,
        )
    )


@lru_cache(maxsize=1 << 16)
def _release(text: str) -> bytes:
    """Numbers without the zeros at the end, which have no weight."""
    numbers = [part(digits) for digits in text.split(".")]
    zero = part("0")
    while numbers and numbers[-1] == zero:
        numbers.pop()
    return b"".join(numbers) + END


def _phase(phase: str | None, digits: str | None, *, alone: bool) -> bytes:
    """A development release of no pre-release comes before all of its pre-releases."""
    if phase:
        return _PHASE[phase] + natural(digits or "0")
    return _DEVELOPMENT_ONLY if alone else _NO_PHASE


def _local(text: str) -> bytes:
    """Words before numbers, each segment above the end."""
    segments = text.replace("-", ".").replace("_", ".").split(".")
    return b"".join(map(_segment, segments)) + END


@lru_cache(maxsize=1 << 12)
def _segment(text: str) -> bytes:
    if text.isdigit():
        return b"\x03" + natural(text)
    return b"\x02" + text.encode("ascii") + END
