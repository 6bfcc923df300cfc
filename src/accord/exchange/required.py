"""What an object of STIX must have to be one, so that a redaction never leaves half an object.

Source: STIX 2.1, sections 3.2, 4 to 7; STIX 2.0, parts 1, 2 and 4, for what only it requires.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_COMMON = ("type", "id", "created", "modified")
_OF_TYPE = {
    "attack-pattern": "name",
    "campaign": "name",
    "course-of-action": "name",
    "grouping": "context object_refs",
    "identity": "name",
    "incident": "name",
    "indicator": "pattern pattern_type valid_from",
    "infrastructure": "name",
    "intrusion-set": "name",
    "malware": "is_family",
    "malware-analysis": "product",
    "note": "content object_refs",
    "observed-data": "first_observed last_observed number_observed",
    "opinion": "opinion object_refs",
    "report": "name published object_refs",
    "threat-actor": "name",
    "tool": "name",
    "vulnerability": "name",
    "relationship": "relationship_type source_ref target_ref",
    "sighting": "sighting_of_ref",
    "language-content": "object_ref contents",
    "extension-definition": "created_by_ref name schema version extension_types",
    "autonomous-system": "number",
    "directory": "path",
    "domain-name": "value",
    "email-addr": "value",
    "email-message": "is_multipart",
    "ipv4-addr": "value",
    "ipv6-addr": "value",
    "mac-addr": "value",
    "mutex": "name",
    "network-traffic": "protocols",
    "software": "name",
    "url": "value",
}
_BEFORE = {
    "identity": "identity_class",
    "indicator": "labels",
    "malware": "name labels",
    "report": "labels",
    "threat-actor": "labels",
    "tool": "labels",
}
"""Required by STIX 2.0 beyond those above."""
_ONE_OF = {
    "artifact": "payload_bin url",
    "file": "hashes name",
    "location": "region country latitude",
    "malware-analysis": "result analysis_sco_refs",
    "marking-definition": "definition extensions",
    "network-traffic": "src_ref dst_ref",
    "observed-data": "objects object_refs",
    "process": "extensions is_hidden pid created_time cwd command_line environment_variables "
    "opened_connection_refs creator_user_ref image_ref parent_ref child_refs",
    "windows-registry-key": "key values",
    "x509-certificate": "is_self_signed hashes version serial_number signature_algorithm issuer "
    "validity_not_before validity_not_after subject subject_public_key_algorithm "
    "subject_public_key_modulus subject_public_key_exponent x509_v3_extensions",
}
"""Of these members at least one must be there."""
_TOGETHER = (("latitude", "longitude"), ("definition", "definition_type"))
"""Members that stand together or not at all."""

INSIDE: dict[str, frozenset[str]] = {
    "external_references": frozenset({"source_name"}),
    "kill_chain_phases": frozenset({"kill_chain_name", "phase_name"}),
}
"""What each item of a list must have; an item without it goes as a whole (section 2.5, 2.11)."""


def lacking(value: dict[str, Any], left: Collection[str]) -> str:
    """The first member that an object had, that its type requires, and that is not left.

    `left` are the names of the members that stay. Empty: nothing lacks.
    """
    kind = str(value["type"])
    names = [*_COMMON, *_OF_TYPE.get(kind, "").split()]
    if "spec_version" not in value:
        names += _BEFORE.get(kind, "").split()
    for pair in _TOGETHER:
        names += pair if any(name in left for name in pair) else ()
    lost = next((name for name in names if name in value and name not in left), "")
    some = [name for name in _ONE_OF.get(kind, "").split() if name in value]
    return lost or (some[0] if some and not any(name in left for name in some) else "")
