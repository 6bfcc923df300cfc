"""What the bills of some products name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from accord.core.errors import Invalid
from accord.demand.suppliers import items
from accord.flows.demand.port import Billed
from accord.store.assurance.releases import releases
from accord.store.view import SqlView

_COMPONENTS = (
    "SELECT c.document_id, c.purl, count(*) AS times FROM component c"
    " JOIN bill b ON b.document_id = c.document_id"
    # No file, for it is a part; and not the product itself, which SPDX does not mark.
    " WHERE c.kind <> 'file' AND c.document_id IN ({}) AND NOT ("
    "(b.ref <> '' AND c.ref = b.ref) OR (b.purl <> '' AND c.purl = b.purl)"
    " OR (b.ref = '' AND c.name = b.product AND c.version = b.release))"
    " GROUP BY c.document_id, c.purl"
)


def billed(view: SqlView, products: Collection[str]) -> dict[tuple[str, str], Billed]:
    """Components of the releases of some products that have a bill, by names in small letters."""
    found = [one for one in releases(view, products) if one.bills]
    bills = _bills(view, {bill for one in found for bill in one.bills})
    return {
        (one.product.casefold(), one.release.casefold()): _together(bills[b] for b in one.bills)
        for one in found
    }


def _together(bills: Iterable[Billed]) -> Billed:
    some = list(bills)
    packages = frozenset().union(*(one.packages for one in some))
    return Billed(packages, sum(one.nameless for one in some))


def _bills(view: SqlView, documents: Collection[int]) -> dict[int, Billed]:
    packages: dict[int, set[str]] = {document: set() for document in documents}
    nameless = dict.fromkeys(documents, 0)
    known: dict[str, str] = {}
    for row in view.among(_COMPONENTS, sorted(documents)):
        if row.purl not in known:
            known[row.purl] = _item(row.purl)
        if known[row.purl]:
            packages[row.document_id].add(known[row.purl])
        else:
            nameless[row.document_id] += row.times
    return {one: Billed(frozenset(packages[one]), nameless[one]) for one in documents}


def _item(purl: str) -> str:
    """The component's name among computing partners; empty: it has no package URL."""
    try:
        return items.of_component(purl) if purl else ""
    except Invalid:
        return ""
