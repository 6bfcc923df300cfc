"""The tables of the exchange. Unlike facts, they cannot be made anew from documents."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from accord.store.schema import METADATA

_ID = BigInteger().with_variant(Integer, "sqlite")


def _key() -> Column[int]:
    return Column("id", _ID, primary_key=True, autoincrement=False)


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, Text, nullable=False) for name in names]


def _bytes(name: str, *, nullable: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=nullable)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


shared = Table(
    "shared",
    METADATA,
    _key(),
    *_texts("origin", "object", "version", "type", "media", "digest"),
    Column("tlp", Integer, nullable=False),
    Column("pap", Integer, nullable=False),
    *_texts("release_at", "expires", "created", "issued", "state", "refs", "learned", "title"),
    Column("made_of", Text, nullable=False, server_default=""),
    _bytes("envelope", nullable=True),
    UniqueConstraint("digest", name="shared_digest"),
    Index("shared_object", "object", "origin"),
    Index("shared_state", "state", "expires"),
    Index("shared_shown", "tlp", "state", "object", "version"),
)
"""One row an envelope that this node sealed or received. `digest` is the envelope's SHA-256;
`origin` a partner's name; `version` a STIX `modified` as `when()`, or empty; `created` the
object's own date; `issued` when it was sealed; `refs` a JSON list of object identifiers.
`state` is `live`, `held`, `recalled`, `replaced` or `expired`; `envelope` is null once erased.
`made_of` is the object that was redacted into this one, on the node that redacted it: a recall of
one takes the other back."""

shared_document = Table(
    "shared_document",
    METADATA,
    Column("shared_id", _ID, ForeignKey("shared.id"), primary_key=True, autoincrement=False),
    *_texts("digest"),
    Index("shared_document_digest", "digest"),
)
"""The document as which an envelope's content is kept here. It outlives neither: a recall that
takes the last envelope of a document that came from a partner takes the document too."""

final = Table(
    "final",
    METADATA,
    Column("origin", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    *_texts("at", "why", "deadline"),
    _bytes("notice", nullable=True),
    Index("final_object", "object"),
)
"""What its originator took back: no version of it is ever taken again. `why` and `deadline` are
known on the originator's own node only; `notice` is the originator's signed word, null while only
its tombstone has told."""

notice = Table(
    "notice",
    METADATA,
    Column("partner", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    *_texts("origin", "object", "digest", "heard"),
    UniqueConstraint("partner", "digest", name="notice_digest"),
)
"""Whom this node tells of which recall: each partner who got the object from it, or could have.
`number` counts within the partner; `digest` is the notice's SHA-256; `heard` is when the partner
asked for what follows, or empty."""

audience = Table(
    "audience",
    METADATA,
    _key(),
    *_texts("name", "log", "scope", "created"),
    UniqueConstraint("name", name="audience_name"),
    UniqueConstraint("log", name="audience_log"),
)
"""Audiences of this node, each with its log. `log` is the random name of the log in addresses;
`scope` is `named` or `all`: every partner of the directory, of today and of tomorrow."""

member = Table(
    "member",
    METADATA,
    Column("audience_id", _ID, ForeignKey("audience.id"), primary_key=True),
    Column("partner", Text, primary_key=True),
    _number("since"),
    *_texts("added", "removed"),
)
"""Who an audience is. `since` is the first entry of the log whose envelope the member may fetch:
the history that the owner granted. `removed` is empty for a member of today."""

entry = Table(
    "entry",
    METADATA,
    Column("audience_id", _ID, ForeignKey("audience.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _bytes("data"),
    Column("shared_id", _ID, nullable=True),
    _bytes("salt", nullable=True),
    *_texts("at", "state"),
    Index("entry_shared", "shared_id"),
    Index("entry_data", "audience_id", "data"),
)
"""The entries of this node's logs. `data` is the entry itself; `salt` is null for tombstones and
once erased; `state` of a commitment is `live`, `recalled` or `retracted`, of a tombstone empty."""

waiting = Table(
    "waiting",
    METADATA,
    Column("audience_id", _ID, ForeignKey("audience.id"), primary_key=True),
    Column("shared_id", _ID, ForeignKey("shared.id"), primary_key=True),
    *_texts("release_at"),
    Index("waiting_release_at", "release_at"),
)
"""Envelopes under an embargo, with the audience whose log they go to when it ends."""

tile = Table(
    "tile",
    METADATA,
    Column("audience_id", _ID, ForeignKey("audience.id"), primary_key=True),
    Column("level", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _bytes("hashes"),
)
"""Tiles of this node's logs, the last of each level partial until it is full (C2SP tlog-tiles)."""

head = Table(
    "head",
    METADATA,
    Column("audience_id", _ID, ForeignKey("audience.id"), primary_key=True, autoincrement=False),
    _number("size"),
    _bytes("root"),
    _bytes("checkpoint"),
    *_texts("at"),
)
"""The newest checkpoint of each log: `checkpoint` is the signed note, empty until it was signed."""

