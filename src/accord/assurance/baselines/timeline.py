"""Which version of a baseline holds on a day.

Law (one at a time): on any day at most one version of a baseline holds. One without an end holds
until the next begins; one with an end that reaches past the next one's beginning is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from accord.assurance.facts import Baseline
from accord.core.errors import Invalid


class Overlap(Invalid):
    """Two versions of one baseline hold on the same day."""


def timeline(versions: Iterable[Baseline]) -> tuple[Baseline, ...]:
    """The versions of one baseline in the order in which they hold.

    Raises:
        Overlap: two hold on one day; it names both.
    """
    ordered = sorted(versions, key=lambda one: (one.since, one.version))
    for one, following in pairwise(ordered):
        name = one.baseline
        if one.since == following.since or one.until > following.since:
            raise Overlap(f"{_called(one)} and {_called(following)} {_told(one, following)}", name)
    return tuple(ordered)


def in_force(versions: Iterable[Baseline], at: str) -> Baseline | None:
    """The version of one baseline that holds at a `when()`; None: none does.

    Raises:
        Overlap: two hold on one day, whichever day was asked for: no decision stands on such.
    """
    begun = [one for one in timeline(versions) if one.since <= at]
    if not begun or (begun[-1].until and begun[-1].until <= at):
        return None
    return begun[-1]


def _told(one: Baseline, following: Baseline) -> str:
    """What is wrong with two versions, and what to do about it."""
    if one.version == following.version:
        return "are one version in two texts: say in each when it was `updated`"
    day = following.since[:10]
    return f"hold on the same day: end the earlier one by {day}, or begin the later one afterwards"


def _called(one: Baseline) -> str:
    until = one.until[:10] or "open"
    return f"{one.baseline}@{one.version} ({one.since[:10]} to {until})"
