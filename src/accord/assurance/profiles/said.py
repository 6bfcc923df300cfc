"""What a bill says in one field: something, or nothing, or that it will not or cannot say.

Law (placeholders never pass): a text that only fills a place is never *stated*.

Source: SPDX 2.3, section 7 (NOASSERTION: no attempt, or no statement); CISA, 2025 Minimum Elements
for a Software Bill of Materials (draft, August 2025), *known unknowns*: what is unknown is told
apart from what is withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum


class Said(IntEnum):
    """How a field of a bill is filled; of several values the highest counts."""

    MISSING = 0
    """There is no such field, or it is empty."""
    UNKNOWN = 1
    """A placeholder, something of the wrong shape, or the word that it is not known."""
    WITHHELD = 2
    """The bill says that it keeps this back."""
    STATED = 3

    @property
    def word(self) -> str:
        """As people and documents write it."""
        return self.name.lower()


_UNKNOWN = frozenset(
    {
        "noassertion", "no assertion", "none", "unknown", "unspecified", "undefined", "null", "nil",
        "n/a", "na", "n.a.", "not applicable", "not available", "not specified", "not known",
        "not provided", "not set", "tbd", "to be determined", "todo", "?", "??", "???", "-", "--",
        ".", "...",
    }
)  # fmt: skip
_WITHHELD = frozenset(
    {"withheld", "redacted", "confidential", "classified", "not disclosed", "undisclosed"}
)
_LONGEST = 32
_AROUND = re.compile(r"^[\s<(\[{*\"']+|[\s>)\]}*\"']+$")
_KIND = re.compile(r"^(?:organization|person|tool):\s*", re.IGNORECASE)
"""How SPDX 2 says what kind of agent a name is of."""


def said(text: str | None) -> Said:
    """How one text fills its field."""
    if not text:
        return Said.MISSING
    if len(text) > _LONGEST:
        return Said.STATED if text.strip() else Said.MISSING
    word = _AROUND.sub("", _KIND.sub("", text.strip())).casefold()
    if not word:
        return Said.UNKNOWN if text.strip() else Said.MISSING
    if word in _UNKNOWN:
        return Said.UNKNOWN
    return Said.WITHHELD if word in _WITHHELD else Said.STATED


def best(texts: Iterable[str | None]) -> Said:
    """How several texts fill one field."""
    found = Said.MISSING
    for text in texts:
        now = said(text)
        if now is Said.STATED:
            return now
        found = max(found, now)
    return found
