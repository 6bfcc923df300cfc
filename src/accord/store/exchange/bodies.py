"""The bytes of what TAXII lists, taken out of their envelopes once, so that pages are put together
from them.

What is not here yet, or could not be taken out, is read from its envelope when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, text

from accord.flows.exchange.answering.port import Damaged
from accord.flows.exchange.answering.subjects import content
from accord.flows.exchange.answering.taxii.port import Standing
from accord.store import database

_MORE = 7
"""Parts of a standing after the first. A media type stands last, whatever it holds."""
_SCOPE = -1
"""In the place of a scope: the last item that was looked at here."""
_AT_ONCE = 1_000
"""Envelopes of a transaction, so that nobody who writes waits for long."""
_LOOKED = text(
    "SELECT coalesce(max(looked), -1), (SELECT max(seq) FROM taxii_item)"
    " FROM taxii_scope WHERE scope = :scope"
)
_BETWEEN = "\n"
STANDING = f" || '{_BETWEEN}' || ".join(
    f"s.{name}"
    for name in ("pap", "origin", "release_at", "expires", "created", "refs", "type", "media")
)
"""What very many objects have in common, as one value: it is read in a fourth of the time."""
_NEXT = text(
    f"SELECT i.seq, s.id, s.digest, s.envelope, {STANDING} FROM taxii_item i"  # noqa: S608 - made of constants
    " JOIN shared s ON s.id = i.shared_id WHERE i.seq > :after AND i.recalled = 0"
    " AND s.state = 'live' AND NOT EXISTS (SELECT 1 FROM taxii_body y WHERE y.shared_id = s.id)"
    " ORDER BY i.seq LIMIT :count"
)
_KEEP = (
    "INSERT INTO taxii_body (shared_id, standing, digest, body) VALUES ({marks})"
    " ON CONFLICT DO NOTHING"
)
_SEEN = text(
    "INSERT INTO taxii_scope (scope, looked) VALUES (:scope, :seq)"
    " ON CONFLICT (scope) DO UPDATE SET looked = excluded.looked"
)


def standing(scope: int, recalled: int, tlp: int, alike: str) -> Standing:
    """A standing, from the columns of an item and what `STANDING` makes."""
    pap, *parts = alike.split(_BETWEEN, _MORE)
    return Standing(scope, recalled, tlp, int(pap), *parts)


def fill(engine: Engine) -> None:
    """Take out the bytes of whatever was listed since."""
    more = True
    while more:
        with database.writing(engine) as connection:
            more = _fill(connection)


def _fill(connection: Connection) -> bool:
    after, last = connection.execute(_LOOKED, {"scope": _SCOPE}).one()
    if last is None or after >= last:
        return False
    rows = connection.execute(_NEXT, {"after": after, "count": _AT_ONCE}).all()
    database.many(connection, _KEEP, list(_taken_out(rows)))
    more = len(rows) == _AT_ONCE
    connection.execute(_SEEN, {"scope": _SCOPE, "seq": rows[-1].seq if more else last})
    return more


def _taken_out(rows: Sequence[Any]) -> Iterator[tuple[int, str, str, bytes]]:
    for _, id_, digest, envelope, alike in rows:
        if envelope is None or sha256(envelope).hexdigest() != digest:
            continue  # told of when it is asked for
        try:
            body = content(id_, bytes(envelope))
        except Damaged:
            continue  # as above
        yield id_, alike, sha256(body).hexdigest(), body
