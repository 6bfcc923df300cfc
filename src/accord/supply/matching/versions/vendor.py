"""Vendors' version names as order-preserving keys: what stands in CVE, CSAF and CPE.

No standard defines this order; it is accord's own, and it takes only what vendors write alike:

- an optional `v`, `ver`, `version`, `rel` or `release`;
- numbers joined by dots, where zeros at the end have no weight (`1.0 = 1.0.0`), and at most one
  number in parentheses (`15.2(4)`), which counts as a further number;
- then up to eight suffixes, each a known word with an optional number, or one or two letters
  directly after a number (`1.0.2k`, `0.9.8za`, `15.2(4)M3`, `22.7R2.4`), which compare
  alphabetically; the number of a suffix may be dotted;
- a hyphen before a number begins a build (`13.1-49.15`, `7.0.1-5035`), which comes after the
  release, as `build` does; but `-0` is the lower bound that publishers write for a release with
  all that came before it (`1.22.0-0`), and sorts as `dev` does.

Words before the release: `dev snapshot alpha beta milestone preview pre rc cr`. Words after it:
`h hf hotfix`; `p pl s patch` (`20.4R3-S8`); `u upd update` (also `_292`, as Java writes it);
`cu su`, `cumulative update`; `sp`, `service pack`; `build`. At one place they sort in this order;
a letter comes before a word. Case, and the space, dot, hyphen or underscore around words, have no
weight.

Law (order): the key's plain byte order is total. Everything else is unorderable: `*`, `All`,
`R2024a`, `1.2.x`, `1.0b2` (a beta or a repair), dates with hyphens, names.

Layout: numbers, closed by END; a code for each suffix with its letters or number; _RELEASE.
"""

from __future__ import annotations

import re
from functools import lru_cache

from accord.supply.matching.versions.encoding import END, LONGEST, Unorderable
from accord.supply.matching.versions.intdot import numbers

_VENDOR = re.compile(
    r"(?:(?:version|release|ver|rel|v)[. ]?)?([0-9]+(?:\.[0-9]+)*)(?:\(([0-9]{1,9})\))?(.*)"
)
_SUFFIX = re.compile(
    r"([_-][0-9]+(?:\.[0-9]+)*)"
    r"|([ ._-]?)(service ?pack|cumulative ?update|hot ?fix|[a-z]+)([ ._-]?[0-9]+(?:\.[0-9]+)*)?"
)
_SUFFIXES_AT_MOST = 8
_RELEASE = b"\x20"
_LETTERS = b"\x21"
_UPDATE = b"\x24"
_BUILD = b"\x27"
_DEV = b"\x10"
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}(-[0-9]{1,2})?")
_WORDS = {
    "dev": _DEV, "snapshot": b"\x11", "alpha": b"\x12", "beta": b"\x13",
    "milestone": b"\x14", "preview": b"\x15", "pre": b"\x15", "rc": b"\x16", "cr": b"\x16",
    "h": b"\x22", "hf": b"\x22", "hotfix": b"\x22", "p": b"\x23", "pl": b"\x23",
    "patch": b"\x23", "s": b"\x23", "u": _UPDATE, "upd": _UPDATE, "update": _UPDATE,
    "cu": b"\x25", "su": b"\x25",
    "cumulativeupdate": b"\x25", "sp": b"\x26", "servicepack": b"\x26", "build": _BUILD,
}  # fmt: skip
_LETTERS_AT_MOST = 2
_NEEDS_A_NUMBER = frozenset(("h", "p", "s", "u", "pl", "hf", "cu", "su"))
_AMBIGUOUS = frozenset(("a", "b"))
"""With a number they are a pre-release to some vendors and a repair to others."""


def key(version: str) -> bytes:
    """Key of one version; white space around it does not count.

    Raises:
        Unorderable: the text is not of the forms above.

    """
    match = _VENDOR.fullmatch(version.strip().lower()) if version.isascii() else None
    if match is None or len(version) > LONGEST or _DATE.fullmatch(version.strip()):
        raise Unorderable("vendor", version)
    dotted, bracketed, rest = match.groups()
    core = numbers(f"{dotted}.{bracketed}" if bracketed else dotted) + END
    if not rest:
        return core + _RELEASE
    suffixes = _suffixes(rest)
    if not suffixes:
        raise Unorderable("vendor", version)
    return core + suffixes + _RELEASE


@lru_cache(maxsize=1 << 12)
def _suffixes(text: str) -> bytes:
    """All suffixes; empty where one of them is none of the known forms."""
    encoded: list[bytes] = []
    place = 0
    while place < len(text):
        match = _SUFFIX.match(text, place)
        code = _suffix(*match.groups()) if match else b""
        if match is None or not code or len(encoded) == _SUFFIXES_AT_MOST:
            return b""
        encoded.append(code)
        place = match.end()
    return b"".join(encoded)


def _suffix(update: str | None, joint: str, word: str, digits: str | None) -> bytes:
    """One suffix: letters are ordered by themselves, words by their rank."""
    if update:
        return (_DEV if update == "-0" else _UPDATE if update[0] == "_" else _BUILD) + _number(
            update
        )
    code = _WORDS.get(word.replace(" ", ""))
    number = _number(digits or "0")
    if code and (digits or word not in _NEEDS_A_NUMBER):
        return code + number
    if digits and word in _AMBIGUOUS:
        return b""
    if joint or len(word) > _LETTERS_AT_MOST or (digits and not digits[0].isdigit()):
        return b""
    return _LETTERS + word.encode("ascii") + END + number


def _number(digits: str) -> bytes:
    """The number of a suffix, dotted or not, closed so that none is the beginning of another."""
    return numbers(digits.lstrip(" ._-")) + END
