"""The open-source fund: a budget divided over components, each grant with its reasons.

What a component gets is in proportion to its need: its criticality (Pike's formula) x what hangs
on it here x how fragile it is and how much it lacks. A grant is at least the least one and at most
the cap; what would get less gets nothing, and what is left over goes to the others.

Law (whole): the grants add up to the budget or less, to the minor unit; less only where every
component has its cap, or none can be given the least grant.
Law (bounds): no grant is below the least one or above the cap.
Law (monotone): of two components, the one in more need never gets less.

Sources: OpenSSF *Quantifying criticality* (R. Pike) and the default parameters of its criticality
score, 2020; M. L. Balinski and H. P. Young, *Fair Representation*, 1982 (largest remainders).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import log
from typing import Final

import msgspec

from accord.core.errors import Invalid


class Signal(msgspec.Struct, frozen=True):
    """What one figure of a project says of its criticality."""

    weight: float
    threshold: float
    """From here on more says no more."""
    less: bool = False
    """Whether less says more: what counts is then how far the figure is below the threshold."""

    def part(self, figure: float) -> float:
        """What a figure contributes, between 0 and the weight."""
        told = min(figure, self.threshold)
        told = self.threshold - told if self.less else told
        return self.weight * log(1 + told) / log(1 + self.threshold)


SIGNALS: Final[Mapping[str, Signal]] = {
    "created_since": Signal(1, 120),
    "updated_since": Signal(1, 120, less=True),
    "contributor_count": Signal(2, 5_000),
    "org_count": Signal(1, 10),
    "commit_frequency": Signal(1, 1_000),
    "recent_release_count": Signal(0.5, 26),
    "closed_issues_count": Signal(0.5, 5_000),
    "updated_issues_count": Signal(0.5, 5_000),
    "issue_comment_frequency": Signal(1, 15),
    "github_mention_count": Signal(2, 500_000),
}
"""OpenSSF's default parameters: months, counts, and counts a week, as its columns are called."""


