"""What the archive of records covers, and what goes from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from accord.flows.hunting.port import Engine, Kept, Searched, Trouble


class Covered(msgspec.Struct, frozen=True):
    """Some logs of the archive, together."""

    logs: int
    records: int
    size: int
    """Bytes."""
    first: str
    """`when()` of the earliest record that has a time, or empty."""
    last: str

    @classmethod
    def of(cls, kept: Sequence[Kept]) -> Covered:
        """What these cover."""
        return cls(
            len(kept),
            sum(one.records for one in kept),
            sum(one.size for one in kept),
            min((one.first for one in kept if one.first), default=""),
            max((one.last for one in kept if one.last), default=""),
        )


class Limits(msgspec.Struct, frozen=True):
    """How long the archive keeps logs, and how much of them."""

    days: int | None = None
    """A log goes so many days after its last record."""
    size: int | None = None
    """Bytes; past it the oldest logs go."""


def too_much(kept: Sequence[Kept], limits: Limits, now: str) -> list[Kept]:
    """The logs that go, the oldest first."""
    oldest = sorted(kept, key=lambda one: (one.age, one.log))
    going = []
    if limits.days is not None:
        end = _before(now, limits.days)
        going = [one for one in oldest if one.age < end]
    if limits.size is not None:
        staying = [one for one in oldest if one not in going]
        left = sum(one.size for one in staying)
        for one in staying:
            if left <= limits.size:
                break
            going.append(one)
            left -= one.size
    return going


def prune(engine: Engine, limits: Limits, now: str) -> Covered:
    """Delete from the archive what is too old or too much, and say what went."""
    going = too_much(engine.archived(), limits, now)
    engine.drop([one.log for one in going])
    return Covered.of(going)


def broken(log: str) -> Searched:
    """What becomes of a log of the archive that cannot be read any more: it is told."""
    name = f"archive {log[:12]}"
    why = "it cannot be read any more: delete it, and hunt through the log again"
    return Searched(name, "", log, troubles=[Trouble(name, 0, why)])


def _before(now: str, days: int) -> str:
    """So many days before a moment, as `when()`."""
    try:
        at = datetime.fromisoformat(now) - timedelta(days=days)
    except OverflowError:
        return ""
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"
