"""The tables of verdicts: what authorities stated and recognise, and what this node made of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, SmallInteger, Table, Text

from accord.store.metadata import ID, METADATA, document, key, texts

verdict = Table(
    "verdict",
    METADATA,
    key(),
    document(),
    *texts("authority", "product", "release", "type", "digests", "baseline", "verdict"),
    *texts("at", "until", "person", "found"),
    Index("verdict_product", "product", "release"),
)
"""`digests` is a JSON list of text, `found` one of what was found, item by item."""

recognition = Table(
    "recognition",
    METADATA,
    key(),
    document(),
    *texts("rule", "recognised_by", "recognised"),
    Column("level", SmallInteger, nullable=False),
    *texts("items", "types", "without_types"),
    Column("onward", Boolean, nullable=False),
    *texts("since", "until", "revoked", "person", "why"),
    Index("recognition_rule", "rule"),
)
"""`items`, `types` and `without_types` are JSON lists of text."""

FACTS = (verdict, recognition)
"""What authorities stated."""

assessment = Table(
    "assessment",
    METADATA,
    *(Column(c.name, c.type, primary_key=True) for c in texts("product", "release", "buyer")),
    *texts("baseline", "verdict", "requirements", "until", "at"),
    Index("assessment_until", "until"),
)
"""The newest verdict of each buyer on each release. `requirements` is a JSON object: the verdict on
each. It follows from documents and the time; `until` is when it must be made anew at the latest."""

assessment_event = Table(
    "assessment_event",
    METADATA,
    key(),
    *texts("at", "product", "release", "buyer", "before", "after", "why"),
    Index("assessment_event_product", "product", "release"),
)
"""Each change of a verdict, in order. `before` is empty for the first."""

assessed = Table(
    "assessed",
    METADATA,
    Column("document_id", ID, nullable=False),
    Column("generation", BigInteger, nullable=False),
    *texts("common", "until"),
)
"""One row: the last document that assessments know of, the generation of the node that they saw,
what all had in common, and when all must be made anew at the latest. Without it, all are."""

counting_otherwise = Table(
    "counting_otherwise",
    METADATA,
    Column("document_id", ID, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Index("counting_otherwise_generation", "generation"),
)
"""Documents that assessments know of and that count otherwise since: superseded, current again,
of another origin, sealed by others, given under another name. `generation` is the node's once that
is committed."""

bill_score = Table(
    "bill_score",
    METADATA,
    Column("document_id", ID, primary_key=True, autoincrement=False),
    Column("profiles", Text, nullable=False),
    Column("claims", LargeBinary, nullable=False),
)
"""What the profiles of fields find of a bill that is evidence. It follows from the document and
from `profiles`, their digest; `claims` is a JSON list of item, level, place and why."""
