"""One digest over everything that the node holds as fact.

Law (order): equal documents give equal digests, whatever the order of loading, the database or
the day on which they were learned.

Each fact is hashed with the digest of its document in place of the row's number, and with every
column besides; the hashes are sorted and hashed together, table by table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Row, text

from accord.store import schema

_UNSTABLE = {"id", "document_id", "component_id", "package_id"}
_PACKAGE = (
    "SELECT p.name AS package_name, a.* FROM affected a JOIN package p ON p.id = a.package_id"
)
_IDENTITY = (
    "SELECT c.document_id, c.ref, c.place, i.how, p.name, v.stream, v.text, v.key, v.scheme"
    " FROM identity i JOIN component c ON c.id = i.component_id"
    " JOIN version v ON v.id = i.version_id JOIN package p ON p.id = v.package_id"
)
_HIT = (
    "SELECT a.document_id, p.name, v.stream, v.text, a.lo, a.hi, a.vulnerability, a.place"
    " FROM hit h JOIN version v ON v.id = h.version_id JOIN affected a ON a.id = h.affected_id"
    " JOIN package p ON p.id = v.package_id"
)
_DOCUMENT = "SELECT digest, kind, subject, edition, outcome, current FROM document"


def state_hash(connection: Connection) -> str:
    """64 hexadecimal digits."""
    whole = hashlib.sha256()
    digests = {
        row.id: row.digest for row in connection.execute(text("SELECT id, digest FROM document"))
    }
    for name, rows in _tables(connection, digests):
        whole.update(f"{name}\n".encode())
        for row in sorted(hashlib.sha256(line).digest() for line in rows):
            whole.update(row)
    return whole.hexdigest()


def _tables(
    connection: Connection, digests: dict[int, str]
) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "document", (_line(row) for row in _execute(connection, _DOCUMENT))
    for table in schema.FACTS:
        query = _PACKAGE if table is schema.affected else f'SELECT * FROM "{table.name}"'  # noqa: S608 - a table of our own schema
        yield table.name, _facts(connection, query, digests)
    yield "identity", _facts(connection, _IDENTITY, digests)
    yield "hit", _facts(connection, _HIT, digests)


def _execute(connection: Connection, query: str) -> Iterable[Row[tuple[object, ...]]]:
    return connection.execution_options(yield_per=10_000).execute(text(query))


def _facts(connection: Connection, query: str, digests: dict[int, str]) -> Iterator[bytes]:
    result = connection.execution_options(yield_per=10_000).execute(text(query))
    names = list(result.keys())
    document = names.index("document_id")
    keep = [position for position, name in enumerate(names) if name not in _UNSTABLE]
    for row in result:
        yield f"{digests[row[document]]}|{'|'.join(_value(row[i]) for i in keep)}".encode()


def _line(row: Row[tuple[object, ...]]) -> bytes:
    return "|".join(map(_value, row)).encode()


def _value(value: object) -> str:
    """A value as every database returns it: SQLite gives 0 and 1 where PostgreSQL gives truth."""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return repr(value)