cosignature = Table(
    "cosignature",
    METADATA,
    Column("audience_id", _ID, ForeignKey("audience.id"), primary_key=True),
    Column("partner", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True),
    _bytes("root"),
    _bytes("statement"),
    *_texts("at", "received", "quarantined"),
)
"""Receipts: a partner's word that it applied a log up to a size. `statement` is what it signed;
`quarantined` a JSON list of [index, reason]."""

follow = Table(
    "follow",
    METADATA,
    _key(),
    *_texts("partner", "log", "name", "at", "stopped"),
    _number("size"),
    _bytes("root"),
    _bytes("frontier"),
    _bytes("checkpoint"),
    _number("cosigned"),
    UniqueConstraint("partner", "log", name="follow_log"),
)
"""Logs of partners that this node follows, and how far. `frontier` is the hashes of the right edge
of the tree, from which the next root follows; `cosigned` the size last acknowledged; `stopped`
why nothing more is taken from it, or empty."""

followed_entry = Table(
    "followed_entry",
    METADATA,
    Column("follow_id", _ID, ForeignKey("follow.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _bytes("commitment", nullable=True),
    Column("shared_id", _ID, nullable=True),
    *_texts("state", "reason", "at"),
    Index("followed_entry_shared", "shared_id"),
    Index("followed_entry_state", "follow_id", "state", "at"),
)
"""What became of each entry of a followed log: `applied`, `quarantined`, `withheld`, `recalled`,
`retracted`, or `tombstone`. `at` is when."""

quarantined_blob = Table(
    "quarantined_blob",
    METADATA,
    Column("follow_id", _ID, ForeignKey("follow.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    _bytes("data"),
)
"""What was refused of a partner, byte for byte, so that nothing is lost."""

receipt = Table(
    "receipt",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    _bytes("line"),
    _bytes("hash"),
    *_texts("recipient", "object"),
    Index("receipt_recipient", "recipient"),
    Index("receipt_object", "object"),
)
"""The disclosure log: every decision on what may leave, each line chained to the one before."""

evidence = Table(
    "evidence",
    METADATA,
    _key(),
    *_texts("partner", "log", "what", "at"),
    _bytes("ours"),
    _bytes("theirs"),
)
"""Two statements that cannot both be true, each as it was signed."""

client = Table(
    "client",
    METADATA,
    Column("name", Text, primary_key=True),
    *_texts("organisation", "kind", "token", "certificate", "created", "rotated", "revoked", "pem"),
    Column("tlp", Integer, nullable=False),
)
"""Organisations that may ask this node. `token` is a hash; `certificate` the SHA-256 of `pem`;
`kind` is `operator`, `industry` or `supplier`; `tlp` the most restrictive marking that it is
entitled to."""

scan = Table(
    "scan",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("detector", Text, primary_key=True),
    *_texts("finds"),
)
"""Personal data found in a body, by its digest and the detector's version: a JSON list."""

review = Table(
    "review",
    METADATA,
    _key(),
    *_texts("object", "version", "digest", "audience", "options", "at"),
    *_texts("outcome", "person", "why", "decided", "detector"),
    _bytes("body"),
    Index("review_outcome", "outcome"),
    Index("review_digest", "digest"),
)
"""What waits for a person's decision before it may leave, and what was decided. `options` are the
words of the share command that it interrupted, as JSON; `outcome` is empty while it waits, then
`redacted`, `released` or `withdrawn`; `detector` the version whose finds the person saw. `body` is
what was looked through, then what is left of it, or nothing where it was released."""

hunt_rule = Table(
    "hunt_rule",
    METADATA,
    _key(),
    *_texts("audience", "kinds", "origins", "strength", "person", "why", "made"),
    *_texts("removed", "removed_by", "removed_why"),
    Column("at_most", Integer, nullable=False),
)
"""Standing rules by which sightings go to an audience. `kinds` and `origins` are JSON lists, empty
for all; `at_most` is the strictest TLP; `removed` is empty while the rule holds."""

hunt_due = Table(
    "hunt_due",
    METADATA,
    Column("rule_id", _ID, ForeignKey("hunt_rule.id"), primary_key=True),
    Column("sighting", Text, primary_key=True),
    *_texts("objects", "options"),
)
"""Sightings that a rule lets go and that did not go yet. `objects` is a JSON list of what goes with
it; `options` are words of a share command, as JSON."""

directory_file = Table(
    "directory_file",
    METADATA,
    Column("name", Text, primary_key=True),
    _bytes("data"),
)
"""The partnership's metadata, byte for byte: `1.root.json`, `timestamp.json`, and so on."""

proposal = Table(
    "proposal",
    METADATA,
    Column("digest", Text, primary_key=True),
    _bytes("data"),
    *_texts("at", "state"),
)
"""Changes to the directory on their way to their threshold."""

setting = Table(
    "setting",
    METADATA,
    Column("name", Text, primary_key=True),
    *_texts("value"),
)
"""Who this node is: its partner name, where its keys are, its default marking."""

taxii_item = Table(
    "taxii_item",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("scope", _ID, nullable=False),
    _number("place"),
    Column("shared_id", _ID, nullable=False),
    *_texts("object", "type", "version", "spec"),
    Column("tlp", Integer, nullable=False),
    Column("alone", Integer, nullable=False),
    Column("recalled", Integer, nullable=False),
    Index("taxii_item_order", "scope", "seq"),
    Index("taxii_item_object", "scope", "object", "version"),
    Index("taxii_item_type", "scope", "type", "seq"),
)
"""What TAXII lists, in the order in which it was added. `seq` is when, in microseconds since 1970,
and no two rows have one; `scope` is an audience, or 0 for what clients may see; `place` the entry
of the audience's log. `version` is a `when()`, or empty where the object has no date; `alone` is 1
while the scope holds nothing else of the object; `recalled` is 1 for the last word about what this
node took back."""

taxii_aside = Table(
    "taxii_aside",
    METADATA,
    Column("shared_id", _ID, ForeignKey("shared.id"), primary_key=True, autoincrement=False),
)
"""What clients may see once an embargo ends."""

taxii_scope = Table(
    "taxii_scope",
    METADATA,
    Column("scope", _ID, primary_key=True, autoincrement=False),
    _number("looked"),
)
"""How far each scope is listed: a number of `shared` for 0, else entries of the audience's log."""

taxii_body = Table(
    "taxii_body",
    METADATA,
    Column("shared_id", _ID, primary_key=True, autoincrement=False),
    *_texts("standing", "digest"),
    _bytes("body"),
)
"""The bytes of what is listed, taken out of their envelopes, so that pages are put together from
them. `standing` is what a decision hangs on, `digest` the SHA-256 of `body`, hexadecimal. A
row goes with its envelope."""

taxii_redacted = Table(
    "taxii_redacted",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("shared_id", _ID, primary_key=True, autoincrement=False),
    Index("taxii_redacted_shared", "shared_id"),
)
"""The identifiers under which objects were shown without some of their parts."""

taxii_status = Table(
    "taxii_status",
    METADATA,
    Column("id", Text, primary_key=True),
    *_texts("caller", "at"),
    _bytes("told"),
    Index("taxii_status_caller", "caller", "at"),
    Index("taxii_status_at", "at"),
)
"""What was posted, one row an envelope. `caller` is as in receipts; `told` is what was known of it
at once, as JSON: the identifier, version and reason of each object that does not wait."""

taxii_waiting = Table(
    "taxii_waiting",
    METADATA,
    Column("caller", Text, primary_key=True),
    _number("objects"),
    _number("bytes"),
)
"""How much of each caller's waits in the inbox."""

inbox = Table(
    "inbox",
    METADATA,
    _key(),
    *_texts("status", "caller", "object", "version", "at", "state", "person", "why", "decided"),
    _bytes("body", nullable=True),
    UniqueConstraint("caller", "object", "version", name="inbox_object"),
    Index("inbox_status", "status"),
    Index("inbox_state", "state", "id"),
)
"""Objects that were posted. `state` is `waiting`, then `accepted` or `refused`, with who decided
and why; `body` is a digest of what it said from then on (null where an earlier release wrote it).
Once the object waits anew, `version` ends with `#` and `id`: the plain one is the newest."""

TABLES = (
    shared, shared_document, final, notice, audience, member, entry, waiting, tile, head,
    cosignature, follow, followed_entry, quarantined_blob, receipt, evidence, client, scan, review,
    directory_file, proposal, setting, taxii_item, taxii_aside, taxii_scope, taxii_body,
    taxii_redacted, taxii_status, taxii_waiting, inbox,
)  # fmt: skip
"""Every table of the exchange."""

feed = Table(
    "feed",
    METADATA,
    Column("name", Text, primary_key=True),
    *_texts("kind", "url", "options", "added", "due", "validators", "position"),
    *_texts("tried", "good", "changed", "error"),
    _number("failures"),
)
"""One row a feed. `options`, `validators` and `position` are JSON; no secret is kept."""

feed_item = Table(
    "feed_item",
    METADATA,
    Column("feed", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    *_texts("revision"),
)
"""What of an index was read, and in which revision."""

feed_document = Table(
    "feed_document",
    METADATA,
    Column("feed", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    *_texts("at"),
    Column("tlp", Integer, nullable=True),
    Column("new", Boolean, nullable=False),
    Column("good", Integer, nullable=False),
    Index("feed_document_digest", "digest"),
)
"""Which documents a feed brought, with the marking that it gives what bears none, and how many of
their indicators are known-good values. It outlasts the feed."""

feed_run = Table(
    "feed_run",
    METADATA,
    _key(),
    *_texts("feed", "at", "outcome", "error", "notes"),
    Column("seconds", Float, nullable=False),
    *map(_number, ("requests", "bytes", "read", "new", "same", "quarantined")),
    Index("feed_run_feed", "feed", "id"),
)
"""The accounts of the last readings."""
