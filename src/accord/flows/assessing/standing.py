"""The verdicts that stand, as a list that can be narrowed.

Law (read only): to list verdicts changes none; they are as they were last made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from accord.assurance.model import BUYERS_VERDICTS
from accord.core.errors import Invalid
from accord.flows.assessing.port import Event, Key, Ledger, Standing
from accord.flows.assessing.update import GONE


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of verdicts is narrowed to."""

    buyer: str = ""
    """Short name of a buyer; empty: all."""
    verdict: str = ""
    """One of `BUYERS_VERDICTS`; empty: all."""


class Releases(msgspec.Struct, frozen=True, kw_only=True):
    """Releases with their verdicts, narrowed, and how many each choice would leave."""

    rows: Sequence[tuple[Key, dict[str, Standing]]]
    """Releases by name, each with its verdict by buyer."""
    buyers: tuple[str, ...]
    """Buyers that have verdicts, narrowed."""
    by_buyer: tuple[tuple[str, int], ...]
    """Each buyer, and the releases that are left where it is chosen; empty name: any."""
    by_verdict: tuple[tuple[str, int], ...]
    """Each verdict, and the releases that are left where it is chosen; empty: any."""
    everything: int
    """Releases without narrowing."""


def standing(ledger: Ledger, moment: str = "") -> list[Standing]:
    """The verdicts as they stood at a `when()`; empty is now."""
    if not moment:
        return ledger.standing()
    last: dict[tuple[str, str, str], Event] = {}
    for _, event in ledger.events():
        if event.at <= moment:
            last[event.product, event.release, event.buyer] = event
    return [
        Standing(
            product=one.product, release=one.release, buyer=one.buyer, baseline="",
            verdict=one.after, until="", at=one.at,
        )
        for _, one in sorted(last.items())
        if one.after != GONE
    ]  # fmt: skip


def choose(found: Iterable[Standing], chosen: Chosen) -> Releases:
    """The releases on which a buyer that is chosen has a verdict that is chosen.

    Raises:
        Invalid: no buyer of that name has a verdict, or there is no such verdict.
    """
    releases: dict[Key, dict[str, Standing]] = {}
    for one in found:
        releases.setdefault((one.product, one.release), {})[one.buyer] = one
    buyers = sorted({name for by in releases.values() for name in by})
    if chosen.verdict and chosen.verdict not in BUYERS_VERDICTS:
        raise Invalid(f"no verdict {chosen.verdict[:60]!r}; use {', '.join(BUYERS_VERDICTS)}")
    if chosen.buyer and chosen.buyer not in buyers:
        known = ", ".join(buyers) or "accord assess first"
        raise Invalid(f"no verdict is kept for {chosen.buyer[:60]!r}; use {known}")

    def left(buyer: str, verdict: str) -> list[Key]:
        return [key for key, by in releases.items() if _any(by, buyer, verdict)]

    return Releases(
        rows=[(key, releases[key]) for key in sorted(left(chosen.buyer, chosen.verdict))],
        buyers=tuple(buyers) if not chosen.buyer else (chosen.buyer,),
        by_buyer=tuple((name, len(left(name, chosen.verdict))) for name in ("", *buyers)),
        by_verdict=tuple((word, len(left(chosen.buyer, word))) for word in ("", *BUYERS_VERDICTS)),
        everything=len(releases),
    )


def _any(by: dict[str, Standing], buyer: str, verdict: str) -> bool:
    some = by.values() if not buyer else [by[buyer]] if buyer in by else []
    return any(not verdict or one.verdict == verdict for one in some)
