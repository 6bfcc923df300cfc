"""Look-ups for sharing: what is kept of an object, what is due, and who acknowledged a recall."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Table, bindparam, func, select

from accord.exchange.envelope import peek
from accord.exchange.log.entries import Entry, Kind, write
from accord.exchange.objects import read_stix
from accord.flows.exchange.sharing.port import (
    Copy,
    Due,
    Final,
    Known,
    LiveEntry,
    Recall,
    Standing,
)
from accord.store import schema
from accord.store.exchange import notices, tables
from accord.store.exchange.logs import ForMany, among, chunks

_STATES = ("live", "held")
_LANGUAGE = "language-content"
_COPY = (
    "id", "origin", "object", "version", "type", "media", "digest", "tlp", "pap", "release_at",
    "expires", "created", "issued", "state", "title", "made_of",
)  # fmt: skip


_KNOWN = ForMany(
    lambda among: (
        select(
            *(tables.shared.c[name] for name in _COPY),
            tables.shared.c.refs,
            tables.shared_document.c.digest.label("content"),
        )
        .outerjoin(tables.shared_document, tables.shared_document.c.shared_id == tables.shared.c.id)
        # An expression, so that the index of states, which holds every envelope, is not taken.
        .where(func.coalesce(tables.shared.c.state, "").in_(_STATES))
        .where(among(tables.shared.c.object))
    )
)
"""Put together once, like those below: they are asked many times of every object shared."""
_GONE = ForMany(
    lambda among: (
        select(tables.shared.c.object, tables.shared.c.origin)
        .where(func.coalesce(tables.shared.c.state, "").not_in(_STATES))
        .where(among(tables.shared.c.object))
        .distinct()
    )
)
_FINALS = ForMany(
    lambda among: (
        select(tables.final.c.origin, tables.final.c.object, tables.final.c.at)
        .where(among(tables.final.c.object))
        .order_by(tables.final.c.at, tables.final.c.origin)
    )
)
_LAST = select(func.max(tables.shared.c.id))
_MADE = (
    select(tables.shared.c.made_of, tables.shared.c.object)
    .where(tables.shared.c.id > bindparam("after"), tables.shared.c.id <= bindparam("last"))
    .where(tables.shared.c.made_of != "")
    .distinct()
)
_TAKEN_BACK = ForMany(
    lambda among: (
        select(tables.shared.c.object, tables.shared_document.c.digest)
        .join(tables.shared_document, tables.shared_document.c.shared_id == tables.shared.c.id)
        .where(func.coalesce(tables.shared.c.state, "") == "recalled")
        .where(among(tables.shared.c.object))
    )
)


def _in_audiences(table: Table) -> ForMany:
    """The audiences in which envelopes stand, or for which they wait."""
    audience = tables.audience
    query = select(table.c.shared_id, audience.c.name).join(
        audience, audience.c.id == table.c.audience_id
    )
    if table is tables.entry:
        query = query.where(table.c.state == "live")
    return ForMany(lambda among: query.where(among(table.c.shared_id)))


_STANDS, _WAITS = _in_audiences(tables.entry), _in_audiences(tables.waiting)


def _at_an_end(object_: Column[str], end: Column[str]) -> ForMany:
    """What has some objects at one of its ends."""
    return ForMany(lambda among: select(object_).where(among(end), end.is_not(None)))


_ENDS = (
    _at_an_end(schema.stix_object.c.object, schema.stix_object.c.source),
    _at_an_end(schema.stix_object.c.object, schema.stix_object.c.target),
    _at_an_end(schema.stix_sighting.c.object, schema.stix_sighting.c.sighted),
)
_CONNECTING = ForMany(
    lambda among: select(tables.shared.c.id).where(
        among(tables.shared.c.object), tables.shared.c.state.in_(_STATES)
    )
)
_TRANSLATIONS = (
    select(tables.shared.c.id, tables.shared.c.refs, tables.shared.c.envelope)
    # A range of the index, in whatever order a database keeps text.
    .where(tables.shared.c.object >= _LANGUAGE, tables.shared.c.object < f"{_LANGUAGE[:-1]}u")
    .where(tables.shared.c.type == _LANGUAGE, tables.shared.c.state.in_(_STATES))
    .order_by(tables.shared.c.id)
)
_DUE = (
    select(tables.audience.c.name, tables.waiting.c.shared_id, tables.shared.c.expires)
    .join(tables.audience, tables.audience.c.id == tables.waiting.c.audience_id)
    .join(tables.shared, tables.shared.c.id == tables.waiting.c.shared_id)
    .where(tables.waiting.c.release_at <= bindparam("now"))
    .order_by(tables.waiting.c.release_at, tables.waiting.c.shared_id)
    .limit(bindparam("most"))
)


def known(connection: Connection, objects: Collection[str]) -> Known:
    """What is kept of some objects, live and held, and which of them, of whom, are final."""
    rows: list[Any] = []
    finals: set[tuple[str, str]] = set()
    taken_back: set[tuple[str, str]] = set()
    for chunk in chunks(sorted(set(objects))):
        rows += _KNOWN(connection, chunk).all()
        final_here = {(row.origin, row.object) for row in _FINALS(connection, chunk)}
        finals |= final_here
        taken_back |= _taken_back(connection, sorted({name for _, name in final_here}))
    rows.sort(key=lambda row: row.id)
    copies = tuple(_copies(connection, rows))
    return Known(copies, frozenset(finals), frozenset(taken_back))


def gone(connection: Connection, objects: Collection[str]) -> set[tuple[str, str]]:
    """Object and origin of what was given of some objects, and is given no more."""
    every: set[tuple[str, str]] = set()
    for chunk in chunks(sorted(set(objects))):
        every |= {(row.object, row.origin) for row in _GONE(connection, chunk)}
        every |= {(row.object, row.origin) for row in _FINALS(connection, chunk)}
    return every


def finals(connection: Connection, objects: Collection[str]) -> list[Final]:
    """Which of some objects were recalled for good, by whom and when."""
    return [
        Final(*row) for chunk in chunks(sorted(set(objects))) for row in _FINALS(connection, chunk)
    ]


def own(connection: Connection, origin: str, after: int, limit: int) -> list[Standing]:
    """Envelopes of an origin that are live or wait, by number, from after one on."""
    table, content, entry = tables.shared, tables.shared_document, tables.entry
    audience = tables.audience
    columns = [table.c[name] for name in _COPY]
    query = (
        select(*columns, table.c.refs, table.c.envelope, content.c.digest.label("content"))
        .join(content, content.c.shared_id == table.c.id, isouter=True)
        .where(table.c.id > after, table.c.origin == origin, table.c.envelope.is_not(None))
        .where(func.coalesce(table.c.state, "").in_(_STATES))
        .order_by(table.c.id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    places: dict[int, list[LiveEntry]] = defaultdict(list)
    for chunk in chunks([row.id for row in rows]):
        where = (
            select(entry.c.shared_id, audience.c.name, entry.c.number, entry.c.at)
            .join(audience, audience.c.id == entry.c.audience_id)
            .where(entry.c.state == "live", among(connection, entry.c.shared_id, chunk))
            .order_by(audience.c.name, entry.c.number)
        )
        for shared, *place in connection.execute(where):
            places[shared].append(LiveEntry(*place))
    return [
        Standing(copy, bytes(row.envelope), tuple(places[copy.id]))
        for row, copy in zip(rows, _copies(connection, rows), strict=True)
    ]


def _taken_back(connection: Connection, objects: Sequence[str]) -> set[tuple[str, str]]:
    """Object and content of what partners recalled; what this node itself did is final anyway."""
    if not objects:
        return set()
    return {(row.object, row.digest) for row in _TAKEN_BACK(connection, objects)}


def _copies(connection: Connection, rows: Sequence[Any]) -> Iterator[Copy]:
    ids = [row.id for row in rows]
    live = _names(connection, _STANDS, ids)
    waits = _names(connection, _WAITS, ids)
    for row in rows:
        yield Copy(
            **{name: getattr(row, name) for name in _COPY},
            refs=msgspec.json.decode(row.refs, type=tuple[str, ...]),
            content=row.content or "",
            audiences=tuple(sorted(live[row.id])),
            waiting=tuple(sorted(waits[row.id])),
        )


def _names(connection: Connection, where: ForMany, ids: Sequence[int]) -> dict[int, set[str]]:
    """The audiences in which each envelope is live, or for which it waits."""
    names: dict[int, set[str]] = defaultdict(set)
    for chunk in chunks(ids):
        for shared, name in where(connection, chunk):
            names[shared].add(name)
    return names


def connecting(connection: Connection, objects: Collection[str]) -> list[int]:
    """Live envelopes of what has one of these objects at an end: relationships, sightings, and
    translations of it.

    An end that is live here by anybody's envelope shows, and does not count.
    """
    names: set[str] = set()
    shown = {copy.object for copy in known(connection, objects).copies if copy.state == "live"}
    gone = set(objects) - shown
    for chunk in chunks(sorted(gone)):
        for end in _ENDS:
            names.update(end(connection, chunk).scalars())
    numbers = set(_translating(connection, gone))
    for chunk in chunks(sorted(names)):
        numbers.update(_CONNECTING(connection, chunk).scalars())
    return sorted(numbers)


def _translating(connection: Connection, objects: set[str]) -> Iterator[int]:
    """Live envelopes of translations of some objects."""
    for row in connection.execute(_TRANSLATIONS).all() if objects else ():
        named = objects & msgspec.json.decode(row.refs, type=set[str])
        if named and row.envelope and not named.isdisjoint(read_stix(peek(row.envelope).body).ends):
            yield row.id


def due(connection: Connection, now: str, limit: int) -> list[Due]:
    """What waited until now, the earliest first."""
    return [Due(*row) for row in connection.execute(_DUE, {"now": now, "most": limit})]


def recalls(connection: Connection, object_: str) -> list[Recall]:
    """What this node recalled, the newest first; only its own recalls have a deadline."""
    table = tables.final
    query = select(table).where(table.c.deadline != "")
    if object_:
        query = query.where(table.c.object == object_)
    found: list[Recall] = []
    for row in connection.execute(query.order_by(table.c.at.desc(), table.c.object)).all():
        places = list(_recalled(connection, row))
        found += places or [_nowhere(row)]
    return found


def _nowhere(row: Any) -> Recall:  # noqa: ANN401 - a row of the database
    return Recall(row.object, row.why, row.at, row.deadline, "", "", 0, {})


def _recalled(connection: Connection, row: Any) -> Iterator[Recall]:  # noqa: ANN401 - a row of the database
    """One for each log in which the object stood when it was recalled."""
    entry, shared, audience = tables.entry, tables.shared, tables.audience
    query = (
        select(entry.c.audience_id, audience.c.name, entry.c.number, entry.c.at)
        .join(shared, shared.c.id == entry.c.shared_id)
        .join(audience, audience.c.id == entry.c.audience_id)
        .where(shared.c.object == row.object, shared.c.origin == row.origin)
        .where(entry.c.state == "recalled")
        .order_by(entry.c.audience_id, entry.c.number)
    )
    by_log: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
    for place in connection.execute(query).all():
        by_log[place.audience_id, place.name].append((place.number, place.at))
    told = notices.told(connection, row.origin, row.object)
    for (log, name), entries in by_log.items():
        last = max(_tombstone(connection, log, number) for number, _ in entries)
        first = min(at for _, at in entries)
        words = _acknowledged(connection, log, last + 1)
        yield Recall(
            row.object, row.why, row.at, row.deadline, name, first, last + 1, words,
            max(entries), told,
        )  # fmt: skip


def _tombstone(connection: Connection, log: int, target: int) -> int:
    """Index of the entry that takes another back."""
    table = tables.entry
    data = write(Entry(Kind.RECALL, target=target))
    query = select(func.min(table.c.number)).where(table.c.data == data)
    return int(connection.execute(query.where(table.c.audience_id == log)).scalar_one())


def _acknowledged(connection: Connection, log: int, size: int) -> dict[str, str]:
    table = tables.cosignature
    query = (
        select(table.c.partner, func.min(table.c.received).label("received"))
        .where(table.c.audience_id == log, table.c.size >= size)
        .group_by(table.c.partner)
    )
    return {row.partner: row.received for row in connection.execute(query)}
