"""Joint asks: what partners consent to, what became of it, and the links to answer by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _facts(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_document_id", ["document_id"], unique=False)
        batch_op.create_index(f"{name}_ask", ["ask"], unique=False)


def upgrade() -> None:
    """Add the tables."""
    _facts(
        "ask_consent",
        *_texts("ask", "supplier", "requirement", "products", "text", "due", "partners"),
        *_texts("partner"),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        *_texts("person", "why", "at"),
    )
    _facts(
        "ask_step",
        *_texts("ask", "step", "recipient", "answer", "text", "promised", "documents", "release"),
        sa.Column("found", sa.Boolean(), nullable=False),
        *_texts("effect", "person", "why", "at"),
    )
    op.create_table(
        "ask_link",
        *_texts("token", "ask", "recipient", "tlp", "created", "expires", "used"),
        sa.PrimaryKeyConstraint("token"),
    )
    with op.batch_alter_table("ask_link", schema=None) as batch_op:
        batch_op.create_index("ask_link_ask", ["ask"], unique=False)
