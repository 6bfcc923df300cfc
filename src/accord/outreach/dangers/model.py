"""What is known to be dangerous, what is asked about, and the three answers that there are.

Law (no promise): an answer is *known dangerous*, *looks like* or *not known to us*; none says that
something may be trusted.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Kind = Literal["link", "domain", "mail", "phone", "hash", "app"]
Category = Literal["phishing", "malware", "scam", "impersonation"]
CATEGORIES: Final[tuple[Category, ...]] = ("phishing", "malware", "scam", "impersonation")
Verdict = Literal["dangerous", "lookalike", "unknown"]
VERDICTS: Final[tuple[Verdict, ...]] = ("dangerous", "lookalike", "unknown")

WHY: Final[dict[Category, str]] = {
    "phishing": "It steals passwords, cards or bank details.",
    "malware": "It brings software that harms your device.",
    "scam": "It takes money and gives nothing.",
    "impersonation": "It pretends to be somebody else.",
}
NOW: Final[dict[Category, str]] = {
    "phishing": (
        "Do not open it. If you gave a password, change it now, wherever you use it; if you gave "
        "card or bank details, call your bank now, by a number that you know already."
    ),
    "malware": (
        "Do not open or install it. If you did, disconnect the device from the network and have it "
        "looked at before you sign in anywhere from it."
    ),
    "scam": (
        "Do not pay and do not answer. If you paid, call your bank now, by a number that you know "
        "already, and report it to the police."
    ),
    "impersonation": (
        "Do not answer it. Ask whom it pretends to be, by a number or address that you know "
        "already."
    ),
}
LOOKS: Final = (
    "Do not sign in there and give nothing. Type the address that you know yourself, or call by a "
    "number that you know already."
)
UNKNOWN: Final = (
    "That is no promise: new traps are made every minute. If it asks for a password, money or "
    "haste, ask the sender first, by a way that you know already."
)


class Danger(msgspec.Struct, frozen=True, order=True):
    """One thing that is known to be dangerous."""

    kind: Kind
    value: str
    """Canonical: equal things have equal values."""
    category: Category
    expires: str
    """`when()` from which it is not known any more."""


class Protected(msgspec.Struct, frozen=True, order=True):
    """A name that others imitate."""

    name: str
    """As somebody registered it, in A-labels."""
    owner: str
    """Whose it is, for people."""


class Asked(msgspec.Struct, frozen=True):
    """One thing that somebody asks about."""

    kind: Kind
    value: str
    remarks: tuple[str, ...] = ()
    """What a person should know of how it is written."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The answer about one thing."""

    asked: Asked
    verdict: Verdict
    category: Category | None = None
    like: Protected | None = None
    """What it looks like."""

    @property
    def said(self) -> str:
        """The answer in words."""
        if self.category is not None:
            return f"Known dangerous: {self.category}. {WHY[self.category]}"
        if self.like is not None:
            return f"Looks like {self.like.name} ({self.like.owner}), and is not it."
        return "Not known to us."

    @property
    def now(self) -> str:
        """What to do now."""
        if self.category is not None:
            return NOW[self.category]
        return UNKNOWN if self.like is None else LOOKS


def worst(found: tuple[Found, ...]) -> Verdict:
    """The gravest of some answers; nothing found is not known."""
    return min((one.verdict for one in found), key=VERDICTS.index, default="unknown")
