"""Text of documents on its way to a person: it must not drive a terminal, a page or a spreadsheet.

Source: ISO 6429 (control functions); Unicode, "Bidirectional Algorithm" (UAX 9) and "Unicode
Security Considerations" (UTR 36) for marks that are not seen.
"""

from __future__ import annotations

import re
from typing import Any

DRIVING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, ends of lines, marks of direction, what is not seen, lone surrogates; not
the joiners U+200C and U+200D, which Indic and Arabic scripts need."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    """Text in which everything that drives is U+FFFD."""
    return DRIVING.sub("\ufffd", text)


def spreadsheet_cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A cell of a CSV; one that a spreadsheet would run is kept as text by an apostrophe."""
    if isinstance(value, list | tuple):
        value = "; ".join(str(item) for item in value)
    text = "" if value is None else str(value)
    return f"'{printable(text)}" if text.startswith(_FORMULA) else printable(text)
