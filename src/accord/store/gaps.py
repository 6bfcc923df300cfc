"""What could not be evaluated: by the readers, and by looking at all documents together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from accord.core.errors import Invalid
from accord.flows.ports import Gap
from accord.store.view import BillNames, SqlView
from accord.supply.matching import aliases
from accord.supply.matching.vex import link
from accord.supply.products import cpe, identities, names, purl


def gaps(view: SqlView) -> Iterator[Gap]:
    """Every gap, those of single documents first."""
    files = _Files(view)
    for row in view.counting("SELECT * FROM not_evaluated ORDER BY id"):
        yield files.gap(row.reason, row.subject, row.name, row.place, row.document_id)
    yield from _statements(view, files)
    yield from _bills(view, files)
    yield from _rivals(view, files)
    yield from _conflicts(view)


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
    """Everything that bills and estates hold, by each kind of reference."""

    def __init__(self, view: SqlView) -> None:
        self._versions: dict[str, set[str]] = defaultdict(set)
        self._others: set[str] = set()
        self._links: set[str] = set()
        serials = {}
        for row in view.counting(
            "SELECT b.document_id, b.name, b.purl, b.cpe, b.product, b.release, b.supplier,"
            " d.digest FROM bill b JOIN document d ON d.id = b.document_id"
        ):
            self._others |= {row.name, f"sha256:{row.digest}"}
            serials[row.document_id] = row.name
            self._links.add(link(f"urn:cdx:{row.name.removeprefix('urn:uuid:').lower()}"))
            self._identify(row.purl, row.cpe)
            self._versions[names.package(row.supplier, row.product)].add(row.release)
        for row in view.counting(
            "SELECT document_id, ref, purl, cpe, supplier, name, version FROM component"
        ):
            serial = serials.get(row.document_id, "").removeprefix("urn:uuid:").lower()
            self._links.add(f"urn:cdx:{serial}#{row.ref}")
            self._others.add(row.ref)
            self._identify(row.purl, row.cpe)
            self._versions[names.package(row.supplier, row.name)].add(row.version)
        for row in view.rows(
            "SELECT p.name, v.text FROM version v JOIN package p ON p.id = v.package_id"
            " WHERE p.name LIKE 'name:%'"
        ):
            self._versions[row.name].add(row.text)

    def _identify(self, own_purl: str, own_cpe: str) -> None:
        if own_purl:
            try:
                found = purl.parse(own_purl)
                self._versions[found.package].add(found.version)
                for source in identities.of_purl(own_purl):
                    self._versions[source.package].add(source.version)
            except Invalid:
                self._others.add(own_purl)
        if own_cpe:
            try:
                named = cpe.parse(own_cpe)
                self._versions[named.package].add(named.version)
            except Invalid:
                self._others.add(own_cpe)

    def has(self, reference: str) -> bool:
        if reference in self._others or link(reference) in self._links:
            return True
        package, version = _split(reference)
        held = self._versions.get(package)
        return held is not None and (not version or version in held)


def _split(reference: str) -> tuple[str, str]:
    """Package and version of a reference; the reference itself where it is neither."""
    try:
        if reference.startswith("pkg:"):
            found = purl.parse(reference)
            return found.package, found.version
        if reference.startswith("cpe:"):
            named = cpe.parse(reference)
            return named.package, named.version
    except Invalid:
        return reference, ""
    package, _, version = reference.partition("@")
    return package, version


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
    groups: dict[str, list[int]] = {}
    for row in view.rows("SELECT id, subject FROM document WHERE subject <> ''"):
        if row.id in view.documents.current:
            groups.setdefault(row.subject, []).append(row.id)
    for subject, rivals in sorted(groups.items()):
        if len(rivals) > 1:
            for document in rivals:
                yield files.gap("rival documents", subject, "", "", document)


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
