"""The words of assurance: items of catalogues, claims about them, and how far one is believed.

Law (unknown never passes): a requirement without a claim is unknown, and unknown satisfies nothing.

Source: SLSA 1.0 (verification summary); in-toto attestation framework (simple verification result).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec


class Level(IntEnum):
    """How far a claim is believed; a higher one counts for every lower one."""

    UNKNOWN = 0
    SELF_ASSERTED = 1
    """The supplier says so."""
    THIRD_PARTY = 2
    """Somebody else, whose standing covers the claim, says so."""
    VERIFIED = 3
    """This node, or an authority that it recognises, checked it against the release itself."""

    @property
    def words(self) -> str:
        """As people and documents write it: `self-asserted`."""
        return _WORDS[self]


_WORDS: Final = {
    Level.UNKNOWN: "unknown",
    Level.SELF_ASSERTED: "self-asserted",
    Level.THIRD_PARTY: "third party",
    Level.VERIFIED: "verified",
}
LEVELS: Final = {words: level for level, words in _WORDS.items()}
"""Levels by their words."""

CONTRADICTED: Final = "contradicted"
"""The verdict where a claim is denied: by a counter-claim, or by a fact."""
REQUIREMENT_VERDICTS: Final = (*reversed(LEVELS), CONTRADICTED)
"""Every verdict on one requirement."""

ACCEPT: Final = "accept"
CONDITIONAL: Final = "accept with conditions"
REJECT: Final = "reject"
UNDECIDED: Final = "cannot decide"
BUYERS_VERDICTS: Final = (ACCEPT, CONDITIONAL, REJECT, UNDECIDED)
"""Every verdict of one buyer on one release."""

SEPARATOR: Final = "#"
"""Between a catalogue and its item: `ssdf@1.1#PO.1.1`."""


OURS_TO_FIND: Final = ("fact@", "sbom@", "sigstore@")
"""Beginnings of items that nobody is believed about: this node looks for itself."""


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a recognised verdict rests on: a rule, and the statement that it let in."""

    rule: str
    statement: str
    """`sha256:` and the digest of the other authority's statement."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that evidence says of a release, believed as far as `level`."""

    item: str
    """What it is about, as `catalogue@version#identifier`."""
    holds: bool = True
    """False: it is denied."""
    level: Level
    kind: str
    """Kind of evidence: `attestation form`, `provenance`, `bill`, `declaration`, `fact`, ..."""
    issuer: str = ""
    """Who says so; empty: this node found it."""
    evidence: str = ""
    """`sha256:` and the digest of the document that says so."""
    issued: str = ""
    """`when()` it was said; empty: undated."""
    expires: str = ""
    """`when()` it no longer counts; empty: it does not say."""
    place: str = ""
    """Where in the document."""
    why: str = ""
    """What was found, for a person."""
    links: tuple[Link, ...] = ()
    """Recognitions that it rests on, from this buyer's own to the one of who verified it."""


def type_of(text: str) -> str:
    """A type of product, however it is written: `Network-Device` is `network device`."""
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())
