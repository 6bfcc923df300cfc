"""Version ranges in one line of text: `vers:npm/>=1.0.0|<2.0.0`.

What stands here knows no version order: without one, constraints are taken in the order in which
they are written, which the specification demands to be that of the versions. Evaluation is in
`matching.vers`.

Source: package-url/vers-spec, "Version range specifier" (VERS), with percent-encoding as in
RFC 3986, section 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

import msgspec

from accord.core.errors import Invalid, TooLarge

_SCHEME = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_CONSTRAINT = re.compile(r"(>=|<=|!=|<|>|=)?(.*)", re.DOTALL)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LONGEST = 1 << 16
_CONSTRAINTS_AT_MOST = 4096
_OPENS = {">=": "introduced", ">": "after"}
_CLOSES = {"<": "fixed", "<=": "last_affected"}


class Vers(msgspec.Struct, frozen=True):
    """A version range, parsed."""

    scheme: str
    """Which order: `npm`, `pypi`, `deb`, `generic`, `intdot`, `all`, ..."""
    ranges: tuple[tuple[tuple[str, str], ...], ...] = ()
    """Each range as (kind, version) pairs, in the words of an advisory's events: `introduced`,
    `after`, `fixed`, `last_affected`; (`introduced`, `0`) is the beginning of all versions."""
    versions: tuple[str, ...] = ()
    """Versions named one by one."""


def parse(text: str, order: Callable[[str], bytes] | None = None) -> Vers:
    """A VERS range; its constraints are put in the order of their versions, where it is given.

    Raises:
        Invalid: not a VERS range: no scheme, an empty or repeated version, `*` among others.
        TooLarge: more text or constraints than any real range has.

    """
    if len(text) > _LONGEST or text.count("|") >= _CONSTRAINTS_AT_MOST:
        raise TooLarge(f"a version range of {len(text):,} characters; it was not read")
    kind, _, rest = text.strip().partition(":")
    scheme, slash, listed = rest.partition("/")
    scheme = scheme.strip().lower()
    if kind.strip().lower() != "vers" or not slash or not _SCHEME.fullmatch(scheme):
        raise Invalid(f"{text[:80]!r} is not a version range; `vers:scheme/constraints` is")
    constraints = [_constraint(one) for one in _texts(listed, text)]
    if ("*", "") in constraints:
        return _everything(scheme, constraints, text)
    if scheme in ("all", "none"):
        raise Invalid(f"{text[:80]!r}: the only constraint on {scheme!r} is `*`")
    if order is not None:
        constraints.sort(key=lambda one: order(one[1]))
    return _range(scheme, constraints, text)


def _texts(listed: str, text: str) -> list[str]:
    """The constraints; white space has no weight, and a pipe too many at either end is ignored."""
    found = "".join(listed.split()).strip("|").split("|")
    if "" in found:
        raise Invalid(f"{text[:80]!r} has an empty constraint")
    return found


def _constraint(text: str) -> tuple[str, str]:
    """Comparator and version; `*` has no version."""
    if text == "*":
        return "*", ""
    match = _CONSTRAINT.fullmatch(text)
    comparator, version = (match[1] or "=", match[2]) if match else ("", "")
    if not version or _BAD_PERCENT.search(version) or "*" in version or version[0] in "<>=!":
        raise Invalid(f"{text[:80]!r} is not a comparator and a version")
    return comparator, unquote(version)


def _everything(scheme: str, constraints: list[tuple[str, str]], text: str) -> Vers:
    if len(constraints) > 1:
        raise Invalid(f"{text[:80]!r} has `*` beside other constraints")
    if scheme == "none":
        return Vers(scheme)
    return Vers(scheme, ((("introduced", "0"),),))


def _range(scheme: str, constraints: list[tuple[str, str]], text: str) -> Vers:
    """Pairs of what opens and what closes; an excluded version closes and opens again."""
    versions = [version for _, version in constraints]
    if len(set(versions)) < len(versions):
        raise Invalid(f"{text[:80]!r} names a version twice")
    bounds = [one for one in constraints if one[0] != "="]
    return Vers(
        scheme,
        tuple(_pairs(_without_redundant(bounds))),
        tuple(version for comparator, version in constraints if comparator == "="),
    )


def _without_redundant(bounds: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of neighbours that both open, the first counts; of neighbours that both close, the last."""
    kept: list[tuple[str, str]] = []
    last = ""
    for comparator, version in bounds:
        if comparator in _OPENS and last in _OPENS:
            continue
        if comparator in _CLOSES and last in _CLOSES:
            del kept[max(i for i, one in enumerate(kept) if one[0] in _CLOSES)]
        kept.append((comparator, version))
        if comparator != "!=":
            last = comparator
    return kept


def _pairs(bounds: list[tuple[str, str]]) -> list[tuple[tuple[str, str], ...]]:
    """Ranges as pairs of events, in the order of the text."""
    first = next((one for one, _ in bounds if one != "!="), "<")
    found: list[tuple[tuple[str, str], ...]] = []
    start = ("introduced", "0") if bounds and first in _CLOSES else None
    for comparator, version in bounds:
        if comparator in _OPENS:
            start = (_OPENS[comparator], version)
        elif start is not None and comparator == "!=":
            found.append((start, ("fixed", version)))
            start = ("after", version)
        elif start is not None:
            found.append((start, (_CLOSES[comparator], version)))
            start = None
    if start is not None:
        found.append((start,))
    return found
