"""`accord.flows.feeds.port.Feeds` on a database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update

from accord.core.errors import Invalid, NotFound
from accord.exchange.feeds.schedule import Health
from accord.exchange.feeds.values import Item
from accord.flows.feeds.port import Feed, Options, Ran, Worth
from accord.store import database
from accord.store.exchange import tables

_KEPT_RUNS = 50
_LAST_RUN = select(func.max(tables.feed_run.c.id))
_JSON = ("options", "validators", "position")

_MATCHED = """
WITH RECURSIVE about(called) AS (
    SELECT DISTINCT a.vulnerability FROM hit h JOIN affected a ON a.id = h.affected_id
    UNION SELECT CASE WHEN l.name = n.called THEN l.vulnerability ELSE l.name END
          FROM alias l JOIN about n ON l.name = n.called OR l.vulnerability = n.called
          WHERE l.relation = 'alias'
)
SELECT f.feed, count(DISTINCT f.digest) AS number
FROM feed_document f JOIN document d ON d.digest = f.digest
JOIN (
    SELECT a.document_id FROM affected a JOIN hit h ON h.affected_id = a.id
    UNION SELECT k.document_id FROM known_exploited k JOIN about ON k.vulnerability = called
    UNION SELECT e.document_id FROM epss e JOIN about ON e.vulnerability = called
    UNION SELECT v.document_id FROM vex v JOIN about ON v.vulnerability = called
    UNION SELECT i.document_id FROM stix_indicator i
          JOIN stix_sighting s ON s.sighted = i.object
) found ON found.document_id = d.id
GROUP BY f.feed
"""
"""`about` is every name of the vulnerabilities of which something that is run may be affected."""
_FALSE = """
SELECT f.feed, count(DISTINCT f.digest) AS number
FROM feed_document f JOIN document d ON d.digest = f.digest
JOIN (
    SELECT document_id FROM advisory WHERE withdrawn <> ''
    UNION SELECT document_id FROM stix_object WHERE revoked
    UNION SELECT o.document_id FROM stix_object o JOIN final g ON g.object = o.object
    UNION SELECT e.id FROM document e JOIN feed_document b ON b.digest = e.digest WHERE b.good > 0
) found ON found.document_id = d.id
GROUP BY f.feed
"""
_BROUGHT = """
SELECT f.feed, count(*) AS number, sum(CASE WHEN f.new THEN 1 ELSE 0 END) AS first
FROM feed_document f JOIN document d ON d.digest = f.digest GROUP BY f.feed
"""
_PATTERNS = text(
    "SELECT f.digest, i.pattern FROM feed_document f JOIN document d ON d.digest = f.digest"
    " JOIN stix_indicator i ON i.document_id = d.id"
    " WHERE f.feed = :feed AND f.at >= :since AND i.language = 'stix' ORDER BY f.digest"
)


class SqlFeeds:
    """The feeds of this node."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Feed]:
        """Every feed, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(tables.feed)).mappings()
            return sorted((_feed(row) for row in rows), key=lambda one: one.name)

    def one(self, name: str) -> Feed:
        """A feed by its name.

        Raises:
            NotFound: there is none.
        """
        query = select(tables.feed).where(tables.feed.c.name == name)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFound(f"no feed {name[:80]!r}; `accord feeds list` lists them")
        return _feed(row)

    def add(self, feed: Feed) -> None:
        """Keep a new feed.

        Raises:
            Invalid: there is one of this name.
        """
        with database.writing(self._engine) as connection:
            if connection.scalar(select(tables.feed.c.name).where(_is(feed.name))):
                raise Invalid(f"there is a feed {feed.name!r}: give another name, or remove it")
            connection.execute(insert(tables.feed), _row(feed))

    def remove(self, name: str) -> None:
        """Forget a feed; what it brought stays.

        Raises:
            NotFound: there is none.
        """
        with database.writing(self._engine) as connection:
            if not connection.execute(delete(tables.feed).where(_is(name))).rowcount:
                raise NotFound(f"no feed {name[:80]!r}; `accord feeds list` lists them")
            for table in (tables.feed_item, tables.feed_run):
                connection.execute(delete(table).where(table.c.feed == name))

    def save(self, feed: Feed) -> None:
        """Keep how far a feed was read and how it does; one that was removed meanwhile stays so."""
        row = _row(feed)
        del row["name"]
        with database.writing(self._engine) as connection:
            connection.execute(update(tables.feed).where(_is(feed.name)).values(row))

    def items(self, name: str) -> dict[str, str]:
        """Revisions of the items of an index that were read, by key."""
        table = tables.feed_item
        query = select(table.c.key, table.c.revision).where(table.c.feed == name)
        with self._engine.connect() as connection:
            return {row.key: row.revision for row in connection.execute(query)}

    def read(self, name: str, items: Collection[Item]) -> None:
        """Note items as read."""
        if not items:
            return
        table = tables.feed_item
        rows = {one.key: one.revision for one in items}
        with database.writing(self._engine) as connection:
            same = (table.c.feed == name) & table.c.key.in_(sorted(rows))
            connection.execute(delete(table).where(same))
            database.insert(
                connection, table, ("feed", "key", "revision"),
                [(name, key, revision) for key, revision in rows.items()],
            )  # fmt: skip

    def note(self, ran: Ran) -> None:
        """Keep the account of a reading; the oldest go."""
        table = tables.feed_run
        row = {name: getattr(ran, name) for name in ran.__struct_fields__}
        row["notes"] = msgspec.json.encode(ran.notes).decode()
        with database.writing(self._engine) as connection:
            row["id"] = (connection.scalar(_LAST_RUN) or 0) + 1
            connection.execute(insert(table), row)
            own = select(table.c.id).where(table.c.feed == ran.feed).order_by(table.c.id.desc())
            oldest = connection.scalar(own.offset(_KEPT_RUNS).limit(1))
            if oldest is not None:
                connection.execute(
                    delete(table).where(table.c.feed == ran.feed, table.c.id <= oldest)
                )

    def runs(self, name: str, most: int) -> list[Ran]:
        """Accounts of readings, the latest first."""
        table = tables.feed_run
        query = select(table).where(table.c.feed == name).order_by(table.c.id.desc()).limit(most)
        with self._engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Ran(
                **{name: row[name] for name in Ran.__struct_fields__ if name != "notes"},
                notes=msgspec.json.decode(row["notes"], type=tuple[str, ...]),
            )
            for row in rows
        ]

    def worth(self) -> dict[str, Worth]:
        """What each feed brought, and what it was worth."""
        with self._engine.connect() as connection:
            brought = connection.execute(text(_BROUGHT)).all()
            matched = _numbers(connection, _MATCHED)
            false = _numbers(connection, _FALSE)
        return {
            row.feed: Worth(
                int(row.number), int(row.first), matched.get(row.feed, 0), false.get(row.feed, 0)
            )
            for row in brought
        }

    def patterns(self, name: str, since: str) -> list[tuple[str, str]]:
        """Digest and STIX pattern of the indicators that a feed brought since a `when()`."""
        with self._engine.connect() as connection:
            rows = connection.execute(_PATTERNS, {"feed": name, "since": since})
            return [(digest, pattern) for digest, pattern in rows]

    def known_good(self, name: str, found: Mapping[str, int]) -> None:
        """Note how many indicators of documents are known-good values, by digest."""
        table = tables.feed_document
        with database.writing(self._engine) as connection:
            for digest, count in sorted(found.items()):
                same = (table.c.feed == name) & (table.c.digest == digest)
                connection.execute(update(table).where(same).values(good=count))


def _is(name: str) -> Any:  # noqa: ANN401 - a clause
    return tables.feed.c.name == name


def _numbers(connection: Connection, query: str) -> dict[str, int]:
    return {row.feed: int(row.number) for row in connection.execute(text(query))}


def _feed(row: Mapping[Any, Any]) -> Feed:
    return Feed(
        name=row["name"],
        kind=row["kind"],
        url=row["url"],
        options=msgspec.json.decode(row["options"], type=Options),
        added=row["added"],
        health=Health(row["failures"], row["due"]),
        validators=msgspec.json.decode(row["validators"]),
        position=msgspec.json.decode(row["position"]),
        tried=row["tried"],
        good=row["good"],
        changed=row["changed"],
        error=row["error"],
    )


def _row(feed: Feed) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(feed, name)
        for name in ("name", "kind", "url", "added", "tried", "good", "changed", "error")
    }
    row |= {name: msgspec.json.encode(getattr(feed, name)).decode() for name in _JSON}
    return row | {"failures": feed.health.failures, "due": feed.health.due}
