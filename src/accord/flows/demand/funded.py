"""The open-source fund: what hangs on each project here, what it lacks, and what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from accord.assurance.model import Claim, Level
from accord.core.moment import Moment
from accord.demand import money, rounding
from accord.demand.fund import Component, divide, fragility
from accord.demand.projects import Project, Projects
from accord.flows.assessing.port import Store
from accord.flows.demand.port import Surveyed

_CONTROLS: Final = ("osps@", "scorecard@")
"""Beginnings of items that count as controls of a project."""
_DIGITS: Final = 9
"""Of a criticality: past them, computers differ."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be divided, as a person writes it."""

    currency: str
    budget: str
    least: str = ""
    """The least grant; empty: any."""
    cap: str = ""
    """The most that one gets; empty: no limit."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One project and what it gets."""

    name: str
    amount: Decimal
    criticality: float
    dependents: int
    """Products here that hold it."""
    fragility: float
    missing: tuple[str, ...]
    """Controls that it does not meet."""
    controls: int
    """Controls that were looked at."""
    unknown: tuple[str, ...]
    """Signals of criticality that are not given."""
    reasons: tuple[str, ...]


class Funded(msgspec.Struct, frozen=True, kw_only=True):
    """A fund that is divided."""

    currency: str
    budget: Decimal
    granted: Decimal
    left: Decimal
    grants: tuple[Line, ...]
    """The largest first."""
    unfunded: tuple[Line, ...]
    """Those that a year later are what the others are compared with, the most critical first."""
    packages: int
    """Packages in bills here that belong to no project of the file."""
    unused: tuple[str, ...]
    """Columns of the file that say nothing here."""


def funded(
    found: Projects, surveyed: Surveyed, looked: Mapping[str, Mapping[str, bool]], terms: Terms
) -> Funded:
    """Divide a budget. `looked` is what `controls` finds of the projects.

    Raises:
        Invalid: an amount is none, or a bound contradicts another.
    """
    code = terms.currency
    budget, least, cap = (_minor(text, code) for text in (terms.budget, terms.least, terms.cap))
    holders = _holders(surveyed)
    components = {
        one.name: _component(one, holders, looked.get(one.product.casefold(), {}))
        for one in found.projects
    }
    grants = divide(list(components.values()), budget, least=least, cap=cap if terms.cap else None)
    amounts = {one.component.name: one.amount for one in grants}
    projects = {one.name: one for one in found.projects}
    others = sorted(components.keys() - amounts.keys(), key=lambda n: (-projects[n].criticality, n))
    named = frozenset().union(*(one.packages for one in found.projects))
    granted = sum(amounts.values())
    return Funded(
        currency=code,
        budget=rounding.major(budget, code),
        granted=rounding.major(granted, code),
        left=rounding.major(budget - granted, code),
        grants=tuple(_line(projects[n], components[n], amounts[n], code) for n in amounts),
        unfunded=tuple(_line(projects[n], components[n], 0, code) for n in others),
        packages=len(holders.keys() - named),
        unused=found.unused,
    )


def _minor(text: str, code: str) -> int:
    return rounding.minor(Fraction(money.amount(text, code) or 0), code)


def _holders(surveyed: Surveyed) -> dict[str, set[str]]:
    """By package: the products here whose bills name it."""
    found: dict[str, set[str]] = {}
    for (product, _), bill in surveyed.billed.items():
        for package in bill.packages:
            found.setdefault(package, set()).add(product)
    return found


def controls(
    store: Store, projects: Projects, now: str, as_of: str = ""
) -> dict[str, dict[str, bool]]:
    """By product in small letters: whether it meets each control that evidence speaks of."""
    products = {one.product for one in projects.projects} - {""}
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    with store.view(as_of, few=True) as view:
        listed = view.releases(products) if products else []
        claims = view.claims({one.key: Moment(as_of or now) for one in listed})
        for (product, _), said in claims.items():
            of = found.setdefault(product.casefold(), {})
            for one in said:
                if _counts(one, as_of or now):
                    # The newest counts; of one moment, that it is not met.
                    newest = max(of.get(one.item, ("", True)), (one.issued, one.holds), key=_later)
                    of[one.item] = newest
    return {
        product: {item: holds for item, (_, holds) in of.items()} for product, of in found.items()
    }


def _counts(claim: Claim, now: str) -> bool:
    return (
        claim.item.startswith(_CONTROLS)
        and claim.level > Level.UNKNOWN
        and claim.issued <= now
        and not (claim.expires and claim.expires <= now)
    )


def _later(said: tuple[str, bool]) -> tuple[str, bool]:
    return said[0], not said[1]


def _component(one: Project, holders: Mapping[str, set[str]], met: Mapping[str, bool]) -> Component:
    products: set[str] = set().union(*(holders.get(package, ()) for package in one.packages))
    return Component(
        name=one.name,
        criticality=Fraction(round(one.criticality, _DIGITS)).limit_denominator(10**_DIGITS),
        dependents=len(products),
        fragility=fragility(months=one.months, maintainers=one.maintainers),
        missing=tuple(sorted(item for item, holds in met.items() if not holds)),
        controls=len(met),
    )


def _line(project: Project, one: Component, amount: int, code: str) -> Line:
    lacking = (
        (f"{len(project.unknown)} signals of criticality are not given",) if project.unknown else ()
    )
    return Line(
        name=one.name, amount=rounding.major(amount, code), criticality=float(one.criticality),
        dependents=one.dependents, fragility=float(one.fragility), missing=one.missing,
        controls=one.controls, unknown=project.unknown, reasons=(*one.reasons, *lacking),
    )  # fmt: skip
