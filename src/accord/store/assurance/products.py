"""Rows that name a product, whatever the case of its name.

Law (case): two names are one product's exactly where `casefold` makes them equal.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from typing import Any

from accord.store.database import on_sqlite
from accord.store.view import SqlView

_FEW = 1_000
"""Products that are looked up by their names."""

_SIZE, _SIZE_ON_SQLITE = "octet_length(product)", "length(CAST(product AS BLOB))"
"""Bytes of a name."""


def spellings(view: SqlView, table: str, products: Collection[str]) -> list[str]:
    """The names of some products as one table writes them."""
    wanted = frozenset(product.casefold() for product in products)
    if (table, wanted) not in view.spelled:
        view.spelled[table, wanted] = _spellings(view, table, wanted)
    return view.spelled[table, wanted]


def _spellings(view: SqlView, table: str, wanted: frozenset[str]) -> list[str]:
    if len(wanted) <= _FEW and all(name.isascii() for name in wanted):
        # What a database makes lower is the same everywhere for these letters alone; of the
        # others, some are folded into them, such as the sign of the Kelvin.
        size = (
            "length(CAST(product AS BLOB))"
            if on_sqlite(view.connection)
            else "octet_length(product)"
        )
        query = (
            f"SELECT DISTINCT product FROM {table}"  # noqa: S608 - our own names
            f" WHERE lower(product) IN ({{}}) OR {size} <> length(product)"
        )
        rows = view.among(query, sorted(wanted))
        return sorted({row.product for row in rows if row.product.casefold() in wanted})
    known = view.products(table)
    return sorted(written for name in wanted for written in known.get(name, ()))


def of_products(
    view: SqlView, table: str, columns: str, products: Collection[str] | None
) -> Iterator[Any]:
    """Columns of a table's rows, of some products or of all; `product` is one of the columns."""
    query = f"SELECT {columns} FROM {table}"  # noqa: S608 - our own names
    if products is None:
        return iter(view.rows(query))
    names = spellings(view, table, products)
    if len(names) > _FEW:
        some: Container[str] = frozenset(names)
        return (row for row in view.rows(query) if row.product in some)
    return view.among(f"{query} WHERE product IN ({{}})", names)
