"""Views of the node, and the listings that commands and pages show."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Engine, text

from accord.flows.hunting.port import IndicatorRow, SightingRow
from accord.flows.ports import (
    BillRow,
    BillSummary,
    Contents,
    DeploymentRow,
    DocumentRow,
    Evidence,
    Found,
    Gap,
    Match,
    NoteRow,
    ObjectRow,
    Shelf,
    Vulnerability,
)
from accord.store import indicators, lookups, state, threats
from accord.store.gaps import gaps
from accord.store.view import SqlView
from accord.supply.matching import schemes
from accord.supply.matching.exposures import Exposure

_MATCH = """
SELECT p.name, v.stream, v.scheme, v.text, i.how, a.vulnerability, a.since, a.until,
       a.since_included, a.until_included, a.fixed, a.place, a.document_id
FROM affected a JOIN version v ON v.id = :version
JOIN identity i ON i.version_id = v.id AND i.component_id = :component
JOIN package p ON p.id = a.package_id
WHERE a.id = :affected
"""

_FIND = (
    ("operator", "operator, country, ''", "deployment", ("operator",)),
    ("product", "product, release, supplier", "deployment", ("product",)),
    ("product", "product, release, supplier", "bill", ("product",)),
    (
        "vulnerability",
        "vulnerability, advisory, title",
        "advisory",
        ("vulnerability", "advisory", "title"),
    ),
    ("alias", "name, vulnerability, relation", "alias", ("name",)),
    ("actor", "name, kind, aliases", "actor", ("name", "aliases")),
    ("component", "name, version, purl", "component", ("name", "purl")),
    ("life cycle", 'product, cycle, "end"', "life_cycle", ("product",)),
)
"""What is looked through: its kind, what is shown of it, its table, and the columns that count."""

_FINDING = """
SELECT DISTINCT {shown} FROM {table} WHERE ({matches})
AND document_id IN (SELECT id FROM document WHERE {counts}) ORDER BY 1, 2, 3 LIMIT :n
"""


class SqlViews:
    """`accord.flows.ports.Views` on a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def view(self, as_of: str = "") -> Iterator[SqlNodeView]:
        """The node as of a moment; everything read within is of that moment."""
        with self._engine.connect() as connection, connection.begin():
            yield SqlNodeView(connection, as_of)

    def generation(self) -> int:
        """A number that changes whenever a document is taken in or facts are rebuilt."""
        with self._engine.connect() as connection:
            row = connection.execute(text("SELECT number FROM generation")).one()
        return int(row[0])

    def state_hash(self) -> str:
        """One digest over all facts."""
        with self._engine.connect() as connection, connection.begin():
            return state.state_hash(connection)


