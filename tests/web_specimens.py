"""A node for tests of pages: the built-in scenario, and documents that try to break out of them."""

from __future__ import annotations

import json
from pathlib import Path

from accord import scenario
from accord.core.clock import FixedClock
from accord.flows.load import load_documents
from accord.wiring import Node, Settings

NOW = "2026-03-16T10:00:00.000000Z"
LEARNED = "2026-02-01T00:00:00.000000Z"
LATER = "2026-03-14T00:00:00.000000Z"

SCRIPT = "<script>document.title='broken out'</script>"
IMAGE = '"><img src=x onerror="document.title=\'broken out\'">'
LINK = "javascript:document.title='broken out'"
TEMPLATE = "{{ 7 * 7 }}{% raw %}</title></svg><svg onload=\"document.title='broken out'\">"
ODD = "a/b+c?d#e&f=%2F;ünï 数.json"
"""An operator whose name has everything that an address gives a meaning."""
OPERATORS = (ODD, IMAGE, LINK, "..", "/x//y/", "Grid.csv", SCRIPT)
TITLE = f"{SCRIPT}{IMAGE}{TEMPLATE}"


def _bill() -> bytes:
    component = {
        "type": "library",
        "name": SCRIPT,
        "version": "1.0",
        "purl": "pkg:pypi/hostile@1.0",
        "supplier": {"name": TEMPLATE},
    }
    named = {"type": "library", "name": LINK, "version": IMAGE, "purl": "pkg:pypi/other@1.0"}
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "serialNumber": "urn:uuid:11111111-2222-4333-8444-555555555555",
            "version": 1,
            "metadata": {"component": {"type": "application", "name": LINK, "version": "1"}},
            "components": [component, named, {"type": "library", "name": TEMPLATE}],
        }
    ).encode()


def _advisory() -> bytes:
    package = {"ecosystem": "PyPI", "name": "hostile", "purl": "pkg:pypi/hostile"}
    events = [{"introduced": "0"}, {"fixed": "2.0"}]
    return json.dumps(
        {
            "id": "PYSEC-2026-1",
            "schema_version": "1.6.0",
            "modified": "2026-01-02T00:00:00Z",
            "published": "2026-01-01T00:00:00Z",
            "aliases": ["CVE-2026-0001"],
            "summary": TITLE,
            "affected": [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}]}],
            "references": [{"type": "WEB", "url": LINK}],
        }
    ).encode()


def _estate() -> bytes:
    lines = ["operator,product,release,country,sector,site,bill"]
    for name in OPERATORS:
        cells = (name, LINK, "1", "NZ", "energy", IMAGE, "bills/hostile.cdx.json")
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    return "\n".join(lines).encode()


def hostile() -> list[tuple[str, bytes]]:
    """Documents whose every text tries to become a script."""
    return [
        ("bills/hostile.cdx.json", _bill()),
        (f"advisories/{SCRIPT.replace('/', '')}.json", _advisory()),
        ("estate.csv", _estate()),
        (f"{IMAGE}.json", b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": 7}'),
    ]


def node(home: Path, database: str = "") -> Node:
    """A node that learned the scenario first, and the hostile documents six weeks later."""
    made = Node(Settings(home, database), FixedClock(NOW))
    made.create()
    load_documents(scenario.files(), made.intake, LEARNED)
    load_documents(hostile(), made.intake, LATER)
    made.reassess(every=True)
    return made
