"""Small standards for tests, written here in the shape of the publishers' own."""

from __future__ import annotations

import json
from typing import Any

OSCAL = {
    "catalog": {
        "uuid": "5d1b0c43-64c5-4ed0-9d55-7d4d8be5d8c1",
        "metadata": {
            "title": "Lantern manual",
            "version": "2026.1",
            "last-modified": "2026-01-02T00:00:00Z",
            "oscal-version": "1.1.2",
            "parties": [{"uuid": "x", "type": "organization", "name": "Lantern Office"}],
        },
        "groups": [
            {
                "title": "Wicks",
                "groups": [
                    {
                        "id": "trim",
                        "title": "Trimming",
                        "controls": [
                            {
                                "id": "lm-1",
                                "class": "LM-principle",
                                "title": "Control: lm-1",
                                "props": [{"name": "applicability", "value": "ALL"}],
                                "parts": [{"name": "statement", "prose": "Wicks are trimmed."}],
                                "controls": [{"id": "lm-1.1", "title": "By hand"}],
                            }
                        ],
                    }
                ],
            }
        ],
    }
}
CYCLONEDX: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 2,
    "definitions": {
        "standards": [
            {
                "bom-ref": "s",
                "name": "Secure Software Development Framework (SSDF) of a test",
                "version": "9.9",
                "owner": "Nobody",
                "requirements": [
                    {"bom-ref": "po", "identifier": "PO", "text": "Prepare"},
                    {"bom-ref": "po.1", "identifier": "P0.1 ", "text": "First", "parent": "po"},
                    {"bom-ref": "po.1.1", "identifier": "PO 1.1", "text": "Task", "parent": "po.1"},
                ],
                "levels": [{"bom-ref": "l", "identifier": "L1", "requirements": ["po.1.1"]}],
            }
        ]
    },
}
OSPS = """\
groups:
  - id: AC
    title: Access
controls:
  - id: OSPS-AC-01
    title: Guard
    group: AC
    guidelines:
      - reference-id: SSDF
        entries:
          - reference-id: P0.3.1
          - reference-id: RV 2.2
          - reference-id: PO.3.1
      - reference-id: CSF
        entries:
          - reference-id: ID.AM-02
      - reference-id:
        entries:
          - reference-id:
    assessment-requirements:
      - id: OSPS-AC-01.01
        text: It is guarded.
        applicability: [maturity-1]
      - id: OSPS-AC-01.02
        text: It was guarded.
        state: Retired
"""
PSSCRM = {
    "version": "2.0",
    "groups": [
        {
            "id": "G",
            "name": "Governance",
            "practices": [
                {
                    "id": "G.1",
                    "name": "Comply",
                    "tasks": [
                        {
                            "id": "G.1.1",
                            "name": "Requirements",
                            "references": [
                                {"source": "SSDF", "sections": ["PO.1.1, PO 1.2; PO.9.x"]},
                                {"source": "OWASP SCVS", "sections": ["6"]},
                            ],
                        }
                    ],
                }
            ],
        }
    ],
}
BASELINE = """\
baseline: kite
version: "2026.1"
owner: Kite Agency
title: What Kite asks
since: 2026-01-01
requirements:
  - id: k-1
    group: prepare
    title: Requirements are written down
    items: [ssdf@1.1#PO.1.1, [ssdf@1.1#PO.1.2, lantern-manual@2026.1#lm-1]]
    accepts: [attestation form]
    level: third party
    days: 365
    grace: 30
    source: Kite's own rules of 2026
"""
CATALOGUE = """\
catalogue: loom
version: "1"
title: What looms need
publisher: Kite
items:
  - {id: warp, title: A warp}
  - {id: weft, title: A weft, parent: warp}
"""


def collection(
    *maps: tuple[str, str, str], confidence: object = None, title: str = "A to B"
) -> dict[str, Any]:
    """A mapping collection between the catalogues a@1 and b@1: source, relationship, target.

    An item stands as `a:1` or as `b:1`: each map has a mapping of its own.
    """
    mappings = []
    for source, relationship, target in maps:
        of, _, sources = source.partition(":")
        to, _, targets = target.partition(":")
        one: dict[str, Any] = {
            "uuid": "m",
            "relationship": {"type": relationship},
            "sources": [{"type": "control", "id-ref": name} for name in sources.split("+")],
            "targets": [{"type": "control", "id-ref": name} for name in targets.split("+")],
        }
        if confidence is not None:
            one["confidence-score"] = confidence
        mappings.append(
            {
                "source-resource": _resource(of),
                "target-resource": _resource(to),
                "maps": [one],
            }
        )
    return {"mapping-collection": {"metadata": {"title": title}, "mappings": mappings}}


def _resource(name: str) -> dict[str, Any]:
    return {"type": "catalog", "href": "#x", "props": [{"name": "catalogue", "value": f"{name}@1"}]}


def written(value: object) -> bytes:
    """A value as JSON."""
    return json.dumps(value).encode()
