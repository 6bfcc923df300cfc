"""CSAF documents for tests: two whole ones, and small ones made around a single product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from accord.core.reading import Reading
from accord.supply.advisories.csaf import read
from accord.supply.advisories.facts import Event

DATA = Path(__file__).parent / "data" / "csaf"
RAW = (DATA / "vex.json").read_bytes()
LINUX = (DATA / "linux.json").read_bytes()
START = Event("introduced", "0")


def of(reading: Reading, kind: type) -> list[Any]:
    return [fact for fact in reading.facts if isinstance(fact, kind)]


def specimen(**tracking: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(RAW)
    document["document"]["tracking"].update(tracking)
    return document


def advisory(names: dict[str, str], status: dict[str, list[str]]) -> Reading:
    """A security advisory on versions of one product: `{"A": "< V2"}` or `{"B": "= V2"}`."""
    document = specimen()
    document["document"]["category"] = "csaf_security_advisory"
    versions = [
        {
            "category": "product_version" if name.startswith("=") else "product_version_range",
            "name": name.removeprefix("="),
            "product": {"name": f"Pump {name}", "product_id": product},
        }
        for product, name in names.items()
    ]
    pump = {"category": "product_name", "name": "Pump", "branches": versions}
    vendor = {"category": "vendor", "name": "Acme Inc.", "branches": [pump]}
    document["product_tree"] = {"branches": [vendor]}
    document["vulnerabilities"] = [
        {
            "cve": "CVE-2024-1",
            "notes": [{"category": "summary", "text": "x"}],
            "product_status": status,
        }
    ]
    document["vulnerabilities"][0]["cve"] = "CVE-2024-1000"
    return read(msgspec.json.encode(document))


def product(path: list[tuple[str, str]], status: str, **helper: Any) -> Reading:
    """An advisory on one product at the end of a path of branches."""
    document = specimen()
    document["document"]["category"] = "csaf_security_advisory"
    named: dict[str, Any] = {"name": "One", "product_id": "P"}
    if helper:
        named["product_identification_helper"] = helper
    knot: dict[str, Any] = {"product": named}
    for category, name in reversed(path):
        knot = {"category": category, "name": name} | knot
        knot = {"branches": [knot]}
    document["product_tree"] = knot
    document["vulnerabilities"] = [
        {
            "cve": "CVE-2024-1000",
            "notes": [{"category": "summary", "text": "x"}],
            "product_status": {status: ["P"]},
        }
    ]
    return read(msgspec.json.encode(document))
