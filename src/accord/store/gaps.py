"""What could not be evaluated: by the readers, and by looking at all documents together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from accord.flows.ports import Gap
from accord.store import threats
from accord.store.view import BillNames, SqlView
from accord.supply.matching import aliases
from accord.supply.matching.exposures import bom_link
from accord.supply.matching.vex import Held, Thing


def gaps(view: SqlView) -> Iterator[Gap]:
    """Every gap, those of single documents first."""
    files = _Files(view)
    for row in view.counting("SELECT * FROM not_evaluated ORDER BY id"):
        yield files.gap(row.reason, row.subject, row.name, row.place, row.document_id)
    for problem in threats.problems(view):
        document, place = problem.where
        yield files.gap(problem.reason, problem.object, problem.name, place, document)
    yield from _statements(view, files)
    yield from _bills(view, files)
    yield from _rivals(view, files)
    yield from _conflicts(view)
    yield from _doubtful(view, files)


class _Files:
    """Digest, kind and one name of each document."""

    def __init__(self, view: SqlView) -> None:
        self._documents = {
            row.id: row for row in view.rows("SELECT id, digest, kind FROM document")
        }
        self._sources = {
            row.document_id: row.name
            for row in view.rows("SELECT document_id, max(name) AS name FROM source GROUP BY 1")
        }

    def gap(self, reason: str, subject: str, name: str, place: str, document: int) -> Gap:
        row = self._documents[document]
        source = self._sources.get(document, "")
        return Gap(reason, subject, name, place, row.digest, source, row.kind)


def _statements(view: SqlView, files: _Files) -> Iterator[Gap]:
    """VEX statements that speak of nothing that any bill or estate holds."""
    known = _Things(view)
    for statement in view.statements():
        parts = statement.subcomponents
        speaks = any(known.has(reference) for reference in statement.products)
        if not speaks or (parts and not any(known.has(reference) for reference in parts)):
            unknown = parts if speaks else statement.products
            subject = ", ".join(unknown[:3]) or "no product"
            yield files.gap(
                "statement matches nothing",
                f"{statement.status}: {subject}",
                statement.vulnerability,
                statement.place,
                statement.document,
            )


class _Things:
    """Everything that bills and estates hold, asked as exposures ask about it."""

    def __init__(self, view: SqlView) -> None:
        self._held = Held(_held(view))
        self._named: dict[str, set[str]] = defaultdict(set)
        for row in view.rows(
            "SELECT p.name, v.text FROM version v JOIN package p ON p.id = v.package_id"
            " WHERE p.name LIKE 'name:%'"
        ):
            self._named[row.name].add(row.text)

    def has(self, reference: str) -> bool:
        package, _, version = reference.partition("@")
        held = self._named.get(package)
        if held is not None and (not version or version in held):
            return True
        return self._held.has(reference)


def _held(view: SqlView) -> Iterator[Thing]:
    """Products by their bills, and components, each by everything that it is called."""
    bills = {}
    for row in view.counting(
        "SELECT b.*, d.digest FROM bill b JOIN document d ON d.id = b.document_id"
    ):
        bills[row.document_id] = row
        link = bom_link(row.name, "")
        others = {row.name, f"sha256:{row.digest}", link} - {""}
        ref = bom_link(row.name, row.ref)
        yield Thing(
            row.product, row.release, row.supplier, row.purl, row.cpe, ref=ref,
            others=frozenset(others),
        )  # fmt: skip
    for row in view.counting(
        "SELECT document_id, ref, name, version, supplier, purl, cpe FROM component"
    ):
        bill = bills.get(row.document_id)
        yield Thing(
            row.name, row.version, row.supplier, row.purl, row.cpe,
            operating_system=bill.operating_system if bill else "",
            ref=bom_link(bill.name, row.ref) if bill else "",
        )  # fmt: skip


def _bills(view: SqlView, files: _Files) -> Iterator[Gap]:
    """Deployments whose bill is not here."""
    resolve = BillNames(
        view.connection, {row.document_id for row in view.counting("SELECT document_id FROM bill")}
    )
    for row in view.counting("SELECT * FROM deployment WHERE bill <> ''"):
        if not resolve(row.bill):
            subject = f"{row.operator}: {row.product} {row.release}".strip()
            yield files.gap("bill not loaded", subject, row.bill, row.place, row.document_id)


def _rivals(view: SqlView, files: _Files) -> Iterator[Gap]:
    """Documents about one thing, equally dated or undated, that all stay current."""
    groups: dict[tuple[str, str], list[int]] = {}
    for row in view.rows("SELECT id, subject, origin FROM document WHERE subject <> ''"):
        if row.id in view.documents.current:
            groups.setdefault((row.subject, row.origin), []).append(row.id)
    for (subject, _), rivals in sorted(groups.items()):
        if len(rivals) > 1:
            for document in rivals:
                yield files.gap("rival documents", subject, "", "", document)


def _doubtful(view: SqlView, files: _Files) -> Iterator[Gap]:
    """Aliases by partners that would make two vulnerabilities one that are known apart here."""
    refused = view.names().refused
    if not refused:
        return
    rows = view.counting("SELECT * FROM alias WHERE relation = 'alias' ORDER BY id")
    for row in rows:
        if (row.vulnerability, row.name) in refused and view.origin(row.document_id):
            reason = "alias of another vulnerability"
            yield files.gap(reason, row.vulnerability, row.name, "", row.document_id)


def _conflicts(view: SqlView) -> Iterator[Gap]:
    """Names that documents claim for packages that have nothing in common."""
    claims: dict[str, dict[tuple[int, str], str]] = defaultdict(dict)
    ids = {
        (row.document_id, row.vulnerability): row.advisory
        for row in view.counting("SELECT document_id, vulnerability, advisory FROM advisory")
    }
    for row in view.counting(
        "SELECT document_id, vulnerability, name FROM alias WHERE relation = 'alias'"
    ):
        place = (row.document_id, row.vulnerability)
        own = ids.get(place, row.vulnerability)
        # A document that goes by its own identifier as an alias claims the other name.
        claims[row.vulnerability if row.name == own else row.name][place] = own
    contested = {name: places for name, places in claims.items() if len(places) > 1}
    wanted = {place for places in contested.values() for place in places}
    packages: dict[tuple[int, str], set[str]] = defaultdict(set)
    for row in view.counting(
        "SELECT a.document_id, a.vulnerability, p.name FROM affected a"
        " JOIN package p ON p.id = a.package_id"
    ):
        place = (row.document_id, row.vulnerability)
        if place in wanted and row.name.startswith("pkg:"):
            packages[place].add(row.name)
    found = aliases.conflicts(
        {
            name: [(advisory, frozenset(packages[place])) for place, advisory in places.items()]
            for name, places in contested.items()
        }
    )
    for conflict in found:
        parts = "; ".join(f"{one}: {', '.join(held[:3])}" for one, held in conflict.claims)
        yield Gap("alias of different packages", parts, conflict.name, "", "", "", "")
