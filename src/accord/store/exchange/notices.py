"""Notices of recall in the database: whom this node has to tell, and what each has heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, exists, func, select, update

from accord.core.errors import Invalid
from accord.exchange import notices, receipts
from accord.exchange.log.entries import Entry, Kind, write
from accord.exchange.notices import Notice
from accord.flows.exchange.answering.port import Told
from accord.identity.markings import Tlp
from accord.identity.partners import Directory, Untrusted
from accord.store import database
from accord.store.exchange import tables

_PARTNER = "partner:"
"""How the label of a partner begins; see `Recipient.label`."""
_COLUMNS = ("partner", "number", "origin", "object", "digest", "heard")
_MINE = tables.notice.c.partner == bindparam("partner")
_THIS = tables.notice.c.digest == bindparam("digest")
_NEWEST = (
    select(tables.notice.c.digest, tables.notice.c.heard)
    .where(_MINE)
    .order_by(tables.notice.c.number.desc())
    .limit(1)
)
"""Asked at every sync: put together once, like those below."""
_UNHEARD = select(tables.notice.c.number).where(_MINE, _THIS, tables.notice.c.heard == "")
_NUMBER = select(tables.notice.c.number).where(_MINE, _THIS)


def publish(
    connection: Connection, notice: Notice, statement: bytes, directory: Directory, me: str
) -> None:
    """Keep an originator's word, and have everybody told whom it concerns here; once.

    One that counts no more, since its key was revoked, gives way to one that does: all are told of
    that who were told of the other.
    """
    table = tables.final
    here = (table.c.origin == notice.origin) & (table.c.object == notice.object)
    kept = connection.execute(select(table.c.notice).where(here)).one_or_none()
    if kept is None or (kept.notice is not None and _counts(bytes(kept.notice), directory)):
        return
    connection.execute(update(table).where(here).values(notice=statement))
    digest = sha256(statement).hexdigest()
    if kept.notice is not None:
        _tell_again(connection, notice, digest)
        return
    known = {partner.name for partner in directory.members()}
    whom = _members(connection, notice, directory) | _given(connection, notice)
    # Its originator too: restored from before, it has forgotten its own word.
    whom = ((whom | {notice.origin}) & known) - {me}
    last = _last(connection, whom)
    rows = (
        (name, last.get(name, 0) + 1, notice.origin, notice.object, digest, "")
        for name in sorted(whom)
    )
    database.insert(connection, tables.notice, _COLUMNS, rows)


def _tell_again(connection: Connection, notice: Notice, digest: str) -> None:
    """What took the place of another comes last in each list: it follows whatever is known."""
    table = tables.notice
    these = (table.c.origin == notice.origin) & (table.c.object == notice.object)
    whom = list(connection.scalars(select(table.c.partner).where(these)))
    last = _last(connection, whom)
    for name in whom:
        again = update(table).where(these, table.c.partner == name)
        connection.execute(again.values(number=last[name] + 1, digest=digest, heard=""))


def own(connection: Connection, origin: str) -> list[bytes]:
    """The notices of an originator that are kept."""
    table = tables.final
    query = select(table.c.notice).where(table.c.origin == origin, table.c.notice.is_not(None))
    return [bytes(data) for data in connection.scalars(query.order_by(table.c.object))]


def idle(connection: Connection, origin: str) -> int:
    """Bytes that are kept of an originator's recalls of what was never here."""
    table, shared = tables.final, tables.shared
    here = exists().where(shared.c.object == table.c.object, shared.c.origin == table.c.origin)
    size = func.length(table.c.object) + func.coalesce(func.length(table.c.notice), 0)
    query = select(func.sum(size)).where(table.c.origin == origin, ~here)
    return int(connection.scalar(query) or 0)


def _counts(statement: bytes, directory: Directory) -> bool:
    try:
        notices.read(statement, directory)
    except (Untrusted, Invalid):
        return False
    return True


class _Place(msgspec.Struct, frozen=True):
    """An entry, and from when to when its envelope could be fetched."""

    number: int
    since: str
    until: str
    """Empty: until the recall."""


def _members(connection: Connection, notice: Notice, directory: Directory) -> set[str]:
    """Who could fetch an entry of it, in any log, at any time."""
    member = tables.member
    found: set[str] = set()
    for log, everyone, places in _logs(connection, notice):
        rows = connection.execute(select(member).where(member.c.audience_id == log)).all()
        apart = {row.partner: row for row in rows}
        for name, row in apart.items():
            if any(_could(row, place) for place in places):
                found.add(name)
        if everyone:
            since = {p.name: p.since for p in directory.partners if p.name not in apart}
            latest = max(place.since for place in places)
            found |= {name for name, joined in since.items() if joined <= latest}
    return found


