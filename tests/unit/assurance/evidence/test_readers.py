"""What each reader of evidence makes of valid, odd and hostile documents."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import evidence_made as made
import pytest
from shared import real_members

from accord.assurance.evidence import (
    declarations,
    descriptions,
    dsse,
    evaluations,
    scorecard,
    statements,
)
from accord.assurance.evidence.facts import Artefact, Assertion, Statement
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.reading import Reading
from accord.flows.read import READERS


def said(reading: Reading) -> dict[str, str]:
    return {one.item: one.answer for one in reading.facts if isinstance(one, Assertion)}


def head(reading: Reading) -> Statement:
    return next(one for one in reading.facts if isinstance(one, Statement))


def test_provenance_names_its_builder_and_materials() -> None:
    reading = statements.read(made.provenance())
    one = head(reading)
    assert (one.kind, one.builder, one.issued[:10]) == ("provenance", made.BUILDER, "2026-11-01")
    parts = [(a.part, a.algorithm) for a in reading.facts if isinstance(a, Artefact)]
    assert parts == [("subject", "sha256"), ("material", "gitCommit")]
    assert said(reading) == {"slsa@1.0#build-l1": "yes"}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"_type": "https://in-toto.io/Statement/v2"}, "/_type"),
        ({"subject": []}, "/subject"),
        ({"subject": [{"name": "x", "digest": {}}]}, "/subject/0"),
        ({"subject": [{"name": "x", "digest": {"sha256": "zz"}}]}, "/subject/0/digest/sha256"),
        ({"subject": [{"name": "x", "digest": {"sha256": "a" * 63}}]}, "/subject/0/digest/sha256"),
        ({"predicateType": ""}, "/predicateType"),
        ({"predicate": {}}, "/predicate"),
        ({"predicate": {"buildDefinition": 3}}, "/predicate/buildDefinition"),
    ],
)
def test_a_statement_that_breaks_its_format_is_refused(change: dict[str, Any], place: str) -> None:
    body = {**json.loads(made.provenance()), **change}
    with pytest.raises(Invalid) as found:
        statements.read(json.dumps(body).encode())
    assert found.value.place == place


def test_provenance_without_a_builder_is_none() -> None:
    with pytest.raises(Invalid, match="builder"):
        statements.read(made.provenance(builder=" "))


def test_a_summary_that_failed_denies_and_claims_no_level() -> None:
    passed = said(statements.read(made.summary("PASSED", "SLSA_BUILD_LEVEL_2")))
    assert passed == {
        "vsa@1#passed": "yes",
        "slsa@1.0#build-l1": "yes",
        "slsa@1.0#build-l2": "yes",
    }
    failed = said(statements.read(made.summary("FAILED", "SLSA_BUILD_LEVEL_2")))
    assert failed == {"vsa@1#passed": "no"}
    with pytest.raises(Invalid):
        statements.read(made.summary("MAYBE"))


def test_results_name_items_or_their_own_words() -> None:
    reading = statements.read(made.result("ssdf@1.1#PO.1.1", "SLSA_BUILD_LEVEL_0", "LAB_OK"))
    assert said(reading) == {"ssdf@1.1#PO.1.1": "yes", "svr@0.1#LAB_OK": "yes"}


def test_what_is_not_read_is_kept_and_named() -> None:
    for kind, predicate_type in (
        ("bill", "https://spdx.dev/Document/v2.3"),
        ("bill", "https://cyclonedx.org/bom"),
        ("scan", "https://in-toto.io/attestation/vulns/v0.1"),
        ("statement", "https://example.org/anything"),
    ):
        reading = statements.read(made.statement(predicate_type, {}))
        assert head(reading).kind == kind
        assert [(n.reason, n.subject) for n in reading.not_evaluated] == [
            ("kept, not read", predicate_type)
        ]
        assert said(reading) == {}


TWICE: dict[str, Callable[[], bytes]] = {
    "in-toto statement": made.provenance,
    "DSSE envelope": lambda: made.envelope(made.provenance(), made.Key()),
    "Scorecard result": lambda: made.scorecard(Fuzzing=9),
    "description of evidence": made.form,
}


@pytest.mark.parametrize("name", sorted(TWICE))
def test_a_member_that_stands_twice_is_refused(name: str) -> None:
    data = TWICE[name]().replace(b"{", b'{"x": 1, "x": 2,', 1)
    with pytest.raises(Unreadable, match=r"(?i)duplicate"):
        READERS[name](data)


def test_a_member_that_stands_twice_in_the_payload_is_refused() -> None:
    payload = made.provenance().replace(b"{", b'{"predicateType": "x",', 1)
    with pytest.raises(Unreadable):
        statements.read_envelope(made.envelope(payload, made.Key()))


@pytest.mark.parametrize("text", ["a", "YWJj=", "YW-/", "YWJj\n", "YWI", "YWJ=", "é"])
def test_base64_has_one_form(text: str) -> None:
    if text == "YWI":
        assert dsse.decoded(text, "") == b"ab"
        return
    with pytest.raises(Invalid):
        dsse.decoded(text, "")


def test_envelopes_have_bounds() -> None:
    one = {"sig": base64.b64encode(b"x").decode()}
    with pytest.raises(TooLarge, match="17 signatures"):
        dsse.read(made.envelope(b"{}", signatures=[one] * 17))
    with pytest.raises(TooLarge):
        dsse.read(b" " * (64 << 20) + b"{}")
    with pytest.raises(TooLarge):
        statements.read(b'{"a":' * 200 + b"1" + b"}" * 200)


def test_scores_become_claims_by_a_threshold() -> None:
    reading = scorecard.read(
        made.scorecard(Fuzzing=7, SAST=6.9, Dangerous_Workflow=9, CI_Tests=-1, Maintained=11)
    )
    assert said(reading) == {
        "scorecard@5#Fuzzing": "yes",
        "scorecard@5#SAST": "no",
        "scorecard@5#Dangerous-Workflow": "no",
    }
    assert [n.reason for n in reading.not_evaluated] == ["could not be run"]
    assert [r.place for r in reading.refused] == ["/checks/4"]


def test_evaluations_of_both_shapes() -> None:
    old = {
        "evaluation-suites": [
            {
                "end-time": "2026-11-01T00:00:00Z",
                "control-evaluations": [
                    {
                        "assessments": [
                            {"requirement-id": "OSPS-AC-01.01", "result": "Passed"},
                            {"requirement-id": "OSPS-AC-02.01", "result": "NeedsReview"},
                            {"requirement-id": "OSPS-AC-03.01", "result": "Wonderful"},
                        ]
                    }
                ],
            }
        ]
    }
    reading = evaluations.read(json.dumps(old).encode())
    assert said(reading) == {"osps@unversioned#OSPS-AC-01.01": "yes"}
    assert [n.reason for n in reading.not_evaluated] == ["needs review"]
    assert [r.reason for r in reading.refused] == ["'Wonderful' is not a result"]
    assert head(reading).issued[:10] == "2026-11-01"
    new = b"""\
