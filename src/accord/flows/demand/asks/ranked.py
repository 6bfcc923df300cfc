"""Common asks: what is missing of suppliers, for whom, and which asks are worth most.

What a buyer's baseline asks and evidence does not show far enough is a gap. What hangs on it are
the operators here that run the release; what stands behind it is what is spent here with its
supplier.

Law (once): an operator's release, and a contract, counts for one buyer of those that ask: of its
own country, else of this node, else of any; for the one that is assured least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from accord.assurance.assessing.baseline import Baseline
from accord.assurance.assessing.deciding import Assessment
from accord.assurance.assessing.judging import Judged
from accord.demand.asks import weights
from accord.demand.asks.choosing import Candidate, Chosen, choose
from accord.demand.asks.priority import ASSURANCE, Ask, Gap, Range, priorities
from accord.demand.contracts.facts import Revenue
from accord.demand.money import Money, NoRate, Rates
from accord.flows.assessing.assess import Assessor, folded
from accord.flows.assessing.port import Key, Listed, Store
from accord.flows.assessing.scores import score_new
from accord.flows.demand.port import Demand, Deployed, Known, NotCounted


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants to know."""

    buyers: tuple[str, ...] = ()
    """By short name; empty: every one with a baseline here."""
    least: int = 2
    """How many owners of baselines must miss a requirement for it to be a common ask."""
    as_of: str = ""
    """A `when()`; empty: now."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement, asked of one supplier."""

    supplier: str
    """Key of its entity."""
    name: str
    requirement: str
    """Item of a catalogue."""
    title: str
    """As the first of the buyers calls it."""
    asked: Mapping[str, tuple[str, ...]]
    """By buyer: its requirements that miss it."""
    gap: float
    leverage_low: float
    leverage_high: float
    priority_low: float
    priority_high: float


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """The best set of asks under a budget."""

    budget: float
    visit: float
    """What going to a supplier costs, once."""
    asks: tuple[tuple[str, str], ...]
    """Supplier and requirement."""
    cost: float
    worth: float
    """Sum of the low ends of their priorities."""
    bound: float
    """No set within the budget is worth more."""
    gap: float
    """How far it may be from the best, in per cent."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Every common ask, the most worth first."""

    day: str
    currency: str
    buyers: tuple[str, ...]
    least: int
    asks: tuple[Line, ...]
    best: Best | None = None
    not_counted: tuple[NotCounted, ...] = ()


class Node(msgspec.Struct, frozen=True):
    """The node that is asked."""

    store: Store
    me: str
    now: str


Asked = dict[tuple[str, str], dict[str, dict[str, str]]]
"""By supplier and item, and by buyer: titles of its requirements that miss it, by identifier."""


class _Short(msgspec.Struct, frozen=True):
    """An item that one buyer misses of one release."""

    buyer: str
    item: str
    assurance: Fraction


def common(node: Node, known: Known, bought: Demand, asked: Question) -> Found:
    """The common asks.

    Raises:
        Invalid: a buyer has no baseline here.
    """
    told: list[NotCounted] = list(bought.not_counted)
    said: Asked = {}
    score_new(node.store.scores)
    now = asked.as_of or node.now
    with node.store.view(asked.as_of) as view:
        assessor = Assessor(view, node.me, now, asked.buyers)
        speaking = _Speaking(assessor.baselines, node.me)
        run = _run(bought, told)
        gaps: list[Gap] = []
        listed = {folded(*one.key): one for one in view.releases({name for name, _ in run})}
        for found in assessor.each([listed[key] for key in run if key in listed]):
            short = list(_short(found.assessments, assessor.table.denied_by))
            _outside(found.release, found.assessments, told)
            for supplier, some in run[folded(*found.release.key)].items():
                _say(said, supplier, found.assessments, short)
                gaps += _exposed(supplier, some, short, speaking)
    gaps += _spent(bought, said, speaking)
    found_ = priorities(gaps, _revenues(known, bought, told), {}, least=asked.least)
    return Found(
        day=bought.day,
        currency=bought.currency,
        buyers=tuple(one.name for one in assessor.baselines),
        least=asked.least,
        asks=tuple(_line(one, bought, said[one.supplier, one.requirement]) for one in found_),
        not_counted=tuple(dict.fromkeys(told)),
    )


