"""Each reader meets one valid document, the publishers' own, an invalid one and a hostile one.

The valid ones stand in this repository, written to their specification: in the built-in scenario,
in `tests/data`, or below. A reader without an entry here fails the first test.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import asking_made
import evidence_made
import pytest
import standards
from shared import real

from accord import scenario
from accord.assurance.assessing.baseline import Baseline
from accord.assurance.assessing.deciding import Assessment
from accord.assurance.assessing.recognition import Rule
from accord.assurance.statements import rule, verdict
from accord.core.archives import Given, unpack
from accord.demand.asks import consent
from accord.demand.contracts.templates import TEMPLATES
from accord.demand.private.asking import question, share, word
from accord.flows.prepare import prepare
from accord.flows.read import READERS
from accord.flows.recognise import recognise

_DATA = Path(__file__).resolve().parents[1] / "data"
_SCENARIO = dict(scenario.files())


def _kept(path: str) -> bytes:
    return (_DATA / path).read_bytes()


_OSV_YAML = b"""\
id: PYSEC-2030-1
modified: "2030-01-02T00:00:00Z"
affected:
- package: {ecosystem: PyPI, name: lantern}
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: "1.10"
"""
_RUSTSEC = b"""\
```toml
[advisory]
id = "RUSTSEC-2030-0001"
package = "lantern"
date = "2030-01-01"

[versions]
patched = [">= 1.2.3"]
```

# Lantern leaks light
"""
_CLAIM = b"""\
{"accord": "claim", "bill": "sha256:%s", "operator": "Kite", "product": "Loom"}
""" % (b"0" * 64)

_STIX_OBJECT = json.dumps(
    next(
        one
        for one in json.loads(_SCENARIO["threats/founding-partners.stix.json"])["objects"]
        if one["type"] == "sighting"
    )
).encode()

_MISP = b"""\
{"Event": {"uuid": "5a3c2fcd-8328-42bb-a95e-4f4402de0b81", "info": "Kite", "date": "2030-01-01",
 "timestamp": "1893456000", "distribution": "3", "Attribute": [
 {"uuid": "5a3c2fcd-8328-42bb-a95e-4f4402de0b82", "type": "domain", "category": "Network activity",
  "value": "kite.example", "to_ids": true, "timestamp": "1893456000"}]}}
"""

_EVALUATION = b"""\
evaluation-suites:
- control-evaluations:
    evaluations:
    - assessment-logs:
      - requirement: {reference-id: OSPS, entry-id: OSPS-AC-01.01}
        result: Passed
        message: asked for at every login
