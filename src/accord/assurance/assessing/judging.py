"""The verdict on one requirement, from the claims about one release.

Law (unknown never passes): without a claim that counts, a requirement is unknown.
Law (weakest): a requirement is believed as far as the weakest of its items.
Law (contradicted): a denial that counts outweighs every claim, and both are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from accord.assurance.assessing.baseline import Need, Reach, Table
from accord.assurance.model import CONTRADICTED, Claim, Level
from accord.core.times import when

RECOGNISED = "recognised verdict"
"""The kind of a claim that rests on another authority's verdict."""


class Support(msgspec.Struct, frozen=True):
    """A claim that counts for an item, and how far."""

    claim: Claim
    item: str
    """The item that is wanted."""
    level: Level
    path: tuple[str, ...] = ()
    """Items over which it carries; empty: it is about the item itself."""
    until: str = ""
    """`when()` it ceases to count; empty: it does not."""


class Passed(msgspec.Struct, frozen=True):
    """A claim that speaks of a requirement and does not count, and why."""

    claim: Claim
    reason: str


class Judged(msgspec.Struct, frozen=True):
    """What the evidence says of one requirement."""

    need: Need
    level: Level
    supports: tuple[Support, ...] = ()
    """The best claim for each item that has one."""
    denials: tuple[Claim, ...] = ()
    """Whatever says that an item does not hold."""
    missing: tuple[tuple[str, ...], ...] = ()
    """Items, with their alternatives, that are not believed far enough."""

    @property
    def verdict(self) -> str:
        """One of `REQUIREMENT_VERDICTS`."""
        return CONTRADICTED if self.denials else self.level.words

    @property
    def met(self) -> bool:
        """Whether the requirement is satisfied."""
        return not self.denials and Level.UNKNOWN < self.level >= self.need.level

    @property
    def until(self) -> str:
        """`when()` the first of its claims ceases to count; empty: none does."""
        return min((one.until for one in self.supports if one.until), default="")


class Claims:
    """Everything that is claimed of one release, by item; of a moment."""

    def __init__(self, claims: Iterable[Claim], table: Table, now: str) -> None:
        self.now = now
        self.table = table
        self.by_item: dict[str, list[Claim]] = {}
        self.denied: dict[str, list[Claim]] = {}
        self.early: list[Passed] = []
        self._dates: dict[str, str | None] = {}
        for claim in _newest(claims):
            if claim.level == Level.UNKNOWN:
                self.early.append(Passed(claim, claim.why or "nobody with standing says so"))
            elif claim.issued > now:
                self.early.append(Passed(claim, f"dated {claim.issued[:10]}, which is to come"))
            elif claim.expires and claim.expires <= now:
                self.early.append(Passed(claim, f"expired on {claim.expires[:10]}"))
            elif claim.holds:
                self.by_item.setdefault(claim.item, []).append(claim)
            else:
                for name in table.denied_by(claim.item):
                    self.denied.setdefault(name, []).append(claim)

    def also(self, more: Iterable[Claim]) -> Claims:
        """These and more that hold, all of now."""
        other = Claims((), self.table, self.now)
        other.by_item = dict(self.by_item)
        other.denied = self.denied
        other.early = self.early
        for claim in more:
            other.by_item[claim.item] = [*other.by_item.get(claim.item, ()), claim]
        return other

    def until(self, claim: Claim, days: int) -> str | None:
        """When a claim ceases to count; empty: never. None: it does not count for so many days."""
        if not days:
            return claim.expires
        if not claim.issued:
            return None
        end = self._dates.get(f"{claim.issued}{days}", "")
        if end == "":
            last = later(claim.issued, days)
            end = self._dates[f"{claim.issued}{days}"] = None if last <= self.now else last
        if end is None:
            return None
        return min(end, claim.expires) if claim.expires else end


def later(moment: str, days: int) -> str:
    """So many days after a `when()`."""
    try:
        return when((datetime.fromisoformat(moment) + timedelta(days=days)).isoformat())
    except OverflowError:
        return "9999-12-31T23:59:59.999999Z"


