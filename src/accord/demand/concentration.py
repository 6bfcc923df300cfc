"""Concentration: how much of what operators run hangs on one supplier or component.

Law (shares): the shares of a whole add up to one.
Law (HHI): between 10,000 / n and 10,000; 10,000 where there is one supplier alone.
Law (dominators): where each node needs any one of several, one falls with another exactly if
every path to it from what rests on nothing leads through that other.

Sources: US Department of Justice and Federal Trade Commission, *Merger Guidelines*, 2023, 2.1
(the index and its bounds); T. Lengauer and R. E. Tarjan, *A Fast Algorithm for Finding Dominators
in a Flowgraph*, 1979 (what it is to dominate; products, which need all of their components, go
beyond it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final

import msgspec

HIGH: Final = 1_800
"""An index above which a market is highly concentrated (Merger Guidelines 2023, Guideline 1)."""


class Share(msgspec.Struct, frozen=True):
    """What one has of a whole."""

    name: str
    amount: Fraction
    share: Fraction
    """Between nothing and one."""


class Concentration(msgspec.Struct, frozen=True):
    """How a whole is divided, the largest first."""

    shares: tuple[Share, ...]
    hhi: Fraction
    """The Herfindahl-Hirschman index: 0 (nothing at all) to 10,000."""

    @property
    def high(self) -> bool:
        """Whether the index is above the bound of a highly concentrated market."""
        return self.hhi > HIGH


def concentration(amounts: Mapping[str, Fraction | int]) -> Concentration:
    """Shares and index of amounts by name; amounts at or below zero have no share."""
    held = {name: Fraction(amount) for name, amount in amounts.items() if amount > 0}
    whole = sum(held.values(), Fraction(0))
    shares = tuple(
        Share(name, amount, amount / whole)
        for name, amount in sorted(held.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return Concentration(shares, sum((one.share**2 for one in shares), Fraction(0)) * 10_000)


class Reach(msgspec.Struct, frozen=True):
    """How many of some wholes one supplier or component is in."""

    name: str
    wholes: tuple[str, ...]
    share: Fraction
    """Of all that were looked at."""


def reach(pairs: Iterable[tuple[str, str]]) -> tuple[Reach, ...]:
    """Of pairs (whole, name): in how many wholes each name is, the most first.

    Wholes are operators or critical functions. Unlike shares of an amount these do not add up to
    one: an operator may hang on many.
    """
    wholes: dict[str, set[str]] = {}
    every: set[str] = set()
    for whole, name in pairs:
        every.add(whole)
        if name:
            wholes.setdefault(name, set()).add(whole)
    found = [
        Reach(name, tuple(sorted(held)), Fraction(len(held), len(every)))
        for name, held in wholes.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.share, one.name)))


def single_source(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Functions that only one supplier serves, with that supplier, of pairs (function, supplier).

    A function with a product of an unknown supplier (an empty name) is not said to have one.
    """
    served: dict[str, set[str]] = {}
    for function, supplier in pairs:
        served.setdefault(function, set()).add(supplier)
    return {
        function: next(iter(suppliers))
        for function, suppliers in sorted(served.items())
        if len(suppliers) == 1 and "" not in suppliers
    }


class Needs(msgspec.Struct, frozen=True):
    """What something rests on."""

    every: tuple[str, ...] = ()
    """It falls with any one of these: a product with its components."""
    any: tuple[str, ...] = ()
    """It falls when all of these have fallen: a function with the products that can serve it."""


def falls(graph: Mapping[str, Needs]) -> dict[str, tuple[str, ...]]:
    """What falls with each node, itself left out; nodes with which nothing falls are left out too.

    `graph` says what each node rests on. Where only `any` is used, a node falls with exactly those
    that dominate it, seen from a root that leads to all that rest on nothing.
    """
    at_once: dict[str, list[str]] = {}
    perhaps: dict[str, list[str]] = {}
    for node, needs in graph.items():
        for one in needs.every:
            at_once.setdefault(one, []).append(node)
        for one in needs.any:
            perhaps.setdefault(one, []).append(node)
    found = {node: _fallen(node, graph, at_once, perhaps) for node in {*at_once, *perhaps}}
    return {node: fallen for node, fallen in sorted(found.items()) if fallen}


def _fallen(
    first: str,
    graph: Mapping[str, Needs],
    at_once: Mapping[str, list[str]],
    perhaps: Mapping[str, list[str]],
) -> tuple[str, ...]:
    fallen = {first}
    following = [first]
    while following:
        at = following.pop()
        new = {one for one in at_once.get(at, ()) if one not in fallen}
        new |= {
            one
            for one in perhaps.get(at, ())
            if one not in fallen and fallen.issuperset(graph[one].any)
        }
        fallen |= new
        following += new
    return tuple(sorted(fallen - {first}))
