"""What this node finds by itself about a release, as claims: facts contradict what is claimed.

Law (unknown never passes): a fact that cannot be established is no claim, neither for nor against.
Law (both sides): a claim against something names what is claimed and the fact that speaks against
it, each with its document.

What holds, and what speaks against it:

- `fact@1#no-known-exploited`: every component of its bill could be looked up, and no vulnerability
  that is known to be exploited is open. One is.
- `fact@1#supported-components`: the product's own life cycle is known and goes on, and that of no
  component has ended. One has ended.
- `fact@1#bill-matches-provenance`: both name the same artefact, and no other version of a
  dependency. They do not.
- `fact@1#answered-in-time`: every vulnerability was answered within the days that the supplier
  claims. One was not.
- `fact@1#disclosure-contact`: a document names where to report. One claims so, and none names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from accord.assurance.assessing.judging import later
from accord.assurance.evidence.described import RESPONDS
from accord.assurance.evidence.items import PROVES
from accord.assurance.model import Claim, Level

EXPLOITED = "fact@1#no-known-exploited"
SUPPORTED = "fact@1#supported-components"
AGREES = "fact@1#bill-matches-provenance"
IN_TIME = "fact@1#answered-in-time"
CONTACT = "fact@1#disclosure-contact"
KIND = "fact"
_WITHIN = re.compile(rf"{re.escape(RESPONDS)}([0-9]{{1,4}})\Z")
"""What a supplier claims of itself: the days within which it answers."""
_SHOWN = 3
"""Examples in a sentence."""


class OpenVulnerability(msgspec.Struct, frozen=True, kw_only=True):
    """A vulnerability of a component that is shipped."""

    vulnerability: str
    component: str
    exploited: str = ""
    """YYYY-MM-DD since when it is known to be exploited; empty: it is not."""
    open: bool = True
    """Whether neither a supplier's statement nor a person closes it."""
    closed: Level = Level.UNKNOWN
    """How far it is believed that it is closed; of no matter where it is open."""
    published: str = ""
    """`when()` it was first published."""
    answered: str = ""
    """`when()` its supplier first answered, as the supplier dates it; empty: never."""
    arrived: str = ""
    """`when()` this node first had an answer; empty: there is none."""
    document: str = ""
    """Digest of the document that tells of it."""


class Ended(msgspec.Struct, frozen=True):
    """A component or product whose life cycle has ended."""

    name: str
    end: str
    """YYYY-MM-DD, or empty: it says only that it ended."""
    document: str = ""


class Named(msgspec.Struct, frozen=True):
    """An artefact as a document names it."""

    name: str
    digest: str
    """Algorithm and digest, as `sha256:...`; empty: it gives none."""
    document: str
    """Digest of the document."""
    level: Level = Level.UNKNOWN
    """How far what the document says is believed."""


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """What this node knows of a release by itself."""

    bills: tuple[str, ...] = ()
    """Digests of its bills."""
    components: tuple[str, ...] = ()
    """Package URLs of its components."""
    unknown: int = 0
    """Components that could not be looked up."""
    counted: int = 0
    """Components in all."""
    catalogued: bool = True
    """Whether a catalogue of what is exploited is here to look them up in."""
    vulnerabilities: tuple[OpenVulnerability, ...] = ()
    ended: tuple[Ended, ...] = ()
    supported: bool = False
    """Whether the product's own life cycle is known, and goes on."""
    billed: tuple[Named, ...] = ()
    """The artefact, as its bills name it."""
    built: tuple[Named, ...] = ()
    """The artefact, as its provenance names it."""
    made_from: tuple[Named, ...] = ()
    """Dependencies, as its provenance names them."""
    contacts: tuple[str, ...] = ()
    """Where vulnerabilities may be reported, as its documents say."""


def findings(
    shipped: Shipped, claims: Sequence[Claim], now: str, contact: frozenset[str] = frozenset()
) -> list[Claim]:
    """What this node finds of a release, beside what is claimed of it.

    `contact` are the items by which somebody claims that there is a contact for reports.
    """
    found = [
        *_exploited(shipped),
        *_supported(shipped),
        *_agreement(shipped),
        *_in_time(shipped, claims, now),
        *_contact(shipped, claims, contact | {CONTACT}),
    ]
    return [msgspec.structs.replace(one, issued=str(now)) for one in found]


def _claim(
    item: str, why: str, document: str = "", *, holds: bool, level: Level = Level.VERIFIED
) -> Claim:
    evidence = f"sha256:{document}" if document else ""
    return Claim(item=item, holds=holds, level=level, kind=KIND, evidence=evidence, why=why)


def _exploited(shipped: Shipped) -> Iterator[Claim]:
    known = [one for one in shipped.vulnerabilities if one.open and one.exploited]
    for one in known:
        why = f"{one.vulnerability} in {one.component} is known to be exploited since"
        yield _claim(EXPLOITED, f"{why} {one.exploited}, and open", one.document, holds=False)
    looked_up = shipped.bills and shipped.counted and not shipped.unknown and shipped.catalogued
    if looked_up and not known:
        closed = [one.closed for one in shipped.vulnerabilities if one.exploited]
        level = min(closed, default=Level.VERIFIED)
        if level is Level.UNKNOWN:
            return
        why = f"none of {shipped.counted:,} components has an open one"
        if level < Level.VERIFIED:
            why = f"{why}, by the word of a supplier alone"
        yield _claim(EXPLOITED, why, shipped.bills[0], holds=True, level=level)


