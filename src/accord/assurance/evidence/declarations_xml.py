"""Declarations of a CycloneDX document in XML, brought to the shape of its JSON form.

One name means two things in places: `<evidence>` holds evidence within `<declarations>` and names
some within a claim; `<claim>`, `<assessor>` and `<requirement>` are told or named likewise.

Source: CycloneDX XML schemas 1.6 and 1.7, `declarationsType` and `definitionsType`.
"""

from __future__ import annotations

from typing import Any, Final

from accord.core import xml
from accord.supply.inventory.cyclonedx.xml import document

LINE: Final = "@line"
"""Where an element starts; no attribute or element of XML can have this name."""
_SIGNED: Final = "http://www.w3.org/2000/09/xmldsig#"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")


def read(data: bytes) -> dict[str, Any]:
    """What a document declares, in the shape of its JSON form.

    Raises:
        Invalid: not a CycloneDX document by the schema.
        Unreadable: not XML, or with a document type declaration.
        TooLarge: past a bound.
    """
    root, _ = document(data, _GRAMMAR)
    return root.value


def has_signature(data: bytes) -> bool:
    """Whether something in it may be signed as XML has it (XML-DSig), which is not verified."""
    text = data.decode("utf-16", "replace").encode() if data.startswith(_WIDE) else data
    return _SIGNED.encode() in text


def _declarations(value: dict[str, Any], _: int) -> dict[str, Any]:
    held = [one for one in value.get("evidence", ()) if isinstance(one, dict)]
    told = [one for holder in held for one in holder.get("evidence", ())]
    return {**_told(value, "assessors", "claims"), "evidence": _objects(told)}


def _standard(value: dict[str, Any], _: int) -> dict[str, Any]:
    return _told(value, "requirements")


def _told(value: dict[str, Any], *names: str) -> dict[str, Any]:
    """Lists of what is told, without elements that say nothing at all."""
    return {**value, **{name: _objects(value[name]) for name in names if name in value}}


def _objects(items: list[Any]) -> list[Any]:
    return [one for one in items if one != ""]


def _map(value: dict[str, Any], line: int) -> dict[str, Any]:
    return {**value, LINE: line}


_GRAMMAR: Final = xml.Grammar(
    texts=frozenset(
        {
            "timestamp", "thirdParty", "name", "version", "identifier", "assessor", "requirement",
            "claim", "counterClaim", "score", "rationale", "predicate", "reasoning",
            "description", "created", "expires",
        }
    ),
    objects=frozenset(
        {"metadata", "definitions", "organization", "attestation", "conformance", "confidence"}
    ),
    lists=frozenset(
        {"assessors", "attestations", "claims", "counterClaims", "standards", "requirements"}
    ),
    repeated={"map": "map", "evidence": "evidence", "counterEvidence": "counterEvidence"},
    built={"declarations": _declarations, "standard": _standard, "map": _map},
)  # fmt: skip
