"""What a node's people know and show: objects of several kinds, version by version."""

from __future__ import annotations

import json
from typing import Any

import nodes
import sharing

from accord.identity.markings import Tlp

KINDS = (
    "indicator", "indicator", "indicator", "vulnerability", "osv", "csaf", "sighting", "granular"
)  # fmt: skip
SECRET = "not-for-anybody"
"""In every field that a granular marking hides, and so in nothing that leaves a node."""
_UNKNOWN = "marking-definition--11111111-1111-4111-8111-111111111111"
"""What is not understood may not be seen."""
_SEEN: dict[str, Any] = sharing.stix(
    "vulnerability", "seen everywhere", Tlp.CLEAR, name="CVE-2026-1"
)


class Thing:
    """Something that a node's people know: its newest version, and what to load for it."""

    def __init__(self, owner: str, number: int, kind: str) -> None:
        self.owner, self.kind, self.label = owner, kind, f"canary-{owner}-{number}"
        self.versions = 0
        self.object = ""
        """Its identifier, once it was shared."""
        self.bodies: list[bytes] = []
        self.documents: list[bytes] = []
        self.redacted: list[bytes] = []
        """What was made of it for others."""

    @property
    def beside(self) -> tuple[bytes, ...]:
        """What its people have to know before it: a sighting is of something."""
        return (_bundled(_SEEN, "seen everywhere"),) if self.kind == "sighting" else ()

    def next(self) -> None:
        """A new version."""
        self.versions += 1
        day = f"2026-01-{self.versions:02}T00:00:00.000Z"
        if self.kind in ("osv", "csaf"):
            body = self._document(day)
            self.documents.append(body)
        else:
            value = self._value(day)
            body = json.dumps(value).encode()
            self.documents.append(_bundled(value, f"{self.label} {day}"))
        self.bodies.append(body)

    def _document(self, day: str) -> bytes:
        if self.kind == "osv":
            return nodes.osv(f"X-{self.label}", package=self.label, modified=day)
        return csaf(self.label, day, self.versions)

    def _value(self, day: str) -> dict[str, Any]:
        more: dict[str, Any] = {"modified": day}
        if self.kind == "sighting":
            seen = {"sighting_of_ref": _SEEN["id"], "count": self.versions}
            return sharing.stix(
                "sighting", self.label, None, description=self.label, **seen, **more
            )
        if self.kind == "granular":
            marks = [{"marking_ref": _UNKNOWN, "selectors": ["description"]}]
            more |= {"description": f"{SECRET} {self.label}", "granular_markings": marks}
        if self.kind in ("indicator", "granular"):
            return sharing.indicator(self.label, None, **more)
        return sharing.stix(self.kind, self.label, None, name=self.label, **more)


def _bundled(value: dict[str, Any], name: str) -> bytes:
    whole = {"type": "bundle", "id": sharing.name_of("bundle", name), "objects": [value]}
    return json.dumps(whole).encode()


def csaf(label: str, day: str, version: int) -> bytes:
    """A CSAF advisory on one package."""
    revisions = [
        {"date": f"2026-01-{number:02}T00:00:00.000Z", "number": str(number), "summary": "News"}
        for number in range(1, version + 1)
    ]
    tracking = {
        "current_release_date": day, "id": label, "initial_release_date": revisions[0]["date"],
        "revision_history": revisions, "status": "final", "version": str(version),
    }  # fmt: skip
    publisher = {"category": "vendor", "name": "Maker", "namespace": "https://maker.example"}
    helper = {"purl": f"pkg:npm/{label}@1.0.0"}
    product = {"name": label, "product_id": "P", "product_identification_helper": helper}
    return nodes.text(
        {
            "document": {
                "category": "csaf_security_advisory", "csaf_version": "2.0", "title": label,
                "publisher": publisher, "tracking": tracking,
                "notes": [{"category": "summary", "text": "A made-up document."}],
                "references": [{"summary": "It", "url": f"https://maker.example/{label}.json"}],
            },
            "product_tree": {"full_product_names": [product]},
            "vulnerabilities": [
                {
                    "cve": "CVE-2026-0002",
                    "notes": [{"category": "description", "text": label}],
                    "product_status": {"known_affected": ["P"]},
                    "remediations": [
                        {"category": "workaround", "details": "Wait.", "product_ids": ["P"]}
                    ],
                }
            ],
        }
    )  # fmt: skip
