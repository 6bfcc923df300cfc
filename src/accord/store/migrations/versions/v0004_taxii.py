"""Everyone else's systems: TAXII lists and the inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "inbox",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("caller", "object", "version", name="inbox_object"),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index("inbox_state", ["state", "id"], unique=False)
        batch_op.create_index("inbox_status", ["status"], unique=False)

    op.create_table(
        "taxii_item",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scope", _ID, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("shared_id", _ID, nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("tlp", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Integer(), nullable=False),
        sa.Column("recalled", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    with op.batch_alter_table("taxii_item", schema=None) as batch_op:
        batch_op.create_index("taxii_item_object", ["scope", "object", "version"], unique=False)
        batch_op.create_index("taxii_item_order", ["scope", "seq"], unique=False)
        batch_op.create_index("taxii_item_type", ["scope", "type", "seq"], unique=False)

    op.create_table(
        "taxii_scope",
        sa.Column("scope", _ID, autoincrement=False, nullable=False),
        sa.Column("looked", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope"),
    )
    op.create_table(
        "taxii_status",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "taxii_aside",
        sa.Column("shared_id", _ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["shared_id"],
            ["shared.id"],
        ),
        sa.PrimaryKeyConstraint("shared_id"),
    )
    op.execute("UPDATE generation SET number = -1 WHERE number > 0")
