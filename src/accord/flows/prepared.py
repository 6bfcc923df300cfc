"""Documents on their way into the store."""

from __future__ import annotations

from typing import Any

import msgspec

from accord.core.digests import Digest

Row = tuple[Any, ...]


class Rows(msgspec.Struct, array_like=True):
    """The rows of one document, table by table; identifiers are the store's to give."""

    tables: dict[str, list[Row]]
    """Rows of the tables that hold nothing but text and numbers, in the columns' order."""
    affected: list[Row]
    """package, stream, lo, hi, scheme, vulnerability, since, until, fixed, place, whether
    since and until are included."""
    components: list[Row]
    identities: list[Row]
    """Index of the component, then package, stream, text, key, scheme, how."""
    deployments: list[Row]
    """Index of the component that is the product itself (-1: none), then the columns."""


class Prepared(msgspec.Struct):
    """A document, ready for the store."""

    digest: Digest
    source: str
    kind: str
    subject: str = ""
    edition: str = ""
    title: str = ""
    size: int = 0
    outcome: str = "taken"
    """`taken`, `kept` or `quarantined`."""
    packed: bytes = b""
    """The document's bytes, Zstandard-compressed."""
    quarantined: list[tuple[str, str]] = []
    """Place and reason, of the document or of items within it."""
    rows: Rows | None = None


class Known(msgspec.Struct):
    """A document that this node already has."""

    digest: Digest
    source: str
