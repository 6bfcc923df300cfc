"""Maven's versions as order-preserving keys, by the ComparableVersion of Maven 3.8.7.

Law (order): a < b  <=>  key(a) < key(b).
Law (equality): the case of letters, the aliases of words (`ga`, `final`, `release`, `cr`; `a1`,
`b1`, `m1`) and zeros before the end, before a hyphen and before a word have no weight.

A version is a chain of lists: a hyphen, and a change between digits and letters, opens the next
one. At each place a word comes before a list and a list before a number, and what is missing
counts as zero; so zeros, and lists, stand below the end or above it by what follows them.

Maven's comparison contradicts itself where a word stands between dots: `1.sp.1` is above `1`,
which is above `1-alpha`, which is above `1.sp.1`. Here the comparison with the plain release
holds, so this order is total. Maven 4 changed the order; published ranges are older than that.

Layout: for each place one of the codes below, in their order, with its text or number.

Source: maven.apache.org/pom.html#version-order-specification; maven-artifact 3.8.7,
org.apache.maven.artifact.versioning.ComparableVersion.
"""

from __future__ import annotations

import re

from accord.supply.matching.versions.encoding import LONGEST, Unorderable, natural, part

_MAVEN = re.compile(r"[!-~]+")
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_TOKEN = re.compile(r"[0-9]+|[^0-9.-]+|[.-]")
_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_BEFORE_A_NUMBER = {"a": "alpha", "b": "beta", "m": "milestone"}
_BELOW = {
    "alpha": b"\x03", "beta": b"\x04", "milestone": b"\x05", "rc": b"\x06", "snapshot": b"\x07",
}  # fmt: skip
_RELEASE_BELOW = b"\x08"
_LIST_BELOW = b"\x09"
_ZERO_BELOW = b"\x0a"
_END = b"\x0b"
_RELEASE_ABOVE = b"\x0c"
_SERVICE_PACK = b"\x0d"
_WORD = b"\x0e"
_LIST_ABOVE = b"\x0f"
_ZERO_ABOVE = b"\x10"
_NUMBER = b"\x11"


def key(version: str) -> bytes:
    """Key of one version.

    Raises:
        Unorderable: empty, too long, or with white space or characters outside ASCII.

    """
    if len(version) > LONGEST or _MAVEN.fullmatch(version) is None:
        raise Unorderable("maven", version)
    if _PLAIN.fullmatch(version):
        return _plain(version)
    return _encode(_lists(version.lower()))


def _plain(version: str) -> bytes:
    """Dotted numbers only; by far the most frequent."""
    zero = part("0")
    parts = [part(digits) for digits in version.split(".")]
    while parts and parts[-1] == zero:
        parts.pop()
    return b"".join(_ZERO_ABOVE if one == zero else _NUMBER + one[1:] for one in parts) + _END


def _lists(text: str) -> list[list[str]]:
    """The chain of lists, each with its words and numbers as text."""
    lists: list[list[str]] = [[]]
    pending = ""
    for piece in _TOKEN.findall(text):
        if piece in ".-":
            lists[-1].append(_alias(pending) if pending else "0")
            if piece == "-":
                lists.append([])
            pending = ""
            continue
        if pending.isdigit():
            lists[-1].append(pending)
            lists.append([])
        elif pending:
            _append_word(lists, _BEFORE_A_NUMBER.get(pending) or _alias(pending))
            lists.append([])
        pending = piece
    if pending.isdigit():
        lists[-1].append(pending)
    elif pending:
        _append_word(lists, _alias(pending))
    return lists


def _append_word(lists: list[list[str]], word: str) -> None:
    """`.X` counts as `-X` where X is the last between its separators."""
    if lists[-1]:
        lists.append([])
    lists[-1].append(word)


def _alias(item: str) -> str:
    return _ALIASES.get(item, item)


def _encode(lists: list[list[str]]) -> bytes:
    """From the back, so that zeros and lists know whether what follows is below the end."""
    encoded = [_END]
    below = False
    for depth in range(len(lists) - 1, -1, -1):
        items = lists[depth]
        while items and not items[-1].strip("0"):
            items.pop()
        for item in reversed(items):
            code, below = _item(item, below=below)
            encoded.append(code)
        if depth and len(encoded) > 1:
            encoded.append(_LIST_BELOW if below else _LIST_ABOVE)
    return b"".join(reversed(encoded))


def _item(item: str, *, below: bool) -> tuple[bytes, bool]:
    """Code of one item, and whether a version that goes on with it is below the end."""
    if item.isdigit():
        if item.strip("0"):
            return _NUMBER + natural(item), False
        return (_ZERO_BELOW if below else _ZERO_ABOVE), below
    if item in _BELOW:
        return _BELOW[item], True
    if not item:
        return (_RELEASE_BELOW if below else _RELEASE_ABOVE), below
    if item == "sp":
        return _SERVICE_PACK, False
    return _WORD + item.encode("ascii") + b"\x01", False
