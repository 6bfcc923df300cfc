"""What TAXII lists, on a database: pages are ranges of an index, and nothing is ever counted.

Law (order): an item's place is when it was listed, in microseconds, and no two have one; a later
item never has an earlier place, so who goes on from a place misses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from accord.core.clock import Clock
from accord.exchange.taxii.filters import Filters, micros
from accord.exchange.taxii.posted import Posted
from accord.exchange.taxii.resources import Status
from accord.flows.exchange.answering.port import Kept
from accord.flows.exchange.answering.taxii.port import CLIENTS, Listed, Scope, Standing
from accord.store import database
from accord.store.exchange import bodies, inbox
from accord.store.exchange.answers import NotKept
from accord.store.exchange.bodies import STANDING
from accord.store.exchange.strictest import strictest

_NEVER = -1
_MARK = text(
    "SELECT (SELECT max(id) FROM shared), (SELECT count(*) FROM head), (SELECT sum(size) FROM head)"
)
_END = text("SELECT max(seq) FROM taxii_item")
_INTO = (
    "INSERT INTO taxii_item"
    " (seq, scope, place, shared_id, object, type, version, spec, tlp, alone, recalled) SELECT"
)
_COLUMNS = (
    " s.id, s.object, s.type, CASE WHEN s.version <> '' THEN s.version ELSE s.created END,"
    " CASE WHEN s.media LIKE '%version=2.0' THEN '2.0' ELSE '2.1' END, s.tlp, 1, 0"
)
_STIX = "s.media LIKE 'application/stix+json%'"
_SHARED = (
    text(
        f"{_INTO} :base + row_number() OVER (ORDER BY s.id), 0, 0, {_COLUMNS} FROM taxii_aside a"
        " JOIN shared s ON s.id = a.shared_id WHERE s.state = 'live'"
    ),
    text(
        "DELETE FROM taxii_aside WHERE shared_id IN"
        " (SELECT id FROM shared WHERE state NOT IN ('held', 'replaced'))"
    ),
    text(
        f"{_INTO} :new + row_number() OVER (ORDER BY s.id), 0, 0, {_COLUMNS} FROM shared s"
        f" WHERE s.id > :looked AND s.id <= :end AND s.state = 'live' AND {_STIX}"
    ),
    text(
        "INSERT INTO taxii_aside (shared_id) SELECT s.id FROM shared s WHERE s.id > :looked"  # noqa: S608 - made of constants
        f" AND s.id <= :end AND s.state IN ('held', 'replaced') AND {_STIX}"
    ),
)
_ENTRIES = text(
    f"{_INTO} :base + row_number() OVER (ORDER BY e.number), e.audience_id, e.number, {_COLUMNS}"
    " FROM entry e JOIN shared s ON s.id = e.shared_id WHERE e.audience_id = :scope"
    f" AND e.number >= :looked AND e.number < :end AND e.state = 'live' AND {_STIX}"
)
_NOT_ALONE = text(
    "UPDATE taxii_item SET alone = 0 WHERE scope = :scope AND object IN (SELECT n.object"
    " FROM taxii_item n WHERE n.scope = :scope AND n.seq > :base AND EXISTS (SELECT 1"
    " FROM taxii_item o WHERE o.scope = n.scope AND o.object = n.object AND o.seq <> n.seq))"
)
_RECALLED = text(
    f"{_INTO} :base + row_number() OVER (ORDER BY i.seq), i.scope, i.place, i.shared_id, i.object,"  # noqa: S608 - as above
    " i.type, f.at, i.spec, (SELECT max(s.tlp) FROM shared s WHERE s.object = f.object"
    " AND s.origin = f.origin), 0, 1 FROM final f JOIN taxii_item i ON i.object = f.object"
    " AND i.recalled = 0 JOIN shared s ON s.id = i.shared_id AND s.origin = f.origin"
    " WHERE f.origin = :me AND i.scope = :scope"
    " AND i.type IN ({kinds}) AND NOT EXISTS (SELECT 1 FROM taxii_item o WHERE o.scope = i.scope"
    " AND o.object = i.object AND (o.recalled = 1 OR o.seq > i.seq))"
)
_SCOPES = text(
    "SELECT a.id, h.size, coalesce(t.looked, 0) FROM audience a JOIN head h ON h.audience_id = a.id"
    " LEFT JOIN taxii_scope t ON t.scope = a.id ORDER BY a.id"
)
_LOOKED = text(
    "INSERT INTO taxii_scope (scope, looked) VALUES (:scope, :end)"
    " ON CONFLICT (scope) DO UPDATE SET looked = excluded.looked"
)
_BEFORE = text("SELECT looked FROM taxii_scope WHERE scope = 0")
_SHOWN = (
    f"i.scope, i.recalled, i.tlp, coalesce(y.standing, {STANDING}), i.seq, i.alone, i.version,"
    " s.id, s.object, CASE WHEN i.recalled = 1 THEN i.version ELSE s.version END,"
    " y.shared_id IS NOT NULL, coalesce(y.digest, s.digest), coalesce(y.body, s.envelope)"
)
_ALIKE = 4
"""Columns at the beginning that items of one standing have in common."""
_STANDINGS = 4_096
"""Standings that are remembered."""
_RENAMED = "INSERT INTO taxii_redacted (name, shared_id) VALUES ({marks}) ON CONFLICT DO NOTHING"
_IS_RENAMED = text("SELECT 1 FROM taxii_redacted WHERE name = :name AND shared_id = :id")
_LIVE = "({i}.recalled = 1 OR ({s}.state = 'live' AND ({e}.state IS NULL OR {e}.state = 'live')))"
_JOINED = (
    " JOIN shared {s} ON {s}.id = {i}.shared_id LEFT JOIN entry {e}"
    " ON {i}.scope <> 0 AND {e}.audience_id = {i}.scope AND {e}.number = {i}.place"
)


class SqlShelf:
    """Lists of what TAXII shows, on a database."""

    def __init__(self, engine: Engine, kinds: Sequence[str], clock: Clock) -> None:
        """`kinds` are the types of objects of which a last word is said once they are recalled."""
        self._engine = engine
        self._clock = clock
        quoted = ", ".join(f"'{kind}'" for kind in kinds)
        self._recalled = text(_RECALLED.text.format(kinds=quoted))
        self._mark: tuple[Any, ...] | None = None
        self._standings: dict[tuple[int, int, int, str], Standing] = {}

    def list_new(self, now: str, me: str) -> None:
        """Put into the lists what came since."""
        (mark,) = database.asked(self._engine, _MARK)
        if mark == self._mark:
            return
        with self._writing() as connection:
            mark = tuple(connection.execute(_MARK).one())
            self._list(connection, mark[0] or 0, micros(now) - 1, me)
        with _refusing(self._engine):
            bodies.fill(self._engine)
        self._mark = mark

    def originals(self, names: Sequence[str]) -> list[str]:
        """The objects that were shown under some identifiers without some of their parts."""
        query = _originals(len(names))
        return [row[0] for row in database.asked(self._engine, query, _named("name", names))]

    def renamed(self, names: Sequence[tuple[str, int]]) -> None:
        """Keep identifiers under which items are about to be shown."""
        new = [one for one in dict.fromkeys(names) if not self._knows(*one)]
        if new:
            with self._writing() as connection:
                database.many(connection, _RENAMED, new)

    def _knows(self, name: str, id_: int) -> bool:
        return bool(database.asked(self._engine, _IS_RENAMED, {"name": name, "id": id_}))

    def _list(self, connection: Connection, last: int, now: int, me: str) -> None:
        begin = max(now, _end(connection))
        looked = connection.scalar(_BEFORE) or 0
        released, forget, new, aside = _SHARED
        connection.execute(released, {"base": begin})
        connection.execute(forget)
        since = {"looked": looked, "end": last}
        connection.execute(new, {"new": max(begin, _end(connection)), **since})
        connection.execute(aside, since)
        self._finish(connection, Scope(CLIENTS), begin, last, me)
        for scope, size, before in connection.execute(_SCOPES).all():
            base = max(begin, _end(connection))
            if size > before:
                given = {"base": base, "scope": scope, "looked": before, "end": size}
                connection.execute(_ENTRIES, given)
                self._finish(connection, Scope(scope), base, size, me)

    def _finish(self, connection: Connection, scope: Scope, base: int, end: int, me: str) -> None:
        """Note what was recalled, what is no longer alone, and how far the scope is listed."""
        last = max(base, _end(connection))
        connection.execute(self._recalled, {"base": last, "scope": scope.id, "me": me})
        connection.execute(_NOT_ALONE, {"scope": scope.id, "base": base})
        connection.execute(_LOOKED, {"scope": scope.id, "end": end})

    def page(
        self, scopes: Sequence[Scope], most: int, filters: Filters, after: int, count: int
    ) -> list[Listed]:
        """Items added later than a place, in their order."""
        if not scopes:
            return []
        query = _query(
            len(scopes), len(filters.ids), len(filters.types), filters.words,
            len(filters.versions), len(filters.specs),
        )  # fmt: skip
        given: dict[str, Any] = {"after": after, "most": most, "count": count}
        for number, scope in enumerate(scopes):
            given |= {f"scope{number}": scope.id, f"since{number}": scope.since}
        given |= _named("id", filters.ids) | _named("type", filters.types)
        given |= _named("version", filters.versions) | _named("spec", filters.specs)
        given |= _named("at", tuple(micros(one) for one in filters.versions))
        rows = database.asked(self._engine, query, given)
        standing = self._standing
        return self._strictest([Listed(standing(row[:_ALIKE]), *row[_ALIKE:]) for row in rows])

    def _standing(self, alike: tuple[int, int, int, str]) -> Standing:
        found = self._standings.get(alike)
        if found is None:
            scope, recalled, tlp, text_ = alike
            if len(self._standings) >= _STANDINGS:
                self._standings.clear()
            found = self._standings[alike] = bodies.standing(scope, recalled, tlp, text_)
        return found

    def _strictest(self, found: list[Listed]) -> list[Listed]:
        """Those that have another beside them, under the strictest marking of their version."""
        several = [one.about() for one in found if not one.alone and not one.standing.recalled]
        if not several:
            return found
        with self._engine.connect() as connection:
            now = {one.id: one for one in strictest(connection, several, self._clock.now())}
        return [
            _under(one, now[one.id]) if not one.standing.recalled and one.id in now else one
            for one in found
        ]

    def post(self, caller: str, id_: str, at: str, posted: Sequence[Posted]) -> Status:
        """Keep what was posted until a person decides on it."""
        with self._writing() as connection:
            return inbox.post(connection, caller, id_, at, posted)

    def status(self, caller: str, id_: str) -> Status | None:
        """What became of it."""
        with self._engine.connect() as connection:
            return inbox.status(connection, caller, id_)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A durable transaction.

        Raises:
            NotKept: the database did not take it; nothing was kept.
        """
        with (
            _refusing(self._engine),
            database.writing(self._engine, durable=True) as connection,
        ):
            yield connection


