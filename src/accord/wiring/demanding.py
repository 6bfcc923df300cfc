"""What a node knows of purchasing, and asks together with others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.flows.demand.pool.ask import Place
    from accord.store.demand.pool import SqlPool
    from accord.store.demand.purchases import SqlPurchases
    from accord.transport.pooling.together import Together
    from accord.wiring.node import Node

PORT = 8453
"""Where a computation listens, unless its node says otherwise."""


def purchases(node: Node) -> SqlPurchases:
    """Contracts, rates and suppliers."""
    from accord.store.demand.purchases import SqlPurchases

    return SqlPurchases(node.engine)


def pool(node: Node) -> SqlPool:
    """Questions that partners answer together."""
    from accord.store.demand.pool import SqlPool

    return SqlPool(node.engine)


def computing(node: Node, listen: str = "") -> Together:
    """Computes with other partners, in a process of its own; `listen` as `host:port`."""
    from accord.store import keys
    from accord.transport.pooling.together import Together

    return Together(node.settings.home / keys.FOLDER, listen)


def place(node: Node, address: str) -> Place:
    """Where a node's computation will listen; without an address, beside its door.

    Raises:
        Invalid: its door has no address in the directory.
        AccordError: its certificate cannot be read.
    """
    from urllib.parse import urlsplit

    from accord.core.errors import Invalid
    from accord.flows.demand.pool.ask import Place
    from accord.store import keys
    from accord.transport import tls

    owner = node.owner
    if not address:
        own = owner.directory.partner(owner.me)
        host = urlsplit(own.addresses[0]).hostname if own and own.addresses else None
        if not host:
            raise Invalid(f"the directory lists no address of {owner.me}: say --address HOST:PORT")
        address = f"[{host}]:{PORT}" if ":" in host else f"{host}:{PORT}"
    return Place(address, tls.shown(node.settings.home / keys.FOLDER))
