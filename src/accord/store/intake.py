"""Documents and their facts, written by one writer in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import zstandard
from sqlalchemy import Connection, Engine, Table, bindparam, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from accord.core.digests import Digest, digest
from accord.core.editions import Edition, current
from accord.core.errors import AccordError
from accord.core.limits import LIMITS
from accord.core.origins import weight
from accord.flows.prepared import Known, Prepared, Row, Rows
from accord.store import database, matching, schema
from accord.store.assurance import forgetting
from accord.store.exchange import removal
from accord.store.exchange.brought import bring
from accord.store.exchange.logs import ForMany, chunks
from accord.store.named import Names

_PLAIN = {table.name: table for table in schema.FACTS}
_DOCUMENT = ("id", "digest", "kind", "subject", "edition", "title", "learned", "size", "outcome",
             "current", "origin")  # fmt: skip
_AFFECTED = ("id", "document_id", "package_id", "stream", "lo", "hi", "scheme", "vulnerability",
             "since", "until", "fixed", "place", "since_included", "until_included")  # fmt: skip
_GENERATION = select(schema.generation.c.number)
_DIGESTS = select(schema.document.c.digest)
_NEW_GENERATION = update(schema.generation).values(number=bindparam("now"))
_LAST = {
    table.name: select(func.max(table.c.id))
    for table in schema.METADATA.tables.values()
    if "id" in table.c
}
"""The largest number of a table; asked in every unit, so put together once, like those below."""
_DOCUMENTS = ForMany(lambda among: select(schema.document).where(among(schema.document.c.digest)))
_EDITIONS = ForMany(
    lambda among: select(
        schema.document.c.id, schema.document.c.digest, schema.document.c.subject,
        schema.document.c.edition, schema.document.c.origin, schema.document.c.current,
    ).where(among(schema.document.c.subject), schema.document.c.outcome != "quarantined")
)  # fmt: skip
_CHOICES = (
    select(
        schema.judgement.c.subject, schema.document.c.subject.label("choice"),
        schema.document.c.current,
    )
    .join(schema.document, schema.document.c.id == schema.judgement.c.document_id)
    # A partner's choice is about nothing here: only this node's own people choose.
    .where(schema.judgement.c.kind == "document", schema.document.c.origin == "")
)  # fmt: skip
_MANY = 500
_PART = 20_000
"""Identities of a bill that are looked up and kept at once: bounds the memory of a large bill."""


class Damaged(AccordError):
    """A kept document no longer has the digest under which it was kept."""


class Refusing(AccordError):
    """The database did not take what was given to it: full, damaged, locked or gone."""


class SqlIntake:
    """`accord.flows.ports.Intake` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._names = Names()

    def known(self) -> frozenset[str]:
        """Digests of all documents that the node has."""
        with self._engine.connect() as connection:
            return frozenset(connection.scalars(_DIGESTS))

    @contextmanager
    def unit(self, *, durable: bool = False) -> Iterator[SqlUnit]:
        """A unit of work: one transaction; a durable one survives a loss of power.

        Raises:
            Refusing: the database is full, damaged, locked or gone.
        """
        try:
            with database.writing(self._engine, durable=durable) as connection:
                yield SqlUnit(connection, self._names)
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as wrong:
            self._names.forget()
            why = getattr(wrong, "orig", None) or wrong
            raise Refusing(f"the database did not take it, nothing was kept: {why}") from wrong
        except BaseException:
            self._names.forget()
            raise

    def bodies(self) -> Iterator[tuple[Digest, bytes]]:
        """Every kept document in the order of intake, checked against its digest.

        Raises:
            Damaged: the bytes are not those that were kept; restore them from a backup.
        """
        query = (
            select(schema.document.c.digest, schema.body.c.packed)
            .join(schema.body, schema.body.c.document_id == schema.document.c.id)
            .order_by(schema.document.c.id)
        )
        with (
            self._engine.connect().execution_options(yield_per=100) as connection,
            connection.execute(query) as rows,
        ):
            for name, packed in rows:
                yield Digest(name), unpack_checked(name, packed)

    @contextmanager
    def rebuild(self) -> Iterator[SqlUnit]:
        """A unit of work that begins with no facts at all."""
        with self.unit() as unit:
            self._names.forget()
            unit.forget_facts()
            yield unit


def unpack_checked(name: str, packed: bytes) -> bytes:
    """The bytes of a kept document.

    Raises:
        Damaged: they no longer have their digest.
    """
    try:
        data = zstandard.ZstdDecompressor().decompress(packed, max_output_size=LIMITS.bytes)
    except zstandard.ZstdError as wrong:
        raise Damaged(f"document {name} is damaged: {wrong}; restore it from a backup") from wrong
    if digest(data) != name:
        raise Damaged(f"document {name} is damaged; restore it from a backup")
    return data


