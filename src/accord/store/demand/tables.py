"""The tables of demand that hold facts: they follow from documents and can be rebuilt.

Amounts and rates are decimal text: no database makes a binary fraction of them.
"""

from __future__ import annotations

from sqlalchemy import Index, Table

from accord.store.metadata import METADATA, document, key, texts

contract = Table(
    "contract",
    METADATA,
    key(),
    document(),
    *texts("contract", "supplier", "lei", "registry", "domain", "cpe_vendor", "product"),
    *texts("release", "agency", "function", "spend", "currency", "volume", "unit", "starts"),
    *texts("ends", "notice", "impact", "place"),
    Index("contract_contract", "agency", "contract"),
)
"""`spend` is what it costs a year, in `currency`; days are YYYY-MM-DD; empty is unknown."""

rate = Table(
    "rate",
    METADATA,
    key(),
    document(),
    *texts("currency", "base", "day", "rate", "place"),
    Index("rate_pair", "currency", "base", "day"),
)
"""One unit of `currency` was worth `rate` units of `base`."""

supplier_name = Table(
    "supplier_name",
    METADATA,
    key(),
    document(),
    *texts("entity", "kind", "value", "place"),
)
"""What a person reviewed that a supplier is known by."""

revenue = Table(
    "revenue",
    METADATA,
    key(),
    document(),
    *texts("entity", "low", "high", "currency", "year", "source", "place"),
)

FACTS = (contract, rate, supplier_name, revenue)
