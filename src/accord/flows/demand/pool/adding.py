"""Questions about numbers: what this node gives to them, and what came out, in words.

Law (own): what is given is of this node's own contracts, estates and verdicts.
Law (about): a question about numbers is about what came out of a `common` question, of the same
partners, which all have released: every node has the same items in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid
from accord.demand.private import masked
from accord.demand.private.asking import numbers
from accord.demand.private.asking.job import Sum
from accord.demand.private.asking.question import COMMON, RANKING, Question
from accord.demand.private.asking.standing import RELEASED
from accord.demand.private.errors import Inconsistent
from accord.demand.private.questions import Given, Totals, order, told
from accord.demand.suppliers import items
from accord.flows.demand.asks import ranked
from accord.flows.demand.pool import known, opening
from accord.flows.demand.pool.port import Compute, Desk, Part
from accord.flows.demand.port import Billed, Demand
from accord.flows.demand.report import report
from accord.flows.demand.view import demand

_DAY = len("YYYY-MM-DD")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What came out of one item, or of one ask."""

    item: str
    """By name where this node holds it, else its digest."""
    held: bool
    """Whether this node holds it."""
    requirement: str = ""
    """Of an ask."""
    bands: Mapping[str, tuple[int, int | None]] | None = None
    """Of totals, by quantity: from, and up to but without; None: too few partners or agencies."""


class _Mine(msgspec.Struct, frozen=True):
    """What this node knows of the items that came out."""

    found: Demand
    keys: tuple[str, ...]
    """Of each item the key of its supplier, or the package; empty: not held here."""
    behind: Mapping[str, frozenset[str]]
    """By key: agencies that buy it, and operators that run it."""


def about(desk: Desk, question: Question) -> Question:
    """The `common` question that one is about.

    Raises:
        Invalid: it is not released, or of other partners or items.
        NotFound: no such question.
    """
    found = known.one(desk, question.of)
    other = found.question
    if other.kind != COMMON or found.standing.state != RELEASED:
        raise Invalid(
            f"{question.kind} are about what came out: {other.id} is {found.standing.state}, and"
            " not released by all",
            "/of",
        )
    if (other.partners, other.items) != (question.partners, question.items):
        raise Invalid(f"{other.id} is of other partners, or of {other.items}", "/of")
    opening.part(desk, other)
    return other


def job(desk: Desk, question: Question, compute: Compute) -> Sum:
    """What this node computes of a question about numbers.

    Raises:
        Invalid, Inconsistent: the items that it is about cannot be opened here.
        DoesNotFit: they are too many or too few.
    """
    found = opening.digests(desk, about(desk, question), compute)
    computed = numbers.computed(question, len(found))
    mine = _mine(desk, question, [name for _, name in found])
    given = (
        _ranking(desk, question, mine)
        if question.kind == RANKING
        else _totals(desk, question, mine)
    )
    return Sum(question.partners.index(desk.owner.me), question, computed, given)


def rows(desk: Desk, part: Part, compute: Compute) -> tuple[Row, ...]:
    """What came out, from all partners' masks.

    Raises:
        Inconsistent: the shares give no possible answer.
    """
    question = part.question
    assert part.sealed is not None
    stated = opening.shown(desk, question)
    agreed = sha256(part.sealed.second).hexdigest()
    for fact, _ in stated:
        if fact.other != agreed:
            raise Inconsistent(
                f"{fact.partner} ended with other numbers than this node. Nothing was opened; ask"
                " the question again"
            )
    plain = masked.unmasked(part.sealed.second, [shown for _, shown in stated])
    found = opening.digests(desk, about(desk, question), compute)
    computed = numbers.computed(question, len(found))
    named = [(name or digest.hex(), bool(name)) for digest, name in found]
    if isinstance(computed, Totals):
        return tuple(_banded(question, computed, named, plain))
    asks = [(item, held, one) for item, held in named for one in question.requirements]
    return tuple(
        Row(item=asks[place][0], held=asks[place][1], requirement=asks[place][2])
        for place in order(computed, plain)
    )


