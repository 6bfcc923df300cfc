"""Hunting: the indicators that documents hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "stix_indicator",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Text(), nullable=False),
        sa.Column("confidence", sa.SmallInteger(), nullable=True),
        sa.Column("tlp", sa.SmallInteger(), nullable=True),
        sa.Column("pap", sa.SmallInteger(), nullable=False),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stix_indicator", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stix_indicator_document_id"), ["document_id"], unique=False
        )
        batch_op.create_index("stix_indicator_object", ["object"], unique=False)
    op.execute("UPDATE generation SET number = -1 WHERE number > 0")
