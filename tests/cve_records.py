"""CVE records for tests, and what was read of them as short text."""

from __future__ import annotations

import json
from typing import Any

from accord.core.reading import Reading
from accord.supply.advisories import cve
from accord.supply.advisories.facts import Affected

CPE = "cpe:2.3:a:acme:gate:*:*:*:*:*:*:*:*"
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def record(cna: Any = None, adp: Any = None, metadata: Any = None, **fields: Any) -> bytes:
    whole = {
        "dataType": "CVE_RECORD",
        "dataVersion": "5.1",
        "cveMetadata": {
            "cveId": "CVE-2030-0001",
            "state": "PUBLISHED",
            "assignerShortName": "acme",
            "datePublished": "2030-01-01T00:00:00",
            "dateUpdated": "2030-01-02T00:00:00Z",
        }
        | (metadata or {}),
        "containers": {
            "cna": {
                "providerMetadata": {"shortName": "acme", "dateUpdated": "2030-01-01T00:00:00"},
                "title": "Gate opens",
            }
            | (cna or {})
        }
        | ({"adp": adp} if adp is not None else {}),
    }
    return json.dumps(whole | fields).encode()


def entry(*versions: Any, **fields: Any) -> dict[str, Any]:
    return {"vendor": "Acme, Inc.", "product": "Gate", "versions": list(versions)} | fields


def read(*products: Any) -> Reading:
    return cve.read(record({"affected": list(products)}))


def affected(*products: Any) -> list[Affected]:
    reading = read(*products)
    assert reading.refused == []
    return [fact for fact in reading.facts if isinstance(fact, Affected)]


def said(found: Affected) -> list[str]:
    """Ranges and versions as short text: `introduced 0 fixed 2`, `=1.0`."""
    ranges = [" ".join(f"{event.kind} {event.version}" for event in one) for one in found.ranges]
    return ranges + [f"={version}" for version in found.versions]


def only(*products: Any) -> list[str]:
    (found,) = affected(*products)
    return said(found)


ANY = {"version": "0", "lessThan": "2", "status": "affected"}


CISA = {
    "providerMetadata": {"shortName": "CISA-ADP", "dateUpdated": "2030-01-03T00:00:00Z"},
    "metrics": [
        {
            "other": {
                "type": "ssvc",
                "content": {
                    "options": [
                        {"Exploitation": "PoC"},
                        {"Automatable": "yes"},
                        {"Technical Impact": "Total"},
                    ],
                    "role": "CISA Coordinator",
                    "timestamp": "2030-01-03T04:05:06Z",
                },
            }
        },
        {"other": {"type": "kev", "content": {"dateAdded": "2030-01-04", "reference": "x"}}},
        {"other": {"type": "acme stars", "content": {"stars": 4}}},
        {"cvssV3_1": {"baseScore": 9.8, "vectorString": VECTOR, "baseSeverity": "CRITICAL"}},
    ],
}
