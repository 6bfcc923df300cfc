"""The tables of a node, the same on SQLite and PostgreSQL.

Three sorts stand here: *documents* (kept byte for byte), *facts* (each follows from one document,
can be dropped and rebuilt, and names its document), and the *index* that matching needs
(packages, versions, hits), which follows from the facts. Facts and index declare no foreign keys:
they are written by one writer, in one transaction with their document, and can be rebuilt.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from accord.store import metadata
from accord.store.assurance import decided_tables as decided
from accord.store.assurance import evidence_tables as evidence
from accord.store.assurance import tables as assurance
from accord.store.demand import ask_tables as asks
from accord.store.demand import pool_tables as pool
from accord.store.demand import tables as demand
from accord.store.metadata import ID, key, texts
from accord.store.metadata import document as document_
from accord.store.outreach import alert_tables as alerts
from accord.store.outreach import danger_tables as dangers
from accord.store.outreach import report_tables as reports

METADATA = metadata.METADATA


def _where_given(name: str, column: str) -> Index:
    """An index over the few rows that have a value in a column."""
    given = text(f"{column} IS NOT NULL")
    return Index(name, column, sqlite_where=given, postgresql_where=given)


document = Table(
    "document",
    METADATA,
    key(),
    Column("digest", Text, nullable=False, unique=True),
    *texts("kind", "subject", "edition", "title"),
    Column("learned", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("origin", Text, nullable=False, server_default=""),
    Index("document_subject", "subject", "edition"),
    Index("document_kind", "kind"),
)
"""One row a document. `outcome` is `taken`, `kept` (recognised, no facts yet) or `quarantined`.
`origin` is the partner that sealed it, or empty: this node's own people gave it."""

body = Table(
    "body",
    METADATA,
    Column("document_id", ID, ForeignKey("document.id"), primary_key=True, autoincrement=False),
    Column("packed", LargeBinary, nullable=False),
)
"""The bytes of a document, Zstandard-compressed; apart, so that listing documents stays cheap."""

source = Table(
    "source",
    METADATA,
    Column("document_id", ID, ForeignKey("document.id"), primary_key=True),
    Column("name", Text, primary_key=True),
)
"""Under which names a document was given to this node."""

quarantine = Table(
    "quarantine",
    METADATA,
    key(),
    Column("document_id", ID, ForeignKey("document.id"), nullable=True, index=True),
    *texts("source", "place", "reason"),
)
"""What was refused: a whole document (place empty or within it), an item of one, or a file that
was never opened (no document)."""

not_evaluated = Table(
    "not_evaluated",
    METADATA,
    key(),
    document_(),
    *texts("place", "reason", "subject", "name"),
)

advisory = Table(
    "advisory",
    METADATA,
    key(),
    document_(),
    *texts("advisory", "vulnerability", "publisher", "title"),
    *texts("published", "modified", "withdrawn", "place"),
    Index("advisory_vulnerability", "vulnerability"),
    Index("advisory_advisory", "advisory"),
)

alias = Table(
    "alias",
    METADATA,
    key(),
    document_(),
    *texts("vulnerability", "name", "relation"),
    Index("alias_name", "name"),
)
"""`relation` is `alias` (the same vulnerability) or `related` (never merged)."""

package = Table(
    "package",
    METADATA,
    key(),
    Column("name", Text, nullable=False, unique=True),
)

