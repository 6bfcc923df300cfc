"""`accord.flows.demand.port.Purchases` on a database.

Law (ours): what partners and feeds gave is nobody's contract here: only what this node's own people
gave counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from sqlalchemy import Engine

from accord.core.reading import Fact
from accord.demand.contracts.facts import Contract, Rate, Revenue, SupplierName
from accord.flows.demand.port import KeptContract, KeptDeployment, Known, Surveyed
from accord.store.demand.billed import billed
from accord.store.view import SqlView

F = TypeVar("F", bound=Fact)
_WITH_DIGEST = (
    "SELECT f.*, d.digest AS document FROM {} f JOIN document d ON d.id = f.document_id"
    " ORDER BY f.id"
)
_RUN = (
    "operator", "supplier", "product", "release", "country", "sector", "site", "exposure",
    "mission", "bill", "document",
)  # fmt: skip


class SqlPurchases:
    """Contracts, rates and suppliers as facts of the documents that count."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self, as_of: str = "") -> Known:
        """What counts at a `when()`; empty: now."""
        with self._engine.connect() as connection, connection.begin():
            return known_in(SqlView(connection, as_of))

    def surveyed(self, as_of: str = "") -> Surveyed:
        """The same, with the bills of everything that is bought or run."""
        with self._engine.connect() as connection, connection.begin():
            view = SqlView(connection, as_of)
            known = known_in(view)
            products = {one.fact.product for one in known.contracts}
            products |= {one.product for one in known.deployments}
            return Surveyed(known, billed(view, products - {""}))


def known_in(view: SqlView) -> Known:
    """What counts, as one view has it."""
    return Known(
        contracts=tuple(
            KeptContract(_fact(Contract, row), row.document)
            for row in view.ours(_WITH_DIGEST.format("contract"))
        ),
        rates=tuple(_facts(view, Rate, "rate")),
        names=tuple(_facts(view, SupplierName, "supplier_name")),
        revenues=tuple(_facts(view, Revenue, "revenue")),
        deployments=tuple(
            KeptDeployment(**{name: getattr(row, name) for name in _RUN})
            for row in view.ours(_WITH_DIGEST.format("deployment"))
        ),
    )


def _facts(view: SqlView, kind: type[F], table: str) -> Iterator[F]:
    query = f"SELECT * FROM {table} ORDER BY id"  # noqa: S608 - our own names
    return (_fact(kind, row) for row in view.ours(query))


def _fact(kind: type[F], row: Any) -> F:  # noqa: ANN401 - a row of the fact's table
    return kind(**{name: getattr(row, name) for name in kind.__struct_fields__})
