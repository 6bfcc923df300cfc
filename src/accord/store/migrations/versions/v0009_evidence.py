"""Evidence: what documents state, who may say it, and to which release it is tied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _table(name: str, *columns: sa.Column[object], indexes: tuple[tuple[str, ...], ...]) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_document_id", ["document_id"], unique=False)
        for index, *over in indexes:
            batch_op.create_index(index, over, unique=False)


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Add the tables."""
    _table(
        "statement",
        *_texts("kind", "type", "issuer", "issued", "expires", "title", "product", "releases"),
        *_texts("builder", "build_type", "attached", "place"),
        indexes=(),
    )
    _table(
        "artefact",
        *_texts("part", "name", "algorithm", "digest", "place"),
        indexes=(("artefact_digest", "digest"),),
    )
    _table(
        "assertion",
        *_texts("item", "answer", "due", "why", "expires", "place"),
        indexes=(("assertion_item", "item"),),
    )
    _table(
        "tie",
        *_texts("digest", "product", "release", "kind", "issuer", "how", "signer", "builder"),
        *_texts("matched", "artefacts", "issued", "expires"),
        sa.Column("removed", sa.Boolean(), nullable=False),
        *_texts("person", "why", "at", "place"),
        indexes=(("tie_product", "product", "release"), ("tie_digest", "digest")),
    )
    _table(
        "standing",
        *_texts("name", "role", "keys", "identities", "certificates", "trust_root"),
        *_texts("kinds", "items", "products", "until"),
        sa.Column("removed", sa.Boolean(), nullable=False),
        *_texts("person", "why", "at", "place"),
        indexes=(("standing_name", "name"),),
    )
