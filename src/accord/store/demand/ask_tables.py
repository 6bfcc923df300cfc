"""The tables of joint asks: two of facts, and the links by which suppliers answer."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table, Text

from accord.store.metadata import METADATA, document, key, texts

ask_consent = Table(
    "ask_consent",
    METADATA,
    key(),
    document(),
    *texts("ask", "supplier", "requirement", "products", "text", "due", "partners", "partner"),
    Column("agreed", Boolean, nullable=False),
    *texts("person", "why", "at"),
    Index("ask_consent_ask", "ask"),
)
"""`products` and `partners` are JSON lists of text."""

ask_step = Table(
    "ask_step",
    METADATA,
    key(),
    document(),
    *texts("ask", "step", "recipient", "answer", "text", "promised", "documents", "release"),
    Column("found", Boolean, nullable=False),
    *texts("effect", "person", "why", "at"),
    Index("ask_step_ask", "ask"),
)
"""`documents` is a JSON list of digests, `effect` a JSON object or empty."""

FACTS = (ask_consent, ask_step)

ask_link = Table(
    "ask_link",
    METADATA,
    Column("token", Text, primary_key=True),
    *texts("ask", "recipient", "tlp", "created", "expires", "used"),
    Index("ask_link_ask", "ask"),
)
"""One row a link that was sent. `token` is the SHA-256 of its secret, which is kept nowhere; `used`
is `when()` it was answered by, or empty."""
