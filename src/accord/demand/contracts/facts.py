"""Facts of purchasing: contracts, rates of exchange, names of suppliers, revenues.

Amounts are decimal text in the main unit (`1200.50`), never binary fractions; empty is unknown.
"""

from __future__ import annotations

from typing import Final

from accord.core.reading import Fact

KINDS: Final = ("lei", "registry", "domain", "cpe", "name")
"""What a supplier may be known by, the surest first."""


class Contract(Fact, frozen=True, kw_only=True):
    """One line of what an agency buys."""

    contract: str
    """The agency's own number of it; with the agency it is unique."""
    supplier: str
    """As the agency writes it."""
    lei: str = ""
    registry: str = ""
    """`JP-CN:` and the number, as `demand.identifiers` has it."""
    domain: str = ""
    cpe_vendor: str = ""
    product: str = ""
    release: str = ""
    agency: str
    """Who buys."""
    function: str = ""
    """The critical function that it serves."""
    spend: str = ""
    """What it costs a year."""
    currency: str = ""
    """ISO 4217."""
    volume: str = ""
    """How much of it, decimal text."""
    unit: str = ""
    """Of what: seats, sites, ..."""
    starts: str = ""
    """YYYY-MM-DD."""
    ends: str = ""
    """YYYY-MM-DD; empty: open."""
    notice: str = ""
    """YYYY-MM-DD by which it must be ended or changed."""
    impact: str = ""
    """SSVC mission impact: `low`, `medium`, `high`, `very high`."""
    place: str = ""


class Rate(Fact, frozen=True, kw_only=True):
    """One unit of `currency` was worth so many units of `base` on a day."""

    currency: str
    base: str
    day: str
    """YYYY-MM-DD."""
    rate: str
    """Decimal text above 0."""
    place: str = ""


class SupplierName(Fact, frozen=True, kw_only=True):
    """A person reviewed that a supplier is known by this."""

    entity: str
    """The supplier, as the table calls it; or one of its identifiers, `lei:...`."""
    kind: str
    """One of `KINDS`."""
    value: str
    """Normalised; a name as it is written."""
    place: str = ""


class Revenue(Fact, frozen=True, kw_only=True):
    """What a supplier earned in a year, as a range."""

    entity: str
    low: str
    high: str
    currency: str
    year: str
    source: str = ""
    """Where this is said."""
    place: str = ""