class SqlUnit:
    """One transaction of the writer."""

    def __init__(self, connection: Connection, names: Names) -> None:
        self._connection = connection
        self._names = names
        self._next: dict[str, int] = {}
        self._subjects: set[str] = set()
        names.still(connection.execute(_GENERATION).scalar_one())
        self._first_affected = self._peek(schema.affected)
        self._first_version = self._peek(schema.version)
        self._first_package = self._peek(schema.package)

    def here(self, digests: Sequence[str]) -> frozenset[str]:
        """Those that the node has by now."""
        return frozenset(row.digest for row in self._documents(digests))

    @property
    def connection(self) -> Connection:
        """The transaction, for what is to be kept together with the documents."""
        return self._connection

    def take(self, documents: Sequence[Prepared], learned: str, origin: str = "") -> None:
        """Keep new documents with their rows."""
        ids = [self._id(schema.document) for _ in documents]
        self._insert(
            schema.document,
            _DOCUMENT,
            [
                (id_, d.digest, d.kind, d.subject, d.edition, d.title, learned, d.size, d.outcome,
                 d.outcome != "quarantined", origin)
                for id_, d in zip(ids, documents, strict=True)
            ],
        )  # fmt: skip
        packed = [(id_, d.packed) for id_, d in zip(ids, documents, strict=True)]
        self._insert(schema.body, ("document_id", "packed"), packed)
        sources = [(id_, d.source) for id_, d in zip(ids, documents, strict=True)]
        self._insert(schema.source, ("document_id", "name"), sources)
        self._facts(ids, documents)

    def name(
        self, documents: Sequence[Known], learned: str, origin: str = ""
    ) -> dict[Digest, tuple[str, bool]]:
        """Note another source of known documents, and an earlier day on which they were learned."""
        rows = self._documents([document.digest for document in documents])
        known = {row.digest: row for row in rows}
        wanted = {(known[d.digest].id, d.source) for d in documents}
        query = select(schema.source).where(schema.source.c.document_id.in_({i for i, _ in wanted}))
        have = {(row.document_id, row.name) for row in self._connection.execute(query)}
        self._insert(schema.source, ("document_id", "name"), sorted(wanted - have))
        forgetting.otherwise(self._connection, {number for number, _ in wanted - have})
        later = [{"id_": row.id} for row in known.values() if row.learned > learned]
        if later:
            table = schema.document
            changed = update(table).where(table.c.id == bindparam("id_")).values(learned=learned)
            self._connection.execute(changed, later)
            forgetting.otherwise(self._connection, [one["id_"] for one in later])
        given = weight(origin)
        self.belong({row.digest: origin for row in rows if given < weight(row.origin)})
        return {Digest(k): (row.kind, row.outcome == "quarantined") for k, row in known.items()}

    def kinds(self, digests: Sequence[str]) -> dict[str, str]:
        """The kinds of those that the node has, by digest."""
        return {row.digest: row.kind for row in self._documents(digests)}

    def bring(self, feed: str, tlp: int | None, at: str, new: Mapping[str, bool]) -> None:
        """Note what a feed brought, by digest: whether nobody had given it before."""
        bring(self._connection, feed, tlp, at, new)

    def belong(self, origins: Mapping[str, str]) -> None:
        """Say whose some documents are, by their digests."""
        table = schema.document
        for row in self._documents(list(origins)):
            changed = update(table).where(table.c.id == row.id)
            self._connection.execute(changed.values(origin=origins[row.digest]))
            forgetting.otherwise(self._connection, [row.id])
            if row.subject:
                self._subjects.add(row.subject)

    def remove(self, digests: Sequence[str]) -> None:
        """Erase documents with everything that follows from them.

        Law (removal): what is left is the state of a node that never had them.
        """
        ids = [row.id for row in self._documents(digests)]
        self._subjects |= removal.remove(self._connection, ids)
        self._names.forget()

    def refuse(self, refused: Sequence[tuple[str, str]]) -> None:
        """Note sources that were never opened, once each."""
        table = schema.quarantine
        for name, reason in refused:
            same = (table.c.source == name) & (table.c.reason == reason)
            if not self._connection.scalar(select(func.count()).where(same)):
                self._insert(table, *_quarantine([(self._id(table), None, name, "", reason)]))

    def refill(self, documents: Sequence[Prepared]) -> None:
        """Give documents that the node has their facts, and what their readers now say of them."""
        rows = {row.digest: row.id for row in self._documents([d.digest for d in documents])}
        table = schema.document
        self._connection.execute(
            update(table).where(table.c.id == bindparam("id_")),
            [
                {"id_": rows[d.digest], "kind": d.kind, "subject": d.subject,
                 "edition": d.edition, "title": d.title, "outcome": d.outcome,
                 "current": d.outcome != "quarantined"}
                for d in documents
            ],
        )  # fmt: skip
        self._facts([rows[d.digest] for d in documents], documents)

    def forget_facts(self) -> None:
        """Drop every fact and the index, and number them from the beginning."""
        forgetting.forget(self._connection)
        for table in (*schema.FACTS, schema.hit, schema.identity, schema.version, schema.package):
            self._connection.execute(delete(table))
        quarantine = schema.quarantine
        self._connection.execute(delete(quarantine).where(quarantine.c.document_id.is_not(None)))
        self._next.clear()
        self._first_affected = self._first_version = self._first_package = 1

    def settle(self) -> None:
        """Decide which editions are current, and match what is new."""
        settle(self._connection, self._subjects)
        matching.match_new(self._connection, self._first_affected, self._first_version)
        self._first_affected = self._peek(schema.affected)
        self._first_version = self._peek(schema.version)
        self._first_package = self._peek(schema.package)
        self._subjects.clear()
        self._names.trim()
        self._names.generation += 1
        self._connection.execute(_NEW_GENERATION, {"now": self._names.generation})

    def _documents(self, digests: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for chunk in chunks(list(digests)):
            found += _DOCUMENTS(self._connection, chunk)
        return found

    def _facts(self, ids: list[int], documents: Sequence[Prepared]) -> None:
        """The rows of several documents, table by table."""
        plain: dict[str, list[Row]] = {}
        refused = []
        for id_, document in zip(ids, documents, strict=True):
            if document.subject:
                self._subjects.add(document.subject)
            for place, reason in document.quarantined:
                number = self._id(schema.quarantine)
                refused.append((number, id_, "", place, reason))
            if document.rows is None:
                continue
            for name, rows in document.rows.tables.items():
                kept = plain.setdefault(name, [])
                first = self._peek(_PLAIN[name]) + len(kept)
                kept.extend([(number, id_, *row) for number, row in enumerate(rows, first)])
        self._insert(schema.quarantine, *_quarantine(refused))
        for name, rows in plain.items():
            self._ids(_PLAIN[name], len(rows))
            self._insert(_PLAIN[name], [c.name for c in _PLAIN[name].columns], rows)
        self._index(ids, documents)

    def _index(self, ids: list[int], documents: Sequence[Prepared]) -> None:
        """Affected intervals, components and deployments, with their packages and versions."""
        having = [(i, d.rows) for i, d in zip(ids, documents, strict=True) if d.rows is not None]
        self._learn_packages({row[0] for _, rows in having for row in rows.affected})
        packages = self._names.packages
        self._insert(
            schema.affected,
            _AFFECTED,
            (
                (number, id_, packages[row[0]], *row[1:])
                for id_, rows in having
                if rows.affected
                for number, row in self._numbered(schema.affected, rows.affected)
            ),
        )
        for id_, rows in having:
            if rows.components or rows.deployments:
                self._components(id_, rows)

    def _components(self, id_: int, rows: Rows) -> None:
        """The components of a bill and what they are; a large bill's rows are let go on the way."""
        first = self._peek(schema.component)
        self._insert(
            schema.component,
            [c.name for c in schema.component.columns],
            (
                (number, id_, *row)
                for number, row in self._numbered(schema.component, rows.components)
            ),
        )
        rows.components.clear()
        for part in _parts(rows.identities):
            self._identities(first, part)
        self._insert(
            schema.deployment,
            [c.name for c in schema.deployment.columns],
            (
                (number, id_, first + row[0] if row[0] >= 0 else None, *row[1:])
                for number, row in self._numbered(schema.deployment, rows.deployments)
            ),
        )

    def _identities(self, first: int, rows: list[Row]) -> None:
        """Which versions the components numbered from `first` are."""
        self._learn_packages({row[1] for row in rows})
        packages = self._names.packages
        self._learn_versions([(packages[row[1]], *row[2:6]) for row in rows])
        versions = self._names.versions
        links: dict[tuple[int, int], int] = {}
        for number, package, stream, text, _, _, how in rows:
            link = (first + number, versions[packages[package], stream, text])
            links[link] = max(how, links.get(link, 0))
        self._insert(
            schema.identity,
            ("component_id", "version_id", "how"),
            ((*link, how) for link, how in links.items()),
        )

    def _learn_packages(self, names: set[str]) -> None:
        """Identifiers of packages, given to those that are new."""
        known, table = self._names.packages, schema.package
        missing = sorted(names - known.keys())
        if self._first_package > 1:
            for chunk in _chunks(missing):
                rows = self._connection.execute(select(table).where(table.c.name.in_(chunk)))
                known.update((row.name, row.id) for row in rows)
        new = [(self._id(table), name) for name in missing if name not in known]
        known.update((name, id_) for id_, name in new)
        self._insert(table, ("id", "name"), new)

    def _learn_versions(self, wanted: list[tuple[int, str, str, bytes, int]]) -> None:
        """Identifiers of versions, given to those that are new."""
        known, table = self._names.versions, schema.version
        missing = {row[:3]: row for row in wanted if row[:3] not in known}
        if self._first_version > 1:
            packages = sorted({package for package, _, _ in missing})
            columns = (table.c.id, table.c.package_id, table.c.stream, table.c.text)
            for chunk in _chunks(packages):
                rows = self._connection.execute(
                    select(*columns).where(table.c.package_id.in_(chunk))
                )
                for id_, package, stream, text in rows:
                    known[package, stream, text] = id_
        new = [row for place, row in missing.items() if place not in known]
        numbered = [(self._id(table), *row) for row in new]
        known.update((row[1:4], row[0]) for row in numbered)
        self._insert(table, ("id", "package_id", "stream", "text", "key", "scheme"), numbered)

    def _peek(self, table: Table) -> int:
        """The identifier that the next row of a table gets."""
        if table.name not in self._next:
            last = self._connection.scalar(_LAST[table.name])
            self._next[table.name] = (last or 0) + 1
        return self._next[table.name]

    def _id(self, table: Table) -> int:
        number = self._peek(table)
        self._next[table.name] = number + 1
        return number

    def _ids(self, table: Table, count: int) -> range:
        """Identifiers for so many rows of a table."""
        first = self._peek(table)
        self._next[table.name] = first + count
        return range(first, first + count)

    def _numbered(self, table: Table, rows: list[Row]) -> Iterator[tuple[int, Row]]:
        return zip(self._ids(table, len(rows)), rows, strict=True)

    def _insert(self, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> None:
        if isinstance(rows, list) and not rows:
            return
        if columns[0] == "id":
            self._peek(table)  # PostgreSQL cannot be asked while it takes rows in
        database.insert(self._connection, table, columns, rows)


def _quarantine(rows: list[Row]) -> tuple[tuple[str, ...], list[Row]]:
    return ("id", "document_id", "source", "place", "reason"), rows


def _parts(identities: list[Row]) -> Iterator[list[Row]]:
    """All rows, taken out of the list some thousands at a time, never parting a component's."""
    identities.reverse()
    while identities:
        part = [identities.pop()]
        while identities and (len(part) < _PART or identities[-1][0] == part[-1][0]):
            part.append(identities.pop())
        yield part


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _MANY):
        yield items[start : start + _MANY]


def settle(connection: Connection, subjects: Collection[str]) -> None:
    """Mark which documents of these subjects are current, a person's choices taken in.

    Choices are settled first: only one that is current itself sets other documents aside.
    """
    choices = {subject for subject in subjects if subject.startswith(_CHOICE)}
    _mark(connection, choices, frozenset())
    table = schema.document
    rows = connection.execute(_CHOICES).all()
    overruled = frozenset(_bare(row.subject) for row in rows if row.current)
    touched = set(subjects) - choices
    concerned = sorted({_bare(row.subject) for row in rows if row.choice in choices})
    for chunk in _chunks(concerned):
        found = connection.scalars(select(table.c.subject).where(table.c.digest.in_(chunk)))
        touched.update(subject for subject in found if subject)
    _mark(connection, touched, overruled)


_CHOICE = "choice:"


def _bare(reference: str) -> str:
    return reference.removeprefix("sha256:")


def _mark(connection: Connection, subjects: Collection[str], overruled: frozenset[str]) -> None:
    changes: list[dict[str, Any]] = []
    for chunk in chunks(sorted(subjects)):
        changes += _changes(connection, chunk, overruled)
    if changes:
        table = schema.document
        connection.execute(update(table).where(table.c.id == bindparam("id_")), changes)
        forgetting.otherwise(connection, {one["id_"] for one in changes})


def _changes(
    connection: Connection, subjects: Sequence[str], overruled: frozenset[str]
) -> list[dict[str, Any]]:
    groups: dict[str, list[Any]] = {}
    for row in _EDITIONS(connection, subjects).all():
        groups.setdefault(row[2], []).append(row)
    changes = []
    for rows in groups.values():
        if len(rows) == 1:
            count: Collection[int] = (rows[0][0],)
        else:
            editions = [Edition(r.id, r.digest, r.edition, r.origin) for r in rows]
            count = current(editions, overruled)
        changes += [
            {"id_": row.id, "current": row.id in count}
            for row in rows
            if row[5] != (row[0] in count)
        ]
    return changes
