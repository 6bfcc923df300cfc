"""What is known to be dangerous, what is asked about, and the three answers that there are.

Law (no promise): an answer is *known dangerous*, *looks like* or *not known to us*; none says that
something may be trusted.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from accord.outreach.languages.catalogue import Say, marked

Kind = Literal["link", "domain", "mail", "phone", "hash", "app"]
Category = Literal["phishing", "malware", "scam", "impersonation"]
CATEGORIES: Final[tuple[Category, ...]] = ("phishing", "malware", "scam", "impersonation")
Verdict = Literal["dangerous", "lookalike", "unknown"]
VERDICTS: Final[tuple[Verdict, ...]] = ("dangerous", "lookalike", "unknown")

WHY: Final[dict[Category, str]] = {
    "phishing": marked("It steals passwords, cards or bank details."),
    "malware": marked("It brings software that harms your device."),
    "scam": marked("It takes money and gives nothing."),
    "impersonation": marked("It pretends to be somebody else."),
}
NOW: Final[dict[Category, str]] = {
    "phishing": marked(
        "Do not open it. If you gave a password, change it now, wherever you use it; if you gave "
        "card or bank details, call your bank now, by a number that you know already."
    ),
    "malware": marked(
        "Do not open or install it. If you did, disconnect the device from the network and have it "
        "looked at before you sign in anywhere from it."
    ),
    "scam": marked(
        "Do not pay and do not answer. If you paid, call your bank now, by a number that you know "
        "already, and report it to the police."
    ),
    "impersonation": marked(
        "Do not answer it. Ask whom it pretends to be, by a number or address that you know "
        "already."
    ),
}
LOOKS: Final = marked(
    "Do not sign in there and give nothing. Type the address that you know yourself, or call by a "
    "number that you know already."
)
NAMES: Final[dict[Category, str]] = {
    "phishing": marked("phishing"), "malware": marked("malware"), "scam": marked("scam"),
    "impersonation": marked("impersonation"),
}  # fmt: skip
DANGEROUS: Final = marked("Known dangerous: {category}. {why}")
LIKE: Final = marked("Looks like {name} ({owner}), and is not it.")
NONE: Final = marked("Not known to us.")
UNKNOWN: Final = marked(
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


class Remark(msgspec.Struct, frozen=True):
    """What a person should know of how something is written."""

    message: str
    values: dict[str, str] = {}

    def said(self, say: Say) -> str:
        """In words of a language."""
        return say(self.message, **self.values)


class Asked(msgspec.Struct, frozen=True):
    """One thing that somebody asks about."""

    kind: Kind
    value: str
    remarks: tuple[Remark, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The answer about one thing."""

    asked: Asked
    verdict: Verdict
    category: Category | None = None
    like: Protected | None = None
    """What it looks like."""

    def said(self, say: Say) -> str:
        """The answer in words of a language."""
        if self.category is not None:
            why = say(WHY[self.category])
            return say(DANGEROUS, category=say(NAMES[self.category]), why=why)
        if self.like is not None:
            return say(LIKE, name=self.like.name, owner=self.like.owner)
        return say(NONE)

    def now(self, say: Say) -> str:
        """What to do now."""
        if self.category is not None:
            return say(NOW[self.category])
        return say(UNKNOWN if self.like is None else LOOKS)


def worst(found: tuple[Found, ...]) -> Verdict:
    """The gravest of some answers; nothing found is not known."""
    return min((one.verdict for one in found), key=VERDICTS.index, default="unknown")
