"""What a pull writes of a partner's log, in one transaction with the documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, bindparam, delete, func, insert, select, update

from accord.core.origins import is_partner
from accord.exchange.log.entries import Kind
from accord.exchange.log.merkle import Frontier
from accord.exchange.notices import Notice
from accord.flows.exchange.following.port import Copy, Follow, New, Overtaken, Row
from accord.identity.partners import Directory
from accord.store import database, schema
from accord.store.assurance import forgetting
from accord.store.exchange import found, logs, notices, quarantine, removal, tables
from accord.store.intake import SqlUnit

_SHARED = (
    "id", "origin", "object", "version", "type", "media", "digest", "tlp", "pap", "release_at",
    "expires", "created", "issued", "state", "refs", "learned", "title", "envelope",
)  # fmt: skip
_ENTRY = ("follow_id", "number", "commitment", "shared_id", "state", "reason", "at")
_GROWS = ("size", "root", "frontier", "checkpoint", "at")
_GIVEN = (*_SHARED[1:13], "refs", "learned", "title", "envelope")
HEARD = "last recall of {}"
"""Name of the setting that holds the digest of a partner's last notice of recall."""
ONE = tables.follow.c.id == bindparam("follow")
"""One log, as statements ask for it."""
_SIZE = select(tables.follow.c.size, tables.follow.c.stopped).where(ONE)
_ADVANCE = (
    update(tables.follow).where(ONE).values({name: bindparam(f"new_{name}") for name in _GROWS})
)
_NAMED = tables.setting.c.name == bindparam("setting")
SETTING = select(tables.setting.c.value).where(_NAMED)
"""One line of what this node remembers by name."""
UNSET = delete(tables.setting).where(_NAMED)
"""Forgets it."""
_NEXT = {
    table.name: select(func.max(table.c.id))
    for table in (tables.follow, tables.evidence, tables.shared)
}
_FINAL = logs.ForMany(
    lambda among: select(tables.final.c.object).where(
        tables.final.c.origin == bindparam("origin"), among(tables.final.c.object)
    )
)


def _copies_by(column: Column[Any]) -> logs.ForMany:
    """Envelopes, found by one of their columns."""
    table, link = tables.shared, tables.shared_document
    query = select(
        table.c.id, table.c.origin, table.c.object, table.c.version, table.c.digest,
        table.c.state, table.c.issued, func.coalesce(link.c.digest, ""),
    ).outerjoin(link, link.c.shared_id == table.c.id)  # fmt: skip
    return logs.ForMany(lambda among: query.where(among(column)))


_COPIES = {name: _copies_by(tables.shared.c[name]) for name in ("digest", "id", "object")}


