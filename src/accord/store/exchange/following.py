"""Logs of partners, and what of them is applied here, in one transaction with the documents."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import local
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from accord.core.origins import is_partner
from accord.exchange.log.entries import Kind
from accord.exchange.log.merkle import Frontier
from accord.exchange.log.merkle import read as read_frontier
from accord.exchange.notices import Notice
from accord.flows.exchange.following.port import Copy, Follow, New, Overtaken, Row
from accord.identity.partners import Directory
from accord.store import database, schema
from accord.store.exchange import found, logs, notices, quarantine, removal, tables
from accord.store.intake import Refusing, SqlIntake, SqlUnit

_SHARED = (
    "id", "origin", "object", "version", "type", "media", "digest", "tlp", "pap", "release_at",
    "expires", "created", "issued", "state", "refs", "learned", "title", "envelope",
)  # fmt: skip
_ENTRY = ("follow_id", "number", "commitment", "shared_id", "state", "reason", "at")
_GROWS = ("size", "root", "frontier", "checkpoint", "at")
_GIVEN = (*_SHARED[1:13], "refs", "learned", "title", "envelope")
_UNSENT = "unsent cosignature of log {}"
_HEARD = "last recall of {}"
_ONE = tables.follow.c.id == bindparam("follow")
_LOGS = (
    select(tables.follow)
    .where(tables.follow.c.partner == bindparam("partner"))
    .order_by(tables.follow.c.name, tables.follow.c.id)
)
"""Asked at every sync, if not of every log: put together once, like those below."""
_LOG = select(tables.follow).where(
    tables.follow.c.partner == bindparam("partner"), tables.follow.c.log == bindparam("log")
)
_STATE = and_(
    tables.followed_entry.c.follow_id == bindparam("follow"),
    tables.followed_entry.c.state == bindparam("state"),
)
_WITHHELD = (
    select(tables.followed_entry)
    .where(_STATE, tables.followed_entry.c.at < bindparam("before"))
    .limit(bindparam("most"))
)
_QUARANTINED = (
    select(tables.followed_entry.c.number, tables.followed_entry.c.reason)
    .where(_STATE)
    .where(tables.followed_entry.c.number >= bindparam("first"))
    .where(tables.followed_entry.c.number < bindparam("end"))
    .order_by(tables.followed_entry.c.number)
    .limit(bindparam("most"))
)
_LAPSED = select(tables.shared.c.id).where(
    tables.shared.c.state == "live",
    tables.shared.c.expires > "",
    tables.shared.c.expires <= bindparam("now"),
    tables.shared.c.origin != bindparam("me"),
)
_COSIGNED = select(tables.follow.c.cosigned).where(_ONE)
_COSIGN = update(tables.follow).where(_ONE).values(cosigned=bindparam("signed"))
_SIZE = select(tables.follow.c.size, tables.follow.c.stopped).where(_ONE)
_ADVANCE = (
    update(tables.follow).where(_ONE).values({name: bindparam(f"new_{name}") for name in _GROWS})
)
_NAMED = tables.setting.c.name == bindparam("setting")
_SETTING = select(tables.setting.c.value).where(_NAMED)
_UNSET = delete(tables.setting).where(_NAMED)
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


class SqlFollowing:
    """`accord.flows.exchange.following.port.Following` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # What an intake remembers is its own thread's: partners are followed side by side.
        self._own = local()

    def logs(self, partner: str) -> list[Follow]:
        """Those of one partner, by name."""
        with self._reading() as connection:
            return [_follow(row) for row in connection.execute(_LOGS, {"partner": partner})]

    def follow(self, partner: str, log: str, name: str, at: str) -> Follow:
        """One of them, begun where it is new."""
        table, this = tables.follow, {"partner": partner, "log": log}
        with self._reading() as connection:
            row = connection.execute(_LOG, this).one_or_none()
        if row is not None and row.name == name:
            return _follow(row)
        with self._writing() as connection:
            row = connection.execute(_LOG, this).one_or_none()
            if row is None:
                self._begin(connection, partner, log, name, at)
            else:
                connection.execute(update(table).where(table.c.id == row.id).values(name=name))
            return _follow(connection.execute(_LOG, this).one())

    def stop(self, follow: Follow, reason: str, ours: bytes, theirs: bytes, at: str) -> None:
        """Take nothing more from a log, and keep the two statements that contradict each other."""
        table, evidence = tables.follow, tables.evidence
        row = {
            "partner": follow.partner, "log": follow.log, "what": reason, "at": at, "ours": ours,
            "theirs": theirs,
        }  # fmt: skip
        with self._writing() as connection:
            number = _next(connection, evidence)
            connection.execute(insert(evidence).values(id=number, **row))
            stopped = update(table).where(table.c.id == follow.id).values(stopped=reason)
            connection.execute(stopped)

    def resume(self, partner: str) -> int:
        """Let the logs of a partner be asked for again; gives how many were stopped."""
        table = tables.follow
        stopped = (table.c.partner == partner) & (table.c.stopped != "")
        with self._writing() as connection:
            return connection.execute(update(table).where(stopped).values(stopped="")).rowcount

    def withheld(self, follow: int, before: str, limit: int) -> list[Row]:
        """Entries whose envelopes were not given, and that were last asked for before a time."""
        asked = {"follow": follow, "state": "withheld", "before": before, "most": limit}
        with self._reading() as connection:
            rows = [_row(row) for row in connection.execute(_WITHHELD, asked)]
        return sorted(rows, key=lambda row: row.number)

    def quarantined(self, follow: int, first: int, end: int, limit: int) -> list[tuple[int, str]]:
        """Index and reason of what was refused among the entries `[first, end)`."""
        asked = {"follow": follow, "state": "quarantined", "most": limit}
        asked |= {"first": first, "end": end}
        with self._reading() as connection:
            return [(row.number, row.reason) for row in connection.execute(_QUARANTINED, asked)]

    def lapsed(self, now: str, me: str) -> list[int]:
        """Envelopes of others that may be kept no longer."""
        with self._reading() as connection:
            return list(connection.scalars(_LAPSED, {"now": now, "me": me}))

    def cosign(self, follow: int, size: int, old: int) -> None:
        """Note durably that a size is about to be cosigned; `old` is the partner's last.

        Raises:
            Overtaken: more was cosigned before.
        """
        name = _UNSENT.format(follow)
        with self._writing() as connection:
            if connection.execute(_COSIGNED, {"follow": follow}).scalar_one() > size:
                raise Overtaken("another process has cosigned more of this log meanwhile")
            connection.execute(_COSIGN, {"follow": follow, "signed": size})
            _set(connection, name, str(old))

    def unsent(self, follow: int) -> int | None:
        """The `old` of a cosignature of which it is not known that it arrived."""
        with self._reading() as connection:
            value = connection.scalar(_SETTING, {"setting": _UNSENT.format(follow)})
        return None if value is None else int(value)

    def sent(self, follow: int) -> None:
        """The partner has the cosignature."""
        with self._writing() as connection:
            connection.execute(_UNSET, {"setting": _UNSENT.format(follow)})

    def heard(self, partner: str) -> str:
        """Digest of the last notice of recall that a partner told of, or empty."""
        with self._reading() as connection:
            return connection.scalar(_SETTING, {"setting": _HEARD.format(partner)}) or ""

    @contextmanager
    def unit(self) -> Iterator[SqlApplying]:
        """A unit of work.

        Raises:
            AccordError: the database did not take it; nothing was kept.
        """
        intake: SqlIntake | None = getattr(self._own, "intake", None)
        if intake is None:
            intake = self._own.intake = SqlIntake(self._engine)
        with intake.unit(durable=True) as unit:
            yield SqlApplying(unit)

    def scrub(self) -> None:
        """Overwrite what the database keeps of erased bytes outside its tables."""
        removal.scrub(self._engine)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._refusing(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._refusing(), database.writing(self._engine, durable=True) as connection:
            yield connection

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as wrong:
            why = getattr(wrong, "orig", None) or wrong
            raise Refusing(f"the database did not answer, nothing was kept: {why}") from wrong

    def _begin(self, connection: Connection, partner: str, log: str, name: str, at: str) -> None:
        frontier = Frontier()
        row = {
            "id": _next(connection, tables.follow), "partner": partner, "log": log, "name": name,
            "at": at, "stopped": "", "size": 0, "root": frontier.root(),
            "frontier": frontier.write(), "checkpoint": b"", "cosigned": 0,
        }  # fmt: skip
        connection.execute(insert(tables.follow).values(row))


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
        first = _next(self._connection, tables.shared)
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
            found += [_row(row) for row in self._connection.execute(select(table).where(these))]
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
        _set(self._connection, _HEARD.format(partner), digest)

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


def _follow(row: Any) -> Follow:  # noqa: ANN401 - a row of the database
    return Follow(
        id=row.id,
        partner=row.partner,
        log=row.log,
        name=row.name,
        frontier=read_frontier(bytes(row.frontier)),
        checkpoint=bytes(row.checkpoint),
        cosigned=row.cosigned,
        stopped=row.stopped,
    )


def _row(row: Any) -> Row:  # noqa: ANN401 - a row of the database
    commitment = None if row.commitment is None else bytes(row.commitment)
    return Row(row.number, row.state, commitment, row.shared_id, row.reason)


def _next(connection: Connection, table: Any) -> int:  # noqa: ANN401 - a table
    """The number that the next row of a table gets."""
    return int(connection.scalar(_NEXT[table.name]) or 0) + 1


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(_UNSET, {"setting": name})
    connection.execute(insert(tables.setting), {"name": name, "value": value})
