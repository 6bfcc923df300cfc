"""Documents, facts and the index of matching."""

from __future__ import annotations

from alembic import op

from accord.store.schema import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    METADATA.create_all(op.get_bind())
    op.execute("INSERT INTO generation (number) VALUES (0)")
