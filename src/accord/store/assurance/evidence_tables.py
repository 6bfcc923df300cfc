"""The tables of evidence: what documents state, and what people of this node recorded of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Table

from accord.store.metadata import METADATA, document, key, texts

statement = Table(
    "statement",
    METADATA,
    key(),
    document(),
    *texts("kind", "type", "issuer", "issued", "expires", "title", "product", "releases"),
    *texts("builder", "build_type", "attached", "place"),
)
"""`releases` is a JSON list of text."""

artefact = Table(
    "artefact",
    METADATA,
    key(),
    document(),
    *texts("part", "name", "algorithm", "digest", "place"),
    Index("artefact_digest", "digest"),
)
"""`part` is `subject` or `material`."""

assertion = Table(
    "assertion",
    METADATA,
    key(),
    document(),
    *texts("item", "answer", "due", "why", "expires", "place"),
    Index("assertion_item", "item"),
)
"""`answer` is `yes`, `no` or `plan`."""

tie = Table(
    "tie",
    METADATA,
    key(),
    document(),
    *texts("digest", "product", "release", "kind", "issuer", "how", "signer", "builder"),
    *texts("matched", "artefacts", "issued", "expires"),
    Column("removed", Boolean, nullable=False),
    *texts("person", "why", "at", "place"),
    Index("tie_product", "product", "release"),
    Index("tie_digest", "digest"),
)
"""Records that tie a document, by its digest, to a release. `matched` and `artefacts` are JSON
lists of text. `document_id` is the record itself."""

standing = Table(
    "standing",
    METADATA,
    key(),
    document(),
    *texts("name", "role", "keys", "identities", "certificates", "trust_root"),
    *texts("kinds", "items", "products", "until"),
    Column("removed", Boolean, nullable=False),
    *texts("person", "why", "at", "place"),
    Index("standing_name", "name"),
)
"""Whose word counts. `keys`, `identities`, `certificates`, `kinds`, `items` and `products` are JSON
lists."""

product_type = Table(
    "product_type",
    METADATA,
    key(),
    document(),
    *texts("product", "release", "type", "person", "why", "at", "place"),
    Index("product_type_product", "product", "release"),
)
"""What type of product something is; an empty release is every one, an empty type none."""

FACTS = (statement, artefact, assertion, tie, standing, product_type)
"""Evidence."""
