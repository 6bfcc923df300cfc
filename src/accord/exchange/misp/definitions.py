"""The extension under which what STIX has no place for travels, so that the way back loses nothing.

Source: STIX 2.1, section 7.3 (extension definitions).
"""

from __future__ import annotations

from typing import Any

import msgspec

from accord.exchange.notes.definitions import AUTHOR, definitions

EXTENSION = "extension-definition--6d8ac3cd-4f05-4bb5-9e7f-6c0d7b1f2f27"
_MADE = "2026-11-23T00:00:00.000Z"
_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"}
_TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["extension_type", "part", "uuid", "rest"],
    "additionalProperties": False,
    "properties": {
        "extension_type": {"const": "property-extension"},
        "part": {"enum": ["event", "object", "attribute"]},
        "uuid": _UUID,
        "event_uuid": _UUID,
        "object_uuid": _UUID,
        "position": {"type": "integer", "minimum": 0},
        "type": _TEXT,
        "category": _TEXT,
        "value": _TEXT,
        "to_ids": {"type": "boolean"},
        "comment": _TEXT,
        "rest": _TEXT,
    },
}
DESCRIPTION = (
    "A part of an event of MISP. `part` says which: the event (on a report or grouping), an object"
    " (on a grouping) or an attribute. `event_uuid`, `object_uuid` and `position` say where it"
    " belongs. `type`, `category`, `value`, `to_ids` and `comment` are an attribute's own. `rest`"
    " is JSON as text: every other member of the part, as MISP has it."
)


def objects() -> list[dict[str, Any]]:
    """Who made the definition, and the definition itself."""
    author = next(one for one in definitions() if one["id"] == AUTHOR)
    return [
        author,
        {
            "type": "extension-definition", "spec_version": "2.1", "id": EXTENSION,
            "created_by_ref": AUTHOR, "created": _MADE, "modified": _MADE,
            "name": "Part of an event of MISP", "description": DESCRIPTION,
            "schema": msgspec.json.encode(SCHEMA).decode(), "version": "1.0.0",
            "extension_types": ["property-extension"],
        },
    ]  # fmt: skip
