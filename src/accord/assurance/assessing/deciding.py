"""One buyer's verdict on one release.

Law (unknown never passes): a release without evidence is neither accepted nor accepted with
conditions, by any baseline.
Law (conditions): of what must be met, only what is believed, and not far enough, may be made good
later.

- One that must be met is contradicted: *reject*.
- One that must be met is unknown, or is believed too little and has no days of grace: *cannot
  decide*.
- One that must be met is believed too little, or one that should be is not met, with days of grace:
  *accept with conditions*.
- Else, since all that must be met are: *accept*.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from accord.assurance.assessing.baseline import Baseline, Table
from accord.assurance.assessing.judging import Claims, Judged, judge, later
from accord.assurance.model import ACCEPT, CONDITIONAL, REJECT, UNDECIDED, Claim, Level


class Condition(msgspec.Struct, frozen=True):
    """What is to be made good, and by when."""

    need: str
    by: str
    """`when()` it must be met."""


class Assessment(msgspec.Struct, frozen=True):
    """What one buyer makes of one release."""

    baseline: Baseline
    verdict: str
    """One of `BUYERS_VERDICTS`."""
    judged: tuple[Judged, ...] = ()
    conditions: tuple[Condition, ...] = ()
    reasons: tuple[str, ...] = ()
    until: str = ""
    """`when()` it changes at the latest: a claim or the baseline ends. Empty: nothing ends."""


def assess(baseline: Baseline, claims: Claims, table: Table, type_: str = "") -> Assessment:
    """A buyer's verdict; `type_` is the type of the product, or empty where it is unknown."""
    now = claims.now
    if type_ and baseline.scope and type_ not in baseline.scope:
        only = ", ".join(baseline.scope)
        return Assessment(baseline, UNDECIDED, reasons=(f"{baseline.name} is for {only} only",))
    if not baseline.in_effect(now):
        return Assessment(baseline, UNDECIDED, reasons=(_out_of_effect(baseline, now),))
    judged = tuple(judge(need, claims, table) for need in baseline.needs)
    short = [one for one in judged if not one.met]
    verdict, reasons = _verdict(judged, short)
    conditions: tuple[Condition, ...] = ()
    if verdict == CONDITIONAL:
        conditions = tuple(
            Condition(one.need.id, later(now, one.need.grace)) for one in short if one.need.grace
        )
    return Assessment(
        baseline, verdict, judged, conditions, tuple(reasons), _ends(baseline, judged)
    )


def assess_all(table: Table, claims: Iterable[Claim], now: str) -> tuple[Assessment, ...]:
    """The verdict of each buyer in a table."""
    known = Claims(claims, table, now)
    return tuple(assess(baseline, known, table) for baseline in table.baselines)


def _verdict(judged: tuple[Judged, ...], short: list[Judged]) -> tuple[str, list[str]]:
    if not any(one.level or one.denials for one in judged):
        return UNDECIDED, ["there is no evidence that counts"]
    denied = [one for one in short if one.need.must and one.denials]
    if denied:
        return REJECT, [_contradiction(one) for one in denied]
    blank = [
        one for one in short if one.need.must and (one.level == Level.UNKNOWN or not one.need.grace)
    ]
    if blank:
        return UNDECIDED, [_shortfall(one) for one in blank]
    if any(one.need.grace for one in short):
        return CONDITIONAL, [_shortfall(one) for one in short if one.need.grace]
    return ACCEPT, [f"all {sum(1 for one in judged if one.need.must)} that must be met are"]


def _shortfall(one: Judged) -> str:
    return f"{one.need.id} {one.need.title}: {one.verdict}; {one.need.level.words} is needed"


def _contradiction(one: Judged) -> str:
    """Both sides by name."""
    said = "; ".join(_side(claim) for claim in one.denials)
    claimed = "; ".join(_side(support.claim) for support in one.supports)
    against = f"{claimed}, but {said}" if claimed else said
    return f"{one.need.id} {one.need.title}: contradicted: {against}"


def _side(claim: Claim) -> str:
    who = claim.issuer or "this node"
    what = claim.why or f"{claim.item} {'holds' if claim.holds else 'does not hold'}"
    return f"{who} ({claim.kind}): {what}"


def _out_of_effect(baseline: Baseline, now: str) -> str:
    if now < baseline.since:
        return f"{baseline.name} {baseline.version} takes effect on {baseline.since[:10]}"
    return f"{baseline.name} {baseline.version} ended on {baseline.until[:10]}"


def _ends(baseline: Baseline, judged: tuple[Judged, ...]) -> str:
    ends = [one.until for one in judged if one.until]
    if baseline.until:
        ends.append(baseline.until)
    return min(ends, default="")
