"""Declarations of CycloneDX for tests: one document, in JSON and in XML."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Fragment = dict[str, Any]
_HOLDERS = {
    "assessors": "assessor", "attestations": "attestation", "claims": "claim",
    "counterClaims": "counterClaim", "standards": "standard", "requirements": "requirement",
}  # fmt: skip


def body(declarations: Fragment, spec: str = "1.6", **more: Any) -> Fragment:
    """A document of these declarations, with a standard of one requirement."""
    requirement = {"bom-ref": "r", "identifier": "PO.1.1"}
    standard = {
        "bom-ref": "s",
        "name": "Secure Software Development Framework",
        "version": "1.1",
        "requirements": [requirement],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": spec,
        "metadata": {"timestamp": "2026-10-01T00:00:00Z"},
        "declarations": declarations,
        "definitions": {"standards": [standard]},
        **more,
    }


def as_json(document: Fragment) -> bytes:
    return json.dumps(document).encode()


def as_xml(document: Fragment, encoding: str = "utf-8") -> bytes:
    """The same, in the shape of the format's XML schema."""
    space = f"http://cyclonedx.org/schema/bom/{document['specVersion']}"
    inner = "".join(
        _element(name, document[name])
        for name in ("metadata", "declarations", "definitions")
        if name in document
    )
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    return f'{head}\n<bom xmlns="{space}" version="1">{inner}</bom>'.encode(encoding)


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        ref = f" bom-ref={quoteattr(value['bom-ref'])}" if "bom-ref" in value else ""
        inner = "".join(_field(name, key, one) for key, one in value.items() if key != "bom-ref")
        return f"<{name}{ref}>\n{inner}</{name}>"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def _field(parent: str, key: str, value: Any) -> str:
    if not isinstance(value, list):
        return _element(key, value)
    if key in _HOLDERS or (parent, key) == ("declarations", "evidence"):
        inner = "".join(_element(_HOLDERS.get(key, key), one) for one in value)
        return f"<{key}>{inner}</{key}>"
    return "".join(_element(key, one) for one in value)