def _banded(
    question: Question, computed: Totals, named: Sequence[tuple[str, bool]], plain: Sequence[int]
) -> list[Row]:
    count = computed.items
    columns = [plain[start : start + count] for start in range(0, len(plain), count)]
    if len(columns) != len(computed.quantities):
        raise Inconsistent("what came out is not what was asked. Nothing of it is kept")
    names = numbers.QUANTITIES[question.items]
    found = []
    for (item, held), one in zip(named, told(computed, columns), strict=True):
        bands = None
        if one is not None:
            each = [numbers.band(name, place) for name, place in zip(names, one, strict=True)]
            bands = {name: (b.low, b.high) for name, b in zip(names, each, strict=True)}
        found.append(Row(item=item, held=held, bands=bands))
    return found


def _mine(desk: Desk, question: Question, names: Sequence[str]) -> _Mine:
    day = desk.clock.now()[:_DAY]
    surveyed = desk.purchases.surveyed()
    found = demand(surveyed.known, day, question.currency)
    if question.items == "components":
        return _Mine(found, tuple(names), _packaged(found, surveyed.billed))
    of = {one: key for key, entity in found.entities.items() for one in items.of_supplier(entity)}
    behind: dict[str, set[str]] = {}
    for line in found.contracts:
        if line.running:
            behind.setdefault(line.supplier, set()).add(f"agency {line.fact.agency}")
    for run in found.deployments:
        behind.setdefault(run.supplier, set()).add(f"operator {run.operator}")
    keys = tuple(of.get(name, "") for name in names)
    return _Mine(found, keys, {key: frozenset(some) for key, some in behind.items()})


def _packaged(found: Demand, billed: Mapping[tuple[str, str], Billed]) -> dict[str, frozenset[str]]:
    """By package: agencies that buy, and operators that run, what it is in."""
    inside: dict[tuple[str, str], set[str]] = {}
    for (product, release), bill in billed.items():
        for key in ((product, release), (product, "")):
            inside.setdefault(key, set()).update(bill.packages)
    who = [
        (line.fact.product, line.fact.release, f"agency {line.fact.agency}")
        for line in found.contracts
        if line.running
    ]
    who += [(run.product, run.release, f"operator {run.operator}") for run in found.deployments]
    behind: dict[str, set[str]] = {}
    for product, release, name in who:
        for package in inside.get((product.casefold(), release.casefold()), ()):
            behind.setdefault(package, set()).add(name)
    return {package: frozenset(names) for package, names in behind.items()}


def _totals(desk: Desk, question: Question, mine: _Mine) -> Given:
    found = report(desk, (), "", question.currency)
    lines = found.suppliers if question.items == "suppliers" else found.components
    by_key = {line.key: line for line in lines}
    lacks = {line.supplier: line.apart for line in found.burdens}
    columns: dict[str, list[int]] = {name: [] for name in numbers.QUANTITIES[question.items]}
    for key in mine.keys:
        line = by_key.get(key)
        of = {
            numbers.SPEND: _thousands(line.spend) if line else 0,
            numbers.OPERATORS: line.operators if line else 0,
            numbers.MISSING: lacks.get(key, 0) if line else 0,
        }
        for name, column in columns.items():
            column.append(of[name])
    return _given(
        tuple(map(tuple, columns.values())), [len(mine.behind.get(key, ())) for key in mine.keys]
    )


def _thousands(spend: Decimal) -> int:
    return int((spend / numbers.THOUSAND).quantize(Decimal(1), ROUND_HALF_EVEN))


def _ranking(desk: Desk, question: Question, mine: _Mine) -> Given:
    node = ranked.Node(desk.assessing, desk.owner.me, desk.clock.now())
    found = ranked.common(node, desk.purchases.known(), mine.found, ranked.Question(least=1))
    priority = {
        (one.supplier, one.requirement): round(Fraction(one.priority_low) * numbers.THOUSAND)
        for one in found.asks
    }
    wanted = [(key, one) for key in mine.keys for one in question.requirements]
    return _given(
        (tuple(priority.get(one, 0) for one in wanted),),
        [len(mine.behind.get(key, ())) for key, _ in wanted],
    )


def _given(columns: tuple[tuple[int, ...], ...], behind: Sequence[int]) -> Given:
    """Nobody stands behind nothing: an item of which all numbers are zero has no agency."""
    kept = [any(column[place] for column in columns) for place in range(len(behind))]
    return Given(columns, tuple(n if one else 0 for n, one in zip(behind, kept, strict=True)))
