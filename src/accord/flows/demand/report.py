"""The yearly report: what hangs on whom, when to renew, what one package of evidence saves.

Law (read only): a report writes nothing, and nothing of it leaves the node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import Invalid
from accord.demand import concentration
from accord.demand.hanging import Bought, Function, Hanging, Hangs, Product, Run, hangs
from accord.demand.suppliers import items
from accord.flows.assessing.port import Store
from accord.flows.demand.burdens import BurdenLine, burdens, missing
from accord.flows.demand.port import Billed, Demand, NotCounted, Purchases
from accord.flows.demand.renewals import WINDOW, Renewals, renewals
from accord.flows.demand.uncounted import Uncounted, grouped
from accord.flows.demand.view import demand
from accord.supply.matching.exposures import OPEN, Exposure

_DAY = len("YYYY-MM-DD")
_UNASKED = "products that nobody asked for a verdict on: what they lack is not known"
_UNBILLED = "products without a bill here: their components are not known"
_NAMELESS = "products with components that have no package URL"
_NO_FUNCTION = "running contracts that say no critical function"
_NOBODY = "products in use whose estate names no supplier"
_APART = "suppliers that are not joined, since their identifiers contradict each other"


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """What hangs on one supplier or component. Shares lie between 0 and 1."""

    key: str
    """Key of the entity, or package URL without version."""
    name: str
    """Name of the supplier, or the package URL again."""
    operators: int
    """Operators that run what it is in."""
    operator_share: float
    """Of all operators of the estates."""
    functions: tuple[str, ...]
    """Critical functions that it has a part in."""
    function_share: float
    """Of all critical functions of running contracts."""
    spend: Decimal
    """A year, of the running contracts whose spend could be counted."""
    spend_share: float
    """Of all spend that could be counted."""
    contracts: int
    """Running contracts for what it is in."""
    uncounted: int
    """Those of them whose spend could not be counted."""
    fallen: tuple[str, ...]
    """Critical functions that fall if it falls: nothing else that is bought serves them."""
    products: tuple[str, ...]
    """Products that fall if it falls."""
    exposures: int
    """Open exposures in it."""


class FunctionLine(msgspec.Struct, frozen=True, kw_only=True):
    """A critical function, over all agencies."""

    name: str
    """Its name, of several spellings the first by alphabet."""
    agencies: tuple[str, ...]
    """Agencies with a running contract for it."""
    suppliers: tuple[str, ...]
    """Names of those that serve it."""
    single: str
    """Name of the only one; empty: there are several, or one is not known."""
    spend: Decimal
    """A year, of the running contracts for it whose spend could be counted."""
    hhi: float
    """Herfindahl-Hirschman index of the spend on its suppliers, 0 to 10,000; 0: none is counted."""
    high: bool
    """Whether the index is above the bound of a highly concentrated market."""
    uncounted: int
    """Contracts whose spend could not be counted."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one day."""

    day: str
    """YYYY-MM-DD on which contracts run, and up to which rates count."""
    currency: str
    """ISO 4217; empty: nothing is bought."""
    contracts: int
    """Running contracts."""
    operators: int
    """Operators of the estates."""
    deployments: int
    """Products that they run, each where it is run."""
    spend: Decimal
    """A year, of the running contracts whose spend could be counted."""
    hhi: float
    """Herfindahl-Hirschman index of the spend on suppliers, 0 to 10,000."""
    high: bool
    """Whether that is above the bound of a highly concentrated market."""
    suppliers: tuple[HeldLine, ...]
    """The largest spend first."""
    components: tuple[HeldLine, ...]
    """The largest spend on what rests on it first."""
    functions: tuple[FunctionLine, ...]
    """Critical functions by name."""
    renewals: Renewals
    """The renewal calendar."""
    burdens: tuple[BurdenLine, ...]
    """What is saved most first."""
    not_counted: tuple[Uncounted, ...]
    """What could not be counted, by reason."""


class Desk(Protocol):
    """The parts of a node that a report needs."""

    @property
    def purchases(self) -> Purchases:
        """Contracts, rates, suppliers, estates and bills."""

    @property
    def assessing(self) -> Store:
        """Verdicts."""

    @property
    def me(self) -> str:
        """The node's name as a partner, or empty."""

    @property
    def clock(self) -> Clock:
        """The day of the report, unless another is asked for."""


def report(
    desk: Desk,
    exposures: Sequence[Exposure],
    as_of: str = "",
    currency: str = "",
    window: int = WINDOW,
) -> Report:
    """The report as of a `when()`; empty: now. Exposures are those of the same moment.

    Raises:
        Invalid: no such currency, or none can be chosen; a window that is none.
    """
    now = desk.clock.now()
    surveyed = desk.purchases.surveyed(as_of)
    found = demand(surveyed.known, (as_of or now)[:_DAY], currency)
    gathered = _Gathered(found)
    parts = {key: one.packages for key, one in surveyed.billed.items()}
    hung = hangs(gathered.bought, gathered.run, parts)
    lacking = missing(desk.assessing, desk.me, now, as_of, gathered.products)
    calendar = renewals(found, window)
    told = (
        *gathered.not_counted,
        *_without_bill(gathered, surveyed.billed),
        *(NotCounted(gathered.shown(one), _UNASKED) for one in lacking.unasked),
    )
    return _Writing(gathered, hung, exposures).report(
        calendar, burdens(lacking, {key: one.name for key, one in found.entities.items()}), told
    )