metadata:
  type: EvaluationLog
  author: {name: scanner}
  mapping-references:
  - {id: OSPS-B, version: "2025.10.10"}
evaluations:
- name: MFA
  result: Failed
  control: {reference-id: OSPS-B, entry-id: OSPS-AC-01}
  assessment-logs:
  - requirement: {reference-id: OSPS-B, entry-id: OSPS-AC-01.01}
    result: Failed
    message: no
    start: 2026-11-02T00:00:00Z
"""
    reading = evaluations.read(new)
    assert said(reading) == {"osps@2025.10.10#OSPS-AC-01.01": "no"}
    with pytest.raises(Invalid):
        evaluations.read(b"metadata: {}\n")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"items": []}, "/items"),
        ({"items": [{"item": "1-a", "answer": "yes"}] * 2}, "/items/1"),
        ({"items": [{"item": "1-a", "answer": "plan"}]}, "/items/0/by"),
        ({"items": [{"item": "1-a", "answer": "yes", "by": "2027-01-01"}]}, "/items/0/by"),
        ({"items": [{"item": "1-a", "answer": "perhaps"}]}, "/items/0/answer"),
        ({"catalogue": ""}, "/items/0/item"),
        ({"catalogue": "ssaf"}, "/catalogue"),
        ({"product": " "}, "/product"),
        ({"date": "soon"}, "/date"),
        ({"date": ""}, "/date"),
        ({"expires": "2026-09-01"}, "/expires"),
        ({"document": "sha256:1"}, "/document"),
        ({"verdict": "accept"}, ""),
        ({"evidence": "oath"}, "/evidence"),
    ],
)
def test_a_form_that_breaks_its_format_is_refused(change: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as found:
        descriptions.read(made.form(**change))
    assert found.value.place == place


def test_a_form_in_yaml_says_the_same() -> None:
    written = b"""\
