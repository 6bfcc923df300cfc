"""What could not be counted, grouped by why.

Law (told): whatever a report leaves out stands here, each with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from accord.flows.demand.port import NotCounted


class Uncounted(msgspec.Struct, frozen=True, order=True):
    """Everything that could not be counted for one reason."""

    reason: str
    """Why."""
    count: int
    """How many."""
    what: tuple[str, ...]
    """Each of them, by alphabet."""


def grouped(every: Iterable[NotCounted]) -> tuple[Uncounted, ...]:
    """By reason; what is told twice counts once."""
    found: dict[str, set[str]] = {}
    for one in every:
        found.setdefault(one.reason, set()).add(one.what)
    return tuple(
        Uncounted(reason, len(what), tuple(sorted(what))) for reason, what in sorted(found.items())
    )
