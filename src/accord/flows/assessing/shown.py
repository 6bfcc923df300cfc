"""An assessment as people and programs are shown it: the same on the command line and on pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.assessing.delta import Missing, Wanted
from accord.assurance.assessing.judging import Judged, Passed
from accord.assurance.model import Claim
from accord.flows.assessing.assess import Assessed
from accord.flows.assessing.tender import Compared

FACT, BILL = "fact", "bill"
"""Kinds of evidence that nobody hands in: a node finds the one, and counts the other."""
GROUPS = ("prepare", "protect", "produce", "respond")
"""The order in which requirements are shown."""


class ChainLink(msgspec.Struct, frozen=True):
    """A recognition that a claim rests on."""

    rule: str
    """Name of the rule."""
    statement: str
    """`sha256:` and the digest of the statement that it let in."""


class ShownClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What some evidence says of an item."""

    item: str
    """What it is about, as `catalogue@version#identifier`."""
    level: str
    """How far it is believed: `self-asserted`, `third party` or `verified`."""
    kind: str
    """Kind of evidence."""
    issuer: str
    """Who says so; empty: this node found it."""
    document: str
    """`sha256:` and the digest of the document that says so; empty: none alone does."""
    place: str
    """Where in the document."""
    issued: str
    """`when()` it was said; empty: undated."""
    expires: str
    """`when()` it no longer counts; empty: it does not say."""
    why: str
    """What was found."""
    chain: tuple[ChainLink, ...]
    """Recognitions that it rests on, from this buyer's own onwards."""


class Counted(ShownClaim, frozen=True, kw_only=True):
    """Evidence that counts for a requirement."""

    counts_for: str
    """The item that is wanted."""
    path: tuple[str, ...]
    """Items over which it carries; empty: it is about the item itself."""


class NotCounted(ShownClaim, frozen=True, kw_only=True):
    """Evidence that speaks of a requirement and does not count for it."""

    reason: str
    """Why it does not count."""


class ShownReason(msgspec.Struct, frozen=True):
    """Why a verdict is what it is."""

    text: str
    """What was found."""
    claimed: tuple[str, ...]
    """Of a contradiction: who claims it."""
    denied: tuple[str, ...]
    """Of a contradiction: who denies it, and with what."""


class ShownCondition(msgspec.Struct, frozen=True):
    """What is to be made good."""

    requirement: str
    """Name of the requirement."""
    title: str
    """What it asks for."""
    by: str
    """`when()` it must be met."""
    since: str
    """`when()` conditions began to stand; empty: with this verdict."""


class ShownRequirement(msgspec.Struct, frozen=True, kw_only=True):
    """What the evidence says of one requirement."""

    id: str
    """Its name in the baseline."""
    group: str
    """`prepare`, `protect`, `produce` or `respond`; empty: none."""
    title: str
    """What it asks for."""
    must: bool
    """False: it should be met, and need not."""
    source: str
    """The law or standard that asks for it."""
    verdict: str
    """`verified`, `third party`, `self-asserted`, `unknown` or `contradicted`."""
    needed: str
    """The least that is enough."""
    met: bool
    """Whether it is satisfied."""
    until: str
    """`when()` the first of its claims ceases to count; empty: none does."""
    evidence: tuple[Counted, ...]
    """The best claim for each item that has one."""
    denied_by: tuple[ShownClaim, ...]
    """Whatever says that an item does not hold."""
    not_counted: tuple[NotCounted, ...]
    """What speaks of it and does not count, and why."""
    missing: tuple[tuple[str, ...], ...]
    """Items, with their alternatives, that are not believed far enough."""


class Recognised(msgspec.Struct, frozen=True):
    """Another authority whose verdicts count, and by what."""

    authority: str
    """Whose verdicts."""
    chain: tuple[ChainLink, ...]
    """The recognitions, from this buyer's own onwards."""
    items: tuple[str, ...]
    """What they are about."""


class NotRecognised(msgspec.Struct, frozen=True):
    """A verdict in another authority's name that does not count."""

    buyer: str
    """Who does not recognise it; empty: it is no authority's word on this release."""
    authority: str
    """Whose verdict it is."""
    item: str
    """What it is about; empty: all of the verdict."""
    statement: str
    """`sha256:` and the digest of the statement."""
    reason: str
    """Why not."""


class ShownVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one buyer makes of the release."""

    buyer: str
    """Short name of the buyer."""
    title: str
    """Title of its baseline."""
    baseline: str
    """Version of its baseline."""
    verdict: str
    """`accept`, `accept with conditions`, `reject` or `cannot decide`."""
    until: str
    """`when()` it changes at the latest; empty: nothing ends."""
    met: int
    """Requirements that are met."""
    reasons: tuple[ShownReason, ...]
    """Why."""
    conditions: tuple[ShownCondition, ...]
    """What is to be made good, and by when."""
    recognised: tuple[Recognised, ...]
    """Verdicts of others that it rests on."""
    requirements: tuple[ShownRequirement, ...]
    """Every requirement, by group."""


class Unlocked(msgspec.Struct, frozen=True):
    """A requirement that would be met by an item alone."""

    buyer: str
    """Short name of the buyer."""
    requirement: str
    """Name of the requirement."""


class ShownWanted(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement that an item is missing for, in its buyer's words."""

    buyer: str
    """Short name of the buyer."""
    requirement: str
    """Name of the requirement."""
    title: str
    """What it asks for."""
    verdict: str
    """What it is now."""
    level: str
    """The least that is enough."""
    evidence: tuple[str, ...]
    """Kinds of evidence that count; empty: any."""
    days: int
    """How old evidence may be, in days; 0: as old as it is."""
    alternatives: tuple[str, ...]
    """Other items that would do instead."""
    answer_first: tuple[str, ...]
    """Why it is contradicted: this must be answered before anything else counts."""
    by: str
    """`when()` it must be made good; empty: before the buyer accepts."""
    would_do: str
    """What would be enough, in words."""


class ShownMissing(msgspec.Struct, frozen=True, kw_only=True):
    """An item that is missing, and what evidence of it would change."""

    item: str
    """As `catalogue@version#identifier`."""
    level: str
    """The most that anybody asks for it."""
    unlocks: tuple[Unlocked, ...]
    """Requirements that would be met by it alone."""
    accepts: tuple[str, ...]
    """Buyers who would accept by it alone."""
    effect: str
    """What it unlocks, in words."""
    wanted: tuple[ShownWanted, ...]
    """The requirements that it is missing for."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One release, with each buyer's verdict and everything behind it."""

    product: str
    """The product."""
    release: str
    """Its release; empty where it has none."""
    type: str
    """Type of product; empty: unknown."""
    digests: tuple[str, ...]
    """Of its artefacts, each after `sha256:`."""
    as_of: str
    """`when()` it is assessed."""
    verdicts: tuple[ShownVerdict, ...]
    """One for each buyer."""
    missing: tuple[ShownMissing, ...]
    """The delta list: what is missing, what unlocks most first."""
    not_recognised: tuple[NotRecognised, ...]
    """Verdicts of others that are not recognised, and why."""


class ShownOffer(ShownVerdict, frozen=True, kw_only=True):
    """What the buyer of a tender makes of one offer."""

    product: str
    """The product."""
    release: str
    """Its release."""
    supplier: str
    """Who offers it."""


class ShownTender(msgspec.Struct, frozen=True):
    """A tender with the verdict on each offer."""

    tender: str
    """Its title."""
    buyer: str
    """Short name of the buyer."""
    offers: tuple[ShownOffer, ...]
    """In the order of the tender."""


def offers(found: Compared) -> ShownTender:
    """A tender as it is shown."""
    return ShownTender(
        found.tender.tender,
        found.tender.buyer,
        tuple(
            ShownOffer(
                **msgspec.structs.asdict(verdict(one)),
                product=offer.product,
                release=offer.release,
                supplier=offer.supplier,
            )
            for offer, one in zip(found.tender.offers, found.assessments, strict=True)
        ),
    )


def shown(found: Assessed) -> Shown:
    """An assessment as it is shown."""
    by = {
        (one.baseline.name, condition.need): condition.by
        for one in found.assessments
        for condition in one.conditions
    }
    return Shown(
        product=found.release.product,
        release=found.release.release,
        type=found.release.type,
        digests=found.release.digests,
        as_of=found.now,
        verdicts=tuple(
            verdict(one, found.passed.get(one.baseline.name, {})) for one in found.assessments
        ),
        missing=tuple(_missing(one, by) for one in found.missing),
        not_recognised=tuple(
            NotRecognised(buyer, one.authority, one.item, one.statement, one.reason)
            for buyer, refused in found.refused.items()
            for one in refused
        ),
    )


