"""`accord.flows.assessing.scores.Scores` on a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Engine, delete, insert, select

from accord.flows.assessing.port import Key, ScoreLine
from accord.store import database, schema
from accord.store.assurance.decided_tables import bill_score
from accord.store.assurance.evidence_tables import tie
from accord.store.intake import unpack_checked
from accord.store.view import SqlView

_lines = msgspec.json.Decoder(list[ScoreLine]).decode
_encode = msgspec.json.Encoder().encode
_BILL = "bill"


class SqlScores:
    """What profiles of fields find of bills."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def unscored(self, profiles: str) -> Sequence[str]:
        """Digests of the bills that are evidence and not scored by these profiles."""
        document = schema.document.c
        scored = select(bill_score.c.document_id).where(bill_score.c.profiles == profiles)
        query = (
            select(document.digest)
            .where(document.digest.in_(select(tie.c.digest).where(tie.c.kind == _BILL)))
            .where(document.outcome == "taken", document.id.not_in(scored))
            .order_by(document.id)
        )
        with self._engine.connect() as connection:
            return list(connection.scalars(query))

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

    def of(
        self, releases: Iterable[Key], as_of: str = ""
    ) -> Mapping[Key, Sequence[tuple[str, ScoreLine]]]:
        """What was found of the bills of some releases, as of a `when()`; empty is now."""
        with self._engine.connect() as connection, connection.begin():
            return scored(SqlView(connection, as_of), releases)


def scored(view: SqlView, releases: Iterable[Key]) -> dict[Key, list[tuple[str, ScoreLine]]]:
    """What was found of the bills of some releases, as one view has it."""
    query = (
        "SELECT t.document_id, t.product, t.release, t.digest, t.removed, s.claims FROM tie t"
        " JOIN document d ON d.digest = t.digest JOIN bill_score s ON s.document_id = d.id"
        " WHERE t.kind = 'bill'"
    )
    of: dict[Key, list[tuple[str, bytes]]] = {}
    for row in view.ours(query):
        if not row.removed:
            place = (row.product.casefold(), row.release.casefold())
            of.setdefault(place, []).append((row.digest, row.claims))
    found: dict[Key, list[tuple[str, ScoreLine]]] = {}
    for product, release in releases:
        name = product.casefold()
        kept = [*of.get((name, release.casefold()), ())]
        kept += of.get((name, ""), ()) if release else ()
        found[product, release] = [(digest, line) for digest, data in kept for line in _lines(data)]
    return found