@contextmanager
def _refusing(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as wrong:
        why = getattr(wrong, "orig", None) or wrong
        raise NotKept(f"the database did not take it, nothing was kept: {why}") from wrong


def _end(connection: Connection) -> int:
    last = connection.scalar(_END)
    return _NEVER if last is None else int(last)


def _named(name: str, values: Sequence[object]) -> dict[str, object]:
    return {f"{name}{number}": value for number, value in enumerate(values)}


@lru_cache(64)
def _originals(names: int) -> TextClause:
    among = _among("r.name", "name", names)
    return text(
        "SELECT DISTINCT s.object FROM taxii_redacted r JOIN shared s ON s.id = r.shared_id"  # noqa: S608 - as `_query`
        f" WHERE {among} ORDER BY s.object"
    )


@lru_cache(512)
def _query(  # noqa: PLR0913, PLR0917 - the shape of a question
    scopes: int, ids: int, types: int, words: frozenset[str], versions: int, specs: int
) -> TextClause:
    """The statement of a question, by its shape."""
    # An index of identifiers is entered by them alone: the plus keeps that of the order away.
    place = "+i.seq" if ids else "i.seq"
    # Of several scopes the items are taken in their order: no index has it of more than one.
    item = "+i" if scopes > 1 and not ids else "i"
    asked = [
        _within(item, scopes), f"{place} > :after", "i.tlp <= :most",
        _LIVE.format(i="i", s="s", e="e"),
    ]  # fmt: skip
    if ids:
        asked.append(_among("i.object", "id", ids))
    if types:
        asked.append(_among("i.type", "type", types))
    if specs:
        asked.append(_among("i.spec", "spec", specs))
    asked.append(_of_versions(scopes, words, versions))
    where = " AND ".join(asked)
    joined = f"{_JOINED.format(i='i', s='s', e='e')} LEFT JOIN taxii_body y ON y.shared_id = s.id"
    return text(
        f"SELECT {_SHOWN} FROM taxii_item i{joined} WHERE {where} ORDER BY {place} LIMIT :count"  # noqa: S608 - made of constants and numbers
    )


def _within(item: str, scopes: int) -> str:
    each = (
        f"({item}.scope = :scope{number} AND {item}.place >= :since{number})"
        for number in range(scopes)
    )
    return f"({' OR '.join(each)})"


def _among(column: str, name: str, count: int) -> str:
    return f"{column} IN ({', '.join(f':{name}{number}' for number in range(count))})"


def _of_versions(scopes: int, words: frozenset[str], versions: int) -> str:
    """The versions that are asked for, each once: what others may not see is not beside them."""
    # What is alone in its only scope has no other version.
    alone = "i.alone = 1 OR " if scopes == 1 else ""
    # As above: an object has few versions, and very much was added before it.
    twice = _beside(scopes, "b.version = i.version AND +b.seq < i.seq")
    either = []
    if "all" in words:
        either.append("1 = 1")
    if "last" in words:
        either.append(f"({alone}NOT {_beside(scopes, 'b.version > i.version')})")
    if "first" in words:
        either.append(f"({alone}NOT {_beside(scopes, 'b.version < i.version')})")
    if versions:
        either.append(_among("i.version", "version", versions))
        either.append(f"(i.version = '' AND {_among('i.seq', 'at', versions)})")
    return f"({' OR '.join(either)}) AND ({alone}NOT {twice})"


def _beside(scopes: int, how: str) -> str:
    """Whether another item of the object is shown too."""
    joined = _JOINED.format(i="b", s="sb", e="eb")
    live = _LIVE.format(i="b", s="sb", e="eb")
    return (
        f"EXISTS (SELECT 1 FROM taxii_item b{joined} WHERE {_within('b', scopes)}"  # noqa: S608 - as `_query`
        f" AND b.object = i.object AND {how} AND b.tlp <= :most AND {live})"
    )


def _under(one: Listed, now: Kept) -> Listed:
    return structs.replace(one, standing=structs.replace(one.standing, tlp=now.tlp, pap=now.pap))
