"""Assess releases for their buyers: evidence, facts and recognised verdicts in, verdicts out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial

import msgspec

from accord.assurance.assessing.baseline import Baseline, Table
from accord.assurance.assessing.deciding import Assessment, assess, standing_since
from accord.assurance.assessing.delta import Missing, delta
from accord.assurance.assessing.findings import CONTACT, Shipped, findings
from accord.assurance.assessing.judging import Claims, Passed, passed_over
from accord.assurance.assessing.recognition import Recognition, Refused, Rule, Statement
from accord.assurance.model import CONDITIONAL, Claim
from accord.assurance.statements import rule, verdict
from accord.core.errors import Invalid, NotFound
from accord.core.moment import Moment
from accord.flows.assessing.port import (
    Key,
    Listed,
    StatedRule,
    StatedVerdict,
    Store,
    View,
)
from accord.flows.assessing.scores import score_new

NOBODY = ""
"""Stands for every buyer where something counts for none."""
_AT_ONCE = 500
"""Releases that are assessed together."""


class Assessed(msgspec.Struct, frozen=True, kw_only=True):
    """One release, with the verdict of each buyer and everything behind it."""

    release: Listed
    assessments: tuple[Assessment, ...]
    missing: tuple[Missing, ...] = ()
    """The delta list, what unlocks most first."""
    refused: Mapping[str, tuple[Refused, ...]] = {}
    """By buyer: verdicts of others that it does not recognise; by `NOBODY` those that are no
    authority's word on this release."""
    passed: Mapping[str, Mapping[str, tuple[Passed, ...]]] = {}
    """By buyer and requirement: what speaks of it and does not count, of the whole list only."""
    now: str
    again: str = ""
    """`when()` something that was looked at may be otherwise; empty: never by time alone."""


class Authorities:
    """Who may speak as a buyer: the owner of its baseline, and nobody else."""

    def __init__(self, baselines: Iterable[Baseline], me: str) -> None:
        self._owners = {baseline.name: baseline.owner for baseline in baselines}
        self._me = me

    def speaks(self, buyer: str, origin: str) -> bool:
        """Whether a document of this origin may be a buyer's word; empty: this node's people."""
        owner = self._owners.get(buyer)
        if owner is None:
            return False
        return origin == owner if origin else self._me in {"", owner}

    def speaker(self, buyer: str, origins: Sequence[str]) -> str | None:
        """Of those who give a document, whoever may speak as a buyer; None: nobody of them.

        Who else gives the same bytes takes nothing from them.
        """
        return next((one for one in origins if self.speaks(buyer, one)), None)

    def denied(self, buyer: str, origins: Sequence[str]) -> str:
        """Why a document is not a buyer's word."""
        owner = self._owners.get(buyer)
        if owner is None:
            return f"{buyer} has no baseline here"
        givers = " and ".join(one or "this node's own people" for one in origins)
        return f"{givers} cannot speak for {buyer}: only {owner} does"


class _Told(msgspec.Struct, frozen=True):
    """All that is known of one release, at a moment of its own."""

    now: Moment
    claims: Sequence[Claim]
    shipped: Shipped
    stated: Sequence[StatedVerdict]


