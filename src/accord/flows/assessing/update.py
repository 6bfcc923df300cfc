"""Kept verdicts, made anew where that is due.

Law (nothing is final): a kept verdict is made anew when a document came, or counts otherwise, that
may change it, and when anything that it rests on ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from accord.assurance.assessing.deciding import Assessment
from accord.assurance.model import CONDITIONAL, UNDECIDED
from accord.flows.assessing.assess import Assessed, Assessor, folded
from accord.flows.assessing.port import Event, Kept, Key, Listed, Made, Mark, Store, View
from accord.flows.assessing.scores import score_new

_MANY = 1_000
"""Releases from which on one look at everything costs less than one at each."""


class Change(msgspec.Struct, frozen=True):
    """What an update changed."""

    assessed: int
    """Releases that were looked at."""
    events: tuple[Event, ...]


def update(store: Store, me: str, now: str, *, every: bool = False) -> Change:
    """Make every kept verdict anew that a new document, or time, may have changed.

    Only releases that somebody asked about are looked at: with evidence, a stated verdict or a kept
    one; where there is none, nothing is. `every` takes in all releases, touched or not.
    """
    while True:
        # Whoever is overtaken by another update begins again: what it read is old.
        change = _updated(store, me, now, every=every)
        if change is not None:
            return change


def _updated(store: Store, me: str, now: str, *, every: bool) -> Change | None:
    """The same, unless another update was faster."""
    before, due = store.ledger.mark(), store.ledger.due(now)
    with store.view(few=True, now=now) as view:
        if not (every or view.asked()):
            return Change(0, ())
        if not (every or due or view.news(me, before)):
            return Change(0, ())
    score_new(store.scores)
    with store.view(few=True, now=now) as view:
        touched = view.touched(me, before)
        wanted = touched.releases | due
        if not (every or touched.everything or len(wanted) > _MANY):
            return _remade(store, view, _few(view, wanted), (me, before, touched.mark))
    with store.view(now=now) as view:
        mark = view.touched(me, before).mark
        releases = view.releases()
        concerned = releases if every else _named(releases, view.concerned())
        return _remade(store, view, _Some(releases, concerned, view.kept()), (me, before, mark))


class _Some(msgspec.Struct, frozen=True):
    """Some products, whole: what is kept of them is compared with what is known of them."""

    known: Sequence[Listed]
    """Every release of theirs."""
    wanted: Sequence[Listed]
    """Those to be assessed."""
    kept: Sequence[Kept]


def _few(view: View, wanted: frozenset[Key]) -> _Some:
    """Releases by their names, of those that somebody asked about."""
    products = {product for product, _ in wanted}
    if not products:
        return _Some((), (), ())
    known, kept = view.releases(products), view.kept(products)
    asked = _named(known, view.concerned(products))
    # Where the last release of a product goes, the product itself is what is left of it.
    new = {folded(*one.key) for one in asked}
    new -= {folded(one.product, one.release) for one in kept}
    named = _named(asked, {folded(*key) for key in wanted})
    named += [one for one in asked if one not in named and folded(*one.key) in new]
    return _Some(known, named, kept)


def _named(releases: Iterable[Listed], names: Collection[Key]) -> list[Listed]:
    """Releases by their names in small letters; one without a release is every one."""
    return [
        one for one in releases if folded(*one.key) in names or folded(one.product, "") in names
    ]


def _remade(
    store: Store, view: View, some: _Some, at: tuple[str, Mark | None, Mark]
) -> Change | None:
    """The verdicts on some releases made anew, and kept with what changed.

    `at` is who this node is, what verdicts were made of before, and what they are made of now.
    None: another was faster.
    """
    me, before, mark = at
    now = str(view.moment)
    old = _Old(some.kept)
    rows: list[Kept] = []
    events: list[Event] = []
    if some.wanted:
        for found in Assessor(view, me, now).each(some.wanted):
            for assessment in found.assessments:
                row = _kept(found, assessment)
                was = old.take(row)
                if was is None or _said(was) != _said(row):
                    rows.append(row)
                if was is None or was.verdict != row.verdict:
                    events.append(_event(was, row))
        mark = msgspec.structs.replace(mark, until=view.moment.next)
    old.leave(some)
    lost = old.lost()
    events += [_event(one, msgspec.structs.replace(one, verdict=GONE, at=now)) for one in lost]
    made = Made(kept=rows, gone=[*old.spelled, *lost], events=events, mark=mark)
    if not store.ledger.keep(made, before):
        return None
    return Change(len(some.wanted), tuple(events))


class _Old:
    """The verdicts that were kept, whatever the case in which a release was then written."""

    def __init__(self, kept: Iterable[Kept]) -> None:
        self.spelled: list[Kept] = []
        """Those of a release that is written otherwise now."""
        self._kept: dict[tuple[Key, str], Kept] = {}
        for one in kept:
            place = (folded(one.product, one.release), one.buyer)
            if place in self._kept:
                self.spelled.append(one)
            else:
                self._kept[place] = one

    def take(self, row: Kept) -> Kept | None:
        """The one that another takes the place of."""
        was = self._kept.pop((folded(row.product, row.release), row.buyer), None)
        if was is not None and (was.product, was.release) != (row.product, row.release):
            self.spelled.append(was)
        return was

    def leave(self, some: _Some) -> None:
        """Let those stand whose release is known, and was not assessed."""
        stand = {folded(*one.key) for one in some.known}
        stand -= {folded(*one.key) for one in some.wanted}
        self._kept = {place: one for place, one in self._kept.items() if place[0] not in stand}

    def lost(self) -> list[Kept]:
        """Those that are left."""
        return list(self._kept.values())


GONE = "no longer known"
"""What an event says of a release, or of a baseline, that nothing here names any more."""


def _said(row: Kept) -> tuple[str, ...]:
    return (row.product, row.release, row.baseline, row.verdict, row.requirements, row.until)


def _kept(release: Assessed, found: Assessment) -> Kept:
    verdicts = {one.need.id: one.verdict for one in found.judged}
    return Kept(
        product=release.release.product,
        release=release.release.release,
        buyer=found.baseline.name,
        baseline=found.baseline.version,
        verdict=found.verdict,
        requirements=msgspec.json.encode(verdicts).decode(),
        until=min((one for one in (found.until, release.again) if one), default=""),
        at=release.now,
    )


_SHOWN = 5
"""Requirements that an event names."""


def _event(old: Kept | None, row: Kept) -> Event:
    """What changed, in our own words: what a partner takes back must not stand on in them."""
    before: dict[str, str] = msgspec.json.decode(old.requirements) if old else {}
    after: dict[str, str] = msgspec.json.decode(row.requirements)
    changed = [
        f"{name}: {after.get(name, 'gone')}"
        for name in sorted({*before, *after})
        if old and before.get(name) != after.get(name)
    ]
    if old and not changed and (old.verdict, row.verdict) == (CONDITIONAL, UNDECIDED):
        changed = ["a condition is past its date"]
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return Event(
        at=row.at, product=row.product, release=row.release, buyer=row.buyer,
        before=old.verdict if old else "", after=row.verdict,
        why="; ".join(changed[:_SHOWN]) + more,
    )  # fmt: skip
