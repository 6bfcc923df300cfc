"""The tables of what is known to be dangerous, of names that are imitated, and of appeals."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from accord.store.metadata import METADATA, key, texts

danger = Table(
    "danger",
    METADATA,
    key(),
    *texts("kind", "value", "category", "source", "expires", "state", "proposed_by", "proposed"),
    *texts("decided_by", "decided", "ended_by", "ended", "reason"),
    Column("confidence", Integer, nullable=False),
    Index("danger_state", "state"),
    Index("danger_value", "kind", "value"),
)
"""One row a thing that somebody proposed; `state` says what became of it."""

danger_name = Table(
    "danger_name",
    METADATA,
    Column("name", Text, primary_key=True),
    *texts("owner", "person", "added"),
)
"""One row a name that looks are compared with; without an owner it is spared."""

danger_appeal = Table(
    "danger_appeal",
    METADATA,
    key(),
    *texts("token", "kind", "value", "said", "received", "outcome", "answer", "person", "decided"),
    Index("danger_appeal_token", "token", unique=True),
)
"""One row an appeal; `token` is the SHA-256 of the code that its sender has."""
