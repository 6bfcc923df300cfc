"""What pages ask about one product, one vulnerability or one document."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from typing import Any

from accord.flows.ports import (
    AdvisoryRow,
    AffectedRow,
    BillSummary,
    ComponentRow,
    Contents,
    DeploymentRow,
    Shelf,
    StatementRow,
    Vulnerability,
)
from accord.store import schema, threats
from accord.store.intake import unpack_checked
from accord.store.view import SIGNALS, BillNames, SqlView, texts_of
from accord.supply.matching import schemes
from accord.supply.matching.signals import Signal

MOST = 500
"""Rows of one sort that a page shows; past it the page says how many there are."""

_AFFECTED = """
SELECT a.document_id, a.vulnerability, p.name, a.stream, a.scheme, a.since, a.until,
       a.since_included, a.until_included, a.fixed, a.place
FROM affected a JOIN package p ON p.id = a.package_id WHERE a.vulnerability = :name
ORDER BY p.name, a.stream, a.lo, a.id
"""


def deployments(view: SqlView) -> list[DeploymentRow]:
    """What estates and claims say is run, once for each bill of it."""
    known = {bill.id: bill for bill in view.counting("SELECT * FROM bill")}
    bills = {row.document_id: row for row in known.values()}
    digests = _digests(view, bills)
    resolve = BillNames(view.connection, set(bills))
    found: list[DeploymentRow] = []
    for row in view.counting("SELECT * FROM deployment ORDER BY operator, product, release, id"):
        named = sorted(resolve(row.bill)) if row.bill else []
        found.extend(
            _deployment(row, bills.get(document), digests.get(document, ""))
            for document in named or [0]
        )
    return found


def _deployment(row: Any, bill: Any, digest: str) -> DeploymentRow:  # noqa: ANN401 - rows
    """The estate's word first, then the bill's own."""
    return DeploymentRow(
        operator=row.operator,
        product=row.product or (bill.product if bill else ""),
        release=row.release or (bill.release if bill else ""),
        supplier=row.supplier or (bill.supplier if bill else ""),
        country=row.country,
        sector=row.sector,
        site=row.site,
        exposure=row.exposure,
        mission=row.mission,
        bill=digest,
        document=row.document_id,
    )


def _digests(view: SqlView, wanted: Collection[int]) -> dict[int, str]:
    rows = view.rows("SELECT d.id, d.digest FROM document d JOIN bill b ON b.document_id = d.id")
    return {row.id: row.digest for row in rows if row.id in wanted}


def bill_summaries(view: SqlView) -> list[BillSummary]:
    """Every bill that counts, without its components."""
    rows = view.counting(
        "SELECT b.*, d.digest FROM bill b JOIN document d ON d.id = b.document_id"
        " ORDER BY b.product, b.release, d.digest"
    )
    return [
        BillSummary(
            digest=row.digest,
            product=row.product,
            release=row.release,
            created=row.created,
            supplier=row.supplier,
            format=row.format,
        )
        for row in rows
    ]


def vulnerability(view: SqlView, name: str) -> tuple[Vulnerability, set[int]] | None:
    """A vulnerability by any of its names, or by an advisory of it, and the documents named."""
    for spelling in dict.fromkeys((name, name.upper())):
        names = _names(view, spelling)
        found = _vulnerability(view, names, spelling)
        if found.advisories or found.affected or found.signals or len(names) > 1:
            return found, _documents(found)
    return None


def _names(view: SqlView, name: str) -> tuple[str, ...]:
    """All names that declared aliases join; for an advisory, those of what it is about."""
    own = view.rows("SELECT 1 FROM advisory WHERE vulnerability = :n LIMIT 1", n=name)
    start = {name}
    if not own:
        about = view.rows(
            "SELECT document_id, vulnerability FROM advisory WHERE advisory = :n", n=name
        )
        about = [row for row in about if row.document_id in view.documents.current]
        if len({row.vulnerability for row in about}) == 1:
            start.add(about[0].vulnerability)
    pairs = [(0, name, other) for other in start] + view.declared(start, MOST)
    return view.joined(pairs).of(name)


def _vulnerability(view: SqlView, names: tuple[str, ...], asked: str) -> Vulnerability:
    advisories = list(_advisories(view, (*names, asked)))
    about = dict.fromkeys((*names, *(row.vulnerability for row in advisories)))
    affected = list(_affected(view, about))
    return Vulnerability(
        name=names[0],
        aliases=names[1:],
        related=_related(view, names),
        advisories=tuple(advisories[:MOST]),
        affected=tuple(affected[:MOST]),
        affected_count=len(affected),
        signals=tuple(_signals(view, names)),
        statements=tuple(_statements(view, names))[:MOST],
        documents={},
    )


def _related(view: SqlView, names: tuple[str, ...]) -> tuple[str, ...]:
    query = "SELECT document_id, name FROM alias WHERE relation = 'related' AND vulnerability = :n"
    return tuple(sorted({row.name for n in names for row in _counting(view, query, n)}))


def _counting(view: SqlView, query: str, name: str) -> Iterator[Any]:
    return (row for row in view.rows(query, n=name) if row.document_id in view.documents.current)


def _advisories(view: SqlView, names: Collection[str]) -> Iterator[AdvisoryRow]:
    query = "SELECT * FROM advisory WHERE vulnerability = :n OR advisory = :n ORDER BY advisory, id"
    rows = {row.id: row for name in dict.fromkeys(names) for row in _counting(view, query, name)}
    for row in rows.values():
        yield AdvisoryRow(
            advisory=row.advisory,
            vulnerability=row.vulnerability,
            publisher=row.publisher,
            title=row.title,
            published=row.published[:10],
            modified=row.modified[:10],
            withdrawn=row.withdrawn[:10],
            place=row.place,
            document=row.document_id,
        )


def _affected(view: SqlView, names: Collection[str]) -> Iterator[AffectedRow]:
    for name in names:
        for row in view.rows(_AFFECTED, name=name):
            if row.document_id in view.documents.current:
                yield affected_row(row)


def affected_row(row: Any) -> AffectedRow:  # noqa: ANN401 - a row of the database
    """An interval of a package, as whoever looks a vulnerability up is told of it."""
    scheme = schemes.by_number(row.scheme)
    return AffectedRow(
        vulnerability=row.vulnerability,
        package=row.name,
        stream=row.stream,
        scheme=scheme.name if scheme else "",
        since=row.since,
        since_included=bool(row.since_included),
        until=row.until,
        until_included=bool(row.until_included),
        fixed=row.fixed,
        place=row.place,
        document=row.document_id,
    )


def _signals(view: SqlView, names: Collection[str]) -> list[Signal]:
    found = []
    for kind, query in SIGNALS.items():
        for name in names:
            rows = view.rows(f"{query} WHERE vulnerability = :n", n=name)
            for _, document, place, *values in rows:
                if document in view.documents.current:
                    origin = view.origin(document)
                    found.append(Signal(document, kind, tuple(values), place, origin))
    for signals in threats.signals(view, list(names)).values():
        found += signals
    return found


def _statements(view: SqlView, names: Collection[str]) -> Iterator[StatementRow]:
    query = "SELECT * FROM vex WHERE vulnerability = :n ORDER BY at DESC, id"
    for name in names:
        for row in _counting(view, query, name):
            yield statement_row(row)


def statement_row(row: Any) -> StatementRow:  # noqa: ANN401 - a row of the database
    """A VEX statement, for a person."""
    return StatementRow(
        vulnerability=row.vulnerability,
        status=row.status,
        products=texts_of(row.products)[:20],
        author=row.author,
        why=row.justification or row.impact or row.action,
        at=row.at[:10],
        place=row.place,
        document=row.document_id,
    )


def _documents(found: Vulnerability) -> set[int]:
    rows: list[Any] = [*found.advisories, *found.affected, *found.signals, *found.statements]
    return {row.document for row in rows} | set(threats.places(found.signals))


def contents(view: SqlView, document: int, offset: int, limit: int) -> Contents:
    """What the facts of one document are: how many of each sort, and the first of them."""
    counts = []
    for table in schema.FACTS:
        query = f"SELECT count(*) FROM {table.name} WHERE document_id = :d"  # noqa: S608 - our own names
        if number := int(view.rows(query, d=document)[0][0]):
            counts.append((table.name.replace("_", " "), number))
    return Contents(
        counts=tuple(counts),
        components=tuple(_components(view, document, offset, limit)),
        vulnerabilities=_vulnerabilities(view, document),
    )


def _components(view: SqlView, document: int, offset: int, limit: int) -> Iterator[ComponentRow]:
    for row in view.rows(
        "SELECT name, version, purl, cpe, supplier, kind, place FROM component"
        " WHERE document_id = :d ORDER BY id LIMIT :n OFFSET :o",
        d=document,
        n=limit,
        o=offset,
    ):
        yield ComponentRow(*row)


def _vulnerabilities(view: SqlView, document: int) -> tuple[tuple[str, str], ...]:
    rows = view.rows(
        "SELECT vulnerability, title FROM advisory WHERE document_id = :d ORDER BY id LIMIT :n",
        d=document,
        n=MOST,
    )
    rows = rows or view.rows(
        "SELECT DISTINCT vulnerability, status FROM vex WHERE document_id = :d"
        " ORDER BY vulnerability LIMIT :n",
        d=document,
        n=MOST,
    )
    return tuple((row[0], row[1]) for row in rows)


def body(view: SqlView, document: int) -> bytes:
    """A document byte for byte.

    Raises:
        Damaged: the bytes no longer have their digest.
    """
    row = view.rows(
        "SELECT d.digest, b.packed FROM body b JOIN document d ON d.id = b.document_id"
        " WHERE d.id = :d",
        d=document,
    )[0]
    return unpack_checked(row.digest, row.packed)


def shelf(view: SqlView, kind: str, state: str, offset: int, limit: int) -> tuple[Shelf, list[int]]:
    """One page of the documents, the newest first, with how many there are of each kind."""
    refused = {
        row[0]
        for row in view.rows("SELECT DISTINCT document_id FROM quarantine")
        if row[0] is not None
    }
    wanted, kinds, states = [], dict[str, int](), dict[str, int]()
    for row in view.rows("SELECT id, kind, outcome FROM document ORDER BY learned DESC, id DESC"):
        if row.id not in view.documents.learned:
            continue
        own = _states(row, view.documents.current, refused)
        for name in own if kind in ("", row.kind) else ():
            states[name] = states.get(name, 0) + 1
        if state in ("", *own):
            kinds[row.kind] = kinds.get(row.kind, 0) + 1
            if kind in ("", row.kind):
                wanted.append(row.id)
    unopened = tuple(
        (row.source, row.reason)
        for row in view.rows(
            "SELECT source, reason FROM quarantine WHERE document_id IS NULL ORDER BY id"
        )
    )
    made = Shelf((), len(wanted), kinds, states, unopened[:MOST], len(unopened))
    return made, wanted[offset : offset + limit]


def refused(view: SqlView, documents: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Place and reason of what was refused in some documents."""
    found: dict[int, list[tuple[str, str]]] = {}
    for document in documents:
        for row in view.rows(
            "SELECT place, reason FROM quarantine WHERE document_id = :d ORDER BY id", d=document
        ):
            found.setdefault(document, []).append((row.place, row.reason))
    return found


def _states(row: Any, current: Container[int], refused: Collection[int]) -> list[str]:  # noqa: ANN401 - a row of the database
    if row.outcome == "quarantined":
        return ["quarantined"]
    state = "current" if row.id in current else "superseded"
    return [state, "items quarantined"] if row.id in refused else [state]
