"""What suppliers and components are called where partners compute together.

Law (meeting): two nodes that know one identifier of a supplier in common have one item in common,
whatever else they know. Law (spelling): how a name was written on either node does not count.
"""

from __future__ import annotations

from typing import Final

from accord.demand.suppliers import names
from accord.demand.suppliers.resolving import Entity
from accord.supply.products import purl

_ORDER: Final = ("lei", "domain", "registry", "cpe")
"""The order in which an identifier becomes an entity's one item."""


def of_supplier(entity: Entity) -> tuple[str, ...]:
    """Every canonical item of a supplier, the one that counts first.

    A node puts in all of them: another may know the supplier by any. What comes out is therefore
    several items of one supplier where several are held in common, which its holders bring
    together again by their own entities.
    """
    found = [
        value for kind in _ORDER for value in entity.identifiers if value.startswith(f"{kind}:")
    ]
    called = {names.canonical(name) for name in (entity.name, *entity.names)}
    called |= {names.canonical(alias) for alias in entity.aliases}
    if entity.name == entity.key:
        called.discard(names.canonical(entity.name))
    return (*found, *(f"name:{name}" for name in sorted(called - {""})))


def of_component(text: str) -> str:
    """The canonical item of a component: its package URL without version or qualifiers.

    Raises:
        Invalid: no package URL.
    """
    return purl.parse(text).package
