"""The tables of alerts: messages, who wants them, and the outbox."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, SmallInteger, Table, Text

from accord.store.metadata import ID, METADATA, key, texts

alert = Table(
    "alert",
    METADATA,
    key(),
    Column("code", Text, nullable=False),
    Column("revision", SmallInteger, nullable=False),
    *texts("state", "kind", "sent", "occasion", "person", "created"),
    Column("content", Text, nullable=False),
    Index("alert_code", "code", "revision", unique=True),
)
"""One row a message. `state` is `draft` or `released`; `content` is the message as JSON."""

subscriber = Table(
    "subscriber",
    METADATA,
    key(),
    *texts("token", "created", "ended"),
    Index("subscriber_token", "token", unique=True),
)
"""With `token` one leaves, everywhere at once; `ended` is `when()` one
did, or empty."""

rhythm = Table(
    "rhythm",
    METADATA,
    key(),
    Column("zone", Text, nullable=False),
    Column("quiet_from", SmallInteger, nullable=False),
    Column("quiet_to", SmallInteger, nullable=False),
    Column("digest", Boolean, nullable=False),
    Column("override", Boolean, nullable=False),
    Column("due", Text, nullable=False),
    Index("rhythm_once", "zone", "quiet_from", "quiet_to", "digest", "override", unique=True),
)
"""When subscribers may be written to: few rows for many subscribers. Quiet hours are minutes of
the day; alike: there are none. `due` is when they are next, as of the last release."""

subscription = Table(
    "subscription",
    METADATA,
    key(),
    Column("subscriber_id", ID, nullable=False, index=True),
    *texts("channel", "address", "language", "recipient", "state"),
    Column("floor", SmallInteger, nullable=False),
    Column("cap", SmallInteger, nullable=False),
    Column("rhythm_id", ID, nullable=False),
    *texts("secret", "expires", "created", "address_name"),
    Index("subscription_address", "address_name"),
    Index("subscription_secret", "secret"),
)
"""One row a channel of a subscriber, and one more that waits to take its place. `state` is
`pending` or `active`; who leaves is in no row. `recipient` is as in receipts; `secret` is the
SHA-256 of that by which it is confirmed, until it `expires`. `address` is sealed, and found by
`address_name`."""

subscription_topic = Table(
    "subscription_topic",
    METADATA,
    Column("topic", Text, primary_key=True),
    Column("subscription_id", ID, primary_key=True),
    Index("subscription_topic_of", "subscription_id"),
)

outbox = Table(
    "outbox",
    METADATA,
    Column("alert", Text, primary_key=True),
    Column("revision", SmallInteger, primary_key=True),
    Column("subscriber_id", ID, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("subscription_id", ID, nullable=False),
    *texts("state", "due"),
    Column("attempts", SmallInteger, nullable=False),
    Column("again", SmallInteger, nullable=False),
    *texts("at", "error"),
    Index("outbox_due", "state", "channel", "due"),
    Index("outbox_subscriber", "subscriber_id"),
)
"""One row a message, subscriber and channel: the key is what makes it once. `state` is `queued`,
`sending` (then `due` is when its sender is given up), `sent`, `dead`, `kept` (a rule keeps it
here), `delivered` (where its provider says so), `replaced` (by a later message, before it was
sent) or `left`. `again` counts how often nobody knows whether it was sent."""

channel = Table(
    "alert_channel",
    METADATA,
    Column("channel", Text, primary_key=True),
    Column("failures", SmallInteger, nullable=False),
    *texts("until", "why"),
)
"""A channel that failed: how often in a row, and until when nothing is sent by it."""