class _Gathered:
    """Contracts and deployments as the measures ask for them, and how names were written."""

    def __init__(self, found: Demand) -> None:
        self.found = found
        self.running = [line for line in found.contracts if line.running]
        self.spelled: dict[str, str] = {}
        self.bought = [
            Bought(
                product=self._product(line.supplier, line.fact.product, line.fact.release),
                function=self._folded(line.fact.function),
                agency=line.fact.agency,
                spend=line.spend,
                disputed=line.disputed,
            )
            for line in self.running
        ]
        self.run = [
            Run(self._product(one.supplier, one.product, one.release), one.operator)
            for one in found.deployments
        ]
        self.run_of: dict[str, set[tuple[str, str]]] = {}
        for product in (one.product for one in self.run):
            self.run_of.setdefault(product.supplier, set()).add((product.name, product.release))
        self.products = sorted(
            {one.product for one in self.bought} | {one.product for one in self.run}
        )

    def _product(self, supplier: str, name: str, release: str) -> Product:
        return Product(supplier, self._folded(name), self._folded(release))

    def _folded(self, text: str) -> str:
        """A name as it is compared; of its spellings the first by alphabet is shown."""
        folded = text.casefold()
        self.spelled[folded] = min(self.spelled.get(folded, text), text)
        return folded

    def shown(self, product: Product) -> str:
        """A product for a person."""
        known = (self.spelled.get(one, one) for one in (product.name, product.release))
        return " ".join(filter(None, known)) or "a product without a name"

    @property
    def not_counted(self) -> Iterator[NotCounted]:
        """What the measures leave out."""
        ended = {line.what for line in self.found.contracts if not line.running}
        running = {line.what for line in self.running}
        yield from (one for one in self.found.not_counted if one.what not in ended - running)
        for apart in self.found.contradictions:
            yield NotCounted(f"{apart.shared}: {' and '.join(apart.by)}", _APART)
        for line in self.running:
            if not line.fact.function:
                yield NotCounted(line.what, _NO_FUNCTION)
        for one in self.run:
            if not one.product.supplier:
                what = f"{self.shown(one.product)} at {one.operator}"
                yield NotCounted(what, _NOBODY)


def _without_bill(
    gathered: _Gathered, billed: Mapping[tuple[str, str], Billed]
) -> Iterator[NotCounted]:
    names = {name for name, _ in billed}
    for one in gathered.products:
        known = one.name in names if not one.release else (one.name, one.release) in billed
        if not known:
            yield NotCounted(gathered.shown(one), _UNBILLED)
    wanted = {(one.name, one.release) for one in gathered.products}
    anyhow = {name for name, release in wanted if not release}
    for key, bill in billed.items():
        if bill.nameless and (key in wanted or key[0] in anyhow):
            what = f"{gathered.shown(Product('', *key))}: {bill.nameless:,}"
            yield NotCounted(what, _NAMELESS)


class _Writing:
    """Measures as lines."""

    def __init__(self, gathered: _Gathered, hung: Hangs, exposures: Iterable[Exposure]) -> None:
        self._gathered = gathered
        self._found = gathered.found
        self._hung = hung
        self._by_product: dict[tuple[str, str], int] = {}
        self._by_package: dict[str, int] = {}
        for one in exposures:
            if one.status in OPEN:
                key = (one.product.casefold(), one.release.casefold())
                self._by_product[key] = self._by_product.get(key, 0) + 1
                package = _package(one.purl)
                self._by_package[package] = self._by_package.get(package, 0) + 1

    def report(
        self,
        calendar: Renewals,
        saved: tuple[BurdenLine, ...],
        told: Iterable[NotCounted],
    ) -> Report:
        hung, gathered = self._hung, self._gathered
        return Report(
            day=self._found.day,
            currency=self._found.currency,
            contracts=len(gathered.running),
            operators=hung.operators,
            deployments=len(gathered.run),
            spend=hung.spend,
            hhi=_rounded(hung.hhi, 1),
            high=hung.hhi > concentration.HIGH,
            suppliers=tuple(self._supplier(one) for one in hung.suppliers),
            components=tuple(
                self._line(one, one.key, self._by_package.get(one.key, 0))
                for one in hung.components
            ),
            functions=tuple(map(self._function, hung.functions)),
            renewals=calendar,
            burdens=saved,
            not_counted=grouped(told),
        )

    def _supplier(self, one: Hanging) -> HeldLine:
        theirs = self._gathered.run_of.get(one.key, ())
        exposed = sum(self._by_product.get(key, 0) for key in theirs)
        return self._line(one, self._name(one.key), exposed)

    def _line(self, one: Hanging, name: str, exposed: int) -> HeldLine:
        return HeldLine(
            key=one.key,
            name=name,
            operators=len(one.operators),
            operator_share=_rounded(one.operator_share),
            functions=self._shown(one.functions),
            function_share=_rounded(one.function_share),
            spend=one.spend,
            spend_share=_rounded(one.spend_share),
            contracts=one.contracts,
            uncounted=one.uncounted,
            fallen=self._shown(one.fallen),
            products=tuple(sorted({self._gathered.shown(p) for p in one.products})),
            exposures=exposed,
        )

    def _function(self, one: Function) -> FunctionLine:
        return FunctionLine(
            name=self._gathered.spelled[one.name],
            agencies=one.agencies,
            suppliers=tuple(sorted(self._name(key) for key in one.suppliers)),
            single=self._name(one.single) if one.single else "",
            spend=one.spend,
            hhi=_rounded(one.hhi, 1),
            high=one.hhi > concentration.HIGH,
            uncounted=one.uncounted,
        )

    def _shown(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(self._gathered.spelled[one] for one in names))

    def _name(self, key: str) -> str:
        return self._found.entities[key].name if key else "not known"


def _rounded(value: Fraction, digits: int = 4) -> float:
    return float(round(value, digits))


def _package(purl: str) -> str:
    try:
        return items.of_component(purl) if purl else ""
    except Invalid:
        return ""
