"""`accord.flows.exchange.sharing.screening.Scans` on a database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, bindparam, func, select

from accord.exchange.personal.finds import Find
from accord.flows.exchange.sharing.port import Waiting
from accord.flows.exchange.sharing.screening import Decided
from accord.store import database
from accord.store.exchange import logs, writer
from accord.store.exchange.tables import review, scan

_NOTHING = "[]"
_SCANS = logs.ForMany(
    lambda among: select(scan.c.digest, scan.c.finds).where(
        scan.c.detector == bindparam("detector"), among(scan.c.digest)
    )
)
_DECIDED = logs.ForMany(
    lambda among: (
        select(review.c.digest, review.c.outcome, review.c.body, review.c.detector)
        .where(among(review.c.digest), review.c.outcome != "")
        .order_by(review.c.decided, review.c.id)
    )
)


class SqlScans:
    """What was found in bodies, and what people decided about it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def scans(self, digests: Collection[str], detector: str) -> dict[str, tuple[Find, ...]]:
        """Finds of a detector's version, by the digest of the body; none for what is not kept."""
        found: dict[str, tuple[Find, ...]] = {}
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(digests))):
                for digest, finds in _SCANS(connection, chunk, detector=detector):
                    found[digest] = _finds(finds)
        return found

    def keep_scans(self, found: dict[str, tuple[Find, ...]], detector: str) -> None:
        """Keep what was found, by the digest of the body."""
        with writer.writing(self._engine) as connection:
            known = set(_known(connection, sorted(found), detector))
            rows = [
                (digest, detector, msgspec.json.encode(finds).decode() if finds else _NOTHING)
                for digest, finds in found.items()
                if digest not in known
            ]
            database.insert(connection, scan, ("digest", "detector", "finds"), rows)

    def decided(self, digests: Collection[str]) -> dict[str, Decided]:
        """The last decision on each body, by its digest."""
        found: dict[str, Decided] = {}
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(digests))):
                for digest, outcome, body, detector in _DECIDED(connection, chunk):
                    found[digest] = Decided(outcome, bytes(body), detector)
        return found

    def hold(self, waiting: Sequence[Waiting], at: str) -> list[int]:
        """Let objects wait for a person, each once; gives the numbers under which they wait."""
        with writer.writing(self._engine, durable=True) as connection:
            return [_hold(connection, one, at) for one in waiting]


def _finds(packed: str) -> tuple[Find, ...]:
    return () if packed == _NOTHING else msgspec.json.decode(packed, type=tuple[Find, ...])


def _known(connection: Connection, digests: list[str], detector: str) -> Iterator[str]:
    for chunk in logs.chunks(digests):
        yield from (row.digest for row in _SCANS(connection, chunk, detector=detector))


def _hold(connection: Connection, one: Waiting, at: str) -> int:
    same = (review.c.digest == one.digest) & (review.c.audience == one.audience)
    same &= (review.c.options == one.options) & (review.c.outcome == "")
    number = connection.scalar(select(review.c.id).where(same))
    if number is not None:
        return int(number)
    number = int(connection.scalar(select(func.max(review.c.id))) or 0) + 1
    row: dict[str, Any] = {name: getattr(one, name) for name in one.__struct_fields__}
    decision = dict.fromkeys(("outcome", "person", "why", "decided", "detector"), "")
    connection.execute(review.insert().values(id=number, at=at, **row, **decision))
    return number
