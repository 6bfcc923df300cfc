"""How the requirements of one item relate to those of another, read as sets.

A source that is a *superset* of a target demands everything that the target demands: whoever
satisfies the source satisfies the target. *Equal* and *equivalent* carry in the same way.

Law (composition): what a chain of two relations says is what holds of any three sets that they
fit, none of them empty; where nothing holds of all, it says nothing.

Source: NIST OSCAL, mapping model 1.2; NIST IR 8477, section 4.3 (set theory relationships).
"""

from __future__ import annotations

from typing import Final

EQUAL, EQUIVALENT, SUPERSET, SUBSET, INTERSECTS = (
    "equal", "equivalent", "superset", "subset", "intersects",
)  # fmt: skip
RELATIONS: Final = (EQUAL, EQUIVALENT, SUPERSET, SUBSET, INTERSECTS)
SATISFYING: Final = frozenset({EQUAL, EQUIVALENT, SUPERSET})
"""A verdict on the source carries over to the target."""

_CHAINS: Final = {
    (SUPERSET, SUPERSET): SUPERSET,
    (SUPERSET, SUBSET): INTERSECTS,
    (SUPERSET, INTERSECTS): INTERSECTS,
    (SUBSET, SUBSET): SUBSET,
    (INTERSECTS, SUBSET): INTERSECTS,
}
"""Every other chain of these three says nothing."""


def chain(first: str, second: str) -> str:
    """What `A first B` and `B second C` say of A and C; empty: nothing."""
    first, second = (EQUAL if one == EQUIVALENT else one for one in (first, second))
    if first == EQUAL:
        return second
    if second == EQUAL:
        return first
    return _CHAINS.get((first, second), "")


def of_one(relation: str, *, sources: bool, targets: bool) -> str:
    """What a relation between two sets of items says of one source and one target among them.

    `sources` and `targets` are whether there are several of each: together they demand more than
    one of them alone.
    """
    if relation in {EQUAL, EQUIVALENT}:
        if sources and targets:
            return INTERSECTS
        return SUBSET if sources else SUPERSET if targets else relation
    if (relation == SUPERSET and sources) or (relation == SUBSET and targets):
        return INTERSECTS
    return relation
