"""What this node puts into a question: its own items, by their canonical names.

Law (own): only what this node's own people gave counts, and of contracts those that run.
"""

from __future__ import annotations

from accord.core.errors import Invalid
from accord.demand.suppliers import items
from accord.flows.demand.pool.port import Desk
from accord.flows.demand.view import resolved, said


def put_in(desk: Desk, what: str) -> tuple[str, ...]:
    """The canonical items that this node holds today; `what` is `suppliers` or `components`."""
    if what == "components":
        return tuple(sorted(_packages(desk.pool.components())))
    day = desk.clock.now()[:10]
    known = desk.purchases.known()
    suppliers = resolved(known)
    keys = {
        suppliers.said[said(one.fact)][0]
        for one in known.contracts
        if one.fact.starts <= day and (not one.fact.ends or day <= one.fact.ends)
    }
    return tuple(
        sorted({name for key in keys for name in items.of_supplier(suppliers.entities[key])})
    )


def _packages(purls: list[str]) -> set[str]:
    """Package URLs without version; what is none is in the bill's account already."""
    found = set()
    for one in purls:
        try:
            found.add(items.of_component(one))
        except Invalid:
            continue
    return found
