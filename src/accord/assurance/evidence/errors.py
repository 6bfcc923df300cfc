"""What can go wrong with evidence.

EvidenceError
├── NotVerified        it does not prove what it says
│   ├── Unsigned       it bears no signature, and the one named must have signed it
│   ├── WrongSignature no signature in it holds
│   ├── WrongIdentity  signed, but by somebody else
│   ├── BrokenProof    the transparency log does not hold it, or cannot show that it does
│   ├── BrokenChain    its certificate does not lead to the pinned root
│   ├── WrongSubject   it is about something else than this release
│   └── OutOfDate      it has expired, or is from the future
├── NoStanding         the one who says so has no standing here for this
└── NotAble            what it takes to check it is not here
"""

from __future__ import annotations

from accord.core.errors import AccordError


class EvidenceError(AccordError):
    """Root of what goes wrong with evidence; nothing of what was given is kept."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        self.place = place


class NotVerified(EvidenceError):
    """It does not prove what it says."""


class Unsigned(NotVerified):
    """It bears no signature, and the one named must have signed it."""


class WrongSignature(NotVerified):
    """No signature in it holds."""


class WrongIdentity(NotVerified):
    """Signed, but by somebody else."""


class BrokenProof(NotVerified):
    """The transparency log does not hold it, or cannot show that it does."""


class BrokenChain(NotVerified):
    """Its certificate does not lead to the pinned root, or not at that time."""


class WrongSubject(NotVerified):
    """It is about something else than this release."""


class OutOfDate(NotVerified):
    """It has expired, or is from the future."""


class NoStanding(EvidenceError):
    """The one who says so has no standing here for this."""


class NotAble(EvidenceError):
    """What it takes to check it is not here."""