def best(found: Found, budget: float, visit: float) -> Found:
    """The same with the best set of asks; each costs one, and going to a supplier `visit`.

    Raises:
        NotFound: the solver is not installed.
        Invalid: the budget or `visit` is below zero.
    """
    every = [Candidate(one.supplier, one.requirement, one.priority_low) for one in found.asks]
    chosen = choose(every, budget, visit=visit)
    return msgspec.structs.replace(found, best=_best(chosen, budget, visit))


def _best(chosen: Chosen, budget: float, visit: float) -> Best:
    return Best(
        budget=budget, visit=visit,
        asks=tuple((one.supplier, one.requirement) for one in chosen.asks),
        cost=chosen.cost, worth=chosen.worth, bound=chosen.bound, gap=100 * chosen.gap,
    )  # fmt: skip


class _Speaking:
    """Which buyers speak for what is run or bought here."""

    def __init__(self, baselines: Sequence[Baseline], me: str) -> None:
        self._all = frozenset(one.name for one in baselines)
        self._owners = {one.name: one.owner or one.name for one in baselines}
        self.own = frozenset(one.name for one in baselines if me and one.owner == me) or self._all

    def of(self, country: str) -> frozenset[str]:
        """The buyer of a country, by its code; else those of this node, else every one."""
        return frozenset({country.casefold()}) & self._all or self.own

    def partner(self, buyer: str) -> str:
        """Who asks: whoever owns the baseline."""
        return self._owners[buyer]


def _run(bought: Demand, told: list[NotCounted]) -> dict[Key, dict[str, list[Deployed]]]:
    """What is run, by release and supplier; what cannot be counted is told."""
    found: dict[Key, dict[str, list[Deployed]]] = {}
    for one in bought.deployments:
        what = f"{one.product} {one.release} of {one.operator}"
        if not one.supplier:
            told.append(NotCounted(what, "no supplier is named"))
            continue
        if one.mission not in weights.IMPACT:
            told.append(NotCounted(what, "its mission impact is not stated: counted as the worst"))
        some = found.setdefault(folded(one.product, one.release), {})
        some.setdefault(one.supplier, []).append(one)
    products = {product for product, _ in found}
    for line in bought.contracts:
        if line.fact.product and line.fact.product.casefold() not in products:
            reason = "no operator here is known to run it: no gap is counted"
            told.append(NotCounted(line.fact.product, reason))
    return found


def _short(
    assessments: Iterable[Assessment], denied_by: Callable[[str], Iterable[str]]
) -> Iterator[_Short]:
    """What each buyer misses of one release, an item once, at the least that it is believed."""
    for assessment in assessments:
        items: dict[str, Fraction] = {}
        for judged in assessment.judged:
            denied = {item for claim in judged.denials for item in denied_by(claim.item)}
            for alternatives in judged.missing:
                assurance = _assurance(judged, alternatives, denied)
                for item in alternatives:
                    items[item] = min(items.get(item, Fraction(1)), assurance)
        for item, assurance in items.items():
            yield _Short(assessment.baseline.name, item, assurance)


def _assurance(judged: Judged, alternatives: Sequence[str], denied: set[str]) -> Fraction:
    if not denied.isdisjoint(alternatives):
        return Fraction(0)
    levels = [one.level for one in judged.supports if one.item in alternatives]
    return max((ASSURANCE.get(level, Fraction(0)) for level in levels), default=Fraction(0))


def _outside(listed: Listed, assessments: Iterable[Assessment], told: list[NotCounted]) -> None:
    """A buyer whose baseline does not judge this release."""
    for one in assessments:
        if not one.judged and one.baseline.needs:
            what = f"{listed.product} {listed.release} for {one.baseline.name}"
            told.append(NotCounted(what, "; ".join(one.reasons)))