def _logs(connection: Connection, notice: Notice) -> list[tuple[int, bool, list[_Place]]]:
    """The logs in which it ever stood: number, whether everyone's, and its entries."""
    entry, shared, audience = tables.entry, tables.shared, tables.audience
    query = (
        select(
            entry.c.audience_id, audience.c.scope, entry.c.number, entry.c.at, entry.c.state,
            shared.c.expires,
        )
        .join(shared, shared.c.id == entry.c.shared_id)
        .join(audience, audience.c.id == entry.c.audience_id)
        .where(shared.c.object == notice.object, shared.c.origin == notice.origin)
    )  # fmt: skip
    places: dict[tuple[int, bool], list[_Place]] = defaultdict(list)
    for row in connection.execute(query).all():
        until = row.expires
        if row.state == "retracted":
            until = min(until or "9", _retracted(connection, row.audience_id, row.number))
        places[row.audience_id, row.scope == "all"].append(_Place(row.number, row.at, until))
    return [(log, everyone, found) for (log, everyone), found in places.items()]


def _retracted(connection: Connection, log: int, number: int) -> str:
    """When an entry was taken out of its log."""
    table = tables.entry
    data = write(Entry(Kind.RETRACT, target=number))
    query = select(func.min(table.c.at)).where(table.c.audience_id == log, table.c.data == data)
    return connection.scalar(query) or ""


def _could(member: Any, place: _Place) -> bool:  # noqa: ANN401 - a row of the database
    """Whether a member could fetch an entry: granted to it, while it was there to be fetched."""
    in_time = not place.until or member.added < place.until
    return member.since <= place.number and in_time and not "" < member.removed <= place.since


def _given(connection: Connection, notice: Notice) -> set[str]:
    """Partners to whom an envelope of it was given, by the disclosure log."""
    table, shared = tables.receipt, tables.shared
    of = (shared.c.object == notice.object) & (shared.c.origin == notice.origin)
    digests = set(connection.scalars(select(shared.c.digest).where(of)))
    query = select(table.c.line, table.c.recipient).where(table.c.object == notice.object)
    return {
        row.recipient.removeprefix(_PARTNER)
        for row in connection.execute(query)
        if row.recipient.startswith(_PARTNER) and receipts.read(bytes(row.line)).digest in digests
    }


def _last(connection: Connection, partners: Collection[str]) -> dict[str, int]:
    table = tables.notice
    query = select(table.c.partner, func.max(table.c.number).label("last"))
    query = query.where(table.c.partner.in_(sorted(partners))).group_by(table.c.partner)
    return {row.partner: row.last for row in connection.execute(query)}


def newest(connection: Connection, partner: str) -> tuple[str, bool]:
    """Digest of the last notice for a partner, or empty, and whether it is known to have it."""
    row = connection.execute(_NEWEST, {"partner": partner}).one_or_none()
    return (row.digest, row.heard != "") if row else ("", True)


def following(connection: Connection, partner: str, digest: str, count: int) -> list[Told]:
    """The notices for a partner after one of them, or from the first."""
    table, final, shared = tables.notice, tables.final, tables.shared
    same = (shared.c.origin == final.c.origin) & (shared.c.object == final.c.object)
    tlp = select(func.max(shared.c.tlp)).where(same).scalar_subquery()
    query = (
        select(final.c.object, func.coalesce(tlp, int(Tlp.RED)), final.c.notice)
        .join(table, (table.c.origin == final.c.origin) & (table.c.object == final.c.object))
        .where(table.c.partner == partner, table.c.number > _number(connection, partner, digest))
        .order_by(table.c.number)
        .limit(count)
    )
    return [Told(object_, tlp, bytes(data)) for object_, tlp, data in connection.execute(query)]


def heard(connection: Connection, partner: str, digest: str, at: str) -> None:
    """Note that a partner has everything up to a notice: it asks for what follows."""
    table = tables.notice
    until = _number(connection, partner, digest)
    mine = (table.c.partner == partner) & (table.c.number <= until) & (table.c.heard == "")
    connection.execute(update(table).where(mine).values(heard=at))


def unheard(connection: Connection, partner: str, digest: str) -> bool:
    """Whether there is anything to note."""
    asked = {"partner": partner, "digest": digest}
    return connection.scalar(_UNHEARD, asked) is not None


def told(connection: Connection, origin: str, object_: str) -> dict[str, str]:
    """For whom there is a notice, and when each is known to have heard it; empty: it is not."""
    table = tables.notice
    query = select(table.c.partner, table.c.heard).where(
        table.c.origin == origin, table.c.object == object_
    )
    return {row.partner: row.heard for row in connection.execute(query)}


def _number(connection: Connection, partner: str, digest: str) -> int:
    """Number of a notice by its digest; 0 for one that is not known here."""
    asked = {"partner": partner, "digest": digest}
    return int(connection.scalar(_NUMBER, asked) or 0)