class SqlNodeView(SqlView):
    """A view with the listings beside it."""

    def evidence(self, exposure: Exposure) -> Evidence:
        """The rows behind an exposure, each with its document."""
        matches = [
            match
            for version, affected in exposure.hits
            for component in exposure.parts
            for match in self._match(version, affected, component)
        ]
        parts = [
            (row.ref, row.place, row.document_id)
            for component in exposure.parts
            for row in self.rows("SELECT * FROM component WHERE id = :id", id=component)
        ]
        documents = {match.document for match in matches} | {part[2] for part in parts}
        documents |= {judged.statement.document for judged in exposure.statements}
        documents |= set(threats.places(exposure.threat.signals))
        documents |= {exposure.claimed[0], exposure.threat.not_catalogued} - {0}
        rows = self.documents_by_id(documents)
        unique = tuple(dict.fromkeys(matches))
        return Evidence(unique, tuple(parts), rows)

    def _match(self, version: int, affected: int, component: int) -> Iterator[Match]:
        for row in self.rows(_MATCH, version=version, affected=affected, component=component):
            scheme = schemes.by_number(row.scheme)
            advisory = self.rows(
                "SELECT advisory FROM advisory WHERE document_id = :d AND vulnerability = :v",
                d=row.document_id,
                v=row.vulnerability,
            )
            yield Match(
                package=row.name,
                stream=row.stream,
                scheme=scheme.name if scheme else "",
                version=row.text,
                how=row.how,
                vulnerability=row.vulnerability,
                since=row.since,
                until=row.until,
                since_included=bool(row.since_included),
                until_included=bool(row.until_included),
                fixed=row.fixed,
                place=row.place,
                advisory=advisory[0].advisory if advisory else row.vulnerability,
                document=row.document_id,
            )

    def unevaluated(self) -> Iterator[Gap]:
        """What could not be evaluated, over all documents that count."""
        yield from gaps(self)

    def find(self, word: str, limit: int) -> Iterator[Found]:
        """Everything whose name holds a word, case aside."""
        escaped = word.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        counts = "learned <= :as_of" if self.as_of else "current"
        values = {"word": f"%{escaped}%", "n": limit} | (
            {"as_of": self.as_of} if self.as_of else {}
        )
        seen = set()
        for kind, shown, table, columns in _FIND:
            matches = " OR ".join(f"lower({c}) LIKE :word ESCAPE '\\'" for c in columns)
            query = _FINDING.format(shown=shown, table=table, matches=matches, counts=counts)
            for name, one, other in self.rows(query, **values):
                found = Found(kind, name, " ".join(part for part in (one, other) if part), "")
                if found not in seen:
                    seen.add(found)
                    yield found

    def list_documents(self, *, quarantined: bool) -> Iterator[DocumentRow]:
        """The documents known, in the order of intake; or only what was refused."""
        refused: dict[int, list[tuple[str, str]]] = {}
        unopened = []
        for row in self.rows("SELECT * FROM quarantine ORDER BY id"):
            if row.document_id is None:
                unopened.append(row)
            else:
                refused.setdefault(row.document_id, []).append((row.place, row.reason))
        wanted = set(refused) if quarantined else set(self.documents.learned)
        rows = self.documents_by_id(wanted, refused)
        yield from (rows[id_] for id_ in sorted(rows))
        for row in unopened:
            yield DocumentRow(
                digest="", kind="unopened", title="", subject="", edition="", learned="", size=0,
                outcome="quarantined", current=False, sources=(row.source,),
                quarantined=((row.place, row.reason),),
            )  # fmt: skip

    def bills(self, digests: Sequence[str]) -> list[BillRow]:
        """The bills among some documents."""
        wanted = set(digests)
        rows = self.rows(
            "SELECT d.digest, b.product, b.release, b.created FROM bill b"
            " JOIN document d ON d.id = b.document_id ORDER BY d.digest"
        )
        return [BillRow(*row) for row in rows if row.digest in wanted]

    def rivals(self, subject: str) -> list[str]:
        """Digests of the documents about one subject that count."""
        if not subject:
            return []
        rows = self.rows("SELECT id, digest FROM document WHERE subject = :s", s=subject)
        return sorted(row.digest for row in rows if row.id in self.documents.current)

    def document(self, name: str) -> DocumentRow | None:
        """A document by its digest or the beginning of one."""
        digest = name.removeprefix("sha256:").lower()
        if not digest.isalnum():
            return None
        found = self.rows("SELECT id FROM document WHERE digest LIKE :d", d=f"{digest}%")
        if len(found) != 1:
            return None
        refused = {
            found[0].id: [
                (row.place, row.reason)
                for row in self.rows(
                    "SELECT place, reason FROM quarantine WHERE document_id = :d ORDER BY id",
                    d=found[0].id,
                )
            ]
        }
        return self.documents_by_id({found[0].id}, refused).get(found[0].id)

    def shelf(self, kind: str, state: str, offset: int, limit: int) -> Shelf:
        """One page of the documents, the newest first."""
        shelf, ids = lookups.shelf(self, kind, state, offset, limit)
        rows = self.documents_by_id(ids, lookups.refused(self, ids)) if ids else {}
        return msgspec.structs.replace(shelf, documents=tuple(rows[id_] for id_ in ids))

    def editions(self, subject: str) -> list[DocumentRow]:
        """Every document about one subject, the latest edition first."""
        found = self.rows("SELECT id FROM document WHERE subject = :s", s=subject)
        ids = {row.id for row in found if row.id in self.documents.learned} if subject else set()
        rows = self.documents_by_id(ids).values() if ids else ()
        return sorted(rows, key=lambda row: (row.edition, row.digest), reverse=True)

    def contents(self, digest: str, offset: int, limit: int) -> Contents:
        """What the facts of a document are, with one page of its components."""
        return lookups.contents(self, self._id(digest), offset, limit)

    def body(self, digest: str) -> bytes:
        """A document byte for byte, checked against its digest."""
        return lookups.body(self, self._id(digest))

    def _id(self, digest: str) -> int:
        return int(self.rows("SELECT id FROM document WHERE digest = :d", d=digest)[0].id)

    def vulnerability(self, name: str) -> Vulnerability | None:
        """A vulnerability by any of its names, or by the identifier of an advisory."""
        found = lookups.vulnerability(self, name)
        if found is None:
            return None
        documents = self.documents_by_id(found[1]) if found[1] else {}
        return msgspec.structs.replace(found[0], documents=documents)

    def stix_objects(self, name: str) -> list[ObjectRow]:
        """Every version of a STIX object by its identifier, with where it stands."""
        return threats.objects(self, name)

    def notes(self, name: str = "") -> list[NoteRow]:
        """Notes between partners; of one identifier, with what belongs to it."""
        return threats.notes(self, name)

    def indicators(self) -> list[IndicatorRow]:
        """Of each indicator the version that counts within its origin."""
        return indicators.indicators(self)

    def sightings(self) -> list[SightingRow]:
        """Every sighting that counts, the newest version within its origin."""
        return indicators.sightings(self)

    def deployments(self) -> list[DeploymentRow]:
        """What estates and claims say is run, once for each bill of it."""
        return lookups.deployments(self)

    def bill_summaries(self) -> list[BillSummary]:
        """Every bill that counts, without its components."""
        return lookups.bill_summaries(self)

    def documents_by_id(
        self, wanted: Collection[int], refused: dict[int, list[tuple[str, str]]] | None = None
    ) -> dict[int, DocumentRow]:
        """Documents with the names under which they came."""
        few = len(wanted) <= 500  # noqa: PLR2004 - past it one walk is cheaper than a list
        where = f"WHERE {{}} IN ({', '.join(map(str, sorted(wanted)))})" if few and wanted else ""
        sources: dict[int, list[str]] = {}
        for row in self.rows(f"SELECT * FROM source {where.format('document_id')} ORDER BY name"):  # noqa: S608 - whole numbers
            sources.setdefault(row.document_id, []).append(row.name)
        rows = self.rows(f"SELECT * FROM document {where.format('id')}")  # noqa: S608 - whole numbers
        return {
            row.id: self._document(row, sources.get(row.id, []), (refused or {}).get(row.id, []))
            for row in rows
            if row.id in wanted
        }

    def _document(
        self,
        row: Any,  # noqa: ANN401 - a row of the database
        sources: list[str],
        refused: list[tuple[str, str]],
    ) -> DocumentRow:
        return DocumentRow(
            digest=row.digest,
            kind=row.kind,
            title=row.title,
            subject=row.subject,
            edition=row.edition,
            learned=row.learned,
            size=row.size,
            outcome=row.outcome,
            current=row.id in self.documents.current,
            sources=tuple(sources),
            quarantined=tuple(refused),
            origin=row.origin,
        )
