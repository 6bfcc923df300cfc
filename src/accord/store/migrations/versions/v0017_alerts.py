"""Alerts: messages, who wants them, and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _small(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.SmallInteger(), nullable=False) for name in names]


def _ids(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, _ID, nullable=False) for name in names]


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id"),
    )


def _index(table: str, name: str, *columns: str, unique: bool = False) -> None:
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(name, list(columns), unique=unique)


def upgrade() -> None:
    """Add the tables."""
    _table(
        "alert",
        *_texts("code"),
        *_small("revision"),
        *_texts("state", "kind", "sent", "occasion", "person", "created", "content"),
    )
    _index("alert", "alert_code", "code", "revision", unique=True)
    _table("subscriber", *_texts("token", "created", "ended"))
    _index("subscriber", "subscriber_token", "token", unique=True)
    _rhythms()
    _table(
        "subscription",
        *_ids("subscriber_id"),
        *_texts("channel", "address", "language", "recipient", "state"),
        *_small("floor", "cap"),
        *_ids("rhythm_id"),
        *_texts("secret", "expires", "created"),
    )
    _index("subscription", "ix_subscription_subscriber_id", "subscriber_id")
    _index("subscription", "subscription_address", "channel", "address")
    _index("subscription", "subscription_secret", "secret")
    op.create_table(
        "subscription_topic",
        *_texts("topic"),
        *_ids("subscription_id"),
        sa.PrimaryKeyConstraint("topic", "subscription_id"),
    )
    _index("subscription_topic", "subscription_topic_of", "subscription_id")
    _outbox()


def _rhythms() -> None:
    _table(
        "rhythm",
        *_texts("zone"),
        *_small("quiet_from", "quiet_to"),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("override", sa.Boolean(), nullable=False),
        *_texts("due"),
    )
    once = ("zone", "quiet_from", "quiet_to", "digest", "override")
    _index("rhythm", "rhythm_once", *once, unique=True)


def _outbox() -> None:
    op.create_table(
        "outbox",
        *_texts("alert"),
        *_small("revision"),
        *_ids("subscriber_id"),
        *_texts("channel"),
        *_ids("subscription_id"),
        *_texts("state", "due"),
        *_small("attempts", "again"),
        *_texts("at", "error"),
        sa.PrimaryKeyConstraint("alert", "revision", "subscriber_id", "channel"),
    )
    _index("outbox", "outbox_due", "state", "channel", "due")
    _index("outbox", "outbox_subscriber", "subscriber_id")
    op.create_table(
        "alert_channel",
        *_texts("channel"),
        *_small("failures"),
        *_texts("until", "why"),
        sa.PrimaryKeyConstraint("channel"),
    )
