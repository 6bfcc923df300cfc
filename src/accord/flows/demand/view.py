"""What this node buys and runs: suppliers resolved, spend converted, nothing dropped in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from accord.core.errors import Invalid
from accord.demand import money
from accord.demand.contracts.facts import Contract, Revenue
from accord.demand.money import Money, NoRate, Rates
from accord.demand.suppliers.resolving import Said, Suppliers, nameless, of_entity, resolve
from accord.flows.demand.port import (
    ContractLine,
    Demand,
    Deployed,
    KeptContract,
    Known,
    NotCounted,
)

_RIVAL = "another document says something else of this contract"


def demand(known: Known, day: str, currency: str = "") -> Demand:
    """Everything, as of a day (YYYY-MM-DD), in a currency.

    Without a currency it is the base of the newest rates, or the only one of the contracts.

    Raises:
        Invalid: no such currency, or none can be chosen.
    """
    rates = Rates(known.rates, day)
    code = money.currency(currency) or _usual(known, rates)
    suppliers = resolved(known)
    rivals = _rivals(known.contracts)
    lines = sorted(
        (_line(one, suppliers, rates, code, rivals) for one in _once(known.contracts)),
        key=lambda line: (line.fact.agency, line.fact.contract, line.document),
    )
    return Demand(
        day=day,
        currency=code,
        contracts=tuple(lines),
        deployments=tuple(_deployed(known, suppliers)),
        entities=suppliers.entities,
        revenues=_revenues(known.revenues, suppliers),
        contradictions=suppliers.contradictions,
        not_counted=tuple(_not_counted(lines, rates)),
    )


def resolved(known: Known) -> Suppliers:
    """The suppliers of all contracts and estates."""
    return resolve(rows_of(known), known.names)


def rows_of(known: Known) -> Iterator[Said]:
    """How contracts, estates and revenues name suppliers."""
    rows = {said(one.fact) for one in known.contracts}
    rows |= {Said(one.supplier) for one in known.deployments}
    rows |= {of_entity(one.entity) for one in known.revenues}
    return (row for row in rows if not nameless(row))


def said(fact: Contract) -> Said:
    """How a contract names its supplier."""
    return Said(fact.supplier, fact.lei, fact.registry, fact.domain, fact.cpe_vendor)


def _usual(known: Known, rates: Rates) -> str:
    used = {one.fact.currency for one in known.contracts if one.fact.currency}
    code = rates.base() or (next(iter(used)) if len(used) == 1 else "")
    if not code and used:
        raise Invalid(
            f"contracts are in {', '.join(sorted(used))}, and no rates are loaded: load rates, or"
            " name one currency"
        )
    return code


def _number(fact: Contract) -> tuple[str, str]:
    return (fact.agency.casefold(), fact.contract.casefold())


def _plain(fact: Contract) -> Contract:
    return msgspec.structs.replace(fact, place="")


def _rivals(kept: Iterable[KeptContract]) -> frozenset[tuple[str, str]]:
    """Numbers of contracts of which documents that count say different things."""
    found: dict[tuple[str, str], set[Contract]] = {}
    for one in kept:
        found.setdefault(_number(one.fact), set()).add(_plain(one.fact))
    return frozenset(number for number, facts in found.items() if len(facts) > 1)


def _once(kept: Iterable[KeptContract]) -> Iterator[KeptContract]:
    """What several documents say alike, once: by the document with the smallest digest."""
    seen: set[Contract] = set()
    for one in sorted(kept, key=lambda found: found.document):
        if _plain(one.fact) not in seen:
            seen.add(_plain(one.fact))
            yield one


def _line(
    kept: KeptContract, suppliers: Suppliers, rates: Rates, code: str,
    rivals: frozenset[tuple[str, str]],
) -> ContractLine:  # fmt: skip
    fact = kept.fact
    key, how = suppliers.said[said(fact)]
    spend: Decimal | None = None
    why = ""
    disputed = _number(fact) in rivals
    if disputed:
        why = _RIVAL
    elif not fact.spend:
        why = "no spend is said"
    else:
        try:
            spend = rates.convert(Money(Decimal(fact.spend), fact.currency), code).amount
        except NoRate as wrong:
            why = wrong.reason
    return ContractLine(
        fact=fact, supplier=key, how=how, spend=spend, why=why,
        disputed=disputed, running=_running(fact, rates.day), document=kept.document,
    )  # fmt: skip


def _running(fact: Contract, day: str) -> bool:
    return fact.starts <= day and (not fact.ends or day <= fact.ends)


def _deployed(known: Known, suppliers: Suppliers) -> Iterator[Deployed]:
    """Each deployment with the contracts for the same product of the same supplier."""
    bought: dict[tuple[str, str], list[Contract]] = {}
    for one in known.contracts:
        key = suppliers.said[said(one.fact)][0]
        bought.setdefault((key, one.fact.product.casefold()), []).append(one.fact)
    for run in known.deployments:
        key, _ = suppliers.said.get(Said(run.supplier), ("", ""))
        fitting = [
            fact
            for fact in bought.get((key, run.product.casefold()), ())
            if not fact.release or fact.release == run.release
        ]
        yield Deployed(
            operator=run.operator, supplier=key, product=run.product, release=run.release,
            country=run.country, sector=run.sector, site=run.site, exposure=run.exposure,
            mission=run.mission,
            functions=tuple(sorted({fact.function for fact in fitting if fact.function})),
            agencies=tuple(sorted({fact.agency for fact in fitting})),
            bill=run.bill, document=run.document,
        )  # fmt: skip


def _revenues(facts: Iterable[Revenue], suppliers: Suppliers) -> dict[str, tuple[Revenue, ...]]:
    found: dict[str, list[Revenue]] = {}
    for fact in facts:
        found.setdefault(suppliers.said[of_entity(fact.entity)][0], []).append(fact)
    return {
        key: tuple(sorted(rows, key=lambda one: (one.year, one.source, one.low), reverse=True))
        for key, rows in found.items()
    }


def _not_counted(lines: Iterable[ContractLine], rates: Rates) -> Iterator[NotCounted]:
    for line in lines:
        if line.why:
            yield NotCounted(line.what, line.why)
    for one, base, at in rates.contradictions:
        reason = "documents contradict each other; none of them counts"
        yield NotCounted(f"rate of {one} in {base} on {at}", reason)