"""
_BUNDLE = json.dumps(
    {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "dsseEnvelope": json.loads(
            evidence_made.envelope(evidence_made.provenance(), evidence_made.Key())
        ),
    }
).encode()

_AT = "2026-11-01T00:00:00.000000Z"
_CONSENT = consent.write(
    consent.Terms(
        supplier="Lantern Works", requirement="ssdf@1.1#PO.1.1", products=("Lantern",),
        text="Please say how.", due="2027-01-01", partners=("india",),
    ),
    "india", ("R. Ana", "agreed"), "2026-11-01T00:00:00.000000Z", agreed=True,
)  # fmt: skip
_RULE = rule.write(
    Rule(id="au-in-1", by="au", of="in", since=_AT, person="J. Ward", why="an agreement"), _AT
)
_VERDICT = verdict.write(
    Assessment(Baseline(name="in", version="2026.1"), "cannot decide"),
    verdict.Release(product="GridView", release="4.2", digests=("sha256:" + "a" * 64,)),
    _AT,
    "R. Iyer",
)

VALID: dict[str, bytes] = {
    "accord record": _CLAIM,
    "ATT&CK mapping": _SCENARIO["threats/kev-to-attack.json"],
    "baseline": standards.BASELINE.encode(),
    "catalogue": standards.CATALOGUE.encode(),
    "CSAF": _SCENARIO["vex/indus-grid-works-gridview-4.2.csaf.json"],
    "CVE record": next(d for n, d in _SCENARIO.items() if n.startswith("advisories/cve/")),
    "CycloneDX JSON": _kept("cyclonedx/bill-1.7.json"),
    "CycloneDX XML": _kept("cyclonedx/bill-1.7.xml"),
    "description of evidence": evidence_made.form(),
    "DSSE envelope": evidence_made.envelope(evidence_made.provenance(), evidence_made.Key()),
    "endoflife": _SCENARIO["eol/debian.md"],
    "EPSS CSV": _SCENARIO["epss/epss_scores-2026-01-31.csv"],
    "estate CSV": _kept("estate/northern-region.csv"),
    "estate YAML": _SCENARIO["estate.yaml"],
    "evaluation results": _EVALUATION,
    "in-toto statement": evidence_made.provenance(),
    "KEV catalogue": _SCENARIO["kev/known_exploited_vulnerabilities.json"],
    "KEV CSV": (
        b"cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,"
        b"dueDate,knownRansomwareCampaignUse,notes,cwes\n"
        b"CVE-2021-44228,Apache,Log4j2,Log4Shell,2021-12-10,x,y,2021-12-24,Known,,\n"
    ),
    "MISP event": _MISP,
    "OSCAL catalogue": standards.written(standards.OSCAL),
    "OSCAL mapping collection": standards.written(
        standards.collection(("a:1", "superset-of", "b:1"))
    ),
    "OSPS catalogue": standards.OSPS.encode(),
    "P-SSCRM catalogue": standards.written(standards.PSSCRM),
    "OpenVEX": _kept("openvex/document-0.2.0.json"),
    "OSV JSON": next(d for n, d in _SCENARIO.items() if n.startswith("advisories/osv/")),
    "OSV YAML": _OSV_YAML,
    "contracts CSV": TEMPLATES["contracts"].encode(),
    "contracts JSON": b'{"contracts": [{"contract": "1", "supplier": "Grid", "agency": "A"}]}',
    "contracts YAML": b"contracts:\n- {contract: 1, supplier: Grid, agency: A}\n",
    "pool question": question.write(asking_made.question()),
    "pool share": share.write("common-1", "japan", (b"1", b"2"), asking_made.AT),
    "pool word": word.write(asking_made.said(asking_made.question(), "japan", word.APPROVE)),
    "rates CSV": b"currency,base,day,rate\nAUD,USD,2026-01-30,0.65\n",
    "rates JSON": TEMPLATES["rates"].encode(),
    "rates YAML": b"rates:\n- {currency: AUD, base: USD, day: 2026-01-30, rate: 0.65}\n",
    "consent": _CONSENT,
    "recognition": _RULE,
    "RustSec": _RUSTSEC,
    "Scorecard result": evidence_made.scorecard(Fuzzing=9),
    "Sigstore bundle": _BUNDLE,
    "SPDX JSON": _SCENARIO["bills/webmail-1.6.3.spdx.json"],
    "SPDX JSON-LD": _kept("spdx/written-to-specification.spdx3.json"),
    "SPDX tag-value": _kept("spdx/written-to-specification.spdx"),
    "SPDX YAML": _kept("spdx/written-to-specification.spdx.yaml"),
    "SSVC table": (
        b"row,Exploitation v1.1.0,Automatable v2.0.0,Urgency v1.0.0\n"
        b"0,none,no,low\n1,none,yes,low\n2,active,no,high\n3,active,yes,high\n"
    ),
    "STIX bundle": _SCENARIO["threats/founding-partners.stix.json"],
    "STIX object": _STIX_OBJECT,
    "suppliers JSON": b'{"suppliers": [{"entity": "Grid", "names": ["Grid View"]}]}',
    "suppliers YAML": TEMPLATES["suppliers"].encode(),
    "verdict": _VERDICT,
}

REAL: dict[str, tuple[str, str]] = {
    "ATT&CK mapping": ("data/threat/kev-to-attack.zip", "enterprise"),
    "CSAF": ("data/csaf/cisa.zip", "icsa-"),
    "CVE record": ("data/cve/vulnrichment.zip", "CVE-2024-3094"),
    "CycloneDX JSON": ("data/sbom/cyclonedx-examples.zip", "juice-shop/v11.1.2/bom.json"),
    "CycloneDX XML": ("data/sbom/cyclonedx-examples.zip", "juice-shop/v11.1.2/bom.xml"),
    "endoflife": ("data/eol/endoflife.zip", "centos.md"),
    "in-toto statement": ("data/sbom/guac-data.zip", "docs/slsa/kube-slsa-v1.24.1"),
    "KEV catalogue": ("data/kev/known_exploited_vulnerabilities.json", ""),
    "MISP event": ("data/threat/misp-events-eset.zip", "misp-badiis.json"),
    "OpenVEX": ("data/vex/vexhub.zip", "trivy.openvex.json"),
    "OSCAL catalogue": ("data/standards/ISM_catalog.json", ""),
    "OSPS catalogue": ("data/standards/osps-baseline.zip", "OSPS-BR"),
    "P-SSCRM catalogue": ("data/standards/p-sscrm-2_0.json", ""),
    "OSV JSON": ("data/osv/Go.zip", "GO-2020-0001"),
    "OSV YAML": ("data/osv/PyPI.zip", "PYSEC-2021-335"),
    "RustSec": ("data/osv/rustsec-source.zip", "RUSTSEC-2021-0120"),
    "SPDX JSON": ("data/sbom/guac-data.zip", "top-dh-sboms/nginx.json"),
    "SPDX JSON-LD": ("data/sbom/spdx-examples.zip", "example14/spdx3.0"),
    "SPDX tag-value": ("data/sbom/spdx-examples.zip", "example6-bin.spdx"),
    "SSVC table": ("data/ssvc/decision-tables.zip", "cisa_coordinator"),
    "STIX bundle": ("data/threat/stix-examples.zip", "poisonivy"),
}
"""Publishers' own files; for the other readers none is at hand and VALID stands alone."""

