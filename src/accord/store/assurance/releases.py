"""The releases that a node knows."""

from __future__ import annotations

from typing import Any

import msgspec

from accord.flows.assessing.port import Key, Listed
from accord.store.view import BillNames, SqlView, texts_of


class _Release(msgspec.Struct):
    """A release while it is put together."""

    product: str
    release: str
    bills: set[int] = set()
    digests: set[str] = set()


def releases(view: SqlView, product: str = "") -> list[Listed]:
    """Every release that evidence, a bill, an estate or a claim names."""
    found: dict[Key, _Release] = {}
    digests = {
        row.id: row.digest
        for row in view.rows(
            "SELECT d.id, d.digest FROM document d JOIN bill b ON b.document_id = d.id"
        )
    }
    numbers = {digest: number for number, digest in digests.items()}
    _by_bills(view, found)
    _by_deployments(view, found)
    whole: list[tuple[str, Any]] = []
    for row in ties(view):
        if row.release:
            _tie(_release(found, row.product, row.release), row, numbers)
        else:
            whole.append((row.product.casefold(), row))
    for name, row in whole:
        of_product = [one for one in found.values() if one.product.casefold() == name]
        for one in of_product or [_release(found, row.product, "")]:
            _tie(one, row, numbers)
    return [
        Listed(
            product=one.product,
            release=one.release,
            bills=tuple(sorted(one.bills)),
            digests=tuple(sorted(one.digests))
            or tuple(sorted(f"sha256:{digests[bill]}" for bill in one.bills)),
        )
        for _, one in sorted(found.items())
        if not product or one.product.casefold() == product.casefold()
    ]


def _release(found: dict[Key, _Release], product: str, release: str) -> _Release:
    """Names differ in case only by the habits of who wrote them."""
    key = (product.casefold(), release.casefold())
    if key not in found:
        found[key] = _Release(product, release)
    return found[key]


def ties(view: SqlView) -> list[Any]:
    """The records of this node's own people that tie a document to a release, and stand."""
    query = (
        "SELECT document_id, digest, product, release, kind, matched, artefacts, removed FROM tie"
    )
    return [row for row in view.ours(query) if not row.removed]


def _tie(release: _Release, row: Any, numbers: dict[str, int]) -> None:  # noqa: ANN401 - a row
    if row.kind == "bill" and row.digest in numbers:
        release.bills.add(numbers[row.digest])
    named = (*texts_of(row.matched), *texts_of(row.artefacts))
    release.digests.update(digest for digest in named if digest.startswith("sha256:"))


def _by_bills(view: SqlView, found: dict[Key, _Release]) -> None:
    for row in view.counting("SELECT document_id, product, release FROM bill"):
        if row.product:
            _release(found, row.product, row.release).bills.add(row.document_id)


def _by_deployments(view: SqlView, found: dict[Key, _Release]) -> None:
    rows = [
        row
        for row in view.ours("SELECT document_id, product, release, bill FROM deployment")
        if row.product
    ]
    if not rows:
        return
    bills = {row.document_id for row in view.counting("SELECT document_id FROM bill")}
    resolve = BillNames(view.connection, bills)
    for row in rows:
        one = _release(found, row.product, row.release)
        if row.bill:
            one.bills |= resolve(row.bill)
