"""Affected versions as half-open ranges of keys.

Law (membership): a version is affected by a range's events, as the OSV schema evaluates them,
<=>  its key lies in one of the intervals.
Law (canonical): the intervals follow from the set of ranges and versions, in whatever order these
and their events are written; they are sorted and do not overlap.

Source: OSV schema 1.7, "Evaluation"; half-open keys as in `versions.encoding`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import groupby

import msgspec

from accord.supply.advisories.facts import Event
from accord.supply.matching import schemes
from accord.supply.matching.schemes import Scheme
from accord.supply.matching.versions.encoding import (
    ABOVE_ALL,
    EVERYTHING,
    Unorderable,
    exact,
    next_key,
)

_NO_LIMIT = "*"


class Interval(msgspec.Struct, frozen=True):
    """Affected keys `lo <= key < hi`, with the texts that they came from."""

    lo: bytes
    """First affected key; empty: from the beginning of all versions."""
    hi: bytes
    """First key past the affected ones; ABOVE_ALL or EVERYTHING: no end is known."""
    since: str
    """Version with which it begins, as written; `0` is the beginning of all versions."""
    until: str
    """Version with which it ends, as written; empty: no end is known."""
    until_included: bool = False
    """Whether `until` itself is affected."""
    fixed: str = ""
    """Version that repairs it, as written; empty where the range does not name one."""
    since_included: bool = True
    """Whether `since` itself is affected."""

    def holds(self, key: bytes) -> bool:
        """Whether the version with this key is affected."""
        return self.lo <= key < self.hi


class _Point(msgspec.Struct, frozen=True, order=True):
    """A key at which a range begins or ends."""

    key: bytes
    begins: bool
    kind: str
    version: str


def version_key(scheme: Scheme | None, version: str) -> tuple[bytes, bool]:
    """Key of a version, and whether it has a place in the order; else it only equals itself."""
    if scheme is not None:
        try:
            return schemes.key(scheme, version), True
        except Unorderable:
            pass
    return exact(version), False


def intervals(
    scheme: Scheme | None, ranges: Iterable[tuple[Event, ...]], versions: Iterable[str]
) -> tuple[list[Interval], list[str]]:
    """Intervals of an `Affected`, in order and without overlap, and what could not be evaluated.

    A range with an event that has no place in the order is left out and reported; its neighbours
    stay. Without a scheme only the range of all versions has a meaning. A version by enumeration
    is an interval of its own unless a range holds it; where it has no place in the order, it
    equals its own text.
    """
    found: list[Interval] = []
    problems: list[str] = []
    for events in ranges:
        try:
            found += _range(scheme, events)
        except Unorderable as wrong:
            problems.append(f"range not evaluated: {wrong}")
        except _Meaningless as wrong:
            problems.append(f"range not evaluated: {wrong}")
    merged = _merged(found)
    return _with_versions(scheme, merged, versions), sorted(problems)


class _Meaningless(Exception):
    """Events that say nothing about any version."""


def _range(scheme: Scheme | None, events: tuple[Event, ...]) -> list[Interval]:
    """Intervals of one range.

    Raises:
        Unorderable: an event's version has no place in the order.
        _Meaningless: nothing is introduced, or a kind of event is unknown.

    """
    limits = [one.version for one in events if one.kind == "limit" and one.version != _NO_LIMIT]
    points = sorted(_point(scheme, one) for one in events if one.kind != "limit")
    if not any(point.begins for point in points):
        raise _Meaningless("it names no version with which it begins")
    found = _walk(points)
    if not limits:
        return found
    limit, version = max((_ordered(scheme, version), version) for version in limits)
    return [_cut(one, limit, version) for one in found if one.lo < limit]


def _ordered(scheme: Scheme | None, version: str) -> bytes:
    if scheme is None:
        raise Unorderable("unknown", version)
    return schemes.key(scheme, version)


def _point(scheme: Scheme | None, event: Event) -> _Point:
    """Where an event takes effect: after `v` and up to `v` both mean the very next key."""
    match event.kind, event.version:
        case "introduced", "0":
            return _Point(b"", begins=True, kind="introduced", version="0")
        case "introduced" | "fixed" as kind, version:
            return _Point(_ordered(scheme, version), kind == "introduced", kind, version)
        case "after" | "last_affected" as kind, version:
            return _Point(next_key(_ordered(scheme, version)), kind == "after", kind, version)
        case kind, _:
            raise _Meaningless(f"{kind[:40]!r} is no kind of event")


def _walk(points: list[_Point]) -> list[Interval]:
    """Along the keys: begin where nothing is open, end where something is.

    Where a range ends and begins at one key, it goes on past that key if it was open before it,
    and is empty if it was not.
    """
    found: list[Interval] = []
    start: _Point | None = None
    for key, group in groupby(points, key=lambda point: point.key):
        here = list(group)
        ending = next((one for one in here if not one.begins), None)
        beginning = next((one for one in here if one.begins), None)
        if start is None:
            start = None if ending else beginning
        elif ending:
            found.append(_closed(start, ending, key))
            start = beginning
    if start is not None:
        hi = ABOVE_ALL if start.key else EVERYTHING
        found.append(Interval(start.key, hi, start.version, "", since_included=_included(start)))
    return found


def _included(start: _Point) -> bool:
    return start.kind != "after"


def _closed(start: _Point, end: _Point, key: bytes) -> Interval:
    return Interval(
        lo=start.key,
        hi=key,
        since=start.version,
        until=end.version,
        until_included=end.kind == "last_affected",
        fixed=end.version if end.kind == "fixed" else "",
        since_included=_included(start),
    )


def _cut(one: Interval, limit: bytes, version: str) -> Interval:
    """What of an interval lies below a limit."""
    if one.hi <= limit:
        return one
    return msgspec.structs.replace(one, hi=limit, until=version, until_included=False, fixed="")


def _merged(found: list[Interval]) -> list[Interval]:
    """Sorted, and those that overlap made one; those that only touch stay apart."""
    merged: list[Interval] = []
    for one in sorted(found, key=_order):
        if not merged or one.lo >= merged[-1].hi:
            merged.append(one)
        elif one.hi > merged[-1].hi:
            last = merged[-1]
            merged[-1] = msgspec.structs.replace(
                one, lo=last.lo, since=last.since, since_included=last.since_included
            )
    return merged


def _order(one: Interval) -> tuple[bytes, bytes, str, str, str]:
    """By key; by text where two spellings have one key, so that the same one always counts."""
    return one.lo, one.hi, one.since, one.until, one.fixed


def _with_versions(
    scheme: Scheme | None, merged: list[Interval], versions: Iterable[str]
) -> list[Interval]:
    """The intervals and one for each enumerated version that none of them holds."""
    starts = [one.lo for one in merged]
    points: dict[bytes, str] = {}
    for version in versions:
        key, _ = version_key(scheme, version)
        place = bisect_right(starts, key) - 1
        if place < 0 or not merged[place].holds(key):
            points[key] = min(version, points.get(key, version))
    if not points:
        return merged
    single = [
        Interval(key, next_key(key), version, version, until_included=True)
        for key, version in points.items()
    ]
    return sorted(merged + single, key=_order)