# Signed in June
evidence: attestation form
catalogue: ssaf@1
producer: Lantern Works
product: Lantern
signed_by: {name: B. Rao}
date: 2026-10-01
items:
- {item: 1-a, answer: yes}
"""
    assert said(READERS["description of evidence"](written)) == {"ssaf@1#1-a": "yes"}


def declared(**entry: Any) -> bytes:
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "declarations": {
            "assessors": [{"bom-ref": "a", "thirdParty": True, "organization": {"name": "Lab"}}],
            "attestations": [
                {"assessor": "a", "map": [{"requirement": "r", "claims": ["c"], **entry}]}
            ],
            "claims": [
                {"bom-ref": "c", "predicate": "done", "evidence": ["e"]},
                {"bom-ref": "d", "predicate": "not done", "counterEvidence": ["e"]},
            ],
            "evidence": [{"bom-ref": "e", "description": "a log", "expires": "2027-01-01"}],
        },
        "definitions": {
            "standards": [
                {
                    "bom-ref": "s",
                    "name": "Secure Software Development Framework",
                    "version": "1.1",
                    "requirements": [{"bom-ref": "r", "identifier": "PO.1.1"}],
                }
            ]
        },
    }
    return json.dumps(body).encode()


ITEM = "ssdf@1.1#PO.1.1"


@pytest.mark.parametrize(
    ("entry", "answers"),
    [
        ({}, ["yes"]),
        ({"conformance": {"score": 1}}, ["yes"]),
        ({"conformance": {"score": 0}}, ["no"]),
        ({"conformance": {"score": 0.8}}, []),
        ({"claims": []}, []),
        ({"claims": ["nobody"]}, []),
        ({"counterClaims": ["d"]}, ["no", "yes"]),
        ({"counterClaims": ["gone"]}, ["no", "yes"]),
        ({"claims": ["d"]}, ["no", "yes"]),
    ],
)
def test_declarations_hold_as_far_as_they_conform(
    entry: dict[str, Any], answers: list[str]
) -> None:
    reading = declarations.read(declared(**entry))
    found = [one for one in reading.facts if isinstance(one, Assertion)]
    assert [one.answer for one in found] == answers
    assert {one.item for one in found} <= {ITEM}
    assert answers or reading.not_evaluated


def test_declarations_are_read_with_the_bill() -> None:
    reading = READERS["CycloneDX JSON"](declared())
    assert said(reading) == {ITEM: "yes"}
    (found,) = [one for one in reading.facts if isinstance(one, Assertion)]
    assert found.expires[:10] == "2027-01-01"


def test_a_signature_within_a_document_is_noted_and_not_believed() -> None:
    body = json.loads(declared())
    body["declarations"]["signature"] = {"algorithm": "ES256", "value": "x"}
    reading = declarations.read(json.dumps(body).encode())
    assert ("signature not verified", "Lab") in [
        (n.reason, n.subject) for n in reading.not_evaluated
    ]


def test_real_provenance_names_every_subject() -> None:
    files = list(real_members("data/sbom/guac-data.zip", ".json"))
    found = [data for name, data in files if "/slsa/" in name]
    assert len(found) == 8
    for data in found:
        reading = statements.read(data)
        named = {s["name"] for s in json.loads(data)["subject"]}
        artefacts = [a for a in reading.facts if isinstance(a, Artefact)]
        assert {a.name for a in artefacts if a.part == "subject"} == named
        assert head(reading).builder == "https://git.k8s.io/release/docs/krel"
        assert said(reading) == {"slsa@1.0#build-l1": "yes"}
        assert len(reading.refused) == 1, "its material's digest stands in quotes"


def test_real_scorecards_give_a_claim_for_each_check() -> None:
    files = list(real_members("data/sbom/guac-data.zip", ".json"))
    found = [data for name, data in files if "/scorecard/" in name]
    assert len(found) == 8
    for data in found:
        checks = json.loads(data)["checks"]
        reading = scorecard.read(data)
        expected = {f"scorecard@4#{c['name']}" for c in checks if c["score"] >= 0}
        assert said(reading).keys() == expected
        assert len(reading.not_evaluated) == sum(c["score"] < 0 for c in checks)
