"""`accord.flows.assessing.scores.Scores` on a database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine, delete, func, insert, select, union

from accord.flows.assessing.port import Key, ScoreLine
from accord.store import database, schema
from accord.store.assurance.decided_tables import assessed, bill_score
from accord.store.assurance.evidence_tables import tie
from accord.store.assurance.releases import ties
from accord.store.intake import unpack_checked
from accord.store.view import SqlView

_lines = msgspec.json.Decoder(list[ScoreLine]).decode
_encode = msgspec.json.Encoder().encode
_BILL = "bill"
_FEW = 1_000
"""Bills that are looked up by their digests."""
_SCORED = "SELECT d.digest, s.claims FROM bill_score s JOIN document d ON d.id = s.document_id"


class SqlScores:
    """What profiles of fields find of bills."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def unscored(self, profiles: str) -> Sequence[str]:
        """Digests of the bills that are evidence and not scored by these profiles."""
        document = schema.document.c
        begun = select(bill_score.c.document_id).where(bill_score.c.profiles == profiles).limit(1)
        with self._engine.connect() as connection:
            # What was tied before the last assessment was scored then.
            since = 0
            if connection.scalar(begun) is not None:
                since = connection.scalar(select(func.max(assessed.c.document_id))) or 0
            wanted = (
                select(document.digest)
                .join(tie, tie.c.digest == document.digest)
                .outerjoin(bill_score, bill_score.c.document_id == document.id)
                .where(tie.c.kind == _BILL, document.outcome == "taken")
                .where(func.coalesce(bill_score.c.profiles, "") != profiles)
            )
            # Each by its own index: a record that is new, or a bill that comes after its record.
            new = (tie.c.document_id > since, document.id > since)
            query = union(*(wanted.where(one) for one in new))
            return sorted(connection.scalars(query))

    def body(self, digest: str) -> bytes:
        """A bill byte for byte."""
        query = (
            select(schema.body.c.packed)
            .join(schema.document, schema.document.c.id == schema.body.c.document_id)
            .where(schema.document.c.digest == digest)
        )
        with self._engine.connect() as connection:
            return unpack_checked(digest, connection.scalars(query).one())

    def keep(self, digest: str, profiles: str, lines: Sequence[ScoreLine]) -> None:
        """Keep what was found of a bill."""
        with database.writing(self._engine) as connection:
            number = connection.scalar(
                select(schema.document.c.id).where(schema.document.c.digest == digest)
            )
            if number is None:
                return
            connection.execute(delete(bill_score).where(bill_score.c.document_id == number))
            row = {"document_id": number, "profiles": profiles, "claims": _encode(lines)}
            connection.execute(insert(bill_score), [row])


def scored(view: SqlView, releases: Collection[Key]) -> dict[Key, list[tuple[str, ScoreLine]]]:
    """What was found of the bills of some releases, as one view has it."""
    tied = [row for row in ties(view, {product for product, _ in releases}) if row.kind == _BILL]
    digests = sorted({row.digest for row in tied})
    if len(digests) <= _FEW:
        rows: Iterable[Any] = view.among(f"{_SCORED} WHERE d.digest IN ({{}})", digests)
    else:
        rows = view.rows(_SCORED)
    claims = {row.digest: row.claims for row in rows}
    of: dict[Key, list[tuple[str, bytes]]] = {}
    for row in tied:
        if row.digest in claims:
            place = (row.product.casefold(), row.release.casefold())
            of.setdefault(place, []).append((row.digest, claims[row.digest]))
    found: dict[Key, list[tuple[str, ScoreLine]]] = {}
    for product, release in releases:
        name = product.casefold()
        kept = [*of.get((name, release.casefold()), ())]
        kept += of.get((name, ""), ()) if release else ()
        found[product, release] = [(digest, line) for digest, data in kept for line in _lines(data)]
    return found
