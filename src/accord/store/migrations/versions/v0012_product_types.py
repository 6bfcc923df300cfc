"""Types of products, as people say them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("product", "release", "type", "person", "why", "at", "place")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "product_type",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("product_type", schema=None) as batch_op:
        batch_op.create_index("ix_product_type_document_id", ["document_id"], unique=False)
        batch_op.create_index("product_type_product", ["product", "release"], unique=False)
