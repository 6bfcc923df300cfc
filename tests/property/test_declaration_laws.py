"""Law of declarations: the same document in JSON and in XML makes the same claims."""

from __future__ import annotations

from typing import Any

import declared
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.assurance.evidence.facts import Assertion, Statement
from accord.core.errors import Invalid
from accord.core.reading import Reading
from accord.flows.read import READERS

SIGNED = '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature></bom>'

refs = st.lists(st.sampled_from(["c", "d", "e", "f", "gone"]), max_size=2)
texts = st.sampled_from(["done", "not & never <done>", "済み"])
shares = st.fixed_dictionaries(
    {"score": st.sampled_from([0, 0.5, 1, 1.5])}, optional={"rationale": texts}
)
maps = st.fixed_dictionaries(
    {"requirement": st.sampled_from(["r", "gone", "ssdf@1.1#PW.4.1"])},
    optional={"claims": refs, "counterClaims": refs, "conformance": shares, "confidence": shares},
)
attestations = st.fixed_dictionaries(
    {},
    optional={
        "summary": texts,
        "assessor": st.sampled_from(["a", "gone"]),
        "map": st.lists(maps, max_size=3),
    },
)


def claim(ref: str) -> st.SearchStrategy[dict[str, Any]]:
    fields = {"predicate": texts, "reasoning": texts, "evidence": refs, "counterEvidence": refs}
    return st.fixed_dictionaries({"bom-ref": st.just(ref)}, optional=fields)


def proof(ref: str) -> st.SearchStrategy[dict[str, Any]]:
    dates = st.sampled_from(["2027-01-01T00:00:00Z", "2026-12-01T00:00:00Z"])
    fields = {"description": texts, "created": dates, "expires": dates}
    return st.fixed_dictionaries({"bom-ref": st.just(ref)}, optional=fields)


ASSESSOR = {"bom-ref": "a", "thirdParty": True, "organization": {"name": "Lab"}}
declarations = st.fixed_dictionaries(
    {"assessors": st.just([ASSESSOR])},
    optional={
        "attestations": st.lists(attestations, max_size=3),
        "claims": st.tuples(claim("c"), claim("d")).map(list),
        "evidence": st.tuples(proof("e"), proof("f")).map(list),
    },
)


def said(reading: Reading) -> tuple[Any, ...]:
    """All that was read, without the places."""
    heads = [(o.issuer, o.issued, o.kind) for o in reading.facts if isinstance(o, Statement)]
    claims = [
        (one.item, one.answer, one.why, one.expires)
        for one in reading.facts
        if isinstance(one, Assertion)
    ]
    refused = [one.reason for one in reading.refused]
    return heads, claims, refused, [(n.reason, n.subject) for n in reading.not_evaluated]


@settings(max_examples=150)
@given(declarations, st.sampled_from(["1.6", "1.7"]), st.sampled_from(["utf-8", "utf-16"]))
def test_either_syntax(found: dict[str, Any], spec: str, encoding: str) -> None:
    document = declared.body(found, spec)
    as_json = READERS["CycloneDX JSON"](declared.as_json(document))
    as_xml = READERS["CycloneDX XML"](declared.as_xml(document, encoding))
    assert said(as_xml) == said(as_json)


def whole(**entry: Any) -> dict[str, Any]:
    return declared.body(
        {
            "assessors": [ASSESSOR],
            "attestations": [
                {"assessor": "a", "map": [{"requirement": "r", "claims": ["c"], **entry}]}
            ],
            "claims": [{"bom-ref": "c", "predicate": "done", "evidence": ["e"]}],
            "evidence": [{"bom-ref": "e", "expires": "2027-01-01T00:00:00Z"}],
        }
    )


def test_a_claim_in_xml_names_its_line_and_the_end_of_its_evidence() -> None:
    data = declared.as_xml(whole())
    (one,) = [o for o in READERS["CycloneDX XML"](data).facts if isinstance(o, Assertion)]
    line = 1 + data[: data.index(b"<map>")].count(b"\n")
    assert (one.item, one.answer, one.place) == ("ssdf@1.1#PO.1.1", "yes", f"line {line}")
    assert one.expires[:10] == "2027-01-01"
    assert READERS["CycloneDX XML"](data).kind == "CycloneDX attestation"


@pytest.mark.parametrize("score", [1.5, -1, "inf", "NaN"])
def test_a_conformance_past_the_whole_is_refused(score: object) -> None:
    reading = READERS["CycloneDX XML"](declared.as_xml(whole(conformance={"score": score})))
    assert not [one for one in reading.facts if isinstance(one, Assertion)]
    assert "from 0 to 1" in reading.refused[0].reason


def test_a_signature_in_xml_is_noted_and_not_believed() -> None:
    for encoding in ("utf-8", "utf-16"):
        text = declared.as_xml(whole(), encoding).decode(encoding).replace("</bom>", SIGNED)
        reading = READERS["CycloneDX XML"](text.encode(encoding))
        noted = [(n.reason, n.subject) for n in reading.not_evaluated]
        assert ("signature not verified", "XML-DSig") in noted


def test_declarations_that_break_the_schema_are_refused() -> None:
    with pytest.raises(Invalid):
        READERS["CycloneDX XML"](declared.as_xml(whole(conformance={"score": "much"})))
