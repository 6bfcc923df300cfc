"""What the node knows, as of now or of an earlier day, in the values that the domains ask for."""

from __future__ import annotations

from collections.abc import (
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from accord.core.editions import Edition, current
from accord.store import threats
from accord.store.documents import AllDocuments, Documents, FewDocuments
from accord.store.followed import Followed
from accord.supply.matching import ssvc
from accord.supply.matching.aliases import Names
from accord.supply.matching.confidence import BY_IDENTIFIER
from accord.supply.matching.exposures import Hit, Known, Part, Running
from accord.supply.matching.signals import Signal, Signals
from accord.supply.matching.vex import Statement, Statements

SIGNALS = {
    "ssvc": "SELECT vulnerability, document_id, place, exploitation, automatable,"
    " technical_impact, at, role FROM ssvc",
    "known exploited": "SELECT vulnerability, document_id, place, added, ransomware, due, title"
    " FROM known_exploited",
    "score": "SELECT vulnerability, document_id, place, score, word, vector, source FROM score",
    "epss": "SELECT vulnerability, document_id, '', score, day, percentile FROM epss",
    "technique": "SELECT vulnerability, document_id, place, technique, name, role FROM technique",
}


_HITS = """
SELECT c.id, i.how, h.version_id, h.affected_id, a.vulnerability, a.document_id, a.fixed,
       c.document_id AS bill
FROM hit h CROSS JOIN identity i CROSS JOIN component c CROSS JOIN affected a
WHERE i.version_id = h.version_id AND c.id = i.component_id AND a.id = h.affected_id
"""


_HITS_OF = """
SELECT c.id, i.how, h.version_id, h.affected_id, a.vulnerability, a.document_id, a.fixed,
       c.document_id AS bill
FROM component c CROSS JOIN identity i CROSS JOIN hit h CROSS JOIN affected a
WHERE c.document_id IN ({}) AND i.component_id = c.id AND h.version_id = i.version_id
AND a.id = h.affected_id
"""
_BILLS = "SELECT b.*, d.digest, d.title FROM bill b JOIN document d ON d.id = b.document_id"
_ALIASES = "SELECT document_id, vulnerability, name FROM alias WHERE relation = 'alias'"
_ALIASES_OF = f"{_ALIASES} AND vulnerability IN ({{}})"
_ALIASES_TO = f"{_ALIASES} AND name IN ({{}})"


_SPOKEN = """
SELECT DISTINCT i.component_id, a.vulnerability, a.document_id
FROM identity i JOIN version v ON v.id = i.version_id JOIN affected a ON a.package_id = v.package_id
WHERE i.how = 2 AND i.component_id IN ({})
"""
_ALIASED = "SELECT document_id, aliases FROM vex WHERE aliases <> '[]'"
_MANY = 500


class SqlView:
    """Reads within one transaction, so that everything is of one moment."""

    def __init__(self, connection: Connection, as_of: str = "", *, few: bool = False) -> None:
        """`as_of` is a `when()`; empty is now. `few` says that few documents will be asked for."""
        self.connection = connection
        self.as_of = as_of
        self._few = few and not as_of
        self._followed = Followed(self)
        self._products: dict[str, dict[str, list[str]]] = {}
        self.spelled: dict[tuple[str, frozenset[str]], list[str]] = {}
        """How tables write products, of those asked for."""

    @cached_property
    def documents(self) -> Documents:
        """Which documents the node knew, looked up once and only where somebody asks."""
        return FewDocuments(self.rows) if self._few else self._documents()

    def known(self, bills: Collection[int] | None = None) -> Known:
        """Everything that exposures are made of: of some bills, by their documents, or of all."""
        hits = self._hits(bills)
        if bills is None:
            names = self.names()
        else:
            names = self.joined(self.declared({hit.vulnerability for hit in hits}))
        vulnerabilities = {name for hit in hits for name in names.of(hit.vulnerability)}
        documents = {(hit.document, hit.vulnerability) for hit in hits}
        parts = self._parts({hit.component for hit in hits})
        running, products = self._running(parts, few=bills is not None)
        ids, titles, withdrawn = self._advisories(documents)
        return Known(
            hits=hits,
            parts=parts,
            running=running,
            products=products,
            names=names,
            learned=self.documents.learned,
            advisories=ids,
            titles=titles,
            withdrawn=withdrawn,
            statements=Statements(self._about(vulnerabilities)),
            signals=self._signals(vulnerabilities),
            judgements=self._judgements(),
            spoken_for=self._spoken_for(hits),
        )

    def learned(self, document: int) -> bool:
        """Whether the node knew a document."""
        return document in self.documents.learned

    def counts(self, document: int) -> bool:
        """Whether a document counted."""
        return document in self.documents.current

    def rows(self, query: str, **values: object) -> Sequence[Any]:
        """The rows of a query."""
        return self.connection.execute(text(query), values).fetchall()

    def among(self, query: str, values: Sequence[int] | Sequence[str]) -> Iterator[Any]:
        """The rows of a query whose `{}` stands for a list of values, however long."""
        for start in range(0, len(values), _MANY):
            chunk = values[start : start + _MANY]
            names = {f"v{place}": value for place, value in enumerate(chunk)}
            marks = ", ".join(f":{name}" for name in names)
            yield from self.rows(query.format(marks), **names)

    def products(self, table: str) -> Mapping[str, list[str]]:
        """The products that a table names, each as it is written there, by its folded name."""
        found = self._products.get(table)
        if found is None:
            found = self._products[table] = {}
            for row in self.rows(f"SELECT DISTINCT product FROM {table}"):  # noqa: S608 - our own names
                found.setdefault(row.product.casefold(), []).append(row.product)
        return found

    def counting(self, query: str) -> Iterator[Any]:
        """Rows whose `document_id` counts."""
        count = self.documents.current
        return (row for row in self.rows(query) if row.document_id in count)

    def origin(self, document: int) -> str:
        """The partner that sealed a document; empty: this node's own people gave it."""
        return self.documents.origins.get(document, "")

    def ours(self, query: str) -> Iterator[Any]:
        """Rows whose `document_id` counts and came from this node's own people."""
        return (row for row in self.counting(query) if not self.origin(row.document_id))

    def overruled(self) -> frozenset[str]:
        """Digests of the documents that choices of this node's own people set aside."""
        rows = self.ours("SELECT document_id, subject FROM judgement WHERE kind = 'document'")
        return frozenset(row.subject.removeprefix("sha256:") for row in rows)

    def _documents(self) -> AllDocuments:
        if not self.as_of:
            rows = self.rows("SELECT id, learned, current, origin FROM document")
            learned = {row.id: row.learned for row in rows}
            now = frozenset(row.id for row in rows if row.current)
            return AllDocuments(learned, now, _origins(rows))
        rows = self.rows(
            "SELECT id, digest, subject, edition, learned, outcome, origin FROM document"
            " WHERE learned <= :as_of",
            as_of=self.as_of,
        )
        groups: dict[str, list[Edition]] = {}
        count: set[int] = set()
        for row in rows:
            if row.outcome == "quarantined":
                continue
            if not row.subject:
                count.add(row.id)
                continue
            edition = Edition(row.id, row.digest, row.edition, row.origin)
            groups.setdefault(row.subject, []).append(edition)
        choices = [group for subject, group in groups.items() if subject.startswith("choice:")]
        for group in choices:
            count |= current(group)
        # A partner's choice is about nothing here: only this node's own people choose.
        overruled = self._overruled(count & {row.id for row in rows if not row.origin})
        for subject, group in groups.items():
            if not subject.startswith("choice:"):
                count |= current(group, overruled)
        learned = {row.id: row.learned for row in rows}
        return AllDocuments(learned, frozenset(count), _origins(rows))

    def _overruled(self, documents: Collection[int]) -> frozenset[str]:
        """Documents set aside by the choices that count."""
        rows = self.rows("SELECT document_id, subject FROM judgement WHERE kind = 'document'")
        return frozenset(
            row.subject.removeprefix("sha256:") for row in rows if row.document_id in documents
        )

    def names(self) -> Names:
        """Every vulnerability by all its names."""
        rows = self.counting(_ALIASES)
        return self.joined((row.document_id, row.vulnerability, row.name) for row in rows)

    def joined(self, declared: Iterable[tuple[int, str, str]]) -> Names:
        """Names that documents declare equal: of each pair its document and the two names."""
        ours: list[tuple[str, str]] = []
        doubtful: set[tuple[str, str]] = set()
        for document, vulnerability, name in declared:
            if self.origin(document):
                doubtful.add((vulnerability, name))
            else:
                ours.append((vulnerability, name))
        return Names(ours, doubtful, self._spoken({name for pair in doubtful for name in pair}))

    def _spoken(self, names: set[str]) -> frozenset[str]:
        """Those of some names of which documents of this node's own people speak."""
        found: set[str] = set()
        for table in ("advisory", "vex"):
            query = f"SELECT document_id, vulnerability FROM {table} WHERE vulnerability IN ({{}})"  # noqa: S608 - our own names
            rows = self.among(query, sorted(names))
            found |= {row.vulnerability for row in rows if self._speaks(row.document_id)}
        others = self.rows(_ALIASED) if names else ()
        for row in others:
            if self._speaks(row.document_id):
                found.update(names & set(texts_of(row.aliases)))
        return frozenset(found)

    def _speaks(self, document: int) -> bool:
        return self.counts(document) and not self.origin(document)

    def declared(self, start: Collection[str], most: int = 0) -> list[tuple[int, str, str]]:
        """Every declared pair that a chain joins to one of these names, with its document.

        `most` bounds the names that are followed; 0: it does not.
        """
        pairs: set[tuple[int, str, str]] = set()
        seen: set[str] = set()
        frontier = set(start)
        while frontier and not (most and len(seen) >= most):
            asked = sorted(frontier)
            seen |= frontier
            frontier = set()
            for query in (_ALIASES_OF, _ALIASES_TO):
                for row in self.among(query, asked):
                    if row.document_id in self.documents.current:
                        pairs.add((row.document_id, row.vulnerability, row.name))
                        frontier |= {row.vulnerability, row.name} - seen
        return sorted(pairs)

    def _hits(self, bills: Collection[int] | None) -> list[Hit]:
        """Hits of components whose bill counts, by advisories known at the time."""
        if bills is None:
            rows: Iterable[Any] = self.connection.execute(text(_HITS))
        else:
            rows = self.among(_HITS_OF, sorted(bills))
        learned, count = self.documents.learned, self.documents.current
        return [
            Hit(component, how, version, affected, name, document, fixed, document in count)
            for component, how, version, affected, name, document, fixed, bill in rows
            if bill in count and document in learned
        ]

    def _spoken_for(self, hits: Sequence[Hit]) -> frozenset[tuple[int, str]]:
        """What advisories say of candidates by their own package URLs, matched or not."""
        candidates = sorted({hit.component for hit in hits if hit.how < BY_IDENTIFIER})
        count = self.documents.current
        found = {
            (row.component_id, row.vulnerability)
            for row in self.among(_SPOKEN, candidates)
            if row.document_id in count
        }
        return frozenset(found)

    def _parts(self, wanted: Collection[int]) -> dict[int, Part]:
        query = (
            "SELECT id, document_id, ref, name, version, purl, cpe, supplier, kind FROM component"
            " WHERE id IN ({})"
        )
        return {row.id: Part(*row) for row in self.among(query, sorted(wanted))}

    def _running(
        self, parts: dict[int, Part], *, few: bool = False
    ) -> tuple[dict[int, list[Running]], dict[int, Running]]:
        """Who runs each bill, and which components are products named by an estate."""
        documents = {part.document for part in parts.values()}
        rows = self.among(f"{_BILLS} WHERE d.id IN ({{}})", sorted(documents)) if few else ()
        bills = {
            row.document_id: row
            for row in (rows if few else self.rows(_BILLS))
            if self.counts(row.document_id)
        }
        running: dict[int, list[Running]] = {}
        products: dict[int, Running] = {}
        resolve = BillNames(self.connection, set(bills))
        ever: set[int] = set()
        for row in self.rows("SELECT * FROM deployment"):
            if row.document_id not in self.documents.learned:
                continue
            found = resolve(row.bill) if row.bill else frozenset()
            if own := self.origin(row.document_id):
                # A partner says who runs its own bills, not who runs those of others.
                found = frozenset(one for one in found if self.origin(one) == own)
            ever |= found
            if row.document_id not in self.documents.current:
                continue
            for document in found & documents:
                running.setdefault(document, []).append(_running(row, bills[document]))
            if row.component_id is not None and not found:
                products[row.component_id] = _running(row, None)
        for document in documents - ever:
            if document in bills:
                running[document] = [_running(None, bills[document])]
        return running, products

    def _advisories(
        self, wanted: Collection[tuple[int, str]]
    ) -> tuple[dict[tuple[int, str], str], dict[tuple[int, str], str], frozenset[tuple[int, str]]]:
        ids, titles, withdrawn = {}, {}, set()
        query = (
            "SELECT document_id, vulnerability, advisory, title, withdrawn FROM advisory"
            " WHERE document_id IN ({})"
        )
        for row in self.among(query, sorted({document for document, _ in wanted})):
            place = (row.document_id, row.vulnerability)
            if place in wanted:
                ids[place], titles[place] = row.advisory, row.title
                if row.withdrawn:
                    withdrawn.add(place)
        return ids, titles, frozenset(withdrawn)

    def statements(self) -> Iterator[Statement]:
        """Every VEX statement that counts."""
        yield from self._statements(self.rows("SELECT * FROM vex"))

    def _statements(self, rows: Iterable[Any]) -> Iterator[Statement]:
        count = self.documents.current
        for row in rows:
            if row.document_id not in count:
                continue
            yield Statement(
                id=row.id,
                document=row.document_id,
                vulnerability=row.vulnerability,
                status=row.status,
                products=self._followed(texts_of(row.products)),
                subcomponents=self._followed(texts_of(row.subcomponents)),
                justification=row.justification,
                impact=row.impact,
                action=row.action,
                author=row.author,
                supplier=row.supplier,
                at=row.at,
                place=row.place,
                aliases=texts_of(row.aliases),
                origin=self.origin(row.document_id),
            )

    def _about(self, vulnerabilities: Collection[str]) -> Iterator[Statement]:
        """The statements about some vulnerabilities, by the name or an alias that they give."""
        seen = set()
        query = "SELECT * FROM vex WHERE vulnerability IN ({})"
        for statement in self._statements(self.among(query, sorted(vulnerabilities))):
            seen.add(statement.id)
            yield statement
        for statement in self._statements(self.rows("SELECT * FROM vex WHERE aliases <> '[]'")):
            if statement.id not in seen and not set(statement.aliases).isdisjoint(vulnerabilities):
                yield statement

    def _signals(self, wanted: Collection[str]) -> Signals:
        by_name: dict[str, list[Signal]] = {}
        names, count = sorted(wanted), self.documents.current
        for kind, query in SIGNALS.items():
            rows = self.among(f"{query} WHERE vulnerability IN ({{}})", names)
            for name, document, place, *values in rows:
                if document in count:
                    origin = self.origin(document)
                    signal = Signal(document, kind, tuple(values), place, origin)
                    by_name.setdefault(name, []).append(signal)
        for name, found in threats.signals(self, names).items():
            by_name.setdefault(name, []).extend(found)
        # A partner's catalogue may say what is exploited, never what is not.
        catalogues = self.ours(
            "SELECT DISTINCT k.document_id FROM known_exploited k"
            " JOIN document d ON d.id = k.document_id WHERE d.subject = 'kev'"
        )
        catalogue = max((row.document_id for row in catalogues), default=0)
        return Signals(
            by_name,
            catalogue=catalogue,
            cisa=self._table(ssvc.CISA),
            deployer=self._table(ssvc.DEPLOYER),
        )

    def _table(self, built_in: ssvc.Table) -> ssvc.Table:
        """The newest published table of this kind, or the built-in one."""
        newest = built_in
        for row in self.ours("SELECT * FROM decision_table ORDER BY version, name"):
            rows = msgspec.json.decode(row.rows, type=list[tuple[str, ...]])
            found = ssvc.from_document(newest, row.version, texts_of(row.inputs), rows)
            newest = found or newest
        return newest

    def _judgements(self) -> dict[str, str]:
        rows = self.ours("SELECT * FROM judgement WHERE kind = 'exposure' ORDER BY at, verdict")
        return {row.subject: row.verdict for row in rows}


class BillNames:
    """Bills by every name that an estate or a claim may give them; looked up once it is asked."""

    def __init__(self, connection: Connection, bills: Collection[int]) -> None:
        self._connection = connection
        self._bills = bills

    @cached_property
    def _exact(self) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for row in self._rows(
            "SELECT b.document_id, b.name, d.digest FROM bill b"
            " JOIN document d ON d.id = b.document_id"
        ):
            for name in (row.name, f"sha256:{row.digest}"):
                found.setdefault(name, set()).add(row.document_id)
        return found

    @cached_property
    def _files(self) -> dict[str, list[tuple[str, int]]]:
        found: dict[str, list[tuple[str, int]]] = {}
        for row in self._rows("SELECT document_id, name FROM source"):
            path = row.name.replace("!/", "/").replace("\\", "/")
            found.setdefault(path.rsplit("/", 1)[-1], []).append((path, row.document_id))
        return found

    def _rows(self, query: str) -> Iterator[Any]:
        rows = self._connection.execute(text(query))
        return (row for row in rows if row.document_id in self._bills)

    def __call__(self, name: str) -> frozenset[int]:
        """Documents that the name means; empty where no bill has it."""
        if name in self._exact:
            return frozenset(self._exact[name])
        path = name.replace("!/", "/").replace("\\", "/").removeprefix("./")
        while path.startswith("../"):
            path = path[3:]
        candidates = self._files.get(path.rsplit("/", 1)[-1], ())
        return frozenset(document for file, document in candidates if _same_file(file, path))


def _same_file(given: str, named: str) -> bool:
    """Whether one path ends in the other: a bill may be loaded from nearer or farther away."""
    return f"/{given}".endswith(f"/{named}") or f"/{named}".endswith(f"/{given}")


def _running(row: Any, bill: Any) -> Running:  # noqa: ANN401 - rows of the database
    """An estate's word first, then the bill's own."""
    return Running(
        operator=row.operator if row else "",
        country=row.country if row else "",
        sector=row.sector if row else "",
        site=row.site if row else "",
        supplier=(row.supplier if row else "") or (bill.supplier if bill else ""),
        product=(row.product if row else "")
        or (bill.product or bill.title or f"bill {bill.digest[:12]}" if bill else ""),
        release=(row.release if row else "") or (bill.release if bill else ""),
        exposure=row.exposure if row else "",
        mission=row.mission if row else "",
        purl=bill.purl if bill else "",
        cpe=bill.cpe if bill else "",
        ref=bill.ref if bill else "",
        bill=bill.name if bill else "",
        digest=bill.digest if bill else "",
        operating_system=bill.operating_system if bill else "",
        document=row.document_id if row else 0,
        place=row.place if row else "",
    )


def _title(bill: Any) -> str:  # noqa: ANN401 - a row of the database
    """What a bill describes, else its own title, else its digest: never the name of two things."""
    return bill.product or bill.title or f"bill {bill.digest[:12]}"


def texts_of(packed: str) -> tuple[str, ...]:
    """A list of texts as the store packs it."""
    return msgspec.json.decode(packed, type=tuple[str, ...])


def _origins(rows: Iterable[Any]) -> dict[int, str]:
    return {row.id: row.origin for row in rows if row.origin}
