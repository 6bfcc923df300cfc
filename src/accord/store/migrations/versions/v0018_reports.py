"""Reports from the public, and the files that are their evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "report",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        *_texts("token", "case", "via", "received", "contact", "outcome", "answer", "person"),
        *_texts("decided", "answered", "content"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "report_file",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("report_id", _ID, nullable=False),
        *_texts("digest"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("report_token", "report", ["token"], unique=True)
    op.create_index("report_case", "report", ["case", "outcome"])
    op.create_index("report_outcome", "report", ["outcome"])
    op.create_index("ix_report_file_report_id", "report_file", ["report_id"])
