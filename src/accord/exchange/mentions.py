"""Identifiers of STIX objects wherever a text holds one, and texts without those of what is hidden.

Law (one reading): what is found in a text is what can be taken out of it.

Source: STIX 2.1, section 2.9 (identifiers).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

WITHHELD: Final = "[withheld]"
"""What stands in a text in place of an identifier."""

_FOUND = re.compile(
    r"([a-z0-9-]{3,250})--([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})",
    re.IGNORECASE | re.ASCII,
)
_SCHEMA: Final = "extension-definition--"
_TYPES = frozenset({
    "artifact", "attack-pattern", "autonomous-system", "campaign", "course-of-action",
    "directory", "domain-name", "email-addr", "email-message", "extension-definition", "file",
    "grouping", "identity", "incident", "indicator", "infrastructure", "intrusion-set",
    "ipv4-addr", "ipv6-addr", "language-content", "location", "mac-addr", "malware",
    "malware-analysis", "marking-definition", "mutex", "network-traffic", "note",
    "observed-data", "opinion", "process", "relationship", "report", "sighting", "software",
    "threat-actor", "tool", "url", "user-account", "vulnerability", "windows-registry-key",
    "x509-certificate",
})  # fmt: skip


def mentioned(text: str) -> Iterator[str]:
    """Every identifier in a text, in lower case; where words run together, each that may be."""
    if "--" not in text:
        return
    for match in _FOUND.finditer(text):
        name = match[2].lower()
        for kind in _kinds(match[1].lower(), whole=len(match[0]) == len(text)):
            yield f"{kind}--{name}"


def _kinds(kind: str, *, whole: bool) -> Iterator[str]:
    """The types that the letters before an identifier's `--` may mean: `see-malware`, `xtool`.

    Types may be of anybody's making, so that any of their ends may be one.
    """
    yield kind
    if whole or kind in _TYPES:
        return
    yield from (kind[at:] for at in range(1, len(kind) - 2))


def every(value: Any, passed: Collection[str]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Every identifier in the texts and member names of an object, without some of its members."""
    waiting: list[Any] = [{key: one for key, one in value.items() if key not in passed}]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            yield from mentioned(here)
        elif isinstance(here, dict):
            # What defines an extension is a schema, which every object that uses it names.
            for key in here:
                if not key.startswith(_SCHEMA):
                    yield from mentioned(key)
            waiting += reversed(here.values())
        elif isinstance(here, list):
            waiting += reversed(here)


def names(text: str, hidden: Collection[str]) -> bool:
    """Whether a text holds one of the hidden."""
    return any(one in hidden for one in mentioned(text))


def is_one(text: str, hidden: Collection[str]) -> bool:
    """Whether a text is one of the hidden and nothing else."""
    return "--" in text and text.strip().lower() in hidden


def without(text: str, hidden: Collection[str]) -> str:
    """A text with a fixed word where one of the hidden stood."""
    if "--" not in text:
        return text
    return _FOUND.sub(lambda found: WITHHELD if names(found[0] + " ", hidden) else found[0], text)
