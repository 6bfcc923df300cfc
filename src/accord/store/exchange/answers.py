"""What the door reads and keeps, in the database: the port `Answers`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import structs
from sqlalchemy import (
    Connection,
    Engine,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.exc import SQLAlchemyError

from accord.core.clock import Clock
from accord.core.errors import AccordError
from accord.exchange.log.entries import Entry, Kind, write
from accord.exchange.receipts import Line
from accord.flows.exchange.answering.port import (
    Committed,
    Cosigned,
    Evidence,
    Kept,
    Log,
    Told,
    Trust,
)
from accord.store import database
from accord.store.exchange import logs, notices, receipts, tables
from accord.store.exchange.high_water import HighWater
from accord.store.exchange.strictest import has_stricter, strictest
from accord.store.exchange.tables import (
    audience,
    cosignature,
    entry,
    head,
    member,
    setting,
    shared,
    shared_document,
    tile,
)

_STRICTER = has_stricter()
_MANY = 500
_SEALED = "sealed"
_BY_JOINING = -1
"""In the place of the first entry that a member may fetch: nobody has granted it any history."""
_KEPT = (
    shared.c.id, shared.c.origin, shared.c.object, shared.c.version, shared.c.type,
    shared.c.media, shared.c.digest, shared.c.tlp, shared.c.pap, shared.c.release_at,
    shared.c.expires, shared.c.state, shared.c.refs,
    func.coalesce(func.length(shared.c.envelope), 0).label("size"),
)  # fmt: skip
_WORD = text(
    "INSERT INTO cosignature (audience_id, partner, size, root, statement, at, received,"
    " quarantined) VALUES (:audience, :partner, :size, :root, :statement, :at, :received,"
    " :quarantined) ON CONFLICT (audience_id, partner, size) DO UPDATE"
    " SET statement = excluded.statement, quarantined = excluded.quarantined"
)
"""The first word about a size says when it was applied; a later one may name less quarantined."""
_ONE_TILE = select(tile.c.hashes).where(
    tile.c.audience_id == bindparam("audience"),
    tile.c.level == bindparam("level"),
    tile.c.number == bindparam("number"),
)
"""Asked several times of every request for a tile: put together once, like those below."""
_ENTRIES = (
    select(entry.c.data)
    .where(
        entry.c.audience_id == bindparam("audience"),
        entry.c.number >= bindparam("first"),
        entry.c.number < bindparam("end"),
    )
    .order_by(entry.c.number)
)
_MEMBERS = select(member.c.partner).where(
    member.c.audience_id == bindparam("audience"), member.c.removed == ""
)
_COMMITTED = (
    select(entry.c.data, entry.c.number, entry.c.state, entry.c.salt, _STRICTER, *_KEPT)
    .outerjoin(shared, shared.c.id == entry.c.shared_id)
    .where(entry.c.audience_id == bindparam("audience"))
    .where(entry.c.data.in_(bindparam("data", expanding=True)))
)
_ENVELOPES = logs.ForMany(
    lambda among: select(shared.c.id, shared.c.envelope).where(
        shared.c.envelope.is_not(None), among(shared.c.id)
    )
)
_WORD_OF = select(func.max(cosignature.c.size)).where(
    cosignature.c.audience_id == bindparam("audience"),
    cosignature.c.partner == bindparam("partner"),
)
_SEALED_BY = text("SELECT value FROM setting WHERE name = :name")
_WHY_SEALED = select(setting.c.value).where(setting.c.name == _SEALED)
_STIX = "application/stix+json%"


class NotKept(AccordError):
    """The database did not take what must be kept before anything may leave."""


class SqlAnswers:
    """`Answers` on a database."""

    def __init__(self, engine: Engine, trust: Trust, high_water: HighWater, clock: Clock) -> None:
        self._engine = engine
        self._trust = trust
        self._high_water = high_water
        self._clock = clock
        self._before: dict[tuple[int, str], tuple[int, int]] = {}
        """By audience and time: how many entries were looked at, and the first from that time."""

    def logs(self, partner: str) -> list[Log]:
        """The logs that a partner is a member of today, by name of the audience."""
        joined = self._joined(partner)
        with self._engine.connect() as connection:
            rows = connection.execute(_LOGS, {"partner": partner}).all()
            return [_log(row, self._since(connection, row, joined)) for row in rows]

    def log(self, log: str, partner: str) -> Log | None:
        """One of them."""
        joined = self._joined(partner)
        with self._engine.connect() as connection:
            row = connection.execute(_LOG, {"partner": partner, "log": log}).one_or_none()
            return _log(row, self._since(connection, row, joined)) if row else None

    def _joined(self, partner: str) -> str | None:
        """Since when somebody is a partner; none for who is not one."""
        directory = self._trust.directory()
        found = directory.partner(partner) if directory else None
        return found.since if found else None

    def _since(self, connection: Connection, row: Any, joined: str | None) -> int:  # noqa: ANN401 - as `_log`
        """The first entry that a member may fetch: as its owner grants, or as it joined.

        Who was a partner before an audience of every partner began has all of it.
        """
        if row.since != _BY_JOINING:
            return int(row.since)
        if joined is None:
            return int(row.size)
        return 0 if joined <= row.created else self._first(connection, row.id, row.size, joined)

    def _first(self, connection: Connection, log: int, size: int, joined: str) -> int:
        """The entry after the last one from before a time.

        Entries stay as they are, so those that were looked at once are not looked at again.
        """
        seen, first = self._before.get((log, joined), (0, 0))
        if seen != size:
            start, first = (seen, first) if seen < size else (0, 0)
            earlier = and_(entry.c.audience_id == log, entry.c.number >= start, entry.c.at < joined)
            last = connection.scalar(select(func.max(entry.c.number)).where(earlier))
            first = first if last is None else last + 1
            self._before[log, joined] = size, first
        return first

    def members(self, audience: int) -> frozenset[str]:
        """The members of an audience today that its owner named."""
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(_MEMBERS, {"audience": audience}))

    def tile(self, audience: int, level: int, number: int) -> bytes:
        """Hashes of a tile."""
        wanted = {"audience": audience, "level": level, "number": number}
        with self._engine.connect() as connection:
            return bytes(connection.execute(_ONE_TILE, wanted).scalar() or b"")

    def entries(self, audience: int, first: int, count: int) -> list[bytes]:
        """Entries of a log, in their order."""
        wanted = {"audience": audience, "first": first, "end": first + count}
        with self._engine.connect() as connection:
            return [bytes(data) for (data,) in connection.execute(_ENTRIES, wanted).all()]

    def committed(self, audience: int, commitments: Collection[bytes]) -> dict[bytes, Committed]:
        """Those commitments that stand in this log."""
        now = self._clock.now()
        wanted = [write(Entry(Kind.COMMITMENT, one)) for one in set(commitments)]
        found: dict[bytes, Committed] = {}
        with self._engine.connect() as connection:
            for chunk in _chunks(wanted):
                milder: dict[bytes, Committed] = {}
                asked = {"audience": audience, "data": list(chunk), "now": now}
                rows = connection.execute(_COMMITTED, asked).all()
                for data, number, state, salt, stricter, *rest in rows:
                    kept = Kept(*rest) if rest[0] is not None else None
                    one = Committed(number, state, bytes(salt or b""), kept)
                    found[bytes(data[1:])] = one
                    if stricter:
                        milder[bytes(data[1:])] = one
                found |= _under(connection, milder, now)
        return found

    def envelopes(self, ids: Collection[int]) -> dict[int, bytes]:
        """The bytes of envelopes that are still here."""
        found: dict[int, bytes] = {}
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(ids))):
                rows = _ENVELOPES(connection, chunk).all()
                found.update((id_, bytes(data)) for id_, data in rows)
        return found

    def versions(self, object_: str, count: int) -> list[Kept]:
        """What is kept live of one object, newest version first."""
        query = (
            select(*_KEPT)
            .where(func.coalesce(shared.c.state, "") == "live", shared.c.object == object_)
            .order_by(shared.c.version.desc(), shared.c.origin, shared.c.id.desc())
            .limit(count)
        )
        with self._engine.connect() as connection:
            found = [Kept(*list(row)) for row in connection.execute(query)]
            return strictest(connection, found, self._clock.now())

    def page(self, tlp: int, after: tuple[str, str], count: int) -> list[Kept]:
        """Live STIX objects up to a marking, by (object, version), past a place."""
        ends = [_past(level, after, count) for level in range(tlp + 1)]
        found = union_all(*(select(end.subquery()) for end in ends)).subquery()
        order = (found.c.object, found.c.version, found.c.origin, found.c.id.desc())
        with self._engine.connect() as connection:
            rows = connection.execute(select(found).order_by(*order).limit(count))
            kept = [Kept(*list(row)) for row in rows]
            return strictest(connection, kept, self._clock.now())

    def sealed_as(self, digests: Collection[str], tlp: int) -> dict[str, list[Kept]]:
        """Live envelopes up to a marking that hold documents, by the digests of these."""
        query = (
            select(shared_document.c.digest.label("content"), *_KEPT)
            .join(shared, shared.c.id == shared_document.c.shared_id)
            .where(func.coalesce(shared.c.state, "") == "live")
            .order_by(shared.c.origin, shared.c.id.desc())
        )
        content: dict[int, str] = {}
        kept: list[Kept] = []
        found: dict[str, list[Kept]] = {}
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(digests))):
                these = query.where(logs.among(connection, shared_document.c.digest, chunk))
                for digest, *row in connection.execute(these):
                    one = Kept(*row)
                    content[one.id] = digest
                    kept.append(one)
            for one in strictest(connection, kept, self._clock.now()):
                if one.tlp <= tlp:
                    found.setdefault(content[one.id], []).append(one)
        return found

    def newest_notice(self, partner: str) -> tuple[str, bool]:
        """Digest of the last notice of recall for a partner, or empty, and whether it has it."""
        with self._engine.connect() as connection:
            return notices.newest(connection, partner)

    def notices(self, partner: str, digest: str, count: int) -> list[Told]:
        """The notices for a partner after one of them."""
        with self._engine.connect() as connection:
            return notices.following(connection, partner, digest, count)

    def heard(self, partner: str, digest: str, at: str) -> None:
        """Note that a partner has everything up to a notice."""
        with self._engine.connect() as connection:
            if not notices.unheard(connection, partner, digest):
                return
        with self._unit() as connection:
            notices.heard(connection, partner, digest, at)

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log, durably."""
        with self._unit() as connection:
            receipts.append(connection, lines)

    def acknowledged(self, audience: int, partner: str) -> int:
        """The size that a partner last acknowledged."""
        with self._engine.connect() as connection:
            return _acknowledged(connection, audience, partner)

    def acknowledge(self, audience: int, partner: str, old: int, word: Cosigned) -> int | None:
        """Keep a partner's word if its last one was for `old` entries."""
        with self._unit() as connection:
            held = _acknowledged(connection, audience, partner)
            if held != old:
                return held
            receipts.remember(connection, self._high_water)
            connection.execute(
                _WORD,
                {"audience": audience, "partner": partner, "size": word.size, "root": word.root,
                 "statement": word.statement, "at": word.at, "received": word.received,
                 "quarantined": word.quarantined},
            )  # fmt: skip
        return None

    def sealed(self) -> str:
        """Why this node signs nothing any more, or empty."""
        found = database.asked(self._engine, _SEALED_BY, {"name": _SEALED})
        return str(found[0][0] or "") if found else ""

    def contradicted(self, evidence: Evidence, *, seal: bool) -> None:
        """Keep evidence, once; `seal` stops all signing here."""
        kept, table = structs.asdict(evidence), tables.evidence
        same = and_(*(table.c[name] == kept[name] for name in kept if name != "at"))
        with self._unit() as connection:
            if seal and not _sealed(connection):
                row = {"name": _SEALED, "value": evidence.what}
                connection.execute(setting.insert().values(row))
            if connection.execute(select(table.c.id).where(same).limit(1)).first():
                return
            last = connection.scalar(select(func.max(table.c.id))) or 0
            connection.execute(table.insert().values(id=last + 1, **kept))

    @contextmanager
    def _unit(self) -> Iterator[Connection]:
        """A durable transaction.

        Raises:
            NotKept: the database did not take it; nothing was kept.
        """
        try:
            with database.writing(self._engine, durable=True) as connection:
                yield connection
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as wrong:
            why = getattr(wrong, "orig", None) or wrong
            raise NotKept(f"the database did not take it, nothing was kept: {why}") from wrong