_JSON = sorted(name for name, data in VALID.items() if data.lstrip().startswith(b"{"))
_STRICT = (
    "accord record", "CSAF", "MISP event", "OpenVEX", "OSCAL mapping collection", "STIX bundle",
    "STIX object", "consent", "recognition", "verdict", "contracts JSON", "rates JSON",
    "suppliers JSON", "pool question", "pool share", "pool word",
)  # fmt: skip
"""A marking, an identity or a signature hangs on them: no key may stand twice."""
_TEXT = sorted(set(VALID) - set(_JSON) - {"CycloneDX XML"})


def _with(member: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b"{", b"{" + member + b",", 1)


HOSTILE_JSON: dict[str, Callable[[bytes], bytes]] = {
    "nested 1,000 deep": _with(b'"x":' + b"[" * 1000 + b"]" * 1000),
    "NaN": _with(b'"x":NaN'),
    "a lone surrogate": _with(rb'"x":"\ud800"'),
    "cut short": lambda data: data[: len(data) // 2],
}


HUGE = (b"1e999", b"9" * 5000)


def test_every_reader_is_here() -> None:
    assert VALID.keys() == READERS.keys()
    assert {recognise(data) for data in VALID.values()} == READERS.keys()


@pytest.mark.parametrize("name", sorted(VALID))
def test_a_valid_document_is_taken(name: str) -> None:
    found = prepare("anything.bin", VALID[name])
    assert (recognise(VALID[name]), found.outcome) == (name, "taken")
    assert found.rows is not None
    assert any((*found.rows.tables.values(), found.rows.components, found.rows.deployments))


@pytest.mark.parametrize("name", sorted(REAL))
def test_a_publishers_own_document_is_taken(name: str) -> None:
    path, part = REAL[name]
    archive = real(path)
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as members:
            data = members.read(next(n for n in members.namelist() if part in n))
    else:
        data = archive.read_bytes()
    (given,) = unpack(path, data)
    assert isinstance(given, Given)
    assert (recognise(given.data), prepare("x", given.data).outcome) == (name, "taken")


@pytest.mark.parametrize("name", _JSON)
def test_wrong_types_are_refused_with_their_place(name: str) -> None:
    document = json.loads(VALID[name])
    refused = 0
    for key in document:
        if key in ("@context", "bomFormat", "type", "dataType", "spdxVersion", "accord"):
            continue
        wrong = prepare("x", json.dumps({**document, key: {"": [None]}}).encode())
        if wrong.outcome == "quarantined" or wrong.quarantined:
            assert all(reason for _, reason in wrong.quarantined)
            refused += 1
    assert refused > 0


@pytest.mark.parametrize("name", _JSON)
@pytest.mark.parametrize("how", sorted(HOSTILE_JSON))
def test_hostile_json_is_refused(name: str, how: str) -> None:
    found = prepare("x", HOSTILE_JSON[how](VALID[name]))
    assert found.outcome == "quarantined"
    assert found.quarantined[0][1]
    assert found.rows is None


@pytest.mark.parametrize("name", _JSON)
@pytest.mark.parametrize("number", HUGE, ids=["1e999", "5,000 digits"])
def test_a_huge_number_is_refused_or_never_made(name: str, number: bytes) -> None:
    """In a member that the reader does not use it is text; nowhere does it become a number."""
    found = prepare("x", _with(b'"x":' + number)(VALID[name]))
    plain = prepare("x", VALID[name])
    assert found.outcome == "quarantined" or found.rows == plain.rows


@pytest.mark.parametrize("name", _STRICT)
def test_a_key_that_stands_twice_is_refused(name: str) -> None:
    found = prepare("x", _with(b'"x":1,"x":2')(VALID[name]))
    assert found.outcome == "quarantined"
    assert "duplicate" in found.quarantined[0][1].lower()


def test_entities_are_refused() -> None:
    xml = VALID["CycloneDX XML"].decode().partition("?>")
    bomb = '<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    found = prepare("x", f"{xml[0]}?>{bomb}{xml[2]}".encode())
    assert found.outcome == "quarantined"


@pytest.mark.parametrize("name", _TEXT)
def test_hostile_text_ends_as_an_outcome(name: str) -> None:
    """Cut, with NUL bytes, not UTF-8, or deeply nested where it is YAML: never an exception."""
    data = VALID[name]
    for made in (
        data[: len(data) // 2],
        data.replace(b"\n", b"\x00\n", 3),
        data + b"\xff\xfe",
        data + b"\nx: " + b"[" * 500,
        data + b"\nx: &a [*a]\n",
    ):
        found = prepare("x", made)
        assert found.outcome in ("taken", "quarantined", "kept")
        assert found.outcome != "quarantined" or found.quarantined[0][1]
