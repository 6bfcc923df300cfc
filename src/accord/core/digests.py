"""Names of byte strings.

Source: FIPS 180-4 (SHA-256).
"""

from __future__ import annotations

import hashlib
from typing import NewType

Digest = NewType("Digest", str)
"""SHA-256 of a document's bytes, 64 lower-case hexadecimal digits."""


def digest(data: bytes) -> Digest:
    """Name of a document: the SHA-256 of its bytes."""
    return Digest(hashlib.sha256(data).hexdigest())
