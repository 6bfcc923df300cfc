"""A buyer's verdict on one release, stated for its partners.

Law (round trip): what is read of a statement is what was stated.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.assessing.recognition import Found, Statement
from accord.assurance.model import (
    BUYERS_VERDICTS,
    CONTRADICTED,
    LEVELS,
    REQUIREMENT_VERDICTS,
    Claim,
    Level,
    Link,
)
from accord.assurance.statements import statement
from accord.assurance.statements.facts import Verdict
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.core.times import when

PREDICATE: Final = "urn:accord:verdict:1"
MARK: Final = PREDICATE.encode()


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release, as it is assessed."""

    product: str
    release: str = ""
    type: str = ""
    """Type of product: `network device`, ...; empty: unknown."""
    digests: tuple[str, ...] = ()
    """Of its artefacts, each after `sha256:`; those of its bill where it has no other."""

    @property
    def name(self) -> str:
        """Product and release in one."""
        return f"{self.product} {self.release}".strip()


class _Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    item: str
    verdict: str
    until: str = ""
    evidence: str = ""
    links: tuple[Link, ...] = ()
    issued: str | None = None
    """When the evidence was issued; empty: it is undated. None: an older statement says nothing."""
    expires: str = ""
    """When the evidence expires, by its own words."""


class _Requirement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    id: str
    verdict: str
    met: bool
    by: str = ""
    """When it must be made good, where that is a condition."""


class _Predicate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    buyer: str
    baseline: str
    verdict: str
    product: str
    release: str
    type: str
    at: str
    until: str
    person: str
    reasons: tuple[str, ...]
    requirements: tuple[_Requirement, ...]
    items: tuple[_Item, ...]


def write(assessment: Assessment, release: Release, at: str, person: str) -> bytes:
    """The statement of a verdict.

    Raises:
        Invalid: the release has no digest by which others could know it.
    """
    if not release.digests:
        raise Invalid(
            f"{release.name} has no artefact or bill whose digest could be named; add one with"
            " `accord evidence add`"
        )
    due = {one.need: one.by for one in assessment.conditions}
    predicate = _Predicate(
        buyer=assessment.baseline.name,
        baseline=assessment.baseline.version,
        verdict=assessment.verdict,
        product=release.product,
        release=release.release,
        type=release.type,
        at=at,
        until=assessment.until,
        person=person,
        reasons=assessment.reasons,
        requirements=tuple(
            _Requirement(one.need.id, one.verdict, one.met, due.get(one.need.id, ""))
            for one in assessment.judged
        ),
        items=tuple(_items(assessment)),
    )
    return statement.write(statement.subjects(release.name, release.digests), PREDICATE, predicate)


def _items(assessment: Assessment) -> Iterable[_Item]:
    """What was found of each item, the best of it, in order; a denial before everything.

    What was recognised is told of the item that the other authority spoke of.
    """
    found: dict[str, tuple[_Rank, _Item]] = {}
    for judged in assessment.judged:
        for support in judged.supports:
            claim = support.claim
            item = claim.item if claim.links else support.item
            level = claim.level if claim.links else support.level
            one = _item(claim, item, level.words, support.until)
            _keep(found, level, one)
        for claim in judged.denials:
            one = _item(claim, claim.item, CONTRADICTED, claim.expires)
            _keep(found, claim.level, one)
    return [found[item][1] for item in sorted(found)]


def _item(claim: Claim, item: str, verdict: str, until: str) -> _Item:
    """What was found of an item, with the evidence's own dates."""
    return _Item(item, verdict, until, claim.evidence, claim.links, claim.issued, claim.expires)


_Rank = tuple[bool, Level, int, str, str]


def _keep(found: dict[str, tuple[_Rank, _Item]], level: Level, one: _Item) -> None:
    rank = (one.verdict == CONTRADICTED, level, -len(one.links), one.issued or "", one.evidence)
    if one.item not in found or rank > found[one.item][0]:
        found[one.item] = (rank, one)


def read(data: bytes) -> Reading:
    """A verdict as a fact.

    Raises:
        Invalid: not a statement of a verdict.
    """
    about, said = statement.read(data, PREDICATE, _Predicate)
    if said.verdict not in BUYERS_VERDICTS:
        raise Invalid(f"{said.verdict[:60]!r} is not a verdict", "/predicate/verdict")
    for place, line in enumerate(said.requirements):
        if line.verdict not in REQUIREMENT_VERDICTS:
            raise Invalid(f"{line.verdict[:60]!r}", f"/predicate/requirements/{place}/verdict")
    for place, one in enumerate(said.items):
        if one.verdict not in LEVELS and one.verdict != CONTRADICTED:
            raise Invalid(f"{one.verdict[:60]!r}", f"/predicate/items/{place}/verdict")
        for name in ("until", "issued", "expires"):
            when(getattr(one, name) or "", f"/predicate/items/{place}/{name}")
    if not said.buyer or not said.product:
        raise Invalid("a verdict names buyer and product", "/predicate")
    at = when(said.at, "/predicate/at")
    if not at:
        raise Invalid("a verdict has a date", "/predicate/at")
    fact = Verdict(
        authority=said.buyer, product=said.product, release=said.release, type=said.type,
        digests=tuple(f"sha256:{one.digest.sha256}" for one in about), baseline=said.baseline,
        verdict=said.verdict, at=at, until=when(said.until, "/predicate/until"),
        person=said.person, found=msgspec.json.encode(said.items).decode(),
    )  # fmt: skip
    return Reading(
        kind="verdict",
        # Each stays: which is the newest depends on whose it is, on the artefact and on the time.
        subject="",
        edition=at,
        title=f"{said.buyer} on {said.product} {said.release}: {said.verdict}",
        facts=[fact],
    )


def resting_on(data: bytes) -> tuple[str, ...]:
    """Digests of the statements of others that a verdict rests on, in order.

    Raises:
        Invalid: not a statement of a verdict.
    """
    _, said = statement.read(data, PREDICATE, _Predicate)
    links = {link.statement.removeprefix("sha256:") for one in said.items for link in one.links}
    return tuple(sorted(links))


def known(fact: Verdict, document: str) -> Statement:
    """A verdict that a node keeps, as recognition asks for it; `document` is its digest."""
    return Statement(
        id=f"sha256:{document}",
        authority=fact.authority,
        at=fact.at,
        until=fact.until,
        type=fact.type,
        found=tuple(
            Found(
                one.item,
                LEVELS.get(one.verdict, Level.THIRD_PARTY),
                one.verdict == CONTRADICTED,
                one.links,
                when(one.until),
                None if one.issued is None else when(one.issued),
                when(one.expires),
            )
            for one in msgspec.json.decode(fact.found, type=tuple[_Item, ...])
        ),
    )