def verdict(one: Assessment, passed: Mapping[str, Iterable[Passed]] | None = None) -> ShownVerdict:
    """What one buyer makes of a release, as it is shown."""
    titles = {need.id: need.title for need in one.baseline.needs}
    return ShownVerdict(
        buyer=one.baseline.name,
        title=one.baseline.title,
        baseline=one.baseline.version,
        verdict=one.verdict,
        until=one.until,
        met=sum(judged.met for judged in one.judged),
        reasons=tuple(
            ShownReason(why.text, why.sides[: why.claimed], why.sides[why.claimed :])
            for why in one.why
        ),
        conditions=tuple(
            ShownCondition(c.need, titles[c.need], c.by, c.since) for c in one.conditions
        ),
        recognised=_recognised(one),
        requirements=tuple(
            _requirement(judged, (passed or {}).get(judged.need.id, ()))
            for judged in sorted(one.judged, key=_group)
        ),
    )


def _group(judged: Judged) -> int:
    group = judged.need.group
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


def _requirement(judged: Judged, passed: Iterable[Passed]) -> ShownRequirement:
    need = judged.need
    return ShownRequirement(
        id=need.id,
        group=need.group,
        title=need.title,
        must=need.must,
        source=need.source,
        verdict=judged.verdict,
        needed=need.level.words,
        met=judged.met,
        until=judged.until,
        evidence=tuple(
            Counted(**_claim(one.claim), counts_for=one.item, path=one.path)
            for one in judged.supports
        ),
        denied_by=tuple(ShownClaim(**_claim(claim)) for claim in judged.denials),
        not_counted=tuple(NotCounted(**_claim(one.claim), reason=one.reason) for one in passed),
        missing=judged.missing,
    )


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "item": claim.item,
        "level": claim.level.words,
        "kind": claim.kind,
        "issuer": claim.issuer,
        "document": claim.evidence,
        "place": claim.place,
        "issued": claim.issued,
        "expires": claim.expires,
        "why": claim.why,
        "chain": tuple(ChainLink(link.rule, link.statement) for link in claim.links),
    }


def _recognised(one: Assessment) -> tuple[Recognised, ...]:
    """Each chain that a verdict rests on, once."""
    found: dict[tuple[str, tuple[ChainLink, ...]], list[str]] = {}
    for judged in one.judged:
        for claim in (*(support.claim for support in judged.supports), *judged.denials):
            if claim.links:
                chain = tuple(ChainLink(link.rule, link.statement) for link in claim.links)
                found.setdefault((claim.issuer, chain), []).append(claim.item)
    return tuple(
        Recognised(authority, chain, tuple(dict.fromkeys(items)))
        for (authority, chain), items in found.items()
    )


def _missing(one: Missing, by: Mapping[tuple[str, str], str]) -> ShownMissing:
    return ShownMissing(
        item=one.item,
        level=one.level.words,
        unlocks=tuple(Unlocked(buyer, need) for buyer, need in one.unlocks),
        accepts=one.accepts,
        effect=_effect(one),
        wanted=tuple(_wanted(each, by.get((each.buyer, each.need), "")) for each in one.wanted),
    )


def _effect(one: Missing) -> str:
    """What it unlocks: `unlocks 6, and au would accept`."""
    unlocked = f"unlocks {len(one.unlocks)}" if one.unlocks else "unlocks nothing alone"
    return f"{unlocked}, and {', '.join(one.accepts)} would accept" if one.accepts else unlocked


def _enough(one: Wanted) -> str:
    """Who must say so, and how far it must be believed."""
    if one.accepts == (FACT,):
        return "this node must find it so by itself"
    if one.accepts == (BILL,):
        return "a bill that states it is needed, as counted by this node"
    kinds = f" by {' or '.join(one.accepts)}" if one.accepts else ""
    return f"{one.level.words} is needed{kinds}"


def _wanted(one: Wanted, by: str) -> ShownWanted:
    age = f", at most {one.days} days old" if one.days else ""
    instead = f"; or {' or '.join(one.alternatives)}" if one.alternatives else ""
    return ShownWanted(
        buyer=one.buyer,
        requirement=one.need,
        title=one.title,
        verdict=one.verdict,
        level=one.level.words,
        evidence=one.accepts,
        days=one.days,
        alternatives=one.alternatives,
        answer_first=one.denied,
        by=by,
        would_do=f"{_enough(one)}{age}{instead}",
    )
