"""What hangs on each supplier and on each component: operators, critical functions, spend.

Law (suppliers): the spend of suppliers adds up to the whole; that of components does not, since a
product rests on many.
Law (unknown): what names no supplier stands in the whole that shares are of, and on nobody.
Law (single): a function that anything of an unknown supplier serves is not said to have one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from accord.demand.concentration import Needs, Reach, concentration, falls, reach, single_source


class Product(msgspec.Struct, frozen=True, order=True):
    """A release of a supplier's product; names in small letters."""

    supplier: str
    """Key of its entity; empty: unknown."""
    name: str
    release: str = ""
    """Empty: none is said, which is any of them."""


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """A running contract."""

    product: Product
    function: str = ""
    """The critical function that it serves, in small letters; empty: none is said."""
    agency: str = ""
    spend: Decimal | None = None
    """A year; None: it could not be counted."""
    disputed: bool = False
    """Whether documents contradict each other on it: nothing that it says is believed."""


class Run(msgspec.Struct, frozen=True):
    """A product in use."""

    product: Product
    operator: str


class Hanging(msgspec.Struct, frozen=True, kw_only=True):
    """What hangs on one supplier or component."""

    key: str
    operators: tuple[str, ...] = ()
    operator_share: Fraction = Fraction(0)
    """Of all operators."""
    functions: tuple[str, ...] = ()
    function_share: Fraction = Fraction(0)
    """Of all critical functions."""
    spend: Decimal = Decimal(0)
    spend_share: Fraction = Fraction(0)
    """Of all spend that could be counted."""
    contracts: int = 0
    uncounted: int = 0
    """Those of its contracts whose spend could not be counted."""
    products: tuple[Product, ...] = ()
    """Those that fall if it falls."""
    fallen: tuple[str, ...] = ()
    """Functions that fall if it falls: nothing else serves them."""


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A critical function, over all agencies."""

    name: str
    agencies: tuple[str, ...]
    suppliers: tuple[str, ...]
    """Keys; an empty one is an unknown supplier."""
    single: str
    """Key of the only supplier; empty: there are several, or one is unknown."""
    spend: Decimal
    hhi: Fraction
    """Of the spend on its suppliers; 0: none could be counted."""
    uncounted: int
    """Contracts whose spend could not be counted."""


class Hangs(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    suppliers: tuple[Hanging, ...]
    """The largest spend first, then the most operators."""
    components: tuple[Hanging, ...]
    """In the same order."""
    functions: tuple[Function, ...]
    """By name."""
    operators: int
    spend: Decimal
    hhi: Fraction
    """Of the spend on suppliers."""


Parts = Mapping[tuple[str, str], Collection[str]]
"""Components of releases that have a bill, by product and release in small letters."""


def hangs(bought: Collection[Bought], run: Collection[Run], parts: Parts) -> Hangs:
    """What hangs on whom."""
    releases: dict[str, list[str]] = {}
    for name, release in sorted(parts):
        releases.setdefault(name, []).append(release)
    within = _Within(parts, releases)
    products = sorted({*(one.product for one in bought), *(one.product for one in run)})
    fallen = falls(_graph(products, bought, within))
    suppliers = {one: (one.supplier,) for one in products}
    components = {one: within.of(one) or ("",) for one in products}
    return Hangs(
        suppliers=_hanging(_SUPPLIER, bought, run, suppliers, fallen),
        components=_hanging(_COMPONENT, bought, run, components, fallen),
        functions=tuple(_functions(one for one in bought if one.function)),
        operators=len({one.operator for one in run}),
        spend=sum(map(_spend, bought), Decimal(0)),
        hhi=_index(_sums((one.product.supplier, _spend(one)) for one in bought)),
    )


class _Within:
    """Components of products."""

    def __init__(self, parts: Parts, releases: Mapping[str, Collection[str]]) -> None:
        self._parts = parts
        self._releases = releases

    def releases(self, product: Product) -> Collection[str]:
        """The releases that it may be: itself, or all that are known where it names none."""
        return (product.release,) if product.release else self._releases.get(product.name, ())

    def of(self, product: Product) -> tuple[str, ...]:
        found = (self._parts.get((product.name, one), ()) for one in self.releases(product))
        return tuple(sorted({item for some in found for item in some}))


def _spend(one: Bought) -> Decimal:
    return one.spend or Decimal(0)


def _sums(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for name, amount in pairs:
        found[name] = found.get(name, Decimal(0)) + amount
    return found


def _index(spend: Mapping[str, Decimal]) -> Fraction:
    return concentration({name: Fraction(amount) for name, amount in spend.items()}).hhi


_SEPARATOR: Final = "\0"
_SUPPLIER, _COMPONENT, _PRODUCT, _FUNCTION = "supplier", "component", "product", "function"


def _node(sort: str, *names: str) -> str:
    return _SEPARATOR.join((sort, *names))


def _graph(
    products: Iterable[Product], bought: Iterable[Bought], within: _Within
) -> dict[str, Needs]:
    """What products and functions rest on."""
    graph: dict[str, Needs] = {}
    for product in products:
        graph |= _needs(product, within)
    serving: dict[str, set[str]] = {}
    for one in bought:
        if one.function:
            # What a disputed contract says serves the function may not be what does.
            node = _node("disputed") if one.disputed else _product(one.product)
            serving.setdefault(one.function, set()).add(node)
    for name, some in serving.items():
        graph[_node(_FUNCTION, name)] = Needs(any=tuple(sorted(some)))
    return graph


def _product(product: Product) -> str:
    return _node(_PRODUCT, product.supplier, product.name, product.release)


def _needs(product: Product, within: _Within) -> Iterator[tuple[str, Needs]]:
    """A release needs its supplier and all of its components; without one, any known release."""
    supplier = (_node(_SUPPLIER, product.supplier),) if product.supplier else ()
    releases = within.releases(product)
    if not product.release and releases:
        known = [msgspec.structs.replace(product, release=one) for one in releases if one]
        if known:
            yield _product(product), Needs(supplier, tuple(map(_product, known)))
            for one in known:
                yield from _needs(one, within)
            return
    every = (*supplier, *(_node(_COMPONENT, one) for one in within.of(product)))
    yield _product(product), Needs(every)


def _hanging(
    sort: str,
    bought: Collection[Bought],
    run: Collection[Run],
    names: Mapping[Product, tuple[str, ...]],
    fallen: Mapping[str, tuple[str, ...]],
) -> tuple[Hanging, ...]:
    """By each name that products have, as `names` says; an empty name is nobody's."""
    operators = _by_name(reach((r.operator, name) for r in run for name in names[r.product]))
    functions = _by_name(
        reach(
            (b.function, "" if b.disputed else name)
            for b in bought
            if b.function
            for name in names[b.product]
        )
    )
    spend = _sums((name, _spend(b)) for b in bought for name in names[b.product])
    mine = Counter(name for b in bought for name in names[b.product])
    unknown = Counter(name for b in bought if b.spend is None for name in names[b.product])
    whole = Fraction(sum(map(_spend, bought), Decimal(0))) or Fraction(1)
    found = [
        Hanging(
            key=key,
            operators=operators[key].wholes if key in operators else (),
            operator_share=operators[key].share if key in operators else Fraction(0),
            functions=functions[key].wholes if key in functions else (),
            function_share=functions[key].share if key in functions else Fraction(0),
            spend=spend.get(key, Decimal(0)),
            spend_share=Fraction(spend.get(key, Decimal(0))) / whole,
            contracts=mine[key],
            uncounted=unknown[key],
            products=tuple(_products(fallen.get(_node(sort, key), ()))),
            fallen=tuple(_functions_of(fallen.get(_node(sort, key), ()))),
        )
        for key in sorted({name for of in names.values() for name in of})
        if key
    ]
    return tuple(
        sorted(found, key=lambda one: (-one.spend, -len(one.operators), -len(one.functions)))
    )


