"""What verdicts were last made of, and the documents that count otherwise since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add what is noted. Verdicts that are kept are made anew, all of them, the next time."""
    op.drop_table("assessed")
    op.create_table(
        "assessed",
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("common", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
    )
    op.create_table(
        "counting_otherwise",
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
    )
    with op.batch_alter_table("counting_otherwise", schema=None) as batch_op:
        batch_op.create_index("counting_otherwise_generation", ["generation"], unique=False)
