"""The kinds of note, and the extension definitions under which their own members stand.

Every note is an object that STIX 2.1 has already, so that any tool shows its title and text; what
STIX has no place for stands in a property extension.

Source: STIX 2.1, sections 4.7 (incident), 4.13 (note), 4.16 (report), 7.3 (extension definitions).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Kind = Literal["incident", "assistance", "answer", "lesson", "breach"]
KINDS: tuple[Kind, ...] = ("incident", "assistance", "answer", "lesson", "breach")

INCIDENT = "extension-definition--6373aa5a-176c-4aa6-88d7-87cd9f060e44"
ASSISTANCE = "extension-definition--13fb56cb-bc0f-4ba9-85a8-63bd4fdc9933"
LESSON = "extension-definition--fc969dca-3d2b-4d93-8a51-87f188d960f8"
BREACH = "extension-definition--d827139b-3fd1-4820-8e02-63151abd2807"
AUTHOR = "identity--623fa471-c489-46c6-a599-730b6505fffa"
"""Who made the definitions: the accord project itself."""

MAIL, TELEPHONE = "mail_sha256", "telephone_sha256"
"""Members of a breach notice that hold the hashes of identifiers."""


class Form(msgspec.Struct, frozen=True):
    """How a kind of note is written."""

    type: str
    """Type of the STIX object."""
    extension: str
    """Identifier of the extension definition."""
    title: str
    """Member that holds the title."""
    text: str
    """Member that holds the text."""
    refers: bool
    """Whether STIX demands `object_refs` of it."""


FORMS: dict[Kind, Form] = {
    "incident": Form("incident", INCIDENT, "name", "description", refers=False),
    "assistance": Form("note", ASSISTANCE, "abstract", "content", refers=True),
    "answer": Form("note", ASSISTANCE, "abstract", "content", refers=True),
    "lesson": Form("report", LESSON, "name", "description", refers=True),
    "breach": Form("incident", BREACH, "name", "description", refers=False),
}

_MADE = "2026-01-31T00:00:00.000Z"
_REF = {"type": "string", "pattern": "^[a-z0-9-]+--[0-9a-f-]{36}$"}
_HASHES = {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
_COMMON: dict[str, Any] = {
    "extension_type": {"const": "property-extension"},
    "sectors": {"type": "array", "minItems": 1, "items": {"type": "string"}},
}
_ABOUT = {"about_refs": {"type": "array", "minItems": 1, "items": _REF}}


def definitions() -> list[dict[str, Any]]:
    """The extension definitions as objects of STIX 2.1, after the identity that made them."""
    return [
        {
            "type": "identity", "spec_version": "2.1", "id": AUTHOR, "created": _MADE,
            "modified": _MADE, "name": "accord", "identity_class": "system",
            "description": "The open node of a cyber-security partnership between governments.",
        },
        _definition(
            INCIDENT, "Incident note",
            "An incident as a partner reports it: `sectors` it met, `about_refs` what it concerns.",
            {**_COMMON, **_ABOUT},
        ),
        _definition(
            ASSISTANCE, "Request for assistance, and answer",
            "A note that asks partners for help (`part` is `request`), or answers such a request"
            " (`part` is `answer`, `answers_ref` is the request).",
            {
                **_COMMON, "part": {"enum": ["request", "answer"]}, "answers_ref": _REF,
            },
        ),
        _definition(
            LESSON, "Lesson learned",
            "A report of what was learned; `answers_ref` is the incident that taught it.",
            {**_COMMON, "answers_ref": _REF},
        ),
        _definition(
            BREACH, "Breach notice",
            "A breach of people's data. Their identifiers stand as SHA-256 only, in lower-case"
            " hexadecimal: of the mail address trimmed and in lower case (`mail_sha256`), of the"
            " telephone number as E.164 writes it (`telephone_sha256`).",
            {**_COMMON, **_ABOUT, MAIL: _HASHES, TELEPHONE: _HASHES},
        ),
    ]  # fmt: skip


def bundle() -> dict[str, Any]:
    """The definitions as one STIX 2.1 bundle, the same on every node."""
    id_ = "bundle--27872254-6b96-491c-9101-4bbf540e5e74"
    return {"type": "bundle", "id": id_, "objects": definitions()}


def _definition(id_: str, name: str, description: str, members: dict[str, Any]) -> dict[str, Any]:
    required = ["extension_type", *(["part"] if "part" in members else [])]
    schema = {"type": "object", "required": required, "properties": members}
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": id_,
        "created_by_ref": AUTHOR,
        "created": _MADE,
        "modified": _MADE,
        "name": name,
        "description": description,
        "schema": msgspec.json.encode(schema).decode(),
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }
