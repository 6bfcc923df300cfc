"""The key with which a node seals the addresses of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accord.store.outreach.sealing import Vault
    from accord.wiring.node import Node

PLACE = "secrets/addresses.key"
"""In the node's folder."""


def addresses(node: Node) -> Vault:
    """The node's vault; what an earlier release left open is sealed first.

    Raises:
        Locked: its key cannot be used.
    """
    from accord.store.outreach.sealing import seal_rest, vault

    found = vault(node.settings.home / PLACE, node.entropy)
    seal_rest(node.engine, found)
    return found
