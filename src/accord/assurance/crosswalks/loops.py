"""Loops among mappings that carry a verdict.

A loop of *equal* and *superset* would carry a claim back to itself: it says that all its items are
one, which somebody has to say on purpose, and in one direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from accord.assurance.crosswalks.relations import SATISFYING
from accord.assurance.facts import Mapping


def loops(mappings: Iterable[Mapping]) -> tuple[Mapping, ...]:
    """Every mapping that is part of a loop, in the order given."""
    given = [one for one in mappings if one.relationship in SATISFYING]
    graph: dict[str, list[str]] = {}
    for one in given:
        graph.setdefault(one.source, []).append(one.target)
    knot = _knots(graph)
    return tuple(
        one for one in given if one.source in knot and knot[one.source] == knot.get(one.target)
    )


def _knots(graph: dict[str, list[str]]) -> dict[str, int]:
    """Of each node the number of the set of nodes that lead to each other (Tarjan 1972)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: dict[str, None] = {}
    knot: dict[str, int] = {}
    for root, first in graph.items():
        if root in order:
            continue
        path: list[tuple[str, Iterator[str]]] = [(root, iter(first))]
        order[root] = lowest[root] = len(order)
        open_[root] = None
        while path:
            node, rest = path[-1]
            step = next(rest, None)
            if step is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == order[node]:
                    _close(node, open_, knot, order[node])
            elif step not in order:
                order[step] = lowest[step] = len(order)
                open_[step] = None
                path.append((step, iter(graph.get(step, ()))))
            elif step in open_:
                lowest[node] = min(lowest[node], order[step])
    return knot


def _close(node: str, open_: dict[str, None], knot: dict[str, int], number: int) -> None:
    while True:
        last, _ = open_.popitem()
        knot[last] = number
        if last == node:
            return