def _newest(claims: Iterable[Claim]) -> list[Claim]:
    """What an issuer says later of an item takes the place of what it said before.

    Only of what is believed alike: whoever merely gives itself an issuer's name displaces nothing
    that the issuer signed. Recognised verdicts have given way to newer ones as a whole already. Of
    two of one moment a denial counts; what is undated does not give way.
    """
    latest: dict[tuple[str, str, str, Level], str] = {}
    kept = list(claims)
    for claim in kept:
        if claim.issuer and claim.issued and claim.kind != RECOGNISED:
            key = (claim.item, claim.issuer, claim.kind, claim.level)
            if latest.get(key, "") < claim.issued:
                latest[key] = claim.issued
    if not latest:
        return kept
    return [
        claim
        for claim in kept
        if not claim.issued
        or claim.kind == RECOGNISED
        or latest.get((claim.item, claim.issuer, claim.kind, claim.level), claim.issued)
        == claim.issued
    ]


def judge(need: Need, claims: Claims, table: Table) -> Judged:
    """The verdict on one requirement."""
    level = Level.VERIFIED
    supports: list[Support] = []
    denials: list[Claim] = []
    missing: list[tuple[str, ...]] = []
    for alternatives in need.items:
        best, against = _best(alternatives, need, claims, table)
        if best is not None:
            supports.append(best)
        denials += against
        found = Level.UNKNOWN if best is None else best.level
        if found < need.level or found == Level.UNKNOWN or against:
            missing.append(alternatives)
        level = min(level, found)
    if not need.items:
        level = Level.UNKNOWN
    return Judged(need, level, tuple(supports), tuple(dict.fromkeys(denials)), tuple(missing))


def _best(
    alternatives: Sequence[str], need: Need, claims: Claims, table: Table
) -> tuple[Support | None, list[Claim]]:
    """The strongest claim for any of several items; with what denies each of them, if all are."""
    chosen: Support | None = None
    denied: Support | None = None
    against: list[Claim] = []
    open_ = False
    for item in alternatives:
        found = _strongest(item, need, claims, table.satisfying[item])
        denials = claims.denied.get(item)
        if denials:
            against += denials
            denied = _stronger(denied, found)
        else:
            open_ = True
            chosen = _stronger(chosen, found)
    return (chosen, []) if open_ else (denied, against)


def _strongest(item: str, need: Need, claims: Claims, reaches: Iterable[Reach]) -> Support | None:
    best: Support | None = None
    for reach in reaches:
        for claim in claims.by_item.get(reach.item, ()):
            if need.accepts and claim.kind not in need.accepts and claim.kind != RECOGNISED:
                continue
            until = claims.until(claim, need.days)
            if until is None:
                continue
            level = min(claim.level, reach.cap)
            if best is None or (level, until or _FOREVER) > (best.level, best.until or _FOREVER):
                best = Support(claim, item, level, reach.path, until)
    return best


_FOREVER = "~"
"""Later than every date."""


def _stronger(one: Support | None, other: Support | None) -> Support | None:
    if one is None or other is None:
        return one or other
    return other if other.level > one.level else one


def passed_over(need: Need, claims: Claims, table: Table) -> list[Passed]:
    """What speaks of a requirement and does not count for it, each with the reason."""
    names = {item for alternatives in need.items for item in alternatives}
    found = [
        one
        for one in claims.early
        if any(reach.item == one.claim.item for name in names for reach in table.satisfying[name])
    ]
    for name in sorted(names):
        for reach in table.satisfying[name]:
            for claim in claims.by_item.get(reach.item, ()):
                reason = _why_not(claim, need, claims)
                if reason:
                    found.append(Passed(claim, reason))
        for reach in table.supporting[name]:
            found += [
                Passed(claim, f"{claim.item} only supports {name}: it covers a part of it")
                for claim in claims.by_item.get(reach.item, ())
            ]
    return list(dict.fromkeys(found))


def _why_not(claim: Claim, need: Need, claims: Claims) -> str:
    if need.accepts and claim.kind not in need.accepts and claim.kind != RECOGNISED:
        return f"{claim.kind} is not evidence here; {', '.join(sorted(need.accepts))} is"
    if claims.until(claim, need.days) is not None:
        return ""
    if not claim.issued:
        return f"undated, and evidence stays good for {need.days} days"
    return f"older than {need.days} days"
