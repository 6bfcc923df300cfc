"""Look-ups for sharing: what is kept of an object, what is due, and who acknowledged a recall."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from accord.exchange.log.entries import Entry, Kind, write
from accord.flows.exchange.sharing.port import Copy, Due, Final, Known, LiveEntry, Recall, Standing
from accord.store import schema
from accord.store.exchange import notices, tables
from accord.store.exchange.logs import among, chunks

_STATES = ("live", "held")
_COPY = (
    "id", "origin", "object", "version", "type", "media", "digest", "tlp", "pap", "release_at",
    "expires", "created", "issued", "state", "title", "made_of",
)  # fmt: skip


def known(connection: Connection, objects: Collection[str]) -> Known:
    """What is kept of some objects, live and held, and which of them, of whom, are final."""
    table, content = tables.shared, tables.shared_document
    columns = [table.c[name] for name in _COPY]
    query = (
        select(*columns, table.c.refs, content.c.digest.label("content"))
        .join(content, content.c.shared_id == table.c.id, isouter=True)
        # An expression, so that the index of states, which holds every envelope, is not taken.
        .where(func.coalesce(table.c.state, "").in_(_STATES))
    )
    rows: list[Any] = []
    finals: set[tuple[str, str]] = set()
    taken_back: set[tuple[str, str]] = set()
    final = tables.final
    for chunk in chunks(sorted(set(objects))):
        rows += connection.execute(query.where(among(connection, table.c.object, chunk))).all()
        these = select(final.c.origin, final.c.object).where(
            among(connection, final.c.object, chunk)
        )
        final_here = {(row.origin, row.object) for row in connection.execute(these)}
        finals |= final_here
        taken_back |= _taken_back(connection, sorted({name for _, name in final_here}))
    rows.sort(key=lambda row: row.id)
    copies = tuple(_copies(connection, rows))
    return Known(copies, frozenset(finals), frozenset(taken_back))


def finals(connection: Connection, objects: Collection[str]) -> list[Final]:
    """Which of some objects were recalled for good, by whom and when."""
    table = tables.final
    query = select(table.c.origin, table.c.object, table.c.at).order_by(table.c.at, table.c.origin)
    return [
        Final(*row)
        for chunk in chunks(sorted(set(objects)))
        for row in connection.execute(query.where(among(connection, table.c.object, chunk)))
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
    table, content = tables.shared, tables.shared_document
    query = (
        select(table.c.object, content.c.digest)
        .join(content, content.c.shared_id == table.c.id)
        .where(func.coalesce(table.c.state, "") == "recalled")
        .where(among(connection, table.c.object, objects))
    )
    return {(row.object, row.digest) for row in connection.execute(query)}


def _copies(connection: Connection, rows: Sequence[Any]) -> Iterator[Copy]:
    ids = [row.id for row in rows]
    live = _names(connection, tables.entry, ids)
    waits = _names(connection, tables.waiting, ids)
    for row in rows:
        yield Copy(
            **{name: getattr(row, name) for name in _COPY},
            refs=msgspec.json.decode(row.refs, type=tuple[str, ...]),
            content=row.content or "",
            audiences=tuple(sorted(live[row.id])),
            waiting=tuple(sorted(waits[row.id])),
        )


def _names(connection: Connection, table: Any, ids: Sequence[int]) -> dict[int, set[str]]:  # noqa: ANN401 - one of two tables
    """The audiences in which each envelope is live, or for which it waits."""
    names: dict[int, set[str]] = defaultdict(set)
    audience = tables.audience
    query = select(table.c.shared_id, audience.c.name).join(
        audience, audience.c.id == table.c.audience_id
    )
    if table is tables.entry:
        query = query.where(table.c.state == "live")
    for chunk in chunks(ids):
        for shared, name in connection.execute(
            query.where(among(connection, table.c.shared_id, chunk))
        ):
            names[shared].add(name)
    return names


def connecting(connection: Connection, objects: Collection[str]) -> list[int]:
    """Live envelopes of relationships and sightings that have one of these objects at an end."""
    stix, seen, shared = schema.stix_object, schema.stix_sighting, tables.shared
    names: set[str] = set()
    for chunk in chunks(sorted(set(objects))):
        for column in (stix.c.source, stix.c.target):
            query = select(stix.c.object).where(among(connection, column, chunk))
            names.update(connection.scalars(query.where(column.is_not(None))))
        query = select(seen.c.object).where(among(connection, seen.c.sighted, chunk))
        names.update(connection.scalars(query))
    numbers: list[int] = []
    for chunk in chunks(sorted(names)):
        these = among(connection, shared.c.object, chunk) & shared.c.state.in_(_STATES)
        numbers += connection.scalars(select(shared.c.id).where(these))
    return sorted(numbers)


def due(connection: Connection, now: str, limit: int) -> list[Due]:
    """What waited until now, the earliest first."""
    table, audience, shared = tables.waiting, tables.audience, tables.shared
    query = (
        select(audience.c.name, table.c.shared_id, shared.c.expires)
        .join(audience, audience.c.id == table.c.audience_id)
        .join(shared, shared.c.id == table.c.shared_id)
        .where(table.c.release_at <= now)
        .order_by(table.c.release_at, table.c.shared_id)
        .limit(limit)
    )
    return [Due(*row) for row in connection.execute(query)]


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
