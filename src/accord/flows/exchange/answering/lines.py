"""Decisions as lines of the disclosure log."""

from __future__ import annotations

from accord.exchange.receipts import Line
from accord.flows.exchange.answering.port import Kept
from accord.identity.markings import Tlp

_WORDS = tuple(tlp.word for tlp in Tlp)


def line(  # noqa: PLR0913, PLR0917 - a line has so many columns
    kept: Kept, at: str, way: str, recipient: str, outcome: str, rule: str, digest: str = ""
) -> Line:
    """One decision; its number is given where it is kept.

    `digest` is the SHA-256 of what is given out, hexadecimal.
    """
    return Line(
        0, at, kept.object, kept.version, _WORDS[kept.tlp], way, recipient, outcome, rule, digest
    )
