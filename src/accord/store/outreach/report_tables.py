"""The tables of reports from the public, and of the files that are their evidence."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from accord.store.metadata import ID, METADATA, key, texts

report = Table(
    "report",
    METADATA,
    key(),
    *texts("token", "case", "via", "received", "contact", "outcome", "answer", "person"),
    *texts("decided", "answered"),
    Column("content", Text, nullable=False),
    Index("report_token", "token", unique=True),
    Index("report_case", "case", "outcome"),
    Index("report_outcome", "outcome"),
)
"""One row a report. `token` is the SHA-256 of the code that its sender has; `case` is equal in
reports of the same; `contact` is empty once the answer went out; `content` is what it says."""

report_file = Table(
    "report_file",
    METADATA,
    key(),
    Column("report_id", ID, nullable=False, index=True),
    *texts("digest"),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""One row a file, byte for byte."""
