"""The leaders' scoreboard: what the partnership promised, what came of it, and how that is known.

Law (unknown is not nought): a measure that nobody took has no value, no change and no verdict.
Law (change): the value now less the value a year before, where both are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

import msgspec

from accord.core import yaml


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a commitment is measured by."""

    id: str
    text: str
    unit: Literal["seconds", "share", "count"]
    better: Literal["more", "less", "none"]
    """What is better; `none`: neither is."""


class Commitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the partners promised, in own words."""

    id: str
    when: str
    """YYYY-MM-DD."""
    who: str
    text: str
    measures: tuple[Measure, ...]


class Value(msgspec.Struct, frozen=True):
    """A measure that was taken."""

    value: float
    source: str
    """What it was computed from, for people who check it."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of one commitment."""

    commitment: Commitment
    measure: Measure
    now: float | None = None
    before: float | None = None
    """A year before."""
    change: float | None = None
    improved: bool | None = None
    """None: not known, not changed, or neither is better."""
    source: str = ""
    """Empty: not measured here."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    commitments: tuple[Commitment, ...]


def commitments() -> tuple[Commitment, ...]:
    """What was promised, the oldest first."""
    data = (files("accord.demand") / "data/scoreboard.yaml").read_bytes()
    return yaml.decode_as(_File, data).commitments


def scoreboard(now: Mapping[str, Value], before: Mapping[str, Value]) -> list[Row]:
    """Every measure, by its identifier now and a year before, in the order of the promises."""
    return [
        _row(commitment, measure, now.get(measure.id), before.get(measure.id))
        for commitment in commitments()
        for measure in commitment.measures
    ]


def _row(commitment: Commitment, measure: Measure, now: Value | None, before: Value | None) -> Row:
    if now is None:
        return Row(commitment=commitment, measure=measure)
    change = None if before is None else now.value - before.value
    improved = None
    if change and measure.better != "none":
        improved = (change > 0) == (measure.better == "more")
    return Row(
        commitment=commitment, measure=measure, now=now.value,
        before=None if before is None else before.value,
        change=change, improved=improved, source=now.source,
    )  # fmt: skip