def _by_name(found: Iterable[Reach]) -> dict[str, Reach]:
    return {one.name: one for one in found}


def _products(nodes: Iterable[str]) -> Iterator[Product]:
    for node in nodes:
        sort, *names = node.split(_SEPARATOR)
        if sort == _PRODUCT:
            yield Product(*names)


def _functions_of(nodes: Iterable[str]) -> Iterator[str]:
    for node in nodes:
        sort, *names = node.split(_SEPARATOR)
        if sort == _FUNCTION:
            yield names[0]


def _functions(served: Iterable[Bought]) -> Iterator[Function]:
    by_name: dict[str, list[Bought]] = {}
    for one in served:
        by_name.setdefault(one.function, []).append(one)
    pairs = [(one.function, _known(one)) for some in by_name.values() for one in some]
    single = single_source(pairs)
    for name, some in sorted(by_name.items()):
        spend = _sums((one.product.supplier, _spend(one)) for one in some)
        yield Function(
            name=name,
            agencies=tuple(sorted({one.agency for one in some})),
            suppliers=tuple(sorted({_known(one) for one in some})),
            single=single.get(name, ""),
            spend=sum(spend.values(), Decimal(0)),
            hhi=_index(spend),
            uncounted=sum(one.spend is None for one in some),
        )


def _known(one: Bought) -> str:
    return "" if one.disputed else one.product.supplier