def criticality(figures: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
    """Pike's score between 0 and 1, and the signals that are not known, which count for nothing.

    `C = 1 / sum(a) * sum(a * log(1 + min(S, T)) / log(1 + T))`, over the signals that are known. Of
    those where less says more, `T - min(S, T)` stands for `min(S, T)`, as in OpenSSF's tool; the
    paper has a weight below zero there.

    Raises:
        Invalid: a figure is below zero or not a number.
    """
    known = {name: figures[name] for name in SIGNALS if name in figures}
    for name, figure in known.items():
        if not 0 <= figure < float("inf"):
            raise Invalid(
                f"{name} is {figure}, where a number from zero on is expected", f"/{name}"
            )
    missing = tuple(name for name in SIGNALS if name not in known)
    weights = sum(SIGNALS[name].weight for name in known)
    if not known:
        return 0.0, missing
    score = sum(SIGNALS[name].part(figure) for name, figure in known.items())
    return min(1.0, max(0.0, score / weights)), missing


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A component as a candidate for a grant."""

    name: str
    criticality: Fraction
    """Between nothing and one."""
    dependents: int
    """Products here that hold it."""
    fragility: Fraction = Fraction(0)
    """Between nothing and one: few maintainers, no release for long."""
    missing: tuple[str, ...] = ()
    """Controls that it does not meet, as items of a catalogue."""
    controls: int = 0
    """Controls that were looked at; 0: none were."""

    @property
    def lacking(self) -> Fraction:
        """Between nothing and one: the share of controls that it does not meet."""
        return Fraction(len(self.missing), self.controls) if self.controls else Fraction(1, 2)

    @property
    def need(self) -> Fraction:
        """What its grant is in proportion to."""
        return self.criticality * self.dependents * (1 + self.fragility + self.lacking)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it gets what it gets, in words."""
        lacks = (
            f"lacks {len(self.missing)} of {self.controls} controls"
            if self.controls
            else "nobody looked at its controls: counted as lacking half"
        )
        return (
            f"criticality {float(self.criticality):.2f}",
            f"{self.dependents} products here hold it",
            f"fragility {float(self.fragility):.2f}",
            lacks,
        )


def fragility(*, months: float | None, maintainers: int | None) -> Fraction:
    """How fragile a component is: half by its last release's age in months, half by its people.

    Three years without a release count fully, and so does one maintainer alone; what is not known
    counts half.
    """
    old = Fraction(1, 2) if months is None else min(Fraction(1), Fraction(months) / 36)
    few = Fraction(1, 2) if maintainers is None else Fraction(1, max(1, maintainers))
    return (old + few) / 2


class Grant(msgspec.Struct, frozen=True):
    """What one component gets."""

    component: Component
    amount: int
    """In minor units."""


def divide(
    components: Sequence[Component], budget: int, *, least: int = 0, cap: int | None = None
) -> list[Grant]:
    """Grants in minor units, the largest first; a component without one is left out.

    Raises:
        Invalid: a bound is below zero or the cap is below the least grant.
    """
    most = budget if cap is None else min(cap, budget)
    if budget < 0 or least < 0 or (cap is not None and cap < least):
        raise Invalid("a budget, a least grant and a cap are from zero on, and the cap the larger")
    wanting = sorted(
        (one for one in components if one.need > 0), key=lambda one: (-one.need, one.name)
    )
    wanting = wanting[: budget // least] if least else wanting
    needs = [one.need for one in wanting]
    amounts: list[int] = []
    for count in range(len(needs), 0, -1):
        found = _shared(needs[:count], budget, most)
        if min(found) >= max(least, 1):
            amounts = found
            break
        # The least in need goes without, so that the others get enough to be of use.
    for count in range(len(amounts) + 1, len(needs) + 1 if least else 0):
        if sum(amounts) == budget:
            break
        # All have the cap and something is left: whoever is next gets the least grant of it.
        amounts = _raised(needs[:count], budget, least, most)
    return [Grant(one, amount) for one, amount in zip(wanting, amounts, strict=False)]


def _raised(needs: Sequence[Fraction], budget: int, least: int, most: int) -> list[int]:
    """As many as need be, from the end, get the least grant; the others share the rest."""
    for raised in range(len(needs)):
        first = len(needs) - raised
        amounts = _shared(needs[:first], budget - raised * least, most)
        if min(amounts) >= least:
            return [*amounts, *[least] * raised]
    return [least] * len(needs)


def _shared(needs: Sequence[Fraction], budget: int, most: int) -> list[int]:
    """A budget in proportion to needs that fall, none above `most`, by largest remainders."""
    amounts = [0] * len(needs)
    first, left = 0, budget
    whole = sum(needs, Fraction(0))
    # Whoever would pass the cap gets the cap; the rest is divided among those that follow.
    while first < len(needs) and left * needs[first] > most * whole:
        amounts[first] = min(most, left)
        left -= amounts[first]
        whole -= needs[first]
        first += 1
    exact = [left * need / whole for need in needs[first:]]
    for place, one in enumerate(exact, start=first):
        amounts[place] = int(one)
    over = left - sum(amounts[first:])
    ranked = sorted(range(len(exact)), key=lambda place: (int(exact[place]) - exact[place], place))
    for place in ranked[:over]:
        amounts[first + place] += 1
    return amounts


class Outcome(msgspec.Struct, frozen=True):
    """What a year did to those that got a grant, against matched ones that did not."""

    pairs: int
    difference: float
    """How much more of its controls a funded component met a year later, on average."""
    low: float
    high: float
    """The 95 % interval of the difference; both nought where there are fewer than two pairs."""
    unmatched: tuple[str, ...]
    """Funded components for which nothing is like them."""


class Observed(msgspec.Struct, frozen=True):
    """A component a year later."""

    name: str
    funded: bool
    criticality: float
    before: float
    """Share of controls met."""
    after: float


NEAR: Final = 0.1
"""How far the criticality, and the share met before, of two matched components may be apart."""
_T: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t at 97.5 % for 1 to 30 degrees of freedom; past them 1.960."""


def outcome(observed: Sequence[Observed]) -> Outcome:
    """The difference in gain between funded components and the unfunded ones most like them.

    Each unfunded component is matched once.
    """
    funded = sorted((o for o in observed if o.funded), key=lambda o: (o.criticality, o.name))
    others = {o.name: o for o in observed if not o.funded}
    differences: list[float] = []
    unmatched: list[str] = []
    for one in funded:
        like = [
            (abs(o.criticality - one.criticality) + abs(o.before - one.before), o.name)
            for o in others.values()
            if abs(o.criticality - one.criticality) <= NEAR and abs(o.before - one.before) <= NEAR
        ]
        if not like:
            unmatched.append(one.name)
            continue
        other = others.pop(min(like)[1])
        differences.append((one.after - one.before) - (other.after - other.before))
    n = len(differences)
    mean = sum(differences) / n if n else 0.0
    if n < 2:  # noqa: PLR2004 - one pair has no spread
        return Outcome(n, mean, 0.0, 0.0, tuple(unmatched))
    spread = (sum((d - mean) ** 2 for d in differences) / (n - 1) / n) ** 0.5
    t = _T[n - 2] if n - 2 < len(_T) else 1.960
    return Outcome(n, mean, mean - t * spread, mean + t * spread, tuple(unmatched))
