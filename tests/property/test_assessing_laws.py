"""The laws of verdicts, against an oracle that knows only sets."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.assurance.assessing.baseline import Baseline, Need, Table
from accord.assurance.assessing.deciding import Assessment, assess, assess_all
from accord.assurance.assessing.delta import delta
from accord.assurance.assessing.judging import Claims, judge, later
from accord.assurance.model import ACCEPT, CONDITIONAL, REJECT, UNDECIDED, Claim, Level

NOW = "2026-11-23T12:00:00.000000Z"
PAST, RECENT, COMING = (
    "2025-01-01T00:00:00.000000Z",
    "2026-11-01T00:00:00.000000Z",
    "2027-06-01T00:00:00.000000Z",
)
ITEMS = tuple(f"c@1#{name}" for name in "abcdef")
KINDS = ("attestation form", "provenance", "certificate")
levels = st.sampled_from(Level)
items = st.sampled_from(ITEMS)


class Fixed(NamedTuple):
    item: str
    path: tuple[str, ...]
    satisfies: bool
    cap: Level
    onto_ours: bool = False


class Map:
    """A crosswalk of single steps."""

    def __init__(self, steps: dict[str, tuple[Fixed, ...]]) -> None:
        self.steps = steps

    def sources(self, item: str) -> tuple[Fixed, ...]:
        return self.steps.get(item, ())


@st.composite
def crosswalks(draw: st.DrawFn) -> Map:
    steps: dict[str, tuple[Fixed, ...]] = {}
    for item in ITEMS:
        others = set(draw(st.lists(items, max_size=3))) - {item}
        steps[item] = tuple(
            Fixed(other, (other, item), draw(st.booleans()), draw(levels))
            for other in sorted(others)
        )
    return Map(steps)


claims = st.lists(
    st.builds(
        Claim,
        item=items,
        holds=st.sampled_from([True, True, True, True, False]),
        level=levels,
        kind=st.sampled_from(KINDS),
        issuer=st.sampled_from(["", "supplier", "assessor"]),
        issued=st.sampled_from(["", PAST, RECENT, RECENT, COMING]),
        expires=st.sampled_from(["", "", PAST, COMING]),
    ),
    max_size=8,
)
needs = st.builds(
    Need,
    id=st.text("PR", min_size=1, max_size=3),
    title=st.just("it is done"),
    must=st.booleans(),
    items=st.lists(
        st.lists(items, min_size=1, max_size=2, unique=True).map(tuple), min_size=1, max_size=3
    ).map(tuple),
    accepts=st.sampled_from([frozenset[str](), frozenset(KINDS[:1]), frozenset(KINDS[:2])]),
    level=st.sampled_from(list(Level)[1:]),
    days=st.sampled_from([0, 90, 10_000_000]),
    grace=st.sampled_from([0, 30]),
)


@st.composite
def baselines(draw: st.DrawFn, name: str = "au") -> Baseline:
    found = draw(st.lists(needs, min_size=1, max_size=4))
    numbered = [msgspec.structs.replace(one, id=f"R{i}") for i, one in enumerate(found)]
    return Baseline(name=name, needs=tuple(numbered))


def counts(claim: Claim, every: list[Claim], need: Need) -> bool:
    """The oracle: whether a claim counts for a requirement at all."""
    newer = any(
        other.issued > claim.issued
        for other in every
        if claim.issuer and claim.issued
        and (other.item, other.issuer, other.kind) == (claim.item, claim.issuer, claim.kind)
        and other.level == claim.level
    )  # fmt: skip
    fresh = claim.issued <= NOW and (not claim.expires or claim.expires > NOW)
    if newer or not fresh or claim.level == Level.UNKNOWN:
        return False
    if not claim.holds:
        return True
    if need.days and (not claim.issued or later(claim.issued, need.days) <= NOW):
        return False
    return not need.accepts or claim.kind in need.accepts


def oracle(need: Need, every: list[Claim], crosswalk: Map) -> tuple[bool, Level]:
    """Whether it is denied, and how far it is believed."""
    counting = [claim for claim in every if counts(claim, every, need)]

    def of_item(item: str) -> tuple[bool, Level]:
        reach = [(item, Level.VERIFIED)]
        reach += [(way.item, way.cap) for way in crosswalk.sources(item) if way.satisfies]
        level = max(
            (min(c.level, cap) for c in counting for name, cap in reach
             if c.holds and c.item == name),
            default=Level.UNKNOWN,
        )  # fmt: skip
        denied = any(
            not c.holds
            and (
                c.item == item
                or any(w.satisfies and w.item == item for w in crosswalk.sources(c.item))
            )
            for c in counting
        )
        return denied, level

    groups = []
    for alternatives in need.items:
        found = [of_item(item) for item in alternatives]
        open_ = [level for denied, level in found if not denied]
        groups.append((not open_, max(open_ or [level for _, level in found])))
    return any(denied for denied, _ in groups), min(level for _, level in groups)


@given(needs, claims, crosswalks())
@settings(max_examples=400)
def test_a_requirement_is_as_the_oracle_says(need: Need, every: list[Claim], walk: Map) -> None:
    table = Table([Baseline(name="au", needs=(need,))], walk)
    found = judge(need, Claims(every, table, NOW), table)
    denied, level = oracle(need, every, walk)
    assert found.level == level
    assert (found.verdict == "contradicted") == denied == bool(found.denials)
    assert found.met == (not denied and level >= need.level and level > Level.UNKNOWN)
    assert bool(found.missing) == (not found.met)


@given(baselines())
def test_unknown_never_passes(baseline: Baseline) -> None:
    table = Table([baseline], Map({}))
    nobody = [Claim(item=item, level=Level.UNKNOWN, kind="certificate") for item in ITEMS]
    for every in ([], nobody):
        found = assess(baseline, Claims(every, table, NOW), table)
        assert found.verdict == UNDECIDED
        assert all(one.verdict == "unknown" and not one.met for one in found.judged)


@given(baselines(), claims, crosswalks())
def test_a_verdict_follows_from_its_requirements(
    baseline: Baseline, every: list[Claim], walk: Map
) -> None:
    table = Table([baseline], walk)
    found = assess(baseline, Claims(every, table, NOW), table)
    musts = [one for one in found.judged if one.need.must]
    if found.verdict == ACCEPT:
        assert all(one.met for one in musts)
        assert not any(one.need.grace and not one.met for one in found.judged)
        assert not found.conditions
    if found.verdict == CONDITIONAL:
        assert found.conditions
        assert all(one.level > Level.UNKNOWN and not one.denials for one in musts)
        assert {c.need for c in found.conditions} >= {o.need.id for o in musts if not o.met}
    if found.verdict == REJECT:
        assert any(one.denials for one in musts)
    else:
        assert not any(one.denials for one in musts)
    assert found.reasons


def rank(found: Assessment) -> list[tuple[bool, Level]]:
    return [(not one.denials, one.level) for one in found.judged]


@given(baselines(), claims, crosswalks(), st.randoms())
def test_order_does_not_matter(
    baseline: Baseline, every: list[Claim], walk: Map, random: Random
) -> None:
    table = Table([baseline], walk)
    mixed = list(every)
    random.shuffle(mixed)
    one, other = (assess_all(table, given_, NOW)[0] for given_ in (every, mixed))
    assert (one.verdict, rank(one), one.until) == (other.verdict, rank(other), other.until)


@given(baselines(), claims, crosswalks(), items)
def test_a_denial_never_helps(baseline: Baseline, every: list[Claim], walk: Map, item: str) -> None:
    table = Table([baseline], walk)
    denial = Claim(item=item, holds=False, level=Level.VERIFIED, kind="fact", issuer="")
    before, after = (assess_all(table, given_, NOW)[0] for given_ in (every, [*every, denial]))
    for old, new in zip(before.judged, after.judged, strict=True):
        assert new.met <= old.met


@given(baselines("au"), baselines("jp"), claims, crosswalks())
@settings(max_examples=60)
def test_what_unlocks_does(au: Baseline, jp: Baseline, every: list[Claim], walk: Map) -> None:
    table = Table([au, jp], walk)
    known = Claims(every, table, NOW)
    found = assess_all(table, every, NOW)
    met = {(a.baseline.name, j.need.id) for a in found for j in a.judged if j.met}
    listed = delta(found, {"au": known, "jp": known}, table)
    assert [len(one.unlocks) for one in listed] == sorted(
        (len(one.unlocks) for one in listed), reverse=True
    )
    short = {
        item
        for a in found for j in a.judged if not j.met for group in j.missing for item in group
    }  # fmt: skip
    assert {one.item for one in listed} == short
    for one in listed:
        for assessment in found:
            for need in assessment.baseline.needs:
                place = (assessment.baseline.name, need.id)
                more = Claim(
                    item=one.item, level=one.level, kind=min(need.accepts, default=""), issued=NOW,
                    issuer="what is missing",
                )  # fmt: skip
                denied, level = oracle(need, [*every, more], walk)
                now_met = not denied and level >= need.level
                assert (place in one.unlocks) == (now_met and place not in met)