def _supported(shipped: Shipped) -> Iterator[Claim]:
    for one in shipped.ended:
        day = f" on {one.end}" if one.end else ""
        yield _claim(SUPPORTED, f"support of {one.name} ended{day}", one.document, holds=False)
    if shipped.supported and not shipped.ended:
        why = "the product is supported, and no component's support has ended"
        yield _claim(SUPPORTED, why, holds=True)


def _agreement(shipped: Shipped) -> Iterator[Claim]:
    shipped = _best_proven(shipped)
    billed = {one.digest for one in shipped.billed if one.digest}
    built = {one.digest for one in shipped.built if one.digest}
    other = list(_other_versions(shipped))
    differ = any(ours.isdisjoint(theirs) for ours, theirs in _comparable(billed, built))
    if differ:
        bill, provenance = shipped.billed[0], shipped.built[0]
        yield _claim(
            AGREES,
            f"the bill {bill.document[:12]} describes {bill.name} with {_short(billed)}; the"
            f" provenance {provenance.document[:12]} is of {provenance.name} with {_short(built)}",
            provenance.document,
            holds=False,
        )
    for material, component in other:
        why = f"built from {material.name}, as provenance {material.document[:12]} says; its bill"
        yield _claim(AGREES, f"{why} lists {component}", material.document, holds=False)
    proven = {digest for digest in billed if digest.partition(":")[0] in PROVES}
    same = [one for one in shipped.built if one.digest in proven and one.level]
    if same and not other and not differ:
        best = max(same, key=lambda one: one.level)
        # Short of a builder that this node verified, it is somebody's word.
        verified = best.level is Level.VERIFIED
        level = Level.VERIFIED if verified else Level.SELF_ASSERTED
        who = "" if verified else ", which no builder with a standing here signed"
        why = f"bill and provenance name the same artefact{who}"
        yield _claim(AGREES, why, best.document, holds=True, level=level)


def _best_proven(shipped: Shipped) -> Shipped:
    """Only what a verified builder says, where one says what was built."""
    if not any(one.level is Level.VERIFIED for one in shipped.built):
        return shipped
    built, made_from = (
        tuple(one for one in named if one.level is Level.VERIFIED)
        for named in (shipped.built, shipped.made_from)
    )
    return msgspec.structs.replace(shipped, built=built, made_from=made_from)


def _comparable(ours: set[str], theirs: set[str]) -> Iterator[tuple[set[str], set[str]]]:
    """The digests of both sides, by each algorithm that both know."""
    for scheme in {digest.partition(":")[0] for digest in ours}:
        mine, other = (
            {digest for digest in digests if digest.partition(":")[0] == scheme}
            for digests in (ours, theirs)
        )
        if other:
            yield mine, other


def _other_versions(shipped: Shipped) -> Iterator[tuple[Named, str]]:
    """Dependencies of which the bill lists other versions only."""
    listed: dict[str, set[str]] = {}
    for purl in shipped.components:
        listed.setdefault(_package(purl), set()).add(_exact(purl))
    for one in shipped.made_from:
        if one.name.startswith("pkg:") and "@" in one.name:
            versions = listed.get(_package(one.name))
            if versions and _exact(one.name) not in versions:
                yield one, min(versions)


def _exact(purl: str) -> str:
    return purl.partition("?")[0].partition("#")[0]


def _package(purl: str) -> str:
    return _exact(purl).rpartition("@")[0] or _exact(purl)


def _short(digests: Iterable[str]) -> str:
    return ", ".join(sorted(digest[:19] for digest in digests)[:_SHOWN])


def _in_time(shipped: Shipped, claims: Sequence[Claim], now: str) -> Iterator[Claim]:
    """The shortest time that the supplier claims is held against what happened."""
    claimed = [
        (int(match[1]), claim)
        for claim in claims
        if claim.holds and claim.level and (match := _WITHIN.match(claim.item))
    ]
    if not claimed:
        return
    days, claim = min(claimed, key=lambda one: one[0])
    dated = [one for one in shipped.vulnerabilities if one.published]
    late = [one for one in dated if (one.answered or now) > later(one.published, days)]
    for one in late:
        answer = f"answered on {one.answered[:10]}" if one.answered else "not answered"
        yield _claim(
            IN_TIME,
            f"{one.vulnerability}, published on {one.published[:10]}, was {answer};"
            f" {claim.issuer or 'the supplier'} claims {days} days",
            one.document,
            holds=False,
        )
    if dated and not late and all(one.answered for one in dated):
        # Dated in time by its author; verified where this node had it by then.
        here = all(one.arrived and one.arrived <= later(one.published, days) for one in dated)
        level = Level.VERIFIED if here else Level.SELF_ASSERTED
        by = "" if here else ", as the answers are dated; they came here later"
        why = f"each of {len(dated)} was answered within {days} days{by}"
        yield _claim(IN_TIME, why, holds=True, level=level)


def _contact(shipped: Shipped, claims: Sequence[Claim], items: frozenset[str]) -> Iterator[Claim]:
    if shipped.contacts:
        yield _claim(CONTACT, f"{shipped.contacts[0]} is named", holds=True)
        return
    for claim in claims:
        if claim.item in items and claim.holds and claim.level:
            who = claim.issuer or "the supplier"
            why = f"{who} claims {claim.item}, and no document names where to report"
            yield _claim(CONTACT, why, claim.evidence.removeprefix("sha256:"), holds=False)
