"""Markings: whom a piece of information may go to (TLP), and how it may be used (PAP).

Source: FIRST, Traffic Light Protocol 2.0; MISP, Permissible Actions Protocol.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec


class Tlp(IntEnum):
    """Traffic Light Protocol 2.0; a higher number is more restrictive."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    AMBER_STRICT = 3
    RED = 4

    @property
    def label(self) -> str:
        """As TLP 2.0 writes it: `TLP:AMBER+STRICT`."""
        return f"TLP:{self.name.replace('_', '+')}"


class Pap(IntEnum):
    """Permissible Actions Protocol; a higher number is more restrictive."""

    CLEAR = 0
    GREEN = 1
    AMBER = 2
    RED = 3

    @property
    def label(self) -> str:
        """As it is written: `PAP:AMBER`."""
        return f"PAP:{self.name}"


class Marking(msgspec.Struct, frozen=True, order=True):
    """What the originator allows."""

    tlp: Tlp
    pap: Pap = Pap.CLEAR
    release_at: str = ""
    """`when()` before which it goes to nobody (an embargo); empty: at once."""
    expires: str = ""
    """`when()` from which it is no longer given out, and is dropped by who holds it; or empty."""
