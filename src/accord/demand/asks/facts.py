"""Facts of joint asks: what partners consent to, and what this node's people did about it."""

from __future__ import annotations

from accord.core.reading import Fact


class Consent(Fact, frozen=True, kw_only=True):
    """A partner's consent to an ask, or the end of it, as it was stated."""

    ask: str
    """SHA-256 of the ask's terms, hexadecimal."""
    supplier: str
    requirement: str
    """`catalogue@version#item`."""
    products: tuple[str, ...]
    text: str
    """What is asked, in the supplier's terms."""
    due: str
    """`YYYY-MM-DD`."""
    partners: tuple[str, ...]
    """Whose consent makes it joint, by name."""
    partner: str
    """Who consents."""
    agreed: bool
    """False: the consent is withdrawn."""
    person: str
    why: str
    at: str


class Step(Fact, frozen=True, kw_only=True):
    """What became of an ask here."""

    ask: str
    step: str
    """`sent`, `answered` or `fixed`."""
    recipient: str = ""
    """To whom it was sent, as it stands in receipts."""
    answer: str = ""
    """`done`, `plan` or `no`."""
    text: str = ""
    """The supplier's words."""
    promised: str = ""
    """`YYYY-MM-DD` by which the supplier says it is done; empty: it does not say."""
    documents: tuple[str, ...] = ()
    """SHA-256 of what the answer brought, hexadecimal."""
    release: str = ""
    """The release that fixes it."""
    found: bool = False
    """The verdicts themselves showed it; no person had to say so."""
    effect: str = ""
    """JSON: the verdicts and exposures at this moment."""
    person: str
    why: str = ""
    at: str
