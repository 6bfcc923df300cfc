"""Every mandatory test of CSAF 2.0 (section 6.1) refuses what it should, and nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from shared import real_members

from accord.core.errors import Invalid
from accord.supply.advisories.csaf import read
from accord.supply.advisories.csaf.validation import TESTS

SPECIMEN = json.loads(
    (Path(__file__).parents[1] / "data" / "csaf" / "vex.json").read_text(encoding="utf-8")
)
GONE = object()

TRACKING = "/document/tracking"
HISTORY = f"{TRACKING}/revision_history"
V0 = "/vulnerabilities/0"
CVSS = f"{V0}/scores/0/cvss_v3"
GRID = "/product_tree/branches/0/branches/0/branches"
RELATIONSHIP = "/product_tree/relationships/0"
HASHES = f"{GRID}/1/product/product_identification_helper/hashes/0/file_hashes"

OTHER_CONTRADICTIONS = frozenset(
    {
        # These optional cases list one hash algorithm twice, which 6.1.25 forbids.
        "optional/oasis_csaf_tc-csaf_2_0-2021-6-2-08-02.json",
        "optional/oasis_csaf_tc-csaf_2_0-2021-6-2-09-02.json",
    }
)


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The specimen with values set, appended (`/-`) or taken away at JSON pointers."""
    document: dict[str, Any] = copy.deepcopy(SPECIMEN)
    for pointer, value in changes:
        *steps, last = pointer.split("/")[1:]
        at: Any = document
        for step in steps:
            at = at[int(step)] if isinstance(at, list) else at[step]
        if value is GONE:
            del at[int(last) if isinstance(at, list) else last]
        elif last == "-":
            at.append(copy.deepcopy(value))
        elif isinstance(at, list):
            at[int(last)] = copy.deepcopy(value)
        else:
            at[last] = copy.deepcopy(value)
    return document


def refusal(document: dict[str, Any]) -> Invalid | None:
    try:
        read(msgspec.json.encode(document))
    except Invalid as refused:
        return refused
    return None


def revisions(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"date": date, "number": number, "summary": "A"} for number, date in pairs]


def history(status: str, version: str, *pairs: tuple[str, str]) -> list[tuple[str, Any]]:
    return [
        (HISTORY, revisions(*pairs)),
        (f"{TRACKING}/status", status),
        (f"{TRACKING}/version", version),
    ]


def refers(product: str, other: str, made: str) -> dict[str, Any]:
    return {
        "category": "installed_on",
        "full_product_name": {"name": made, "product_id": made},
        "product_reference": product,
        "relates_to_product_reference": other,
    }


ONE, TWO, THREE = (f"2024-05-0{day}T10:00:00Z" for day in (1, 2, 3))
HELPER = "product_identification_helper"
NEXT = f"{V0}/flags/-"
FLAG = {"label": "component_not_present", "product_ids": ["GM-PANEL"]}
BASE = ("/document/category", "csaf_base")
ADVISORY = ("/document/category", "csaf_security_advisory")
INFORMATIONAL = ("/document/category", "csaf_informational_advisory")

