"""Agree to a joint ask, agree no longer, and list what is agreed."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from accord.core.errors import Invalid, NotFound
from accord.demand.asks import consent
from accord.demand.asks.consent import Terms
from accord.demand.asks.joint import Joint, joint
from accord.flows.demand.asks.port import Desk
from accord.flows.load import load_documents


def named(desk: Desk, names: Sequence[str]) -> tuple[str, ...]:
    """Partners by their names, or by those of their baselines (`au`), this node with them.

    Raises:
        NotFound: this node is in no partnership, or one is no partner of today.
    """
    directory = desk.trust.directory()
    if directory is None or not desk.me:
        raise NotFound("this node is in no partnership; `accord partners` founds or joins one")
    with desk.assessing.view() as view:
        owners = {one.name: one.owner for one in view.baselines()}
    members = {one.name for one in directory.members()}
    found = {desk.me}
    for name in names:
        partner = name if name in members else owners.get(name, name)
        if partner not in members:
            known = ", ".join(sorted(members))
            raise NotFound(f"{name[:80]!r} is no partner, nor the baseline of one: {known}")
        found.add(partner)
    return tuple(sorted(found))


def agree(desk: Desk, terms: Terms, who: tuple[str, str]) -> tuple[str, str]:
    """Consent to an ask; gives its name, and the digest of the statement.

    `who` is the person and the reason.

    Raises:
        Invalid: the terms are no ask, its day is over, or this node consents already.
    """
    now = desk.clock.now()
    if consent.check(terms).due < now[:10]:
        raise Invalid(f"{terms.due} is over; name a day to come", "--due")
    if any(one.id == terms.id and desk.me in one.agreed for one in every(desk)):
        raise Invalid(f"{desk.me} consents to {terms.id[:12]} already")
    return terms.id, _state(desk, terms, who, agreed=True)


def withdraw(desk: Desk, name: str, who: tuple[str, str]) -> tuple[Joint, str]:
    """Consent no longer; gives the ask, and the digest of the statement. Its links end here.

    Raises:
        NotFound: no such ask.
        Invalid: this node does not consent to it.
    """
    found = one(desk, name)
    if desk.me not in found.agreed:
        raise Invalid(f"{desk.me or 'this node'} does not consent to {found.id[:12]}")
    desk.asks.close(found.id, desk.clock.now())
    return found, _state(desk, found.terms, who, agreed=False)


def every(desk: Desk) -> list[Joint]:
    """Every ask that is known here, the first due first."""
    return joint(desk.asks.said(), desk.asks.steps(), desk.me)


def one(desk: Desk, name: str) -> Joint:
    """An ask by its name or the beginning of one.

    Raises:
        NotFound: none, or several, begin so.
    """
    found = [each for each in every(desk) if each.id.startswith(name.lower())]
    if not name or not found:
        raise NotFound(f"no ask {name[:80]!r}; `accord asks list` lists them")
    if len(found) > 1:
        raise NotFound(f"{len(found)} asks begin with {name!r}; give more of the name")
    return found[0]


def _state(desk: Desk, terms: Terms, who: tuple[str, str], *, agreed: bool) -> str:
    now = desk.clock.now()
    body = consent.write(terms, desk.me, who, now, agreed=agreed)
    load_documents([(f"consent of {desk.me}", body)], desk.intake, now)
    return sha256(body).hexdigest()
