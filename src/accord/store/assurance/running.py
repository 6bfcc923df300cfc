"""Bills and whoever names them: by a file's name, a serial number, a digest, or a BOM-Link."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from accord.flows.assessing.port import Key
from accord.store.followed import product_of
from accord.store.view import BillNames, SqlView

_NAMING = "SELECT product, release, bill FROM deployment WHERE bill <> ''"
_LINKED = (
    "SELECT 1 FROM vex WHERE products LIKE '%urn:cdx:%' OR subcomponents LIKE '%urn:cdx:%' LIMIT 1"
)
_SERIAL = (
    "SELECT document_id, purl, supplier, product, release FROM bill WHERE name LIKE 'urn:uuid:%'"
)


def named_by_estates(view: SqlView, names: Collection[str]) -> set[int]:
    """The bills that an estate's words for them mean, whether or not they count now."""
    wanted = sorted({name for name in names if name})
    if not wanted:
        return set()
    resolve = _resolver(view)
    return {bill for name in wanted for bill in resolve(name)}


def estates_naming(view: SqlView, bills: Sequence[int]) -> Iterator[Key]:
    """The releases that estates run with some of these bills."""
    rows = view.rows(_NAMING) if bills else ()
    if not rows:
        return
    wanted, resolve = frozenset(bills), _resolver(view)
    for row in rows:
        if not wanted.isdisjoint(resolve(row.bill)):
            yield row.product, row.release


def joined_bills(view: SqlView, bills: Collection[int]) -> set[int]:
    """Other bills of the products of some bills: what links to a part of one may mean theirs."""
    if not bills or not view.rows(_LINKED):
        return set()
    rows = view.rows(_SERIAL)
    products = {product_of(row) for row in rows if row.document_id in bills}
    return {row.document_id for row in rows if product_of(row) in products}


def _resolver(view: SqlView) -> BillNames:
    return BillNames(
        view.connection, {row.document_id for row in view.rows("SELECT document_id FROM bill")}
    )
