"""The exchange: audiences and their logs, envelopes, receipts, and what is followed of others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "audience",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("log", name="audience_log"),
        sa.UniqueConstraint("name", name="audience_name"),
    )
    op.create_table(
        "client",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("rotated", sa.Text(), nullable=False),
        sa.Column("revoked", sa.Text(), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("tlp", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "directory_file",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("ours", sa.LargeBinary(), nullable=False),
        sa.Column("theirs", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "final",
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("deadline", sa.Text(), nullable=False),
        sa.Column("notice", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("origin", "object"),
    )
    with op.batch_alter_table("final", schema=None) as batch_op:
        batch_op.create_index("final_object", ["object"], unique=False)

    op.create_table(
        "follow",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("stopped", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=False),
        sa.Column("cosigned", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("partner", "log", name="follow_log"),
    )
    op.create_table(
        "note",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("maker", sa.Text(), nullable=False),
        sa.Column("tlp", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_document_id"), ["document_id"], unique=False)
        batch_op.create_index("note_answers", ["answers"], unique=False)
        batch_op.create_index("note_object", ["object"], unique=False)

    op.create_table(
        "notice",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("heard", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "number"),
        sa.UniqueConstraint("partner", "digest", name="notice_digest"),
    )
    op.create_table(
        "proposal",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "receipt",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    with op.batch_alter_table("receipt", schema=None) as batch_op:
        batch_op.create_index("receipt_object", ["object"], unique=False)
        batch_op.create_index("receipt_recipient", ["recipient"], unique=False)

    op.create_table(
        "review",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("decided", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index("review_digest", ["digest"], unique=False)
        batch_op.create_index("review_outcome", ["outcome"], unique=False)

    op.create_table(
        "scan",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("finds", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "detector"),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "shared",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("tlp", sa.Integer(), nullable=False),
        sa.Column("pap", sa.Integer(), nullable=False),
        sa.Column("release_at", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text(), nullable=False),
        sa.Column("created", sa.Text(), nullable=False),
        sa.Column("issued", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("refs", sa.Text(), nullable=False),
        sa.Column("learned", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("made_of", sa.Text(), server_default="", nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest", name="shared_digest"),
    )
    with op.batch_alter_table("shared", schema=None) as batch_op:
        batch_op.create_index("shared_object", ["object", "origin"], unique=False)
        batch_op.create_index("shared_shown", ["tlp", "state", "object", "version"], unique=False)
        batch_op.create_index("shared_state", ["state", "expires"], unique=False)

    op.create_table(
        "stix_name",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("vulnerability", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stix_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stix_name_document_id"), ["document_id"], unique=False)
        batch_op.create_index("stix_name_object", ["object"], unique=False)
        batch_op.create_index("stix_name_vulnerability", ["vulnerability"], unique=False)

    op.create_table(
        "stix_object",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stix_object", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stix_object_document_id"), ["document_id"], unique=False
        )
        batch_op.create_index("stix_object_object", ["object"], unique=False)
        batch_op.create_index(
            "stix_object_source",
            ["source"],
            unique=False,
            sqlite_where=sa.text("source IS NOT NULL"),
            postgresql_where=sa.text("source IS NOT NULL"),
        )
        batch_op.create_index(
            "stix_object_target",
            ["target"],
            unique=False,
            sqlite_where=sa.text("target IS NOT NULL"),
            postgresql_where=sa.text("target IS NOT NULL"),
        )

    op.create_table(
        "stix_sighting",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("sighted", sa.Text(), nullable=False),
        sa.Column("seen_by", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.Text(), nullable=False),
        sa.Column("last_seen", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stix_sighting", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stix_sighting_document_id"), ["document_id"], unique=False
        )
        batch_op.create_index("stix_sighting_sighted", ["sighted"], unique=False)

    op.create_table(
        "cosignature",
        sa.Column("audience_id", _ID, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("received", sa.Text(), nullable=False),
        sa.Column("quarantined", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audience.id"],
        ),
        sa.PrimaryKeyConstraint("audience_id", "partner", "size"),
    )
    op.create_table(
        "entry",
        sa.Column("audience_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("shared_id", _ID, nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audience.id"],
        ),
        sa.PrimaryKeyConstraint("audience_id", "number"),
    )
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.create_index("entry_data", ["audience_id", "data"], unique=False)
        batch_op.create_index("entry_shared", ["shared_id"], unique=False)

    op.create_table(
        "followed_entry",
        sa.Column("follow_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("shared_id", _ID, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_id"],
            ["follow.id"],
        ),
        sa.PrimaryKeyConstraint("follow_id", "number"),
    )
    with op.batch_alter_table("followed_entry", schema=None) as batch_op:
        batch_op.create_index("followed_entry_shared", ["shared_id"], unique=False)
        batch_op.create_index("followed_entry_state", ["follow_id", "state", "at"], unique=False)

    op.create_table(
        "head",
        sa.Column("audience_id", _ID, autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("checkpoint", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audience.id"],
        ),
        sa.PrimaryKeyConstraint("audience_id"),
    )
    op.create_table(
        "member",
        sa.Column("audience_id", _ID, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.Text(), nullable=False),
        sa.Column("removed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audience.id"],
        ),
        sa.PrimaryKeyConstraint("audience_id", "partner"),
    )
    op.create_table(
        "quarantined_blob",
        sa.Column("follow_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["follow_id"],
            ["follow.id"],
        ),
        sa.PrimaryKeyConstraint("follow_id", "number"),
    )
    op.create_table(
        "shared_document",
        sa.Column("shared_id", _ID, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shared_id"],
            ["shared.id"],
        ),
        sa.PrimaryKeyConstraint("shared_id"),
    )
    with op.batch_alter_table("shared_document", schema=None) as batch_op:
        batch_op.create_index("shared_document_digest", ["digest"], unique=False)

    op.create_table(
        "tile",
        sa.Column("audience_id", _ID, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audience.id"],
        ),
        sa.PrimaryKeyConstraint("audience_id", "level", "number"),
    )
    op.create_table(
        "waiting",
        sa.Column("audience_id", _ID, nullable=False),
        sa.Column("shared_id", _ID, nullable=False),
        sa.Column("release_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audience.id"],
        ),
        sa.ForeignKeyConstraint(
            ["shared_id"],
            ["shared.id"],
        ),
        sa.PrimaryKeyConstraint("audience_id", "shared_id"),
    )
    with op.batch_alter_table("waiting", schema=None) as batch_op:
        batch_op.create_index("waiting_release_at", ["release_at"], unique=False)

    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sighting_document_id"))
        batch_op.drop_index(batch_op.f("sighting_vulnerability"))

    op.drop_table("sighting")
    with op.batch_alter_table("exploits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("exploits_vulnerability"))
        batch_op.drop_index(batch_op.f("ix_exploits_document_id"))

    op.drop_table("exploits")
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.Text(), server_default="", nullable=False))
    # Some facts changed their form: `accord init` goes on and makes them anew from the documents.
    op.execute("UPDATE generation SET number = -1 WHERE number > 0")
