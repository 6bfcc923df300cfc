"""Contracts, rates of exchange, and the reviewed table of suppliers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _facts(name: str, *columns: str, index: tuple[str, ...] = ()) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        *(sa.Column(column, sa.Text(), nullable=False) for column in columns),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table(name, schema=None) as batch_op:
        batch_op.create_index(f"ix_{name}_document_id", ["document_id"], unique=False)
        if index:
            batch_op.create_index(index[0], list(index[1:]), unique=False)


def upgrade() -> None:
    """Add the tables."""
    _facts(
        "contract",
        *("contract", "supplier", "lei", "registry", "domain", "cpe_vendor", "product"),
        *("release", "agency", "function", "spend", "currency", "volume", "unit", "starts"),
        *("ends", "notice", "impact", "place"),
        index=("contract_contract", "agency", "contract"),
    )
    _facts(
        "rate",
        *("currency", "base", "day", "rate", "place"),
        index=("rate_pair", "currency", "base", "day"),
    )
    _facts("supplier_name", "entity", "kind", "value", "place")
    _facts("revenue", "entity", "low", "high", "currency", "year", "source", "place")
