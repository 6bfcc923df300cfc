"""The logs of this node's audiences: entries, tiles and heads, grown in the writer's transaction.

Law (head): after every transaction the root of a head is that of all entries of its log.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    any_,
    bindparam,
    delete,
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

Among = Callable[[ColumnElement[Any]], ColumnElement[bool]]
Entropy = Callable[[int], bytes]

_MANY = 10_000
_ENTRY = ("audience_id", "number", "data", "shared_id", "salt", "at", "state")
_TILE = text(
    "INSERT INTO tile (audience_id, level, number, hashes)"
    " VALUES (:audience, :level, :number, :hashes)"
    " ON CONFLICT (audience_id, level, number) DO UPDATE SET hashes = excluded.hashes"
)
_ONE_TILE = select(tables.tile.c.hashes).where(
    tables.tile.c.audience_id == bindparam("audience"),
    tables.tile.c.level == bindparam("level"),
    tables.tile.c.number == bindparam("number"),
)
_SIZE = select(tables.head.c.size).where(tables.head.c.audience_id == bindparam("audience"))
_GROWN = (
    update(tables.head)
    .where(tables.head.c.audience_id == bindparam("audience"))
    .values(size=bindparam("grown"), root=bindparam("its_root"), at=bindparam("its_time"))
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


class ForMany:
    """A statement about many values, which is put together once: that costs more than to run it.

    `make` is given what makes of a column that it is one of the values, as `among` does.
    """

    def __init__(self, make: Callable[[Among], Executable]) -> None:
        self._make = make
        self._made: dict[bool, Executable] = {}

    def __call__(
        self,
        connection: Connection,
        values: Collection[str] | Collection[int],
        **more: object,
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run it for some values; `more` are its other parameters."""
        sqlite, wanted = database.on_sqlite(connection), list(values)
        made = self._made.get(sqlite)
        if made is None:
            made = self._made[sqlite] = self._make(partial(_one_of, sqlite=sqlite))
        many = msgspec.json.encode(wanted).decode() if sqlite else wanted
        return connection.execute(made, {"many": many, **more})


def _one_of(column: ColumnElement[Any], *, sqlite: bool) -> ColumnElement[bool]:
    if sqlite:
        listed = func.json_each(bindparam("many")).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(bindparam("many", type_=ARRAY(column.type)))


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


_ENVELOPES = ForMany(
    lambda among: select(tables.shared.c.id, tables.shared.c.envelope).where(
        among(tables.shared.c.id)
    )
)


def envelopes(connection: Connection, shared: Collection[int]) -> dict[int, bytes]:
    """The bytes of envelopes.

    Raises:
        Gone: one was erased, or is not kept here.
    """
    found: dict[int, bytes] = {}
    for chunk in chunks(sorted(set(shared))):
        rows = _ENVELOPES(connection, chunk)
        found.update((id_, bytes(body)) for id_, body in rows.all() if body)
    missing = sorted(set(shared) - found.keys())
    if missing:
        raise Gone(f"{len(missing)} envelopes were erased meanwhile; share the object anew")
    return found


def append(connection: Connection, audience: int, news: Sequence[New], at: str) -> range:
    """Entries, tiles and head, grown together; gives the indices of the entries."""
    size = connection.execute(_SIZE, {"audience": audience}).scalar_one()
    if not news:
        return range(size, size)
    rows = [
        (audience, number, new.data, new.shared, new.salt, at, new.state)
        for number, new in enumerate(news, size)
    ]
    database.insert(connection, tables.entry, _ENTRY, rows)
    root = _grow(connection, audience, size, merkle.leaves([new.data for new in news]))
    grown = {"grown": size + len(news), "its_root": root, "its_time": at}
    connection.execute(_GROWN, {"audience": audience, **grown})
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
    wanted = {"audience": audience, "level": level, "number": number}
    return bytes(connection.execute(_ONE_TILE, wanted).scalar() or b"")


def reader(connection: Connection, audience: int, size: int) -> tiles.TileReader:
    """Roots and proofs of a log, from its tiles."""

    def get(level: int, number: int, width: int) -> bytes:
        return tile(connection, audience, level, number)[: width * merkle.HASH]

    return tiles.TileReader(get, size)


_LIVE = ForMany(
    lambda among: select(tables.entry.c.audience_id, tables.entry.c.number).where(
        among(tables.entry.c.shared_id), tables.entry.c.state == "live"
    )
)
_UNWAIT = ForMany(lambda among: tables.waiting.delete().where(among(tables.waiting.c.shared_id)))
_UNWAIT_ONE = ForMany(
    lambda among: tables.waiting.delete().where(
        among(tables.waiting.c.shared_id), tables.waiting.c.audience_id == bindparam("audience")
    )
)


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
    for chunk in chunks(sorted(set(shared))):
        for row in _LIVE(connection, chunk):
            if audience is None or row.audience_id == audience:
                by_log[row.audience_id].append(row.number)
        if audience is None:
            _UNWAIT(connection, chunk)
        else:
            _UNWAIT_ONE(connection, chunk, audience=audience)
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


_ERASE = ForMany(
    lambda among: (
        update(tables.shared)
        .where(among(tables.shared.c.id))
        .values(state=bindparam("now"), envelope=None, title="", refs="[]")
    )
)


_ERASE_BODIES = ForMany(
    lambda among: delete(tables.taxii_body).where(among(tables.taxii_body.c.shared_id))
)
_ERASE_NAMES = ForMany(
    lambda among: delete(tables.taxii_redacted).where(among(tables.taxii_redacted.c.shared_id))
)


def erase(connection: Connection, shared: Sequence[int], state: str) -> None:
    """Take the bytes of envelopes away, and what is told elsewhere of what was in them.

    Their salts go with their entries (`retract`). Overwritten on SQLite, not only unlinked.
    """
    erasing(connection)
    for chunk in chunks(sorted(set(shared))):
        _ERASE(connection, chunk, now=state)
        _ERASE_BODIES(connection, chunk)
        _ERASE_NAMES(connection, chunk)
