"""The pool: questions of partners, their words on them, and this node's own part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _facts(name: str, *columns: str) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        *(sa.Column(column, sa.Text(), nullable=False) for column in columns),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_document_id", ["document_id"], unique=False)
        batch_op.create_index(f"{name}_question", ["question"], unique=False)


def upgrade() -> None:
    """Add the tables."""
    _facts("pool_question", "question", "asker", "at", "said")
    _facts(
        "pool_word",
        *("question", "partner", "word", "commitment", "address", "certificate", "person", "why"),
        "at",
    )
    _facts("pool_share", "question", "partner", "other", "at")
    op.create_table(
        "pool_part",
        sa.Column("question", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("said", "at", "audience")),
        sa.Column("chance", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("question"),
    )
