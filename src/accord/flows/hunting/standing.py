"""Share sightings back by standing rules, through the same release as by hand.

Law (nothing by itself): only what a rule covers is ever shared without a word for each, and a
rule is a person's word, with a reason.
Law (all or nothing): what observed data holds goes only where its sighting may go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Protocol

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange.hunting.rules import OWN, SORTS, Rule, covers
from accord.exchange.hunting.sightings import Seen
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.plan import Options, Outcome
from accord.flows.exchange.sharing.share import Sharer, share
from accord.flows.exchange.sharing.wanted import Holdings, find
from accord.flows.hunting.port import Due, Rules
from accord.identity.markings import Marking

_AT_ONCE = 500
"""Sightings that are shared together."""


class Desk(Protocol):
    """The parts of a node that standing rules need."""

    @property
    def rules(self) -> Rules:
        """The rules."""

    @property
    def holdings(self) -> Holdings:
        """Where sightings stand."""

    @property
    def sharer(self) -> Sharer:
        """Shares; asked for only where something is due."""


class ByRule(msgspec.Struct, frozen=True, kw_only=True):
    """What became of sightings by one rule."""

    rule: int
    audience: str
    outcomes: tuple[Outcome, ...] = ()
    """Of each sighting, and of what was observed."""
    kept: int = 0
    """Sightings that could not go yet; the next hunt tries again."""
    reason: str = ""
    """Why not."""


def add(rule: Rule, owner: Owner, rules: Rules) -> Rule:
    """Keep a new rule.

    Raises:
        NotFound: no such audience, or partner.
        Invalid: no such kind, or what speaks of nobody.
    """
    owner.audience(rule.audience)
    owner.check(one for one in rule.origins if one != OWN)
    for kind in rule.kinds:
        if kind not in SORTS:
            raise Invalid(f"{kind[:40]!r} is no kind; write one of {', '.join(SORTS)}")
    return msgspec.structs.replace(rule, number=rules.add(rule))


def due(rules: Sequence[Rule], seen: Seen, objects: Sequence[str]) -> list[Due]:
    """What is to go of a new sighting, by each rule that covers it; its own identifier is last."""
    *beside, name = objects
    words = msgspec.json.encode(_options(seen.marking)).decode()
    return [Due(one.number, name, tuple(beside), words) for one in rules if covers(one, seen)]


def _options(marking: Marking) -> Options:
    """What is known of its sources' marking, that the objects themselves cannot say in part."""
    return Options(marking.tlp, marking.pap or None, marking.release_at, marking.expires)


def share_due(desk: Desk) -> list[ByRule]:
    """Share everything that is due; a person's answer is asked for nowhere but in reviews."""
    rules = {one.number: one for one in desk.rules.rules()}
    here = [one for one in desk.rules.due() if one.rule in rules]
    known = {one.object for one in desk.holdings.places([one.sighting for one in here])}
    # An interrupted hunt left the others, which the next hunt of the same log makes.
    here = [one for one in here if one.sighting in known]
    found: list[ByRule] = []
    for (number, words), group in groupby(
        sorted(here, key=lambda one: (one.rule, one.options)), lambda one: (one.rule, one.options)
    ):
        whole = list(group)
        options = msgspec.json.decode(words, type=Options)
        found += [
            _share(rules[number], whole[start : start + _AT_ONCE], options, desk)
            for start in range(0, len(whole), _AT_ONCE)
        ]
    return found


def _share(rule: Rule, due_: Sequence[Due], options: Options, desk: Desk) -> ByRule:
    try:
        sharer = desk.sharer
        went = _ask(sharer, (one.sighting for one in due_), rule.audience, options)
        stay = {one.object for one in went if one.what == "refused"}
        beside = (name for one in due_ if one.sighting not in stay for name in one.objects)
        rest = _ask(sharer, beside, rule.audience, options)
    except AccordError as wrong:
        return ByRule(rule=rule.number, audience=rule.audience, kept=len(due_), reason=str(wrong))
    desk.rules.done(due_)
    return ByRule(rule=rule.number, audience=rule.audience, outcomes=(*went, *rest))


def _ask(
    sharer: Sharer, names: Iterable[str], audience: str, options: Options
) -> Collection[Outcome]:
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return ()
    return share(sharer, find(wanted, sharer.holdings), audience, options).outcomes
