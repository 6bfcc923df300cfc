"""Verdicts: what authorities stated and recognise, and what this node made of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _facts(name: str, *columns: sa.Column[object], index: tuple[str, ...]) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_document_id", ["document_id"], unique=False)
        batch_op.create_index(index[0], list(index[1:]), unique=False)


def upgrade() -> None:
    """Add the tables."""
    _facts(
        "verdict",
        *_texts("authority", "product", "release", "type", "digests", "baseline", "verdict"),
        *_texts("at", "until", "person", "found"),
        index=("verdict_product", "product", "release"),
    )
    _facts(
        "recognition",
        *_texts("rule", "recognised_by", "recognised"),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        *_texts("items", "types", "without_types"),
        sa.Column("onward", sa.Boolean(), nullable=False),
        *_texts("since", "until", "revoked", "person", "why"),
        index=("recognition_rule", "rule"),
    )
    op.create_table(
        "assessment",
        *_texts("product", "release", "buyer"),
        *_texts("baseline", "verdict", "requirements", "until", "at"),
        sa.PrimaryKeyConstraint("product", "release", "buyer"),
    )
    with op.batch_alter_table("assessment", schema=None) as batch_op:
        batch_op.create_index("assessment_until", ["until"], unique=False)
    op.create_table(
        "assessment_event",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        *_texts("at", "product", "release", "buyer", "before", "after", "why"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("assessment_event", schema=None) as batch_op:
        batch_op.create_index("assessment_event_product", ["product", "release"], unique=False)
    op.create_table("assessed", sa.Column("document_id", _ID, nullable=False))
    op.create_table(
        "bill_score",
        sa.Column("document_id", _ID, autoincrement=False, nullable=False),
        sa.Column("profiles", sa.Text(), nullable=False),
        sa.Column("claims", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("document_id"),
    )