version = Table(
    "version",
    METADATA,
    key(),
    Column("package_id", ID, nullable=False),
    Column("stream", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("text", Text, nullable=False),
    Column("scheme", SmallInteger, nullable=False),
    Index("version_place", "package_id", "stream", "key", "text", unique=True),
)
"""Distinct versions of distinct packages, however many bills hold them."""

affected = Table(
    "affected",
    METADATA,
    key(),
    document_(),
    Column("package_id", ID, nullable=False),
    Column("stream", Text, nullable=False),
    Column("lo", LargeBinary, nullable=False),
    Column("hi", LargeBinary, nullable=False),
    Column("scheme", SmallInteger, nullable=False),
    *texts("vulnerability", "since", "until", "fixed", "place"),
    Column("since_included", Boolean, nullable=False),
    Column("until_included", Boolean, nullable=False),
    Index("affected_place", "package_id", "stream", "lo"),
    Index("affected_vulnerability", "vulnerability"),
)
"""One row a half-open interval of keys that an advisory names as affected."""

hit = Table(
    "hit",
    METADATA,
    Column("version_id", ID, primary_key=True, autoincrement=False),
    Column("affected_id", ID, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Each version that lies in an affected interval. Follows from `version` and `affected`."""

bill = Table(
    "bill",
    METADATA,
    key(),
    document_(),
    *texts("format", "name", "product", "release", "supplier"),
    *texts("purl", "cpe", "ref", "created", "operating_system"),
    Index("bill_name", "name"),
)
"""`name` is the bill's serial number or document namespace."""

component = Table(
    "component",
    METADATA,
    key(),
    document_(),
    *texts("ref", "name", "version", "purl", "cpe", "supplier", "kind", "place"),
)

identity = Table(
    "identity",
    METADATA,
    Column("component_id", ID, primary_key=True),
    Column("version_id", ID, primary_key=True),
    Column("how", SmallInteger, nullable=False),
    Index("identity_version", "version_id"),
    sqlite_with_rowid=False,
)
"""Which versions a component is. `how`: 2 by package URL or CPE, 1 by a CPE beside an ordered
package URL, 0 by name."""

deployment = Table(
    "deployment",
    METADATA,
    key(),
    document_(),
    Column("component_id", ID, nullable=True),
    *texts("operator", "product", "release", "country", "sector", "site", "supplier"),
    *texts("bill", "exposure", "mission", "spend", "place"),
    Index("deployment_bill", "bill"),
)
"""Who runs what. `component_id` is the product itself, seen as a component."""

score = Table(
    "score",
    METADATA,
    key(),
    document_(),
    *texts("vulnerability", "vector"),
    Column("score", Float, nullable=True),
    *texts("word", "source", "place"),
    Index("score_vulnerability", "vulnerability"),
)

ssvc = Table(
    "ssvc",
    METADATA,
    key(),
    document_(),
    *texts("vulnerability", "exploitation", "automatable", "technical_impact"),
    *texts("at", "role", "place"),
    Index("ssvc_vulnerability", "vulnerability"),
)

known_exploited = Table(
    "known_exploited",
    METADATA,
    key(),
    document_(),
    *texts("vulnerability", "vendor", "product", "title", "added", "due"),
    Column("ransomware", Boolean, nullable=False),
    *texts("place"),
    Index("known_exploited_vulnerability", "vulnerability"),
)

epss = Table(
    "epss",
    METADATA,
    key(),
    document_(),
    *texts("vulnerability", "day"),
    Column("score", Float, nullable=False),
    Column("percentile", Float, nullable=False),
    Index("epss_vulnerability", "vulnerability", "day"),
)

life_cycle = Table(
    "life_cycle",
    METADATA,
    key(),
    document_(),
    *texts("product", "cycle", "released", "end"),
    Column("ended", Boolean, nullable=False),
    *texts("latest", "packages", "place"),
)

decision_table = Table(
    "decision_table",
    METADATA,
    key(),
    document_(),
    *texts("name", "version", "inputs", "rows"),
)

vex = Table(
    "vex",
    METADATA,
    key(),
    document_(),
    *texts("vulnerability", "status", "products", "subcomponents", "aliases"),
    *texts("justification", "impact", "action", "author", "supplier", "at", "name", "place"),
    Index("vex_vulnerability", "vulnerability"),
)
"""`products`, `subcomponents` and `aliases` are JSON lists of text."""

actor = Table(
    "actor",
    METADATA,
    key(),
    document_(),
    *texts("actor", "name", "kind", "aliases", "modified"),
    Column("revoked", Boolean, nullable=False),
    Index("actor_actor", "actor"),
)

stix_object = Table(
    "stix_object",
    METADATA,
    key(),
    document_(),
    *texts("object", "version", "name"),
    Column("revoked", Boolean, nullable=False),
    *texts("place"),
    Column("relation", Text, nullable=True),
    Column("source", Text, nullable=True),
    Column("target", Text, nullable=True),
    Index("stix_object_object", "object"),
    _where_given("stix_object_source", "source"),
    _where_given("stix_object_target", "target"),
)
"""Every version of every STIX object, with its document and place. `source` and `target` are the
ends of a relationship, null for everything else; `relation` is its type if it may tie a
vulnerability, else null."""

stix_name = Table(
    "stix_name",
    METADATA,
    key(),
    document_(),
    *texts("object", "vulnerability", "place"),
    Index("stix_name_object", "object"),
    Index("stix_name_vulnerability", "vulnerability"),
)
"""What vulnerability objects are called."""

stix_sighting = Table(
    "stix_sighting",
    METADATA,
    key(),
    document_(),
    *texts("object", "sighted", "seen_by", "first_seen", "last_seen"),
    Column("count", BigInteger, nullable=False),
    *texts("place"),
    Index("stix_sighting_sighted", "sighted"),
)
"""`sighted` is what was seen; `seen_by` a JSON list of identifiers."""

stix_indicator = Table(
    "stix_indicator",
    METADATA,
    key(),
    document_(),
    *texts("object", "pattern", "language", "valid_from", "valid_until"),
    Column("confidence", SmallInteger, nullable=True),
    Column("tlp", SmallInteger, nullable=True),
    Column("pap", SmallInteger, nullable=False),
    *texts("unknown", "place"),
    Index("stix_indicator_object", "object"),
)
"""What is hunted for. `unknown` is a JSON list of markings that say nothing by themselves."""

note = Table(
    "note",
    METADATA,
    key(),
    document_(),
    *texts("object", "kind", "title", "created", "answers", "maker", "tlp", "place"),
    Index("note_object", "object"),
    Index("note_answers", "answers"),
)
"""Notes between partners. `answers` is the request or incident that one belongs to, or empty."""

technique = Table(
    "technique",
    METADATA,
    key(),
    document_(),
    *texts("vulnerability", "technique", "name", "role", "place"),
    Index("technique_vulnerability", "vulnerability"),
)

judgement = Table(
    "judgement",
    METADATA,
    key(),
    document_(),
    *texts("kind", "subject", "verdict", "person", "why", "at", "place"),
    Index("judgement_subject", "kind", "subject"),
)
"""What a person decided: a candidate confirmed or refused, a rival document preferred."""

generation = Table(
    "generation",
    METADATA,
    Column("number", BigInteger, nullable=False),
)
"""One row: how often anything was taken in or rebuilt. What is kept in memory ends with it."""

FACTS = (
    not_evaluated, advisory, alias, affected, bill, component, deployment, score, ssvc,
    known_exploited, epss, life_cycle, decision_table, vex, actor, stix_object, stix_name,
    stix_sighting, stix_indicator, note, technique, judgement,
    *assurance.FACTS,
    *evidence.FACTS,
    *decided.FACTS,
    *demand.FACTS,
    *pool.FACTS,
    *asks.FACTS,
)  # fmt: skip
"""Every table that can be dropped and rebuilt from the documents, besides the index."""

OUTREACH = (
    alerts.alert, alerts.subscriber, alerts.rhythm, alerts.subscription,
    alerts.subscription_topic, alerts.outbox, alerts.channel,
    reports.report, reports.report_file,
    dangers.danger, dangers.danger_name, dangers.danger_appeal,
)  # fmt: skip
"""Tables of outreach: what people write, ask for and report, which follows from no document."""