def _say(
    said: Asked, supplier: str, assessments: Iterable[Assessment], short: Iterable[_Short]
) -> None:
    missed = {(one.buyer, one.item) for one in short}
    for assessment in assessments:
        buyer = assessment.baseline.name
        for judged in assessment.judged:
            for item in (item for group in judged.missing for item in group):
                if (buyer, item) in missed:
                    of = said.setdefault((supplier, item), {}).setdefault(buyer, {})
                    of[judged.need.id] = judged.need.title


def _exposed(
    supplier: str, some: Iterable[Deployed], short: Sequence[_Short], speaking: _Speaking
) -> Iterator[Gap]:
    """What each buyer misses, with the operators that it speaks for."""
    operators: dict[tuple[str, str], list[str]] = {}
    for one in some:
        operators.setdefault((one.operator, one.country), []).append(one.mission)
    by_item: dict[str, list[_Short]] = {}
    for one_ in short:
        by_item.setdefault(one_.item, []).append(one_)
    for item, missed in by_item.items():
        exposure = dict.fromkeys((one_.buyer for one_ in missed), Fraction(0))
        for (_, country), impacts in operators.items():
            buyers = speaking.of(country)
            counted = [(one_.assurance, one_.buyer) for one_ in missed if one_.buyer in buyers]
            if counted:
                exposure[min(counted)[1]] += weights.worst(impacts)
        for one_ in missed:
            yield Gap(
                partner=speaking.partner(one_.buyer), supplier=supplier, requirement=item,
                exposure=exposure[one_.buyer], assurance=one_.assurance, demand=Fraction(0),
            )  # fmt: skip


def _spent(bought: Demand, said: Asked, speaking: _Speaking) -> Iterator[Gap]:
    """What is spent a year with each supplier, for one of the buyers here that ask."""
    spend: dict[str, Fraction] = {}
    for line in bought.contracts:
        if line.running and line.spend is not None:
            spend[line.supplier] = spend.get(line.supplier, Fraction(0)) + Fraction(line.spend)
    for (supplier, item), buyers in said.items():
        own = sorted(speaking.own & buyers.keys())
        if own and supplier in spend:
            yield Gap(
                partner=speaking.partner(own[0]), supplier=supplier, requirement=item,
                exposure=Fraction(0), assurance=Fraction(1), demand=spend[supplier],
            )  # fmt: skip


def _revenues(known: Known, bought: Demand, told: list[NotCounted]) -> dict[str, Range]:
    """Of each supplier, the range of its newest year over every source of it."""
    rates = Rates(known.rates, bought.day)
    found: dict[str, Range] = {}
    for supplier, facts in bought.revenues.items():
        newest = [one for one in facts if one.year == facts[0].year]
        try:
            found[supplier] = Range(
                min(_converted(one.low, one, rates, bought.currency) for one in newest),
                max(_converted(one.high, one, rates, bought.currency) for one in newest),
            )
        except NoRate as wrong:
            what = f"revenue of {bought.entities[supplier].name}"
            told.append(NotCounted(what, f"{wrong.reason}: taken as unknown"))
    return found


def _converted(amount: str, one: Revenue, rates: Rates, currency: str) -> Fraction:
    return Fraction(rates.convert(Money(Decimal(amount), one.currency), currency).amount)


def _line(one: Ask, bought: Demand, said: Mapping[str, Mapping[str, str]]) -> Line:
    first = said[min(said)]
    return Line(
        supplier=one.supplier, name=bought.entities[one.supplier].name,
        requirement=one.requirement, title=first[min(first)],
        asked={buyer: tuple(sorted(said[buyer])) for buyer in sorted(said)},
        gap=float(one.gap),
        leverage_low=float(one.leverage.low), leverage_high=float(one.leverage.high),
        priority_low=float(one.priority.low), priority_high=float(one.priority.high),
    )  # fmt: skip