def _under(
    connection: Connection, milder: dict[bytes, Committed], at: str
) -> dict[bytes, Committed]:
    """These under the strictest marking of their versions."""
    kept = [one.kept for one in milder.values() if one.kept]
    now = {one.id: one for one in strictest(connection, kept, at)}
    return {
        name: structs.replace(one, kept=now[one.kept.id])
        for name, one in milder.items()
        if one.kept
    }


def _past(tlp: int, after: tuple[str, str], count: int) -> Any:  # noqa: ANN401 - as `_logs_of`
    """As `page`, of one marking: a range of the index, whatever else there is."""
    place = tuple_(shared.c.object, shared.c.version)
    return (
        select(*_KEPT)
        .where(shared.c.tlp == tlp, shared.c.state == "live", place > tuple_(*after))
        .where(shared.c.media.like(_STIX))
        .order_by(shared.c.object, shared.c.version, shared.c.origin, shared.c.id.desc())
        .limit(count)
    )


def _logs_of() -> Any:  # noqa: ANN401 - a query of many columns
    """The audiences that a partner is in: named in them, or in those of every partner by being one.

    Whom the owner took out of an audience of every partner is out of it.
    """
    mine = and_(member.c.audience_id == audience.c.id, member.c.partner == bindparam("partner"))
    named = and_(member.c.partner.is_not(None), member.c.removed == "")
    everybody = and_(audience.c.scope == "all", member.c.partner.is_(None))
    since = case((named, member.c.since), else_=literal_column(str(_BY_JOINING)))
    return (
        select(
            audience.c.id, audience.c.name, audience.c.log, audience.c.scope, audience.c.created,
            head.c.size, head.c.root, head.c.checkpoint, since.label("since"),
        )
        .join(head, head.c.audience_id == audience.c.id)
        .outerjoin(member, mine)
        .where(or_(named, everybody))
        .order_by(audience.c.name)
    )  # fmt: skip


_LOGS = _logs_of()
_LOG = _LOGS.where(audience.c.log == bindparam("log"))


def _log(row: Any, since: int) -> Log:  # noqa: ANN401 - a row of the database
    return Log(
        audience=row.id,
        name=row.name,
        log=row.log,
        everyone=row.scope == "all",
        size=row.size,
        root=bytes(row.root),
        checkpoint=bytes(row.checkpoint),
        since=since,
    )


def _acknowledged(connection: Connection, log: int, partner: str) -> int:
    return connection.scalar(_WORD_OF, {"audience": log, "partner": partner}) or 0


def _sealed(connection: Connection) -> str:
    return connection.execute(_WHY_SEALED).scalar() or ""


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _MANY):
        yield items[start : start + _MANY]
