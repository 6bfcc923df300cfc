"""What an ask does: verdicts and exposures of its products, and whether it is fixed.

Law (unknown never passes): an ask is found fixed where every buyer that consents asks for the item
and finds it met on the newest release of each product; where there is no such buyer, or the newest
release cannot be told, it is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.model import ACCEPT, CONDITIONAL
from accord.core.errors import Invalid, NotFound
from accord.demand.asks import records
from accord.demand.asks.joint import Joint
from accord.demand.asks.records import Effect
from accord.flows.assessing.assess import Question, look
from accord.flows.demand.asks import agree
from accord.flows.demand.asks.port import Desk
from accord.flows.load import load_documents
from accord.supply.matching.exposures import OPEN
from accord.supply.matching.versions import vendor
from accord.supply.matching.versions.encoding import Unorderable


class Seen(msgspec.Struct, frozen=True):
    """One buyer's verdict on the newest release of one product."""

    product: str
    release: str
    verdict: Assessment

    def met(self, item: str) -> bool:
        """Whether every requirement that names an item is met; False where none does."""
        asking = [
            one
            for one in self.verdict.judged
            if any(item in alternatives for alternatives in one.need.items)
        ]
        return bool(asking) and all(one.met for one in asking)


def newest(desk: Desk, product: str) -> str | None:
    """The newest release of a product that is known here; None: it cannot be told."""
    with desk.assessing.view() as view:
        releases = [one.release for one in view.releases([product])]
    if len(releases) < 2:  # noqa: PLR2004 - nothing to compare
        return releases[0] if releases else None
    try:
        return max(releases, key=vendor.key)
    except Unorderable:
        return None


def seen(desk: Desk, ask: Joint) -> list[Seen] | None:
    """What the buyers that consent find of each product; None: of one nothing can be told."""
    with desk.assessing.view() as view:
        buyers = tuple(one.name for one in view.baselines() if one.owner in ask.terms.partners)
    if not buyers:
        return None
    found: list[Seen] = []
    for product in ask.terms.products:
        release = newest(desk, product)
        if release is None:
            return None
        asked = Question(product=product, release=release, buyers=buyers, exact=True)
        assessed = look(desk.assessing, desk.me, desk.clock.now(), asked)
        found += [Seen(product, release, one) for one in assessed.assessments]
    return found


def effect(desk: Desk, ask: Joint) -> Effect:
    """The verdicts and exposures of an ask's products now."""
    found = seen(desk, ask) or []
    return Effect(
        buyers=len(found),
        met=sum(one.met(ask.terms.requirement) for one in found),
        accepted=sum(one.verdict.verdict in {ACCEPT, CONDITIONAL} for one in found),
        exposures=_exposures(desk, ask.terms.products),
    )


def _exposures(desk: Desk, products: Sequence[str]) -> int:
    names = {one.casefold() for one in products}
    return sum(
        one.status in OPEN and one.product.casefold() in names for one in desk.exposures.all()
    )


def is_fixed(desk: Desk, ask: Joint) -> bool:
    """Whether the verdicts show that an ask is fixed, for everybody that consents."""
    if not ask.joint:
        return False
    found = seen(desk, ask)
    if not found:
        return False
    with desk.assessing.view() as view:
        owners = {one.name: one.owner for one in view.baselines()}
    heard = {owners[one.verdict.baseline.name] for one in found}
    return heard >= set(ask.terms.partners) and all(one.met(ask.terms.requirement) for one in found)


def find(desk: Desk) -> list[Joint]:
    """Record every ask that was sent and that the verdicts show to be fixed; gives those."""
    wanted = [one for one in agree.every(desk) if one.state in {"sent", "answered"}]
    fixed = [one for one in wanted if is_fixed(desk, one)]
    for ask in fixed:
        releases = (f"{name} {newest(desk, name)}".rstrip() for name in ask.terms.products)
        _record(desk, ask, ", ".join(releases), ("accord", "the verdicts show it"), found=True)
    return [agree.one(desk, one.id) for one in fixed]


def fixed(desk: Desk, name: str, release: str, who: tuple[str, str]) -> Joint:
    """Record a person's word that an ask is fixed by a release; gives the ask.

    Raises:
        NotFound: no such ask, or no product of it has such a release.
        Invalid: it was never sent, or is recorded as fixed already.
    """
    ask = agree.one(desk, name)
    if ask.state not in {"sent", "answered"}:
        raise Invalid(f"{ask.id[:12]} is {ask.state}; what was sent, or answered, can be fixed")
    with desk.assessing.view() as view:
        known = {one.release.casefold() for one in view.releases(ask.terms.products)}
    if release.casefold() not in known:
        raise NotFound(f"none of its products has a release {release[:80]!r} here")
    _record(desk, ask, release, who, found=False)
    return agree.one(desk, ask.id)


def _record(desk: Desk, ask: Joint, release: str, who: tuple[str, str], *, found: bool) -> None:
    now = desk.clock.now()
    record = records.Record(
        accord="ask fixed", ask=ask.id, release=release, found=found, effect=effect(desk, ask),
        person=who[0], why=who[1], at=now,
    )  # fmt: skip
    load_documents([(f"ask {ask.id[:12]} fixed", records.write(record))], desk.intake, now)
