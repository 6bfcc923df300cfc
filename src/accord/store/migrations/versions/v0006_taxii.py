"""TAXII at speed: bodies apart, names of what is redacted, and how much waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITING = (
    "INSERT INTO taxii_waiting (caller, objects, bytes)"
    " SELECT caller, count(*), sum(length(body)) FROM inbox WHERE state = 'waiting' GROUP BY caller"
)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "taxii_body",
        sa.Column("shared_id", _ID, autoincrement=False, nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("shared_id"),
    )
    op.create_table(
        "taxii_redacted",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared_id", _ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("name", "shared_id"),
    )
    with op.batch_alter_table("taxii_redacted", schema=None) as batch_op:
        batch_op.create_index("taxii_redacted_shared", ["shared_id"], unique=False)

    op.create_table(
        "taxii_waiting",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("objects", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller"),
    )
    with op.batch_alter_table("taxii_status", schema=None) as batch_op:
        batch_op.create_index("taxii_status_at", ["at"], unique=False)
        batch_op.create_index("taxii_status_caller", ["caller", "at"], unique=False)
    op.execute(_WAITING)
