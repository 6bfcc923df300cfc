"""What a CycloneDX document declares of its own: claims, evidence and what speaks against them.

Law (either syntax): the same declarations in JSON and in XML make the same claims.

Signatures over parts of such a document are noted and not verified: no standing hangs on a part.
One over the whole document is verified (`jsf`).

Source: CycloneDX 1.6 and 1.7, `declarations` and `definitions.standards`.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from accord.assurance.catalogues import names
from accord.assurance.evidence import declarations_xml, facts
from accord.assurance.evidence.draft import Draft
from accord.assurance.evidence.items import is_item, parse
from accord.assurance.evidence.worth import worth
from accord.core.errors import Invalid
from accord.core.json import reason_and_place
from accord.core.limits import LIMITS
from accord.core.reading import NotEvaluated, Reading, Refused
from accord.core.times import when

T = TypeVar("T")

KIND: Final = "CycloneDX attestation"
_WHOLE: Final = 100


class _Score(msgspec.Struct, frozen=True):
    score: float = 1.0
    rationale: str = ""


class _Map(msgspec.Struct, frozen=True, rename="camel"):
    requirement: str = ""
    claims: list[str] = []
    counter_claims: list[str] = []
    conformance: _Score | None = None
    confidence: _Score | None = None
    line: int = msgspec.field(name=declarations_xml.LINE, default=0)
    """Where it starts, in XML."""


class _Attestation(msgspec.Struct, frozen=True):
    assessor: str = ""
    map: list[_Map] = []
    signature: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Claim(msgspec.Struct, frozen=True, rename="camel"):
    ref: str = msgspec.field(name="bom-ref", default="")
    predicate: str = ""
    reasoning: str = ""
    evidence: list[str] = []
    counter_evidence: list[str] = []


class _Evidence(msgspec.Struct, frozen=True):
    ref: str = msgspec.field(name="bom-ref", default="")
    description: str = ""
    created: str = ""
    expires: str = ""


class _Organisation(msgspec.Struct, frozen=True):
    name: str = ""


class _Assessor(msgspec.Struct, frozen=True, rename="camel"):
    ref: str = msgspec.field(name="bom-ref", default="")
    third_party: bool = False
    organization: _Organisation = _Organisation()


class _Declarations(msgspec.Struct, frozen=True):
    assessors: list[_Assessor] = []
    attestations: list[_Attestation] = []
    claims: list[_Claim] = []
    evidence: list[_Evidence] = []
    signature: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Requirement(msgspec.Struct, frozen=True):
    ref: str = msgspec.field(name="bom-ref", default="")
    identifier: str = ""


class _Standard(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""
    requirements: list[_Requirement] = []


class _Definitions(msgspec.Struct, frozen=True):
    standards: list[_Standard] = []


class _Component(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    timestamp: str = ""
    component: _Component | None = None


class _Document(msgspec.Struct, frozen=True):
    declarations: _Declarations | None = None
    definitions: _Definitions = _Definitions()
    metadata: _Metadata = _Metadata()


class _Known(msgspec.Struct, frozen=True):
    """What the document's references lead to."""

    claims: dict[str, _Claim]
    evidence: dict[str, _Evidence]
    items: dict[str, str]


def read(data: bytes) -> Reading:
    """The declarations of a CycloneDX document in JSON as facts; none where it has none.

    Raises:
        Invalid: they are not what the format says, or a key stands twice.
    """
    return _reading(parse(_Document, data, limits=LIMITS))


def read_xml(data: bytes) -> Reading:
    """The same of a CycloneDX document in XML.

    Raises:
        Invalid: they are not what the format says.
        Unreadable: not XML, or with a document type declaration.
        TooLarge: past a bound.
    """
    value = declarations_xml.read(data)
    try:
        found = msgspec.convert(value, _Document, strict=False)
    except msgspec.ValidationError as wrong:
        raise Invalid(*reason_and_place(wrong)) from wrong
    reading = _reading(found, is_xml=True)
    if declarations_xml.has_signature(data):
        noted = NotEvaluated("signature", "signature not verified", "XML-DSig")
        reading.not_evaluated = [*reading.not_evaluated, noted]
    return reading


