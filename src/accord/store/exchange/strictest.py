"""Of one version that is kept under several markings, the strictest counts for each envelope.

Law (the most restrictive wins): an envelope is answered under the strictest TLP and PAP of all live
envelopes of the same version by the same origin; another origin's say nothing of it, and what has
expired says nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from accord.flows.exchange.answering.port import Kept
from accord.store.exchange.logs import among, chunks
from accord.store.exchange.tables import shared


def strictest(connection: Connection, found: Sequence[Kept], now: str) -> list[Kept]:
    """The same envelopes, each under the strictest marking of its version at a moment."""
    stricter: dict[int, tuple[int, int]] = {}
    for chunk in chunks([one.id for one in found]):
        for id_, tlp, pap in connection.execute(_stricter(connection, chunk), {"now": now}):
            stricter[id_] = tlp, pap
    return [_under(one, stricter.get(one.id)) for one in found]


def _under(one: Kept, stricter: tuple[int, int] | None) -> Kept:
    if stricter is None:
        return one
    tlp, pap = stricter
    return structs.replace(one, tlp=max(one.tlp, tlp), pap=max(one.pap, pap))


def has_stricter() -> ColumnElement[bool]:
    """Whether an envelope of the table `shared` has a stricter one beside it; takes `now`."""
    beside = shared.alias("beside")
    return exists().where(_beside(shared, beside)).label("stricter")


def _stricter(connection: Connection, ids: Sequence[int]) -> Any:  # noqa: ANN401 - a query
    """Of those envelopes that have a stricter one beside them: the strictest beside."""
    mine, beside = shared.alias("mine"), shared.alias("beside")
    return (
        select(mine.c.id, func.max(beside.c.tlp), func.max(beside.c.pap))
        .join(beside, _beside(mine, beside))
        .where(among(connection, mine.c.id, ids))
        .group_by(mine.c.id)
    )


def _beside(mine: FromClause, beside: FromClause) -> ColumnElement[bool]:
    return and_(
        beside.c.object == mine.c.object,
        beside.c.origin == mine.c.origin,
        beside.c.version == mine.c.version,
        # An expression, so that the index of states, which holds every envelope, is not taken.
        func.coalesce(beside.c.state, "") == "live",
        or_(beside.c.expires == "", beside.c.expires > bindparam("now")),
        or_(beside.c.tlp > mine.c.tlp, beside.c.pap > mine.c.pap),
    )
