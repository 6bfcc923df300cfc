"""What buyers recognise: said, listed and ended, each as a document."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

import msgspec

from accord.assurance.assessing.recognition import Rule
from accord.assurance.statements import rule as statements
from accord.core.clock import Clock
from accord.core.errors import Invalid, NotFound
from accord.flows.assessing.assess import Authorities
from accord.flows.assessing.port import StatedRule, Store
from accord.flows.load import load_documents
from accord.flows.ports import Intake


class Desk(Protocol):
    """The parts of a node that stating needs."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def assessing(self) -> Store:
        """What is known of releases and their verdicts."""

    @property
    def clock(self) -> Clock:
        """The time of the statement."""

    @property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""


class Recognised(msgspec.Struct, frozen=True):
    """A rule, as it is listed."""

    rule: Rule
    stands: bool
    documents: tuple[str, ...]
    """Digests of its statements."""
    origin: str
    """The partner that stated it; empty: this node's own people."""
    counts: bool
    """Whether whoever stated it may speak as this buyer."""


def add(desk: Desk, rule: Rule) -> tuple[Rule, str]:
    """State a rule; its name follows from what it says. Gives it, and its document's digest.

    Raises:
        Invalid: it recognises nothing, or this node does not speak as the buyer.
    """
    with desk.assessing.view() as view:
        baselines = {baseline.name: baseline for baseline in view.baselines()}
    for name in (rule.by, rule.of):
        if name not in baselines:
            known = ", ".join(sorted(baselines))
            raise Invalid(f"{name!r} has no baseline here; use one of {known}")
    if not Authorities(baselines.values(), desk.me).speaks(rule.by, ""):
        owner = baselines[rule.by].owner
        raise Invalid(f"{rule.by} is {owner}'s to speak for; this node is {desk.me}")
    named = msgspec.structs.replace(rule, id=_name(rule))
    return named, _take(desk, statements.check(named))


def revoke(desk: Desk, name: str, *, person: str, why: str) -> tuple[Rule, str]:
    """End a rule of this node for good; gives it, and its document's digest.

    Raises:
        NotFound: there is no such rule here, or several.
        Invalid: it is another's, or has ended already.
    """
    found = one(desk, name)
    if found.origin:
        raise Invalid(f"{found.rule.id} is {found.origin}'s; only {found.origin} revokes it")
    if found.rule.revoked:
        raise Invalid(f"{found.rule.id} was revoked on {found.rule.revoked[:10]}")
    now = desk.clock.now()
    ended = msgspec.structs.replace(found.rule, revoked=now, person=person, why=why)
    return ended, _take(desk, statements.check(ended))


def rules(desk: Desk) -> list[Recognised]:
    """Every rule that is known here, those that stand first."""
    now = desk.clock.now()
    with desk.assessing.view() as view:
        stated = view.rules()
        authorities = Authorities(view.baselines(), desk.me)
    groups: dict[tuple[str, str], list[StatedRule]] = {}
    for one_ in stated:
        speaker = authorities.speaker(one_.fact.by, one_.origins)
        origin = one_.origins[0] if speaker is None else speaker
        groups.setdefault((origin, one_.fact.rule), []).append(one_)
    found = [
        Recognised(
            known,
            known.stands(now),
            tuple(one_.document for one_ in group),
            origin,
            authorities.speaks(known.by, origin),
        )
        for (origin, _), group in sorted(groups.items())
        for known in statements.known(one_.fact for one_ in group)
    ]
    return sorted(found, key=lambda one_: (not one_.stands, one_.rule.by, one_.rule.of))


def one(desk: Desk, name: str) -> Recognised:
    """A rule by its name or the beginning of one.

    Raises:
        NotFound: none, or several, begin so.
    """
    found = [one_ for one_ in rules(desk) if one_.rule.id.startswith(name)]
    if not name or not found:
        raise NotFound(f"no rule {name!r}; `accord recognise list` lists them")
    if len(found) > 1:
        raise NotFound(f"{len(found)} rules begin with {name!r}; give more of its name")
    return found[0]


def _name(rule: Rule) -> str:
    """A name that nobody else's rule has: a rule is never changed, only ended."""
    said = msgspec.json.encode(msgspec.structs.replace(rule, id=""))
    return f"{rule.by}-{rule.of}-{sha256(said).hexdigest()[:8]}"


def _take(desk: Desk, rule: Rule) -> str:
    now = desk.clock.now()
    body = statements.write(rule, now)
    load_documents([(f"recognition {rule.id}", body)], desk.intake, now)
    return sha256(body).hexdigest()


def patterns(items: Sequence[str]) -> tuple[str, ...]:
    """Patterns of items as a person writes them; none is all."""
    return tuple(dict.fromkeys(items)) or ("*",)