class SqlApplying:
    """`accord.flows.exchange.following.port.Unit`: one transaction."""

    def __init__(self, documents: SqlUnit) -> None:
        self.documents = documents
        self._connection = documents.connection

    def still(self, follow: Follow) -> None:
        """Return only if nobody else has gone on with this log.

        Raises:
            Overtaken: somebody has.
        """
        row = self._connection.execute(_SIZE, {"follow": follow.id}).one()
        if row.size != follow.size or row.stopped:
            raise Overtaken(
                f"another process goes on with log {follow.name} of {follow.partner}; it is"
                f" applied up to {row.size:,} entries"
            )

    def copies(self, digests: Collection[str]) -> list[Copy]:
        """Envelopes by their digests."""
        return self._copies("digest", sorted(digests))

    def numbered(self, shared: Collection[int]) -> list[Copy]:
        """Envelopes by their numbers."""
        return self._copies("id", sorted(shared))

    def of_objects(self, objects: Collection[tuple[str, str]]) -> list[Copy]:
        """Every envelope of some objects, each by origin and identifier."""
        wanted = set(objects)
        found = self._copies("object", sorted({name for _, name in wanted}))
        return [copy for copy in found if (copy.origin, copy.object) in wanted]

    def final(self, objects: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these, by origin and identifier, were recalled for good."""
        found: set[tuple[str, str]] = set()
        for origin in sorted({origin for origin, _ in objects}):
            names = sorted({name for its, name in objects if its == origin})
            for chunk in logs.chunks(names):
                rows = _FINAL(self._connection, chunk, origin=origin)
                found.update((origin, name) for name in rows.scalars())
        return found

    def keep(self, envelopes: Sequence[New]) -> list[int]:
        """Keep envelopes, or give those that were erased their bytes back; gives their numbers."""
        known = {copy.digest: copy.id for copy in self.copies([new.digest for new in envelopes])}
        first = next_number(self._connection, tables.shared)
        fresh = [new for new in envelopes if new.digest not in known]
        numbers = {new.digest: number for number, new in enumerate(fresh, first)}
        rows = (
            (numbers[n.digest], n.origin, n.object, n.version, n.type, n.media, n.digest, n.tlp,
             n.pap, n.release_at, n.expires, n.created, n.issued, "live", n.refs, n.learned,
             n.title, n.envelope)
            for n in fresh
        )  # fmt: skip
        database.insert(self._connection, tables.shared, _SHARED, rows)
        self._revive([(known[new.digest], new) for new in envelopes if new.digest in known])
        ids = numbers | known
        links = [(ids[new.digest], new.document) for new in envelopes]
        database.insert(self._connection, tables.shared_document, ("shared_id", "digest"), links)
        forgetting.sealed_otherwise(self._connection, {digest for _, digest in links})
        return [ids[new.digest] for new in envelopes]

    def enter(self, follow: int, rows: Sequence[Row], at: str) -> None:
        """Note what became of new entries."""
        entries = (
            (follow, row.number, row.commitment, row.shared, row.state, row.reason, at)
            for row in rows
        )
        database.insert(self._connection, tables.followed_entry, _ENTRY, entries)
        quarantine.keep(self._connection, follow, rows)

    def change(self, follow: int, rows: Sequence[Row], at: str) -> None:
        """Note what became of entries that were noted before."""
        if not rows:
            return
        table = tables.followed_entry
        one = (table.c.follow_id == follow) & (table.c.number == bindparam("n"))
        self._connection.execute(
            update(table).where(one).values(
                state=bindparam("s"), reason=bindparam("r"), at=at, shared_id=bindparam("i")
            ),
            [{"n": r.number, "s": r.state, "r": r.reason, "i": r.shared} for r in rows],
        )  # fmt: skip
        quarantine.drop(self._connection, follow, [row.number for row in rows])
        quarantine.keep(self._connection, follow, rows)

    def entries(self, follow: int, numbers: Collection[int]) -> list[Row]:
        """What became of entries."""
        table = tables.followed_entry
        found: list[Row] = []
        for chunk in logs.chunks(sorted(numbers)):
            these = (table.c.follow_id == follow) & self._among(table.c.number, chunk)
            found += [read_row(row) for row in self._connection.execute(select(table).where(these))]
        return found

    def set_aside(self) -> Iterator[tuple[int, Row]]:
        """Everything that was refused and is kept, with the number of its log."""
        return quarantine.everything(self._connection)

    def unsupported(self, shared: Collection[int]) -> set[int]:
        """Those envelopes that no applied entry of any log stands for any more."""
        table = tables.followed_entry
        left = set(shared)
        for chunk in logs.chunks(sorted(shared)):
            these = self._among(table.c.shared_id, chunk) & (table.c.state == "applied")
            left -= set(self._connection.scalars(select(table.c.shared_id).where(these)))
        return left

    def direct(self, shared: Collection[int], among: Collection[str] | None = None) -> set[int]:
        """Those envelopes that an applied entry of their originator's own logs stands for."""
        if not shared:
            return set()
        entry, follow, table = tables.followed_entry, tables.follow, tables.shared
        query = (
            select(table.c.id)
            .join(entry, entry.c.shared_id == table.c.id)
            .join(follow, follow.c.id == entry.c.follow_id)
            .where(entry.c.state == "applied", follow.c.partner == table.c.origin)
        )
        if among is not None:
            query = query.where(self._among(follow.c.log, sorted(among)))
        found: set[int] = set()
        for chunk in logs.chunks(sorted(shared)):
            found.update(self._connection.scalars(query.where(self._among(table.c.id, chunk))))
        return found

    def erase(self, shared: Collection[int], state: str, at: str) -> tuple[str, ...]:
        """Erase envelopes, here and with tombstones in this node's own logs.

        Their documents go too, unless another envelope or this node's own people gave them.

        Returns:
            Digests of the documents that are gone.
        """
        gone = sorted(shared)
        if not gone:
            return ()
        removal.erasing(self._connection)
        kind = Kind.RECALL if state == "recalled" else Kind.RETRACT
        logs.retract(self._connection, gone, kind, at)
        logs.erase(self._connection, gone, state)
        digests = self._unlink(gone, for_good=state == "recalled")
        owners = self._owners(digests)
        orphans = tuple(d for d in digests if d in owners and owners[d] is None)
        self.documents.remove(orphans)
        self.documents.belong({d: origin for d, origin in owners.items() if origin})
        return orphans

    def finish(self, origin: str, object: str, at: str) -> None:  # noqa: A002 - the field's own word
        """Note that an object is recalled for good."""
        if not self.final([(origin, object)]):
            row = {"origin": origin, "object": object, "at": at, "why": "", "deadline": ""}
            self._connection.execute(insert(tables.final).values(row))

    def connecting(self, objects: Collection[str]) -> list[int]:
        """Live envelopes of relationships and sightings that have one of these at an end."""
        return found.connecting(self._connection, objects)

    def retract(self, shared: Collection[int], at: str) -> None:
        """Take envelopes out of this node's own logs; they are kept."""
        removal.erasing(self._connection)
        logs.retract(self._connection, sorted(shared), Kind.RETRACT, at)

    def publish(self, notice: Notice, statement: bytes, directory: Directory, me: str) -> None:
        """Keep the signed notice of a recall, for every partner that could have it from us."""
        notices.publish(self._connection, notice, statement, directory, me)

    def hear(self, partner: str, digest: str) -> None:
        """Note the last notice of recall that a partner told of, by its digest."""
        put(self._connection, HEARD.format(partner), digest)

    def idle(self, origin: str) -> int:
        """Bytes that are kept of an originator's recalls of what was never here."""
        return notices.idle(self._connection, origin)

    def advance(self, follow: int, frontier: Frontier, checkpoint: bytes, at: str) -> None:
        """Note how far a log is applied."""
        new = (frontier.size, frontier.root(), frontier.write(), checkpoint, at)
        row = {f"new_{name}": value for name, value in zip(_GROWS, new, strict=True)}
        self._connection.execute(_ADVANCE, {"follow": follow, **row})

    def _copies(self, column: str, values: Sequence[Any]) -> list[Copy]:
        found: list[Copy] = []
        for chunk in logs.chunks(values):
            found += [Copy(*row) for row in _COPIES[column](self._connection, chunk)]
        return found

    def _among(self, column: Any, values: Sequence[Any]) -> Any:  # noqa: ANN401 - a column
        return logs.among(self._connection, column, values)

    def _revive(self, again: Sequence[tuple[int, New]]) -> None:
        table = tables.shared
        for number, new in again:
            values = {name: getattr(new, name) for name in _GIVEN}
            changed = update(table).where(table.c.id == number).values(state="live", **values)
            self._connection.execute(changed)

    def _unlink(self, shared: Sequence[int], *, for_good: bool) -> list[str]:
        """Part envelopes from their documents; gives the digests of these.

        Of what was taken back for good the digest stays: by it the content is known again.
        """
        link = tables.shared_document
        digests: set[str] = set()
        for chunk in logs.chunks(shared):
            these = self._among(link.c.shared_id, chunk)
            digests.update(self._connection.scalars(select(link.c.digest).where(these)))
            if not for_good:
                self._connection.execute(delete(link).where(these))
        forgetting.sealed_otherwise(self._connection, digests)
        return sorted(digests)

    def _owners(self, digests: Sequence[str]) -> dict[str, str | None]:
        """Whose partners' documents are by now: another giver's, or nobody's (None).

        Those of this node's own people and of feeds are left out: they stay as they are.
        """
        table, link, shared = schema.document, tables.shared_document, tables.shared
        owners: dict[str, str | None] = {}
        for chunk in logs.chunks(digests):
            held = select(table.c.digest, table.c.origin).where(self._among(table.c.digest, chunk))
            rows = self._connection.execute(held)
            owners.update((digest, None) for digest, origin in rows if is_partner(origin))
            givers = (
                select(link.c.digest, shared.c.origin)
                .join(shared, shared.c.id == link.c.shared_id)
                .where(self._among(link.c.digest, chunk), shared.c.state != "recalled")
            )
            for name, origin in self._connection.execute(givers):
                if name in owners:
                    # Compared here: databases may order text as people do.
                    owners[name] = min(origin, owners[name] or origin)
        return owners


def read_row(row: Any) -> Row:  # noqa: ANN401 - a row of the database
    """What became of an entry, as its row says."""
    commitment = None if row.commitment is None else bytes(row.commitment)
    return Row(row.number, row.state, commitment, row.shared_id, row.reason)


def next_number(connection: Connection, table: Any) -> int:  # noqa: ANN401 - a table
    """The number that the next row of a table gets."""
    return int(connection.scalar(_NEXT[table.name]) or 0) + 1


def put(connection: Connection, name: str, value: str) -> None:
    """Remember a line by name, in the place of what was remembered by it."""
    connection.execute(UNSET, {"setting": name})
    connection.execute(insert(tables.setting), {"name": name, "value": value})
