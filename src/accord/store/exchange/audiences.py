"""Audiences and who is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text

from accord.core.errors import Invalid, NotFound
from accord.flows.exchange.sharing.port import Audience, Member
from accord.store.exchange import logs, tables

_ADMIT = text(
    "INSERT INTO member (audience_id, partner, since, added, removed)"
    " VALUES (:audience, :partner, :since, :at, '')"
    " ON CONFLICT (audience_id, partner) DO UPDATE"
    " SET since = excluded.since, added = excluded.added, removed = ''"
)


_ALL = select(tables.audience, tables.head.c.size).join(
    tables.head, tables.head.c.audience_id == tables.audience.c.id
)
_NAMED = _ALL.where(tables.audience.c.name == bindparam("name"))
_MEMBERS = logs.ForMany(
    lambda among: select(tables.member).where(among(tables.member.c.audience_id))
)


def everyone(connection: Connection, name: str = "") -> list[Audience]:
    """All audiences by name, or the one of a name."""
    asked = connection.execute(_NAMED, {"name": name}) if name else connection.execute(_ALL)
    rows = asked.all()
    members = _members(connection, [row.id for row in rows])
    found = [_audience(row, members[row.id]) for row in rows]
    return sorted(found, key=lambda audience: audience.name)


def _audience(row: Any, members: list[Member]) -> Audience:  # noqa: ANN401 - a row of the database
    return Audience(
        id=row.id,
        name=row.name,
        log=row.log,
        everyone=row.scope == "all",
        created=row.created,
        size=row.size,
        members=tuple(sorted(members, key=lambda member: member.partner)),
    )


def _members(connection: Connection, audiences: Sequence[int]) -> dict[int, list[Member]]:
    found: dict[int, list[Member]] = defaultdict(list)
    for chunk in logs.chunks(audiences):
        for row in _MEMBERS(connection, chunk):
            member = Member(row.partner, row.since, row.added, row.removed)
            found[row.audience_id].append(member)
    return found


def one(connection: Connection, name: str) -> Audience:
    """The audience of a name.

    Raises:
        NotFound: there is none.
    """
    found = everyone(connection, name) if name else []
    if not found:
        raise NotFound(f"no audience {name!r}; `accord audience show` lists them")
    return found[0]


def create(connection: Connection, name: str, scope: str, log: str, at: str) -> int:
    """A new audience with an empty log; gives its number.

    Raises:
        Invalid: there is one of this name.
    """
    if everyone(connection, name):
        raise Invalid(f"there is an audience {name!r} already; `accord audience add` adds to it")
    table = tables.audience
    number = (connection.scalar(select(func.max(table.c.id))) or 0) + 1
    row = {"id": number, "name": name, "log": log, "scope": scope, "created": at}
    connection.execute(table.insert().values(row))
    logs.begin(connection, number)
    return number


def admit(connection: Connection, audience: int, partner: str, since: int, at: str) -> None:
    """A partner is in from now, and may fetch what stands from `since` on."""
    values = {"audience": audience, "partner": partner, "since": since, "at": at}
    connection.execute(_ADMIT, values)


def dismiss(connection: Connection, audience: int, partner: str, at: str) -> None:
    """A partner is in it no more."""
    table = tables.member
    one_of = (table.c.audience_id == audience) & (table.c.partner == partner)
    connection.execute(table.update().where(one_of).values(removed=at))
