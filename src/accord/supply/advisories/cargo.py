"""Cargo version requirements (`^1.2`, `>= 0.3, < 0.4`) as spans of SemVer versions.

Law (`test_complement_is_everything_else`): a version lies either in a requirement or in the
ranges of its complement.

Source: The Cargo Book, "Specifying Dependencies"; Semantic Versioning 2.0.0, section 11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from accord.core.errors import Invalid
from accord.supply.advisories.facts import Event

_NUMBER = r"(?:0|[1-9][0-9]{0,18})"
_COMPARATOR = re.compile(
    rf"(>=|<=|>|<|=|\^|~|)\s*({_NUMBER}|[*xX])(?:\.({_NUMBER}|[*xX]))?(?:\.({_NUMBER}|[*xX]))?"
    r"(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_LONGEST = 500
_PARTS = 3

Key = tuple[int, int, int, tuple[tuple[int, int, str], ...]]
"""Orders as SemVer does: a pre-release sorts below its release, numbers below words."""

_RELEASE = ((2, 0, ""),)


class Bound(NamedTuple):
    """A place between versions: just before one, or (`past` 1) just after it."""

    key: Key
    past: int
    text: str


class Span(NamedTuple):
    """From one bound to another; None is the beginning or the end of all versions."""

    low: Bound | None
    high: Bound | None


def key(version: str) -> Key:
    """The sort key of a full SemVer version.

    Raises:
        Invalid: not a SemVer version.

    """
    match = _COMPARATOR.fullmatch(version)
    if match is None or match[1] or match[4] is None or {"*", "x", "X"} & set(match.groups()[1:4]):
        raise Invalid(f"{version[:60]!r} is not a SemVer version")
    return (int(match[2]), int(match[3]), int(match[4]), _pre(match[5]))


def _pre(text: str | None) -> tuple[tuple[int, int, str], ...]:
    if text is None:
        return _RELEASE
    return tuple(
        (0, int(part), "") if part.isdigit() and len(part) < 20 else (1, 0, part)  # noqa: PLR2004
        for part in text.split(".")
    )


def spans(requirement: str, place: str = "") -> Span | None:
    """The one span that a requirement allows; None where its comparators exclude each other.

    Raises:
        Invalid: not a Cargo requirement.

    """
    if len(requirement) > _LONGEST:
        raise Invalid(f"a requirement of {len(requirement):,} characters", place)
    low: Bound | None = None
    high: Bound | None = None
    for part in requirement.split(","):
        match = _COMPARATOR.fullmatch(part.strip())
        if match is None:
            raise Invalid(f"{part.strip()[:60]!r} is not a Cargo requirement (`>= 1.2.3`)", place)
        one = _span(match[1] or "^", match)
        low = max(filter(None, (low, one.low)), default=None, key=_place)
        high = min(filter(None, (high, one.high)), default=None, key=_place)
    if low and high and _place(low) >= _place(high):
        return None
    return Span(low, high)


def _place(bound: Bound) -> tuple[Key, int]:
    return bound.key, bound.past


def _span(operator: str, match: re.Match[str]) -> Span:
    """One comparator. What is left out, or `*`, stands for any number."""
    numbers: list[int] = []
    for part in match.groups()[1:4]:
        if part is None or part in "*xX":
            break
        numbers.append(int(part))
    if not numbers:
        return Span(None, None)
    if len(numbers) == _PARTS and operator in ("=", "<=", ">"):
        return _exact(operator, numbers, match[5])
    wild = any(part is not None and part in "*xX" for part in match.groups()[1:4])
    low = _bound(numbers, match[5] if len(numbers) == _PARTS else None)
    high = _next(numbers, "=" if wild and operator == "^" else operator)
    if operator == "<":
        return Span(None, low)
    if operator == "<=":
        return Span(None, high)
    if operator == ">":
        return Span(high, None)
    return Span(low, None) if operator == ">=" else Span(low, high)


def _exact(operator: str, numbers: list[int], pre: str | None) -> Span:
    before = _bound(numbers, pre)
    after = before._replace(past=1)
    if operator == "=":
        return Span(before, after)
    return Span(None, after) if operator == "<=" else Span(after, None)


def _bound(numbers: Sequence[int], pre: str | None = None) -> Bound:
    major, minor, patch = (*numbers, 0, 0)[:_PARTS]
    text = f"{major}.{minor}.{patch}" + (f"-{pre}" if pre is not None else "")
    return Bound((major, minor, patch, _pre(pre)), 0, text)


def _next(numbers: list[int], operator: str) -> Bound:
    """The first version past what a caret, a tilde or a version with open parts allows."""
    if operator == "^":
        # The first number that is not zero may not change (`^0.2.3` is below 0.3.0).
        index = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    elif operator == "~":
        index = min(len(numbers) - 1, 1)
    else:
        index = len(numbers) - 1
    return _bound([*numbers[:index], numbers[index] + 1])


def complement(sound: Iterable[Span | None]) -> tuple[tuple[Event, ...], ...]:
    """Everything outside the spans, as ranges in ascending order."""
    ranges: list[tuple[Event, ...]] = []
    start = Event("introduced", "0")
    reached: Bound | None = None
    spans_ = [span for span in sound if span is not None]
    for low, high in sorted(spans_, key=lambda span: (span.low is not None, span.low or ())):
        if low is not None and (reached is None or _place(low) > _place(reached)):
            ranges.append((start, _event("fixed", "last_affected", low)))
        if high is None:
            return tuple(ranges)
        if reached is None or _place(high) > _place(reached):
            reached = high
            start = _event("introduced", "after", high)
    return (*ranges, (start,))


def _event(before: str, after: str, bound: Bound) -> Event:
    return Event(after if bound.past else before, bound.text)
