"""The logs of this node's audiences: entries, tiles and heads, grown in the writer's transaction.

Law (head): after every transaction the root of a head is that of all entries of its log.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    any_,
    bindparam,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from accord.core.errors import AccordError
from accord.exchange.log import merkle, tiles
from accord.exchange.log.entries import SALT, Entry, Kind, commitment, write
from accord.store import database
from accord.store.exchange import tables
from accord.store.exchange.removal import erasing

Entropy = Callable[[int], bytes]

_MANY = 10_000
_ENTRY = ("audience_id", "number", "data", "shared_id", "salt", "at", "state")
_TILE = text(
    "INSERT INTO tile (audience_id, level, number, hashes)"
    " VALUES (:audience, :level, :number, :hashes)"
    " ON CONFLICT (audience_id, level, number) DO UPDATE SET hashes = excluded.hashes"
)
_STATES = {Kind.RECALL: "recalled", Kind.RETRACT: "retracted"}


class Gone(AccordError):
    """An envelope that was to be committed to has no bytes any more."""


class New(msgspec.Struct, frozen=True):
    """An entry on its way into a log."""

    data: bytes
    shared: int | None = None
    salt: bytes | None = None
    state: str = ""


def chunks(items: Sequence[Any], most: int = _MANY) -> Iterator[Sequence[Any]]:
    """A list some thousands at a time, as many as go into one parameter."""
    for start in range(0, len(items), most):
        yield items[start : start + most]


def among(
    connection: Connection, column: ColumnElement[Any], values: Collection[str] | Collection[int]
) -> ColumnElement[bool]:
    """Whether a column is one of many values, which go to the database as one parameter.

    A list with a parameter for each costs ten times as much to put together as to look up.
    """
    wanted = list(values)
    if database.on_sqlite(connection):
        listed = func.json_each(msgspec.json.encode(wanted).decode()).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(literal(wanted, ARRAY(column.type)))


def begin(connection: Connection, audience: int) -> None:
    """An empty log."""
    row = {"audience_id": audience, "size": 0, "root": merkle.EMPTY, "checkpoint": b"", "at": ""}
    connection.execute(tables.head.insert().values(row))


def commit(
    connection: Connection,
    audience: int,
    shared: Sequence[int],
    at: str,
    entropy: Entropy = secrets.token_bytes,
) -> range:
    """Commit to envelopes, each under a fresh salt; gives the indices of the entries.

    Raises:
        Gone: an envelope was erased.
    """
    bodies = envelopes(connection, shared)
    news = []
    for number in shared:
        salt = entropy(SALT)
        data = write(Entry(Kind.COMMITMENT, commitment(salt, bodies[number])))
        news.append(New(data, number, salt, "live"))
    return append(connection, audience, news, at)


def envelopes(connection: Connection, shared: Collection[int]) -> dict[int, bytes]:
    """The bytes of envelopes.

    Raises:
        Gone: one was erased, or is not kept here.
    """
    table = tables.shared
    found: dict[int, bytes] = {}
    for chunk in chunks(sorted(set(shared))):
        query = select(table.c.id, table.c.envelope).where(among(connection, table.c.id, chunk))
        found.update((id_, bytes(body)) for id_, body in connection.execute(query).all() if body)
    missing = sorted(set(shared) - found.keys())
    if missing:
        raise Gone(f"{len(missing)} envelopes were erased meanwhile; share the object anew")
    return found


def append(connection: Connection, audience: int, news: Sequence[New], at: str) -> range:
    """Entries, tiles and head, grown together; gives the indices of the entries."""
    table = tables.head
    size = connection.execute(
        select(table.c.size).where(table.c.audience_id == audience)
    ).scalar_one()
    if not news:
        return range(size, size)
    rows = [
        (audience, number, new.data, new.shared, new.salt, at, new.state)
        for number, new in enumerate(news, size)
    ]
    database.insert(connection, tables.entry, _ENTRY, rows)
    root = _grow(connection, audience, size, merkle.leaves([new.data for new in news]))
    grown = {"size": size + len(news), "root": root, "at": at}
    connection.execute(update(table).where(table.c.audience_id == audience).values(grown))
    return range(size, size + len(news))


def _grow(connection: Connection, audience: int, size: int, leaves: Sequence[bytes]) -> bytes:
    """The tiles that change are written; gives the new root."""

    def kept(level: int, number: int) -> bytes:
        return tile(connection, audience, level, number)

    changed = tiles.grow(size, leaves, kept)
    rows = [
        {"audience": audience, "level": level, "number": number, "hashes": hashes}
        for level, number, hashes in changed
    ]
    connection.execute(_TILE, rows)
    at_hand = {(level, number): hashes for level, number, hashes in changed}

    def get(level: int, number: int, width: int) -> bytes:
        found = at_hand.get((level, number)) or kept(level, number)
        return found[: width * merkle.HASH]

    return tiles.TileReader(get, size + len(leaves)).root()


def tile(connection: Connection, audience: int, level: int, number: int) -> bytes:
    """The hashes of a tile, as many as there are by now; empty where there is none."""
    table = tables.tile
    where = (table.c.audience_id == audience) & (table.c.level == level)
    query = select(table.c.hashes).where(where & (table.c.number == number))
    return bytes(connection.execute(query).scalar() or b"")


def reader(connection: Connection, audience: int, size: int) -> tiles.TileReader:
    """Roots and proofs of a log, from its tiles."""

    def get(level: int, number: int, width: int) -> bytes:
        return tile(connection, audience, level, number)[: width * merkle.HASH]

    return tiles.TileReader(get, size)


def retract(
    connection: Connection,
    shared: Sequence[int],
    kind: Kind,
    at: str,
    audience: int | None = None,
) -> int:
    """Tombstones for every live entry of these envelopes, in each log or in one; salts erased.

    What still waits for the end of its embargo waits no more.
    """
    by_log: dict[int, list[int]] = defaultdict(list)
    table, waiting = tables.entry, tables.waiting
    for chunk in chunks(sorted(set(shared))):
        query = select(table.c.audience_id, table.c.number)
        query = query.where(among(connection, table.c.shared_id, chunk))
        query = query.where(table.c.state == "live")
        unwait = waiting.delete().where(among(connection, waiting.c.shared_id, chunk))
        if audience is not None:
            query = query.where(table.c.audience_id == audience)
            unwait = unwait.where(waiting.c.audience_id == audience)
        for row in connection.execute(query):
            by_log[row.audience_id].append(row.number)
        connection.execute(unwait)
    for log, numbers in sorted(by_log.items()):
        _bury(connection, log, sorted(numbers), kind, at)
    return sum(map(len, by_log.values()))


def _bury(connection: Connection, audience: int, numbers: list[int], kind: Kind, at: str) -> None:
    news = [New(write(Entry(kind, target=number))) for number in numbers]
    append(connection, audience, news, at)
    table = tables.entry
    one = (table.c.audience_id == audience) & (table.c.number == bindparam("n"))
    erased = update(table).where(one).values(state=_STATES[kind], salt=None)
    connection.execute(erased, [{"n": number} for number in numbers])


def erase(connection: Connection, shared: Sequence[int], state: str) -> None:
    """Take the bytes of envelopes away, and what their rows tell of what was in them.

    Their salts go with their entries (`retract`). Overwritten on SQLite, not only unlinked.
    """
    table = tables.shared
    erasing(connection)
    gone = {"state": state, "envelope": None, "title": "", "refs": "[]"}
    for chunk in chunks(sorted(set(shared))):
        connection.execute(update(table).where(among(connection, table.c.id, chunk)).values(gone))
