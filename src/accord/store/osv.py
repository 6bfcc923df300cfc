"""Advisories as scanners ask for them: the index by package and key, one statement each.

Nothing of what is asked for walks over all documents, so that an answer takes as long however many
are loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text

from accord.flows.osv.port import Asked, Facts, Found
from accord.store.intake import unpack_checked
from accord.store.lookups import affected_row

_COLUMNS = """
d.id, d.digest, d.kind, d.origin, v.vulnerability, v.advisory, v.title, v.published, v.modified,
d.edition, d.learned, v.withdrawn
"""
_AFFECTING = """
SELECT DISTINCT {columns}
FROM package p CROSS JOIN affected a CROSS JOIN document d CROSS JOIN advisory v
WHERE p.name = :package AND a.package_id = p.id {where}
AND d.id = a.document_id AND d.current
AND v.document_id = a.document_id AND v.vulnerability = a.vulnerability AND v.withdrawn = ''
"""
_STREAM = " AND a.stream = :stream"
_KEY = " AND a.lo <= :key AND a.hi > :key"
_STATEMENTS = {
    (stream, key): text(_AFFECTING.format(columns=_COLUMNS, where=_STREAM * stream + _KEY * key))
    for stream in (False, True)
    for key in (False, True)
}
"""By whether a stream and a key are given; each put together once."""

_CALLED = text(f"""
SELECT {_COLUMNS} FROM advisory v JOIN document d ON d.id = v.document_id
WHERE d.current AND (v.advisory = :name OR v.vulnerability = :name
    OR v.id IN (SELECT w.id FROM alias l JOIN advisory w ON w.document_id = l.document_id
                AND w.vulnerability = l.vulnerability
                WHERE l.name = :name AND l.relation = 'alias'))
""")  # noqa: S608 - our own columns
_MANY = 500


class SqlAdvisories:
    """`accord.flows.osv.port.Advisories` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def affecting(self, asked: Sequence[Asked]) -> list[Found]:
        """What affects any of these, and was not withdrawn."""
        found: dict[tuple[int, str], Found] = {}
        with self._engine.connect() as connection:
            for one in asked:
                given: dict[str, object] = {"package": one.package}
                if one.stream is not None:
                    given["stream"] = one.stream
                if one.key is not None:
                    given["key"] = one.key
                statement = _STATEMENTS[one.stream is not None, one.key is not None]
                for row in connection.execute(statement, given):
                    found[row.id, row.vulnerability] = _found(row)
        return list(found.values())

    def called(self, name: str) -> list[Found]:
        """What has an identifier, or is an alias of it, withdrawn or not."""
        with self._engine.connect() as connection:
            rows = connection.execute(_CALLED, {"name": name}).all()
        return [_found(row) for row in rows]

    def facts(self, documents: Collection[int], vulnerability: str, most: int) -> Facts:
        """What some documents say of a vulnerability."""
        given = sorted(set(documents))
        with self._engine.connect() as connection:
            names = _among(connection, "name, relation FROM alias", given, vulnerability)
            vectors = _among(connection, "vector FROM score", given, vulnerability)
            rows = _among(
                connection,
                "a.document_id, a.vulnerability, p.name, a.stream, a.scheme, a.since, a.until,"
                " a.since_included, a.until_included, a.fixed, a.place"
                " FROM affected a JOIN package p ON p.id = a.package_id",
                given, vulnerability, f"ORDER BY a.id LIMIT {int(most) + 1}",
            )  # fmt: skip
            affected = tuple(map(affected_row, rows))
        return Facts(
            tuple(sorted((row.name, row.relation) for row in names)),
            tuple(sorted(row.vector for row in vectors if row.vector)),
            affected[:most],
            len(affected) > most,
        )

    def body(self, document: int) -> bytes:
        """A document byte for byte.

        Raises:
            Damaged: the bytes no longer have their digest.
        """
        query = text(
            "SELECT d.digest, b.packed FROM body b JOIN document d ON d.id = b.document_id"
            " WHERE d.id = :document"
        )
        with self._engine.connect() as connection:
            row = connection.execute(query, {"document": document}).one()
        return unpack_checked(row.digest, row.packed)


def _among(  # noqa: PLR0913, PLR0917 - the parts of one statement
    connection: Connection,
    what: str,
    documents: Sequence[int],
    name: str,
    end: str = "",
    column: str = "+document_id",
) -> list[Any]:
    """Rows of some documents about a vulnerability.

    A document may have a million rows, so it is walked by vulnerability where an index is.
    """
    column = "document_id" if what.endswith("alias") else "+document_id"
    query = text(
        f"SELECT {what} WHERE vulnerability = :name AND {column} IN :documents {end}"
    ).bindparams(bindparam("documents", expanding=True))
    found: list[Any] = []
    for start in range(0, len(documents), _MANY):
        chunk = list(documents[start : start + _MANY])
        found += connection.execute(query, {"name": name, "documents": chunk})
    return found


def _found(row: Any) -> Found:  # noqa: ANN401 - a row of the database
    return Found(
        document=row.id,
        digest=row.digest,
        kind=row.kind,
        origin=row.origin,
        vulnerability=row.vulnerability,
        advisory=row.advisory,
        title=row.title,
        published=row.published,
        modified=row.modified or _moment(row.edition) or row.learned,
        withdrawn=row.withdrawn,
    )


def _moment(edition: str) -> str:
    """An edition where it is a date; some kinds number theirs."""
    return edition if edition.endswith("Z") else ""
