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
- Days of grace are counted from when conditions began to stand; past them: *cannot decide*.
- Else, since all that must be met are: *accept*.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from accord.assurance.assessing.baseline import Baseline, Table
from accord.assurance.assessing.judging import Claims, Judged, judge, later
from accord.assurance.model import ACCEPT, CONDITIONAL, REJECT, UNDECIDED, Claim, Level, type_of


class Condition(msgspec.Struct, frozen=True):
    """What is to be made good, and by when."""

    need: str
    by: str
    """`when()` it must be met."""
    since: str = ""
    """`when()` it began to stand; empty: it begins with this verdict."""


class Reason(msgspec.Struct, frozen=True):
    """Why a verdict is what it is."""

    text: str
    """What was found, for a person."""
    sides: tuple[str, ...] = ()
    """Of a contradiction: who claims it, and who denies it, with what."""
    claimed: int = 0
    """How many of the sides claim it; the others deny it."""

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        against = "; ".join(self.sides[self.claimed :])
        if self.claimed:
            against = f"{'; '.join(self.sides[: self.claimed])}, but {against}"
        return f"{self.text}: {against}" if against else self.text


class Assessment(msgspec.Struct, frozen=True):
    """What one buyer makes of one release."""

    baseline: Baseline
    verdict: str
    """One of `BUYERS_VERDICTS`."""
    judged: tuple[Judged, ...] = ()
    conditions: tuple[Condition, ...] = ()
    why: tuple[Reason, ...] = ()
    until: str = ""
    """`when()` it changes at the latest: a claim or the baseline ends. Empty: nothing ends."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, a sentence each."""
        return tuple(one.sentence for one in self.why)


def assess(baseline: Baseline, claims: Claims, table: Table, type_: str = "") -> Assessment:
    """A buyer's verdict; `type_` is the type of the product, or empty where it is unknown."""
    now = claims.now
    if baseline.scope and type_of(type_) not in map(type_of, baseline.scope):
        only = ", ".join(baseline.scope)
        return Assessment(baseline, UNDECIDED, why=(Reason(f"{baseline.name} is for {only} only"),))
    if not baseline.in_effect(now):
        return Assessment(baseline, UNDECIDED, why=(Reason(_out_of_effect(baseline, now)),))
    judged = tuple(judge(need, claims, table) for need in baseline.needs)
    short = [one for one in judged if not one.met]
    verdict, why = _verdict(judged, short)
    found = Assessment(baseline, verdict, judged, (), tuple(why), _ends(baseline, judged))
    return standing_since(found, "", now) if verdict == CONDITIONAL else found


def standing_since(found: Assessment, since: str, now: str) -> Assessment:
    """An acceptance with conditions that have stood since a `when()`; empty: they begin now.

    One that is past its date leaves its buyer unable to decide.
    """
    short = [one for one in found.judged if not one.met and one.need.grace]
    conditions = [
        Condition(one.need.id, later(since or now, one.need.grace), since) for one in short
    ]
    over = [(one, it) for one, it in zip(short, conditions, strict=True) if it.by <= now]
    if over:
        why = tuple(_overdue(one, it) for one, it in over)
        ends = _ends(found.baseline, found.judged)
        return Assessment(found.baseline, UNDECIDED, found.judged, (), why, ends)
    ends = min(end for end in (found.until, *(it.by for it in conditions)) if end)
    return msgspec.structs.replace(
        found, conditions=tuple(conditions), why=tuple(map(_shortfall, short)), until=ends
    )


def assess_all(table: Table, claims: Iterable[Claim], now: str) -> tuple[Assessment, ...]:
    """The verdict of each buyer in a table."""
    known = Claims(claims, table, now)
    return tuple(assess(baseline, known, table) for baseline in table.baselines)


def _verdict(judged: tuple[Judged, ...], short: list[Judged]) -> tuple[str, list[Reason]]:
    if not any(one.level or one.denials for one in judged):
        return UNDECIDED, [Reason("there is no evidence that counts")]
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
    return ACCEPT, [Reason(f"all {sum(1 for one in judged if one.need.must)} that must be met are")]


def _shortfall(one: Judged) -> Reason:
    needed = one.need.level.words
    return Reason(f"{one.need.id} {one.need.title}: {one.verdict}; {needed} is needed")


def _overdue(one: Judged, condition: Condition) -> Reason:
    text = _shortfall(one).text
    return Reason(
        f"{text}, since {condition.by[:10]}: the condition stood since {condition.since[:10]}"
    )


def _contradiction(one: Judged) -> Reason:
    """Both sides by name."""
    claims = dict.fromkeys(_side(support.claim) for support in one.supports)
    denials = dict.fromkeys(_side(claim) for claim in one.denials)
    text = f"{one.need.id} {one.need.title}: contradicted"
    return Reason(text, (*claims, *denials), len(claims))


def _side(claim: Claim) -> str:
    who = claim.issuer or "this node"
    what = claim.why or f"{claim.item} {'holds' if claim.holds else 'does not hold'}"
    where = f", by document {claim.evidence.removeprefix('sha256:')[:12]}" if claim.evidence else ""
    return f"{who} ({claim.kind}): {what}{where}"


def _out_of_effect(baseline: Baseline, now: str) -> str:
    if now < baseline.since:
        return f"{baseline.name} {baseline.version} takes effect on {baseline.since[:10]}"
    return f"{baseline.name} {baseline.version} ended on {baseline.until[:10]}"


def _ends(baseline: Baseline, judged: tuple[Judged, ...]) -> str:
    ends = [one.until for one in judged if one.until]
    if baseline.until:
        ends.append(baseline.until)
    return min(ends, default="")