def _reading(found: _Document, *, is_xml: bool = False) -> Reading:
    if found.declarations is None:
        return Reading(kind=KIND, subject="")
    draft = Draft(facts.DECLARATION, KIND, title=KIND)
    draft.issued = when(found.metadata.timestamp, "/metadata/timestamp")
    declared = found.declarations
    known = _Known(
        {one.ref: one for one in declared.claims},
        {one.ref: one for one in declared.evidence},
        _items(found.definitions),
    )
    who = {one.ref: one for one in declared.assessors}
    draft.issuer = ", ".join(one.organization.name for one in declared.assessors)
    for index, attestation in enumerate(declared.attestations):
        place = f"/declarations/attestations/{index}"
        if attestation.assessor and attestation.assessor not in who:
            draft.refused.append(Refused(f"{place}/assessor", _dangling(attestation.assessor)))
        if attestation.signature is not msgspec.UNSET:
            draft.not_read(f"{place}/signature", "signature not verified", attestation.assessor)
        for number, entry in enumerate(attestation.map):
            where = f"line {entry.line}" if is_xml else f"{place}/map/{number}"
            _entry(draft, entry, known, where)
    if declared.signature is not msgspec.UNSET:
        draft.not_read("/declarations/signature", "signature not verified", draft.issuer)
    return draft.reading(KIND)


def _dangling(ref: str) -> str:
    return f"{ref[:80]!r} is nothing that the document holds"


def _items(definitions: _Definitions) -> dict[str, str]:
    """The items that requirements of standards in the same document are."""
    return {
        one.ref: f"{names.reference(standard.name, standard.version)}#{one.identifier}"
        for standard in definitions.standards
        for one in standard.requirements
        if one.ref and one.identifier
    }


def _entry(draft: Draft, entry: _Map, known: _Known, place: str) -> None:
    item = known.items.get(entry.requirement, entry.requirement)
    if not is_item(item):
        draft.not_read(f"{place}/requirement", "no item", entry.requirement[:200])
        return
    _denied(draft, entry, known, (item, place))
    claims = _found(draft, entry.claims, known.claims, f"{place}/claims")
    if not claims:
        draft.not_read(place, "no claims", item)
        return
    score = (entry.conformance or _Score()).score
    if not 0 <= score <= 1:
        reason = f"a conformance of {score:g}; from 0 to 1 is expected"
        draft.refused.append(Refused(f"{place}/conformance/score", reason))
        return
    share = score * _WHOLE
    rationale = (entry.conformance or _Score()).rationale
    evidence = [
        one
        for claim in claims
        for one in _found(draft, claim.evidence, known.evidence, f"{place}/claims")
    ]
    ends = [when(one.expires, place) for one in evidence if one.expires]
    said = rationale or claims[0].predicate or claims[0].reasoning
    why = f"{share:g} % conformance; {said}"
    if share >= worth().declarations.threshold:
        draft.yes(item, place, why, min(ends, default=""))
    elif share <= 0:
        draft.no(item, place, why)
    else:
        draft.not_read(place, "conforms in part", item, why[:200])


def _denied(draft: Draft, entry: _Map, known: _Known, where: tuple[str, str]) -> None:
    """What the document itself holds against a claim: counter-claims and counter-evidence."""
    item, place = where
    counter = _found(draft, entry.counter_claims, known.claims, f"{place}/counterClaims")
    for claim in counter:
        draft.no(item, f"{place}/counterClaims", f"counter-claim: {claim.predicate}")
    if entry.counter_claims and not counter:
        draft.no(item, f"{place}/counterClaims", "a counter-claim that leads nowhere")
    for ref in entry.claims:
        claim = known.claims.get(ref, _Claim())
        for against in claim.counter_evidence:
            said = known.evidence.get(against, _Evidence()).description
            draft.no(item, place, f"counter-evidence {against[:80]}: {said}")


def _found(draft: Draft, refs: list[str], among: dict[str, T], place: str) -> list[T]:
    """What references lead to; one that leads nowhere is refused by itself."""
    for ref in refs:
        if ref not in among:
            draft.refused.append(Refused(place, _dangling(ref)))
    return [among[ref] for ref in refs if ref in among]
