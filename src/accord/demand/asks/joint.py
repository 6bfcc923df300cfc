"""Joint asks: who consents, and how far each has come.

Law (own word): a consent counts where the partner that it names gave it, and nowhere else.
Law (joint): an ask is joint while every partner that it names consents, and only then.
Law (newest): of a partner's statements about one ask the newest counts; of two of one moment, the
one that consents no longer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from accord.demand.asks.consent import Terms, terms_of
from accord.demand.asks.facts import Consent, Step
from accord.demand.asks.records import effect_of

_ORDER = ("sent", "answered", "fixed")


class Said(msgspec.Struct, frozen=True):
    """A consent, and who gave it to this node."""

    fact: Consent
    document: str
    """SHA-256, hexadecimal."""
    origins: tuple[str, ...]
    """The partners that sealed it; empty text: this node's own people."""


class Joint(msgspec.Struct, frozen=True, kw_only=True):
    """One ask."""

    id: str
    terms: Terms
    consents: tuple[Said, ...] = ()
    """Of each partner that consents, the statement that counts."""
    withdrawn: tuple[Said, ...] = ()
    """Of each that did and does no longer."""
    steps: tuple[Step, ...] = ()
    """In the order of their dates."""

    @property
    def agreed(self) -> tuple[str, ...]:
        """Who consents, by name."""
        return tuple(sorted(one.fact.partner for one in self.consents))

    @property
    def missing(self) -> tuple[str, ...]:
        """Who is still to consent, by name."""
        return tuple(one for one in self.terms.partners if one not in self.agreed)

    @property
    def joint(self) -> bool:
        """Whether everybody consents."""
        return bool(self.consents) and not self.missing

    def last(self, step: str) -> Step | None:
        """The last time that something became of it."""
        return next((one for one in reversed(self.steps) if one.step == step), None)

    @property
    def state(self) -> str:
        """`proposed`, `agreed`, `sent`, `answered` or `fixed`; `withdrawn`: nobody consents."""
        for step in ("fixed", "answered", "sent"):
            if self.last(step):
                return step
        if not self.consents:
            return "withdrawn"
        return "agreed" if self.joint else "proposed"

    def overdue(self, now: str) -> bool:
        """Whether its day is over at a `when()` and it is not fixed."""
        return self.state not in {"fixed", "withdrawn"} and now[:10] > self.terms.due

    @property
    def in_time(self) -> bool:
        """Whether the supplier answered on its day or before."""
        return any(one.step == "answered" and one.at[:10] <= self.terms.due for one in self.steps)


def joint(said: Iterable[Said], steps: Iterable[Step], me: str) -> list[Joint]:
    """Every ask to which anybody consented, the first due first; `me` is this node's name."""
    newest: dict[str, dict[str, Said]] = defaultdict(dict)
    for one in said:
        if not _own(one, me):
            continue
        held = newest[one.fact.ask].get(one.fact.partner)
        if held is None or _rank(one) > _rank(held):
            newest[one.fact.ask][one.fact.partner] = one
    done: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        done[step.ask].append(step)
    found = [_ask(id_, list(by.values()), done[id_]) for id_, by in newest.items()]
    return sorted(found, key=lambda one: (one.terms.due, one.terms.supplier, one.id))


def _own(one: Said, me: str) -> bool:
    partner = one.fact.partner
    return partner in one.origins or ("" in one.origins and partner == me)


def _rank(one: Said) -> tuple[str, bool]:
    return one.fact.at, not one.fact.agreed


def _ask(id_: str, said: Sequence[Said], steps: Sequence[Step]) -> Joint:
    return Joint(
        id=id_,
        terms=terms_of(said[0].fact),
        consents=tuple(one for one in said if one.fact.agreed),
        withdrawn=tuple(one for one in said if not one.fact.agreed),
        steps=tuple(sorted(steps, key=lambda one: (one.at, _ORDER.index(one.step)))),
    )


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Asks in numbers, for the scoreboard."""

    agreed: int
    sent: int
    answered: int
    answered_in_time: int
    fixed: int
    overdue: int
    verdicts_changed: int
    """Verdicts in which the requirement came to be met, from the sending to the fix."""


def tally(asks: Iterable[Joint], now: str) -> Tally:
    """What came of some asks, at a `when()`."""
    every = list(asks)

    def count(step: str) -> int:
        return sum(one.last(step) is not None for one in every)

    changed = 0
    for one in every:
        first = next((step for step in one.steps if step.step == "sent" and step.effect), None)
        last = one.last("fixed")
        before = effect_of(first) if first else None
        after = effect_of(last) if last else None
        if before and after:
            changed += max(0, after.met - before.met)
    return Tally(
        agreed=sum(one.joint for one in every), sent=count("sent"), answered=count("answered"),
        answered_in_time=sum(one.in_time for one in every), fixed=count("fixed"),
        overdue=sum(one.overdue(now) for one in every), verdicts_changed=changed,
    )  # fmt: skip
