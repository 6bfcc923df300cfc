"""Addresses of subscribers are sealed, and found by a keyed hash; the node seals what is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add what an address is found by."""
    op.drop_index("subscription_address", "subscription")
    with op.batch_alter_table("subscription") as batch:
        batch.add_column(sa.Column("address_name", sa.Text(), nullable=False, server_default=""))
    op.create_index("subscription_address", "subscription", ["address_name"])
