"""BOM-Links followed from the bill that they name to the other bills of the same product.

A tool gives each bill that it makes a serial number of its own, so that a statement about a part
of one bill names no part of the next. It holds for the same part, in the same version, of the
same release of the same product, whichever bill tells of it.

Source: CycloneDX, "BOM-Link".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from urllib.parse import unquote

from accord.core.errors import Invalid
from accord.supply.products import names, purl

_LINK = "urn:cdx:"
_LIMIT = "#vers:"
_PART = "SELECT ref, name, version, purl, cpe FROM component WHERE document_id = :d AND ref = :r"
_SAME = (
    "SELECT ref FROM component WHERE document_id = :d AND ref <> '' AND name = :n"
    " AND version = :v AND purl = :p AND cpe = :c ORDER BY id"
)


class _View(Protocol):
    """What is asked of a view."""

    def rows(self, query: str, **values: object) -> Sequence[Any]: ...

    def learned(self, document: int) -> bool: ...

    def counts(self, document: int) -> bool: ...

    def origin(self, document: int) -> str: ...


class Followed:
    """References with those that mean the same in other bills."""

    def __init__(self, view: _View) -> None:
        self._view = view
        self._kept: dict[str, tuple[str, ...]] = {}
        self._bills: dict[str, list[Any]] | None = None
        self._products: dict[tuple[str, str], list[Any]] = {}

    def __call__(self, references: tuple[str, ...]) -> tuple[str, ...]:
        """The references themselves, then what they mean in other bills that count."""
        links = [one for one in references if one.startswith(_LINK)]
        found = [other for one in links for other in self._others(one)]
        return tuple(dict.fromkeys((*references, *found))) if found else references

    def _others(self, reference: str) -> tuple[str, ...]:
        if reference not in self._kept:
            whole, limit, versions = reference.partition(_LIMIT)
            bill, _, part = whole.removeprefix(_LINK).partition("#")
            serial = bill.partition("/")[0].lower()
            found = self._elsewhere(serial, unquote(part))
            self._kept[reference] = tuple(f"{one}{limit}{versions}" for one in found)
        return self._kept[reference]

    def _elsewhere(self, serial: str, part: str) -> Iterator[str]:
        if self._bills is None:
            self._bills = self._load()
        for own in self._bills.get(serial, ()):
            for other in self._products.get(product_of(own), ()):
                if _serial(other) != serial:
                    yield from self._in(other, own, part)

    def _in(self, other: Any, own: Any, part: str) -> Iterator[str]:  # noqa: ANN401 - rows
        """The part of one bill in another: the whole, the product itself, or a component."""
        link = f"{_LINK}{_serial(other)}"
        if not part or part == own.ref:
            yield f"{link}#{other.ref}" if part and other.ref else link
            return
        for row in self._view.rows(_PART, d=own.document_id, r=part):
            same = {"n": row.name, "v": row.version, "p": row.purl, "c": row.cpe}
            for found in self._view.rows(_SAME, d=other.document_id, **same):
                yield f"{link}#{found.ref}"

    def _load(self) -> dict[str, list[Any]]:
        """Bills with a serial number, by it; and those that count, by their product."""
        bills: dict[str, list[Any]] = {}
        for row in self._view.rows("SELECT * FROM bill WHERE name LIKE 'urn:uuid:%' ORDER BY name"):
            # A partner's bill could say that a part is what it is not, and so close something else.
            if not self._view.learned(row.document_id) or self._view.origin(row.document_id):
                continue
            bills.setdefault(_serial(row), []).append(row)
            if self._view.counts(row.document_id) and product_of(row)[0]:
                self._products.setdefault(product_of(row), []).append(row)
        return bills


def _serial(bill: Any) -> str:  # noqa: ANN401 - a row of the database
    return str(bill.name).removeprefix("urn:uuid:").lower()


def product_of(bill: Any) -> tuple[str, str]:  # noqa: ANN401 - a row of the database
    """What a bill describes: by its package URL, else by its supplier's and its own name."""
    if bill.purl:
        try:
            found = purl.parse(bill.purl)
        except Invalid:
            return str(bill.purl), str(bill.release)
        return found.package, found.version or str(bill.release)
    return names.package(bill.supplier, bill.product), str(bill.release)
