"""Facts of statements: verdicts of authorities, and what they recognise."""

from __future__ import annotations

from accord.core.reading import Fact


class Verdict(Fact, frozen=True):
    """A buyer's verdict on a release, as it was stated."""

    authority: str
    """The buyer, by its baseline's name."""
    product: str
    release: str
    type: str
    """Type of product, or empty."""
    digests: tuple[str, ...]
    """Of the release's artefacts, each after `sha256:`."""
    baseline: str
    """Version of the baseline."""
    verdict: str
    at: str
    until: str
    person: str
    found: str
    """JSON list of what was found, item by item."""


class Recognition(Fact, frozen=True):
    """A rule by which a buyer recognises an authority's verdicts, or its revocation."""

    rule: str
    by: str
    of: str
    level: int
    items: tuple[str, ...]
    types: tuple[str, ...]
    without: tuple[str, ...]
    onward: bool
    since: str
    until: str
    revoked: str
    """`when()` it was revoked; empty: it stands."""
    person: str
    why: str