BROKEN: list[tuple[str, list[tuple[str, Any]]]] = [
    ("6.1.1", [("/product_tree/product_groups/0/product_ids/0", "NONE")]),
    ("6.1.1", [(f"{RELATIONSHIP}/product_reference", "NONE")]),
    ("6.1.1", [(f"{RELATIONSHIP}/relates_to_product_reference", "NONE")]),
    ("6.1.1", [(f"{V0}/product_status/recommended", ["NONE"])]),
    ("6.1.1", [(f"{V0}/remediations/1/product_ids/-", "NONE")]),
    ("6.1.1", [(f"{V0}/threats/0/product_ids/-", "NONE")]),
    ("6.1.1", [(f"{V0}/flags/0/product_ids/-", "NONE")]),
    ("6.1.1", [(f"{V0}/scores/0/products/-", "NONE")]),
    ("6.1.2", [("/product_tree/full_product_names", [{"name": "x", "product_id": "RK"}])]),
    ("6.1.2", [(f"{RELATIONSHIP}/full_product_name/product_id", "GM-NEW"),
               (f"{V0}/product_status/known_not_affected", ["PANEL"]),
               (f"{V0}/flags/0/product_ids", ["PANEL"]),
               (f"{V0}/threats/0/product_ids", ["PANEL"])]),
    ("6.1.3", [(f"{RELATIONSHIP}/relates_to_product_reference", "GM-PANEL")]),
    ("6.1.3", [("/product_tree/relationships/-", refers("C", "RK", "B")),
               ("/product_tree/relationships/-", refers("RK", "B", "C"))]),
    ("6.1.3", [("/product_tree/relationships/-", refers("B", "RK", "A")),
               ("/product_tree/relationships/-", refers("PANEL", "C", "B")),
               ("/product_tree/relationships/-", refers("B", "RK", "C"))]),
    ("6.1.4", [(f"{V0}/remediations/0/group_ids/-", "G2")]),
    ("6.1.4", [(f"{V0}/threats/0/group_ids", ["G2"])]),
    ("6.1.5", [("/product_tree/product_groups/-", SPECIMEN["product_tree"]["product_groups"][0])]),
    ("6.1.6", [(f"{V0}/product_status/fixed/-", "RK")]),
    ("6.1.6", [(f"{V0}/product_status/last_affected", ["GM-PANEL"])]),
    ("6.1.6", [(f"{V0}/product_status/first_fixed", ["GM-PANEL"])]),
    ("6.1.6", [(f"{V0}/product_status/under_investigation", ["GM-NEW"])]),
    ("6.1.7", [(f"{V0}/scores/1/products/-", "GM-OLD")]),
    ("6.1.8", [(f"{CVSS}/baseSeverity", GONE)]),
    ("6.1.8", [(f"{CVSS}/baseScore", GONE)]),
    ("6.1.8", [(f"{CVSS}/vectorString", GONE)]),
    ("6.1.8", [(f"{CVSS}/version", "3.0")]),
    ("6.1.8", [(f"{CVSS}/version", "4.0")]),
    ("6.1.8", [(f"{CVSS}/version", GONE)]),
    ("6.1.8", [(f"{CVSS}/baseScore", "7.5")]),
    ("6.1.8", [(f"{CVSS}/baseScore", 75)]),
    ("6.1.8", [(f"{CVSS}/temporalScore", True)]),
    ("6.1.8", [(f"{CVSS}/baseSeverity", "high")]),
    ("6.1.8", [(f"{CVSS}/attackVector", "INTERNET")]),
    ("6.1.8", [(f"{CVSS}/vectorString", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:Q")]),
    ("6.1.8", [(f"{V0}/scores/0/cvss_v2/vectorString", "CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:C")]),
    ("6.1.8", [(f"{V0}/scores/0/cvss_v2/version", GONE)]),
    ("6.1.9", [(f"{CVSS}/baseScore", 7.4)]),
    ("6.1.9", [(f"{CVSS}/baseSeverity", "CRITICAL")]),
    ("6.1.9", [(f"{CVSS}/temporalScore", 5)]),
    ("6.1.9", [(f"{CVSS}/environmentalSeverity", "LOW")]),
    ("6.1.9", [(f"{V0}/scores/0/cvss_v2/baseScore", 7.9)]),
    ("6.1.9", [(f"{V0}/scores/0/cvss_v2/environmentalScore", 1)]),
    ("6.1.9", [(f"{CVSS}/vectorString", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N")]),
    ("6.1.9", [(f"{CVSS}/vectorString", "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")]),
    ("6.1.10", [(f"{CVSS}/attackVector", "LOCAL")]),
    ("6.1.10", [(f"{CVSS}/scope", "CHANGED")]),
    ("6.1.10", [(f"{V0}/scores/0/cvss_v2/authentication", "SINGLE")]),
    ("6.1.11", [(f"{V0}/cwe/name", "Improper Neutralization")]),
    ("6.1.11", [(f"{V0}/cwe/id", "CWE-9999")]),
    ("6.1.11", [(f"{V0}/cwe/id", "20")]),
    ("6.1.12", [("/document/lang", "EZ")]),
    ("6.1.12", [("/document/lang", "en-XQQ")]),
    ("6.1.12", [("/document/source_lang", "de-1901-1901")]),
    ("6.1.12", [("/document/source_lang", "e")]),
    ("6.1.13", [(f"{GRID}/1/product/{HELPER}/purl", "pkg:maven/@1.3.4")]),
    ("6.1.13", [(f"{GRID}/1/product/{HELPER}/purl", "pkg:maven")]),
    ("6.1.13", [(f"{GRID}/1/product/{HELPER}/purl", "")]),
    ("6.1.14", history("final", "1", ("2", ONE), ("1", TWO))),
    ("6.1.14", history("final", "2", ("1", "2024-05-01T10:00:00Z"),
                       ("2", "2024-05-01T11:00:00+02:00"))),
    ("6.1.14", history("final", "1.9.0", ("1.10.0", ONE), ("1.9.0", TWO))),
    ("6.1.14", history("draft", "1.0.0", ("1.0.0", ONE), ("1.0.0-rc.2", TWO))),
    ("6.1.15", [("/document/publisher/category", "translator")]),
    ("6.1.16", [(f"{TRACKING}/version", "1")]),
    ("6.1.16", history("final", "1.0.0", ("1.0.0", ONE), ("1.0.1", TWO))),
    ("6.1.16", history("final", "2", ("2", ONE), ("1", TWO))),
    ("6.1.16", history("final", "1.0.0-rc", ("1.0.0", ONE))),
    ("6.1.17", [(f"{TRACKING}/version", "0")]),
    ("6.1.17", history("interim", "0.9.5", ("0.9.5", ONE))),
    ("6.1.17", history("final", "1.0.0-rc", ("1.0.0-rc", ONE))),
    ("6.1.18", history("final", "1", ("0", ONE), ("1", TWO))),
    ("6.1.18", history("interim", "1.0.0", ("0.1.0", ONE), ("1.0.0", TWO))),
    ("6.1.19", history("draft", "1.0.0", ("1.0.0-rc", ONE), ("1.0.0", TWO))),
    ("6.1.20", history("interim", "1.0.0-alpha+b", ("1.0.0", ONE))),
    ("6.1.21", history("final", "3", ("1", ONE), ("3", TWO))),
    ("6.1.21", history("final", "2", ("2", ONE))),
    ("6.1.21", history("final", "3.0.0", ("1.0.0", ONE), ("1.1.0", TWO), ("3.0.0", THREE))),
    ("6.1.22", history("final", "1", ("1", ONE), ("1", TWO))),
    ("6.1.23", [("/vulnerabilities/1/cve", "CVE-2024-10001")]),
    ("6.1.24", [(f"{V0}/involvements/1/date", "2024-04-01T02:00:00+02:00")]),
    ("6.1.25", [(f"{HASHES}/-", {"algorithm": "sha256", "value": "0" * 64})]),
    *(("6.1.26", [("/document/category", name)]) for name in (
        "Csaf_a", "Informational Advisory", "security-incident-response", "Security      Advisory",
        "veX", "V_eX", "csafsecurityadvisory", "CSAF_Base", "csaf-vex")),
    ("6.1.27.1", [INFORMATIONAL, ("/document/notes/0/category", "legal_disclaimer")]),
    ("6.1.27.1", [("/document/category", "csaf_security_incident_response"),
                  ("/document/notes", GONE)]),
    ("6.1.27.2", [INFORMATIONAL, ("/document/references/0/category", "self")]),
    ("6.1.27.3", [INFORMATIONAL]),
    ("6.1.27.4", [("/product_tree", GONE)]),
    ("6.1.27.5", [(f"{V0}/notes", GONE)]),
    ("6.1.27.6", [ADVISORY, ("/vulnerabilities/1/product_status", GONE)]),
    ("6.1.27.7", [("/vulnerabilities/1/product_status", {"recommended": ["RK"]})]),
    ("6.1.27.7", [("/vulnerabilities/1/product_status", GONE)]),
    ("6.1.27.8", [("/vulnerabilities/1/ids", GONE)]),
    ("6.1.27.9", [(f"{V0}/product_status/known_not_affected/-", "PANEL")]),
    ("6.1.27.9", [(f"{V0}/flags", GONE), (f"{V0}/threats/0/category", "target_set")]),
    ("6.1.27.10", [(f"{V0}/remediations", GONE)]),
    ("6.1.27.10", [(f"{V0}/remediations/0", GONE)]),
    ("6.1.27.11", [("/vulnerabilities", GONE)]),
    ("6.1.28", [("/document/source_lang", "en-gb")]),
    ("6.1.29", [(f"{V0}/remediations/-", {"category": "mitigation", "details": "Wait."})]),
    ("6.1.30", history("final", "2", ("1.0.0", ONE), ("2", TWO))),
    *(("6.1.31", [(f"{GRID}/1/name", name)]) for name in (
        "<4.2", ">= 1", "prior to 4.2", "4.1 and earlier", "All", "before 4.2", "after 4",
        "4.2 and later", "3.X versions")),
    ("6.1.32", [(NEXT, {"label": "component_not_present"})]),
    ("6.1.33", [(NEXT, FLAG)]),
    ("6.1.33", [(f"{V0}/flags", [FLAG | {"group_ids": ["G1"]},
                                 FLAG | {"product_ids": ["RK"], "date": ONE}])]),
]  # fmt: skip

KEPT: list[list[tuple[str, Any]]] = [
    [],
    [("/product_tree/relationships/-", refers("GM-PANEL", "RK", "A"))],
    [(f"{V0}/product_status/recommended", ["GM-OLD", "GM-NEW", "GM-PANEL"])],
    [(f"{V0}/scores/0/products/-", "RK"), (f"{V0}/scores/0/cvss_v3", GONE)],
    [(f"{CVSS}/temporalScore", 7.5), (f"{CVSS}/environmentalSeverity", "HIGH")],
    [(f"{CVSS}/modifiedScope", "CHANGED")],
    [(f"{V0}/cwe/name", "Insufficient Input Validation")],
    [("/document/source_lang", "de-CH-1996")],
    [("/document/lang", "x-ours")],
    [("/document/lang", "qaa")],
    [("/document/publisher/category", "translator"), ("/document/source_lang", "en-US")],
    history("final", "2", ("2", TWO), ("1", ONE)),
    history("final", "2", ("1", ONE), ("2", ONE)),
    history("final", "2", ("1", "2024-05-01T11:00:00+02:00"), ("2", "2024-05-01T10:00:00Z")),
    history("final", "1.10.0+x", ("1.9.0", ONE), ("1.10.0", TWO)),
    history("draft", "1.0.0-rc.1", ("0.1.0", ONE), ("1.0.0", TWO)),
    history("draft", "0", ("0", ONE)),
    history("final", "1.0.0+exp-1", ("1.0.0+exp-1", ONE)),
    [(f"{V0}/involvements/1/party", "coordinator"), (f"{V0}/involvements/1/date", ONE)],
    [(f"{HASHES}/-", {"algorithm": "sha512", "value": "0" * 128})],
    [BASE, ("/vulnerabilities/1/notes", GONE)],
    [("/document/category", "VEX notes")],
    [ADVISORY, (f"{V0}/remediations/1", GONE)],
    [(f"{GRID}/1/name", "after-eight")],
    [(f"{GRID}/1/name", "vers:all/*")],
    [(f"{GRID}/1/name", "Small")],
    [(f"{V0}/flags/-", {"label": "component_not_present", "product_ids": ["PANEL"]})],
    [("/x_unknown", {"a": 1}), (f"{V0}/x_unknown", [])],
]

SHAPELESS: list[tuple[str, list[tuple[str, Any]]]] = [
    ("/document/title", [("/document/title", "")]),
    ("/document", [("/document/title", GONE)]),
    ("/document/csaf_version", [("/document/csaf_version", "2.1")]),
    ("/document/category", [("/document/category", "_base")]),
    ("/document/publisher/namespace", [("/document/publisher/namespace", "controls.example")]),
    (f"{TRACKING}/id", [(f"{TRACKING}/id", " x")]),
    (f"{TRACKING}/version", [(f"{TRACKING}/version", "v2")]),
    (f"{TRACKING}/version", [(f"{TRACKING}/version", "2\n")]),
    (f"{TRACKING}/current_release_date", [(f"{TRACKING}/current_release_date", "2024-05-02")]),
    (f"{HISTORY}/0/date", [(f"{HISTORY}/0/date", "2024-02-30T10:00:00Z")]),
    (f"{HISTORY}/0/date", [(f"{HISTORY}/0/date", "")]),
    (HISTORY, [(HISTORY, [])]),
    (f"{TRACKING}/aliases", [(f"{TRACKING}/aliases", ["a", "a"])]),
    ("/document/references/0/url", [("/document/references/0/url", "https://a.example/b c")]),
    ("/document/distribution", [("/document/distribution", {})]),
    ("/document/acknowledgments/0", [("/document/acknowledgments", [{}])]),
    ("/product_tree", [BASE, ("/product_tree", {}), ("/vulnerabilities", GONE)]),
    (f"{GRID}/0", [(f"{GRID}/0/branches", SPECIMEN["product_tree"]["branches"])]),
    (f"{GRID}/1/category", [(f"{GRID}/1/category", "version")]),
    (f"{GRID}/1/product/{HELPER}", [(f"{GRID}/1/product/{HELPER}", {})]),
    (f"{GRID}/1/product/{HELPER}/cpe", [(f"{GRID}/1/product/{HELPER}/cpe", "cpe:2.3:a:b")]),
    (f"{HASHES}/0/value", [(f"{HASHES}/0/value", "12")]),
    (V0, [(f"{V0}/cve", "CVE-24-1")]),
    (f"{V0}/ids", [(f"{V0}/ids/-", SPECIMEN["vulnerabilities"][0]["ids"][0])]),
    (f"{V0}/product_status/fixed", [(f"{V0}/product_status/fixed/-", "GM-NEW")]),
    (f"{V0}/scores/0", [(f"{V0}/scores/0/products", GONE)]),
    (f"{V0}/scores/1", [(f"{V0}/scores/1", {"products": ["RK"]})]),
    (f"{V0}/remediations/0/url", [(f"{V0}/remediations/0/url", "ftp")]),
    (f"{V0}/title", [(f"{V0}/title", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("test", "changes"), BROKEN)
def test_a_broken_rule_is_refused_by_its_section(test: str, changes: list[tuple[str, Any]]) -> None:
    refused = refusal(changed(*changes))
    assert refused is not None
    assert f"{test} " in f"{refused.reason} "
    assert refused.place.startswith("/")


@pytest.mark.parametrize("changes", KEPT)
def test_what_keeps_the_rules_is_read(changes: list[tuple[str, Any]]) -> None:
    assert refusal(changed(*changes)) is None


@pytest.mark.parametrize(("place", "changes"), SHAPELESS)
def test_what_breaks_the_schema_is_refused_at_its_place(
    place: str, changes: list[tuple[str, Any]]
) -> None:
    refused = refusal(changed(*changes))
    assert refused is not None
    assert "schema" in refused.reason
    assert place in str(refused)


def test_every_mandatory_test_has_a_case() -> None:
    sections = {f"6.1.{number}" for number in range(1, 34)} - {"6.1.27"}
    sections |= {f"6.1.27.{number}" for number in range(1, 12)}
    assert set(TESTS) == sections
    assert {test for test, _ in BROKEN} == sections


def test_only_the_broken_rule_is_named() -> None:
    refused = refusal(changed((f"{V0}/cwe/name", "Anything")))
    assert refused is not None
    assert refused.place == f"{V0}/cwe/name"
    assert refused.reason.startswith("6.1.11 CWE-20 is 'Improper Input Validation'")
    assert ";" not in refused.reason


def test_five_failures_are_listed_and_the_rest_counted() -> None:
    statuses = {"known_affected": [f"N{number}" for number in range(9)]}
    refused = refusal(changed((f"{V0}/product_status", statuses)))
    assert refused is not None
    assert refused.place == f"{V0}/product_status/known_affected/0"
    assert refused.reason.count("6.1.") == 5
    assert "6.1.27.10" in refused.reason
    assert refused.reason.endswith("more")


def test_the_standards_own_cases() -> None:
    root = "csaf_2.0/test/validator/data/"
    files = dict(real_members("data/csaf/validator-2.0.zip", ".json"))
    index = json.loads(files[f"{root}testcases.json"])
    wrong: list[str] = []
    for test in index["tests"]:
        for case in test.get("failures", []) + test.get("valid", []):
            refused = refusal(json.loads(files[root + case["name"]]))
            if case["valid"] and case["name"] not in OTHER_CONTRADICTIONS:
                wrong += [f"{case['name']}: {refused}"] if refused else []
            elif refused is None:
                wrong.append(f"{case['name']} passed")
            elif not case["valid"] and f"{test['id']} " not in refused.reason:
                wrong.append(f"{case['name']}: {refused}")
    assert not wrong
