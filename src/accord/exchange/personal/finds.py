"""What the detector says."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal[
    "name", "contact", "mail", "phone", "ssn", "tfn", "aadhaar", "pan", "my number", "unsearched"
]
"""`unsearched`: there was more to look at than the bounds allow; a person is to look."""

MASK = "[removed]"
"""What stands where something was cut. It names no kind: words near a number say what it is."""

SAID: dict[Kind, str] = {
    "name": "name of a person",
    "contact": "contact data of a person",
    "mail": "mail address",
    "phone": "telephone number",
    "ssn": "US social security number",
    "tfn": "Australian tax file number",
    "aadhaar": "Indian Aadhaar number",
    "pan": "Indian permanent account number",
    "my number": "Japanese My Number",
    "unsearched": "more than can be searched",
}


class Find(msgspec.Struct, frozen=True, order=True):
    """Where a text holds something about a person."""

    place: str
    """JSON pointer to the text (RFC 6901)."""
    start: int
    """First character within the text."""
    end: int
    """Character behind the last."""
    kind: Kind
