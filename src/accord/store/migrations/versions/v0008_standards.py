"""Catalogues, crosswalks and baselines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _table(name: str, *columns: sa.Column[object], index: tuple[str, list[str]]) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_document_id", ["document_id"], unique=False)
        batch_op.create_index(index[0], index[1], unique=False)


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Add the tables."""
    _table(
        "catalogue",
        *_texts("catalogue", "title", "version", "publisher", "published", "format", "source"),
        *_texts("place"),
        index=("catalogue_catalogue", ["catalogue"]),
    )
    _table(
        "catalogue_item",
        *_texts("catalogue", "item", "parent", "kind", "title", "levels", "place"),
        index=("catalogue_item_item", ["catalogue", "item"]),
    )
    _table(
        "mapping",
        *_texts("crosswalk", "source", "target", "relationship", "rationale"),
        sa.Column("confidence", sa.Float(), nullable=True),
        *_texts("place"),
        index=("mapping_target", ["target"]),
    )
    _table(
        "baseline",
        *_texts("baseline", "owner", "version", "since", "until", "title", "scope", "place"),
        index=("baseline_baseline", ["baseline"]),
    )
    _table(
        "requirement",
        *_texts("baseline", "version", "requirement", "phase", "title"),
        sa.Column("must", sa.Boolean(), nullable=False),
        *_texts("items", "accepts"),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("grace", sa.Integer(), nullable=False),
        *_texts("source", "place"),
        index=("requirement_baseline", ["baseline", "version"]),
    )
