"""Suppliers for a person: who they are, how they were joined, what is bought from them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import Invalid, NotFound
from accord.demand.contracts import records
from accord.demand.contracts.facts import SupplierName
from accord.demand.suppliers import names
from accord.demand.suppliers.proposals import Proposal, proposals
from accord.demand.suppliers.resolving import Contradiction, Suppliers, resolve
from accord.flows.demand.port import ContractLine, Demand, Purchases
from accord.flows.demand.view import resolved, rows_of
from accord.flows.load import load_documents
from accord.flows.ports import Intake

_SOME = 5


class SupplierLine(msgspec.Struct, frozen=True, kw_only=True):
    """One supplier, listed."""

    key: str
    name: str
    identifiers: tuple[str, ...]
    names: tuple[str, ...]
    how: tuple[str, ...]
    """How its contracts were joined: `identifier`, `alias`, `name`."""
    contracts: int
    """Contracts that run on the day."""
    deployments: int
    spend: Decimal
    """A year, of the running contracts whose spend could be counted."""
    uncounted: int
    """Running contracts whose spend could not be counted."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Every supplier, the largest spend first."""

    day: str
    currency: str
    suppliers: tuple[SupplierLine, ...]
    proposals: tuple[Proposal, ...]
    contradictions: tuple[Contradiction, ...]


class Desk(Protocol):
    """The parts of a node that a record of a supplier needs."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def purchases(self) -> Purchases:
        """Contracts, rates and suppliers."""

    @property
    def clock(self) -> Clock:
        """The time of the decision."""


def suppliers(found: Demand) -> Listed:
    """Every supplier of contracts and estates."""
    bought: dict[str, list[ContractLine]] = {}
    for line in found.contracts:
        bought.setdefault(line.supplier, []).append(line)
    run: dict[str, int] = {}
    for one in found.deployments:
        run[one.supplier] = run.get(one.supplier, 0) + 1
    lines = [_line(found, key, bought.get(key, ()), run.get(key, 0)) for key in found.entities]
    return Listed(
        day=found.day,
        currency=found.currency,
        suppliers=tuple(sorted(lines, key=lambda one: (-one.spend, one.name, one.key))),
        proposals=tuple(proposals(found.entities.values())),
        contradictions=found.contradictions,
    )


def _line(
    found: Demand, key: str, contracts: Iterable[ContractLine], deployments: int
) -> SupplierLine:
    entity = found.entities[key]
    running = [one for one in contracts if one.running]
    return SupplierLine(
        key=key,
        name=entity.name,
        identifiers=entity.identifiers,
        names=entity.names,
        how=tuple(sorted({one.how for one in contracts})),
        contracts=len(running),
        deployments=deployments,
        spend=sum((one.spend for one in running if one.spend is not None), Decimal(0)),
        uncounted=sum(one.spend is None for one in running),
    )


def alias(desk: Desk, name: str, entity: str, *, person: str, why: str) -> tuple[str, str]:
    """Record that a name means a supplier; gives its key, and its name.

    Raises:
        NotFound: no such supplier, or several are called so.
        Invalid: the name names nobody, or identifiers keep the two apart.
    """
    known = desk.purchases.known()
    if not names.canonical(name):
        raise Invalid(f"{name[:60]!r} names nobody")
    now = desk.clock.now()
    before = resolved(known)
    chosen = _one(before, entity)
    fact = SupplierName(entity=chosen, kind="name", value=name)
    after = resolve(rows_of(known), (*known.names, fact))
    new = sorted(set(after.contradictions) - set(before.contradictions))
    if new:
        raise Invalid(
            f"{name!r} cannot mean {chosen}: {' and '.join(new[0].by)} are kept apart by their"
            " identifiers or by the reviewed table"
        )
    _keep(desk, records.Alias(name=name, entity=chosen, person=person, why=why, at=now))
    return chosen, before.entities[chosen].name


def no_alias(desk: Desk, name: str, *, person: str, why: str) -> None:
    """Record that a name no longer means the supplier of an earlier record.

    Raises:
        NotFound: no record says what it means.
    """
    known = desk.purchases.known()
    folded = names.canonical(name)
    meant = [
        one.entity
        for one in known.names
        if one.kind == "name" and not one.place and names.canonical(one.value) == folded
    ]
    if not folded or not meant:
        raise NotFound(f"no record says whom {name[:60]!r} means")
    record = records.Alias(
        name=name, entity=meant[0], removed=True, person=person, why=why, at=desk.clock.now()
    )
    _keep(desk, record)


def _one(found: Suppliers, entity: str) -> str:
    fitting = [one.key for one in found.named(entity)]
    if not fitting:
        raise NotFound(f"no supplier {entity[:60]!r}; `accord demand suppliers` lists them by key")
    if len(fitting) > 1:
        shown = ", ".join(fitting[:_SOME])
        raise NotFound(f"several suppliers are called {entity[:60]!r}; name one by key: {shown}")
    return fitting[0]


def _keep(desk: Desk, record: records.Alias) -> None:
    source = f"alias of {record.name}"
    load_documents([(source, records.write(record))], desk.intake, record.at)
