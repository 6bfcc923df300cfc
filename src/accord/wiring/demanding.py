"""What a node knows of purchasing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.store.demand.purchases import SqlPurchases
    from accord.wiring.node import Node


def purchases(node: Node) -> SqlPurchases:
    """Contracts, rates and suppliers."""
    from accord.store.demand.purchases import SqlPurchases

    return SqlPurchases(node.engine)
