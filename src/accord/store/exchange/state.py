"""One digest over what a node holds of its partners, to be compared with another node's.

Law (order): nodes that hold the same by the same logs have the same digest, whatever the order in
which it came, the database, and the numbers that rows have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, select

from accord.flows.exchange.trust import ME
from accord.store.exchange import tables
from accord.store.exchange.tables import final, follow, followed_entry, shared, shared_document

_HELD = (
    shared.c.origin, shared.c.object, shared.c.version, shared.c.digest, shared.c.tlp,
    shared.c.pap, shared.c.release_at, shared.c.expires, shared_document.c.digest,
)  # fmt: skip


def state_hash(connection: Connection) -> str:
    """Over every envelope that is held, what is recalled for good, and how far logs are applied.

    Returns:
        64 hexadecimal digits.
    """
    me = select(tables.setting.c.value).where(tables.setting.c.name == ME)
    ours = connection.scalar(me) or ""
    whole = hashlib.sha256()
    for query in (
        _held().where(shared.c.state == "live", shared.c.origin != ours),
        select(final.c.origin, final.c.object),
        select(follow.c.partner, follow.c.log, follow.c.size, follow.c.root),
    ):
        whole.update(_digest(connection.execute(query)))
    return whole.hexdigest()


def log_hash(connection: Connection, partner: str, log: str, without: Collection[str] = ()) -> str:
    """Over one followed log: how far it is applied, and what is held by it.

    Two members of an audience that were granted the same history have the same, but for what one
    of them originated itself and got back by a relay: an originator knows of its own recall at
    once, the other when the relay hears of it. `without` names origins that are left out for that.
    """
    this = (follow.c.partner == partner) & (follow.c.log == log)
    held = _held().join(followed_entry, followed_entry.c.shared_id == shared.c.id)
    held = held.join(follow, follow.c.id == followed_entry.c.follow_id)
    held = held.where(this, followed_entry.c.state == "applied", shared.c.state == "live")
    held = held.where(shared.c.origin.not_in(sorted(without)))
    whole = hashlib.sha256()
    whole.update(_digest(connection.execute(select(follow.c.size, follow.c.root).where(this))))
    whole.update(_digest(connection.execute(held)))
    return whole.hexdigest()


def _held() -> Select[Any]:
    link = shared_document.c.shared_id == shared.c.id
    return select(*_HELD).select_from(shared).outerjoin(shared_document, link)


def _digest(rows: Iterable[Any]) -> bytes:
    lines = sorted(msgspec.json.encode(list(row)) for row in rows)
    return hashlib.sha256(b"\n".join(lines)).digest()
