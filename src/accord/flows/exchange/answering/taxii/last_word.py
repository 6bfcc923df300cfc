"""The last version of an object that this node took back: that it is revoked, and nothing more.

Source: STIX 2.1, section 3.6 (revoking) and what section 4 requires of each type.
"""

from __future__ import annotations

from typing import Any

import msgspec

from accord.exchange.taxii.resources import version
from accord.flows.exchange.answering.taxii.port import Listed

_NAME = "Recalled by its originator"
_NAMED = (
    "attack-pattern", "campaign", "course-of-action", "identity", "infrastructure",
    "intrusion-set", "threat-actor", "tool", "vulnerability",
)  # fmt: skip
_MORE: dict[str, dict[str, Any]] = {
    "malware": {"is_family": False},
    "indicator": {"pattern": "[x-recalled:value = 'recalled']", "pattern_type": "stix"},
}
KINDS = (*_NAMED, *_MORE)
"""Types of which a last version says nothing of the ones before. Others are simply gone."""


def last_word(one: Listed, marking: str) -> bytes:
    """The revoked version; `marking` is the identifier of the marking that the object had."""
    kind = one.standing.type
    created = one.standing.created or one.listed
    more = dict(_MORE.get(kind, {}))
    if kind == "indicator":
        more["valid_from"] = version(created)
    return msgspec.json.encode(
        {
            "type": kind,
            "spec_version": "2.1",
            "id": one.object,
            "created": version(created),
            "modified": version(one.listed),
            "revoked": True,
            "name": _NAME,
            **more,
            "object_marking_refs": [marking],
        }
    )