class Assessor:
    """Assesses releases as of one moment."""

    def __init__(self, view: View, me: str, now: str, buyers: Sequence[str] = ()) -> None:
        """Assess for some buyers, by name; empty is all of them.

        Raises:
            Invalid: a buyer has no baseline here.
        """
        self._view = view
        self.now = now
        every = {baseline.name: baseline for baseline in view.baselines()}
        for name in buyers:
            if why := view.unusable().get(name):
                raise Invalid(f"the baseline {name} cannot be used: {why}")
            if name not in every:
                known = ", ".join(sorted(every))
                raise Invalid(f"{name!r} has no baseline here; use one of {known}")
        self.baselines = [every[name] for name in buyers or sorted(every)]
        self.table = Table(self.baselines, view.crosswalk())
        self._authorities = Authorities(every.values(), me)
        self._rules = self._known_rules(view.rules())
        self._contact = self.table.denied_by(CONTACT)

    def _known_rules(self, stated: Iterable[StatedRule]) -> list[Rule]:
        return rule.known(
            one.fact
            for one in stated
            if self._authorities.speaker(one.fact.by, one.origins) is not None
        )

    def each(self, releases: Sequence[Listed], *, full: bool = False) -> Iterator[Assessed]:
        """The verdicts on some releases; the whole delta list too where `full`."""
        for start in range(0, len(releases), _AT_ONCE):
            some = releases[start : start + _AT_ONCE]
            keys = [one.key for one in some]
            moments = {key: Moment(self.now) for key in keys}
            claims, shipped = self._view.claims(moments), self._view.shipped(some, moments)
            stated: dict[Key, list[StatedVerdict]] = {}
            stood = cache(partial(self._view.conditional, keys))
            for one in self._view.verdicts(keys):
                stated.setdefault(folded(one.fact.product, one.fact.release), []).append(one)
            for listed in some:
                moment = moments[listed.key]
                found = self._one(
                    listed,
                    _Told(
                        moment,
                        claims.get(listed.key, ()),
                        shipped.get(listed.key, Shipped()),
                        stated.get(folded(*listed.key), ()),
                    ),
                    full=full,
                )
                dated = self._dated(found, stood, moment)
                yield msgspec.structs.replace(dated, again=moment.next)

    def _dated(
        self,
        found: Assessed,
        stood: Callable[[], Mapping[tuple[str, str, str], str]],
        now: Moment,
    ) -> Assessed:
        """With conditions counted from when they began to stand."""
        if all(one.verdict != CONDITIONAL for one in found.assessments):
            return found
        key, since = folded(*found.release.key), stood()
        dated = tuple(
            standing_since(one, since.get((*key, one.baseline.name.casefold()), ""), now)
            if one.verdict == CONDITIONAL
            else one
            for one in found.assessments
        )
        return msgspec.structs.replace(found, assessments=dated)

    def _one(self, listed: Listed, told: _Told, *, full: bool) -> Assessed:
        now = told.now
        every = [*told.claims, *findings(told.shipped, told.claims, now, self._contact)]
        shared = Claims(every, self.table, now)
        statements, unheard = self._statements(listed, told.stated, now)
        recognition = Recognition(self._rules, statements, listed.type, now)
        found: list[Assessment] = []
        known: dict[str, Claims] = {}
        refused: dict[str, tuple[Refused, ...]] = {NOBODY: tuple(unheard)} if unheard else {}
        for baseline in self.baselines:
            own = shared
            if statements:
                more, no = recognition.of(baseline.name)
                own = Claims([*every, *more], self.table, now) if more else shared
                refused[baseline.name] = tuple(no)
            known[baseline.name] = own
            found.append(assess(baseline, own, self.table, listed.type))
        return Assessed(
            release=listed,
            assessments=tuple(found),
            missing=tuple(delta(found, known, self.table)) if full else (),
            refused=refused,
            passed=self._passed(found, known) if full else {},
            now=self.now,
        )

    def _passed(
        self, found: Iterable[Assessment], known: Mapping[str, Claims]
    ) -> dict[str, dict[str, tuple[Passed, ...]]]:
        """What each buyer passes over, requirement by requirement."""
        return {
            one.baseline.name: {
                judged.need.id: tuple(over)
                for judged in one.judged
                if (over := passed_over(judged.need, known[one.baseline.name], self.table))
            }
            for one in found
        }

    def _statements(
        self, listed: Listed, stated: Iterable[StatedVerdict], now: Moment
    ) -> tuple[list[Statement], list[Refused]]:
        """What others stated of this very release, of each the newest; and what is not theirs.

        Another artefact of its name is not this release, and what is yet to come is not said yet:
        neither takes the place of what was.
        """
        newest: dict[str, list[StatedVerdict]] = {}
        unheard: list[Refused] = []
        for one in stated:
            why = self._unfit(one, listed, now)
            if why:
                unheard.append(_unheard(one, why))
                continue
            kept = newest.setdefault(one.fact.authority, [])
            if not kept or kept[0].fact.at <= one.fact.at:
                newest[one.fact.authority] = [*(k for k in kept if k.fact.at == one.fact.at), one]
        statements = [
            verdict.known(one.fact, one.document)
            for authority in sorted(newest)
            for one in newest[authority]
        ]
        return statements, unheard

    def _unfit(self, one: StatedVerdict, listed: Listed, now: Moment) -> str:
        """Why a statement is nobody's word on this release by now; empty: it is somebody's."""
        authority = one.fact.authority
        if self._authorities.speaker(authority, one.origins) is None:
            return self._authorities.denied(authority, one.origins)
        if not listed.digests:
            return "no artefact of this release is known here to compare it with"
        if set(one.fact.digests).isdisjoint(listed.digests):
            return f"{authority} speaks of another artefact than the one known here"
        if one.fact.at > now:
            return f"the statement of {authority} counts from {one.fact.at[:10]}"
        return ""


def _unheard(one: StatedVerdict, why: str) -> Refused:
    return Refused(f"sha256:{one.document}", one.fact.authority, "", why)


def folded(product: str, release: str) -> Key:
    """A release by its names in small letters."""
    return product.casefold(), release.casefold()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks about."""

    product: str
    release: str = ""
    """Empty: the only one that is known."""
    exact: bool = False
    """The release is the one of exactly this name, even where that is empty."""
    buyers: tuple[str, ...] = ()
    """Empty: all of them."""
    as_of: str = ""
    """A `when()`; empty: now."""
    type: str = ""
    """Type of product; empty: as the node knows it."""


def assess_one(store: Store, me: str, now: str, asked: Question) -> Assessed:
    """The verdicts on one release, with everything behind them.

    Raises:
        NotFound: no such product or release, or several of its releases are known.
        Invalid: a buyer has no baseline here.
    """
    score_new(store.scores)
    return look(store, me, now, asked)


def look(store: Store, me: str, now: str, asked: Question) -> Assessed:
    """The same without a write: a bill that is evidence and not scored yet says nothing.

    Raises:
        NotFound: no such product or release, or several of its releases are known.
        Invalid: a buyer has no baseline here.
    """
    with store.view(asked.as_of, few=True) as view:
        listed = pick(view, asked.product, asked.release, exact=asked.exact)
        if asked.type:
            listed = msgspec.structs.replace(listed, type=asked.type)
        assessor = Assessor(view, me, asked.as_of or now, asked.buyers)
        return next(assessor.each([listed], full=True))


def pick(view: View, product: str, release: str = "", *, exact: bool = False) -> Listed:
    """One release by its product's name, and its own where there are several.

    Where `exact`, it is the one of its own name, even if that is empty.

    Raises:
        NotFound: there is none, or there are several.
    """
    every = view.releases([product])
    if not every:
        raise NotFound(
            f"no product {product!r}; `accord evidence add {product!r} FILE...` makes one known"
        )
    if release or exact:
        known = _names(every)
        every = [one for one in every if one.release.casefold() == release.casefold()]
        if not every:
            raise NotFound(f"{product} has no release {release!r} here; it has {known}")
    if len(every) > 1:
        raise NotFound(f"{len(every)} releases of {product} are known; name one: {_names(every)}")
    return every[0]


def _names(releases: Sequence[Listed]) -> str:
    return ", ".join(one.release or "(without a release)" for one in releases[:10])
