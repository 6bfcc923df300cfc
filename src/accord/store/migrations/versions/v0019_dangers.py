"""What is known to be dangerous, names that are imitated, and appeals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "danger",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        *_texts("kind", "value", "category", "source", "expires", "state", "proposed_by"),
        *_texts("proposed", "decided_by", "decided", "ended_by", "ended", "reason"),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "danger_name", *_texts("name", "owner", "person", "added"), sa.PrimaryKeyConstraint("name")
    )
    op.create_table(
        "danger_appeal",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        *_texts("token", "kind", "value", "said", "received", "outcome", "answer", "person"),
        *_texts("decided"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("danger_state", "danger", ["state"])
    op.create_index("danger_value", "danger", ["kind", "value"])
    op.create_index("danger_appeal_token", "danger_appeal", ["token"], unique=True)
