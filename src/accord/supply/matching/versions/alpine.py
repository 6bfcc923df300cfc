"""Alpine's package versions as order-preserving keys: Alpine, Wolfi, Chainguard and relatives.

Law (order): a < b  <=>  key(a) < key(b), as apk-tools 3 compares.

A number after the first that begins with 0 compares as text, as the digits of a fraction do:
`1.010 < 1.02 < 1.1`. (apk-tools 2.12 and earlier took only the zeros as text, hence
`1.02 < 1.010`.) What follows a common beginning sorts `_alpha _beta _pre _rc`, the end, `-r`,
`~hash`, the number of a suffix, `_cvs _svn _git _hg _p`, a letter, a further number.

Texts that `apk version --check` refuses (`1-r`, `1.2A`, `6.6.2p1`, `1_foo`) are unorderable; the
order that apk gives them has changed between its releases.

Source: apk-tools, src/version.c and apk-package(5), "version".
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural

_ALPINE = re.compile(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)"
    r"((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")
_SUFFIXES = {
    "alpha": b"\x02", "beta": b"\x03", "pre": b"\x04", "rc": b"\x05",
    "cvs": b"\x0a", "svn": b"\x0b", "git": b"\x0c", "hg": b"\x0d", "p": b"\x0e",
}  # fmt: skip
_END = b"\x06"
_REVISION = b"\x07"
_HASH = b"\x08"
_SUFFIX_NUMBER = b"\x09"
_LETTER = b"\x0f"
_FRACTION = b"\x10"
_NUMBER = b"\x11"
_END_OF_TEXT = b"\x01"


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: the text is not a version that apk accepts.

    """
    match = _ALPINE.fullmatch(version)
    if match is None or len(version) > LONGEST:
        raise Unorderable("alpine", version)
    first, numbers, letter, suffixes, commit, revision = match.groups("")
    encoded = natural(first) + _numbers(numbers)
    if letter:
        encoded += _LETTER + letter.encode("ascii")
    if suffixes:
        encoded += b"".join(_suffix(*one) for one in _SUFFIX.findall(suffixes))
    if commit:
        encoded += _HASH + commit.encode("ascii") + _END_OF_TEXT
    if revision:
        encoded += _REVISION + natural(revision)
    return encoded + _END


@lru_cache(maxsize=1 << 16)
def _numbers(text: str) -> bytes:
    """`.1.02` as numbers after the first."""
    return b"".join(map(_number, text.split(".")[1:]))


@lru_cache(maxsize=1 << 14)
def _number(digits: str) -> bytes:
    if digits[0] == "0":
        return _FRACTION + digits.encode("ascii") + _END_OF_TEXT
    return _NUMBER + natural(digits)


def _suffix(word: str, digits: str) -> bytes:
    return _SUFFIXES[word] + (_SUFFIX_NUMBER + natural(digits) if digits else b"")
