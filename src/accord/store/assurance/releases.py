"""The releases that a node knows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import msgspec

from accord.assurance.evidence.facts import ProductType
from accord.flows.assessing.port import Key, Listed
from accord.store.assurance.products import of_products
from accord.store.view import BillNames, SqlView, texts_of

_TIES = "*"
_BILLS = "document_id, product, release"
_DEPLOYMENTS = "document_id, product, release, bill"
_TYPES = "*"


class _Release(msgspec.Struct):
    """A release while it is put together."""

    product: str
    release: str
    bills: set[int] = set()
    digests: set[str] = set()


class _Found:
    """Releases while they are put together; names differ in case only by habits of who wrote."""

    def __init__(self) -> None:
        self.releases: dict[Key, _Release] = {}

    def of(self, product: str, release: str) -> _Release:
        key = (product.casefold(), release.casefold())
        if key not in self.releases:
            self.releases[key] = _Release(product, release)
        return self.releases[key]

    def all_of(self, product: str) -> list[_Release]:
        name = product.casefold()
        return [one for key, one in self.releases.items() if key[0] == name]


def releases(view: SqlView, products: Collection[str] | None = None) -> list[Listed]:
    """Every release that evidence, a bill, an estate or a claim names; of some products, or all."""
    found = _Found()
    recorded = list(ties(view, products))
    numbers = _numbers(view, {row.digest for row in recorded if row.kind == "bill"})
    for row in recorded:
        if row.release:
            _tie(found.of(row.product, row.release), row, numbers)
    for row in of_products(view, "bill", _BILLS, products):
        # A partner's bill is no bill of ours until one of our own people ties it to a release.
        ours = view.counts(row.document_id) and not view.origin(row.document_id)
        if row.product and ours:
            found.of(row.product, row.release).bills.add(row.document_id)
    _by_deployments(view, found, products)
    for row in recorded:
        if not row.release:
            for one in found.all_of(row.product) or [found.of(row.product, "")]:
                _tie(one, row, numbers)
    digests = _digests(view, {bill for one in found.releases.values() for bill in one.bills})
    types = {key: one.type for key, one in product_types(view, products).items()}
    return [
        Listed(
            product=one.product,
            release=one.release,
            bills=tuple(sorted(one.bills)),
            digests=tuple(sorted(one.digests))
            or tuple(sorted(f"sha256:{digests[bill]}" for bill in one.bills)),
            type=types.get(key, types.get((key[0], ""), "")),
        )
        for key, one in sorted(found.releases.items())
    ]


def ties(view: SqlView, products: Collection[str] | None = None) -> Iterator[Any]:
    """The records of this node's own people that tie a document to a release, and stand.

    Of equally dated ones about the same, a removal counts.
    """
    found: dict[tuple[str, str, str], Any] = {}
    for row in of_products(view, "tie", _TIES, products):
        about = (row.product, row.release, row.digest)
        ours = view.counts(row.document_id) and not view.origin(row.document_id)
        if ours and (about not in found or row.removed):
            found[about] = row
    return (row for row in found.values() if not row.removed)


def product_types(view: SqlView, products: Collection[str] | None = None) -> dict[Key, ProductType]:
    """What our own people say of the type of products, by product and release in small letters.

    What was taken back is left out. Where equally dated records contradict each other, the type is
    unknown.
    """
    found: dict[Key, ProductType] = {}
    disputed: set[Key] = set()
    for row in of_products(view, "product_type", _TYPES, products):
        if not view.counts(row.document_id) or view.origin(row.document_id):
            continue
        one = ProductType(
            product=row.product, release=row.release, type=row.type, person=row.person,
            why=row.why, at=row.at, place=row.place,
        )  # fmt: skip
        key = (one.product.casefold(), one.release.casefold())
        rival = found.get(key)
        if key in disputed or (rival is not None and rival.type != one.type):
            disputed.add(key)
            one = msgspec.structs.replace(one, type="")
        found[key] = one
    return {key: one for key, one in found.items() if one.type or key in disputed}


def _tie(release: _Release, row: Any, numbers: dict[str, int]) -> None:  # noqa: ANN401 - a row
    if row.kind == "bill" and row.digest in numbers:
        release.bills.add(numbers[row.digest])
    named = (*texts_of(row.matched), *texts_of(row.artefacts))
    release.digests.update(digest for digest in named if digest.startswith("sha256:"))


def _by_deployments(view: SqlView, found: _Found, products: Collection[str] | None) -> None:
    resolve: Callable[[str], frozenset[int]] | None = None
    for row in of_products(view, "deployment", _DEPLOYMENTS, products):
        ours = view.counts(row.document_id) and not view.origin(row.document_id)
        if not (row.product and ours):
            continue
        one = found.of(row.product, row.release)
        if row.bill:
            resolve = resolve or _resolver(view)
            one.bills |= resolve(row.bill)


def _resolver(view: SqlView) -> BillNames:
    bills = {row.document_id for row in view.counting("SELECT document_id FROM bill")}
    return BillNames(view.connection, bills)


_MOST = 5_000
"""Documents that are looked up by their digests or numbers, rather than all of them."""


def _numbers(view: SqlView, digests: Collection[str]) -> dict[str, int]:
    """The numbers of bills, by digest."""
    query = "SELECT d.id, d.digest FROM document d JOIN bill b ON b.document_id = d.id"
    if len(digests) > _MOST:
        rows: Iterator[Any] = iter(view.rows(query))
    else:
        rows = view.among(f"{query} WHERE d.digest IN ({{}})", sorted(digests))
    return {row.digest: row.id for row in rows}


def _digests(view: SqlView, documents: Collection[int]) -> dict[int, str]:
    query = "SELECT id, digest FROM document"
    if len(documents) > _MOST:
        rows: Iterator[Any] = iter(view.rows(query))
    else:
        rows = view.among(f"{query} WHERE id IN ({{}})", sorted(documents))
    return {row.id: row.digest for row in rows}
