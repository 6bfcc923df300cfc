"""Look through logs for every indicator that may be used for it, and keep what was seen.

Law (nothing is dropped in silence): an indicator that is not used, a line that is not read, a hit
that is suppressed: each is counted, with why.
Law (loading twice changes nothing): the same log hunted again makes no other sightings.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import msgspec

from accord.core.archives import walk
from accord.core.clock import Clock
from accord.core.errors import Invalid, NotFound
from accord.core.origins import is_partner
from accord.exchange.definitions import read_definition
from accord.exchange.hunting import known_good, sightings
from accord.exchange.hunting.known_good import KnownGood, Weighed
from accord.exchange.hunting.plan import Indicator, Plan, plan
from accord.exchange.hunting.sightings import Seen
from accord.exchange.release import Use, permits
from accord.flows.exchange.sharing.plan import DEFAULT
from accord.flows.exchange.sharing.share import Sharer
from accord.flows.exchange.sharing.wanted import Holdings, newest_of
from accord.flows.hunting import standing
from accord.flows.hunting.archive import Covered, Limits, broken, prune
from accord.flows.hunting.port import (
    Due,
    Engine,
    Hit,
    IndicatorRow,
    Mapping,
    Rules,
    Searched,
    Trouble,
)
from accord.flows.hunting.standing import ByRule
from accord.flows.load import load_documents
from accord.flows.ports import Intake, View, Views
from accord.identity.markings import STRICTEST, Marking, Pap, Tlp, parse_tlp, strictest
from accord.identity.partners import Directory

_AT_ONCE = 2_000
"""Sightings in one document."""
_SHELF = 200
_LISTS = "MISP warning list"
_TAKEN = re.compile(r"[0-9]{12,} ([0-9a-f]{64})", re.ASCII)

Progress = Callable[[str], None]
Weigh = Callable[[Hit, Indicator], Weighed]


class Trust(Protocol):
    """Who this node is."""

    def directory(self) -> Directory | None:
        """The partners, where there is a partnership."""

    def me(self) -> str:
        """The name of this node as a partner, or empty."""


class Shares(Protocol):
    """How this node marks what bears no marking."""

    def marking(self) -> str:
        """The default colour, or empty."""


class Desk(Protocol):
    """The parts of a node that hunting needs."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def views(self) -> Views:
        """What the node knows."""

    @property
    def clock(self) -> Clock:
        """When sightings are made."""

    @property
    def trust(self) -> Trust:
        """Who this node is."""

    @property
    def sharing(self) -> Shares:
        """How it marks what bears no marking."""

    @property
    def holdings(self) -> Holdings:
        """Where marking definitions stand."""

    @property
    def hunting(self) -> Engine:
        """Reads logs."""

    @property
    def rules(self) -> Rules:
        """By which sightings are shared."""

    @property
    def sharer(self) -> Sharer:
        """Shares what rules let go."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How to hunt."""

    paths: tuple[Path, ...] = ()
    retro: bool = False
    """Look through the archive, for indicators that came since."""
    since: str = ""
    """`when()`: only records from then on, and those without a time."""
    mapping: Mapping | None = None
    keep: bool = True
    """Keep the records in the archive."""
    weak: bool = False
    """Make sightings of weak hits, too."""
    limits: Limits = Limits()
    """What goes from the archive afterwards."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A hit with what it says."""

    strength: str
    why: tuple[str, ...]
    indicator: str
    name: str
    origin: str
    kind: str
    value: str
    told: str
    count: int
    first: str
    last: str
    file: str
    record: int
    marking: str


class Hunted(msgspec.Struct, kw_only=True):
    """The account of a hunt."""

    indicators: int = 0
    """Those that were looked for."""
    not_used: dict[str, int] = {}
    """Indicators that were not looked for, by reason."""
    not_evaluated: list[tuple[str, str]] = []
    files: int = 0
    records: int = 0
    refused: int = 0
    formats: dict[str, int] = {}
    findings: list[Finding] = []
    troubles: list[Trouble] = []
    sightings: list[str] = []
    """Those that are new."""
    same: int = 0
    """Those that an earlier hunt made."""
    shared: list[ByRule] = []
    """What became of sightings by standing rules."""
    archive: Covered | None = None
    """What the archive covers now, where it was asked for."""
    dropped: Covered | None = None
    """What went from it."""

    @property
    def strengths(self) -> dict[str, int]:
        """How many hits of each strength."""
        return dict(Counter(one.strength for one in self.findings))


def hunt(asked: Asked, desk: Desk, progress: Progress | None = None) -> Hunted:
    """Look through logs, make sightings of what is found, and take these in.

    Raises:
        NotFound: a path does not exist, or there is no archive yet.
        AccordError: the engine is not installed.
    """
    now = desk.clock.now()
    done = Hunted()
    with desk.views.view() as view:
        usable = _usable(view.indicators(), desk, now, done)
    done.indicators = len(usable)
    seen: list[Seen] = []
    lists: KnownGood | None = None
    wanted = {"strong", "weak"} if asked.weak else {"strong"}
    for searched, made in _searches(asked, desk, usable, done):
        if progress is not None:
            progress(searched.file)
        _account(searched, done)
        if searched.hits:
            lists = lists or lists_of(desk.views)
            weigh = partial(_weigh, lists, now)
            seen += _weighed(searched, made, wanted, weigh, done)
    _take_in(seen, desk, now, done)
    done.shared = standing.share_due(desk)
    _tidy(asked, desk, now, done)
    order = {"strong": 0, "weak": 1, "suppressed": 2}
    done.findings.sort(key=lambda one: (order[one.strength], one.indicator, one.file, one.value))
    return done


def _tidy(asked: Asked, desk: Desk, now: str, done: Hunted) -> None:
    limited = asked.limits != Limits()
    if limited:
        done.dropped = prune(desk.hunting, asked.limits, now)
    if limited or asked.retro:
        done.archive = Covered.of(desk.hunting.archived())


def _searches(
    asked: Asked, desk: Desk, usable: list[Indicator], done: Hunted
) -> Iterator[tuple[Searched, Plan]]:
    engine = desk.hunting
    until = max((one.taken for one in usable), default="")
    if asked.paths:
        made = plan(usable)
        done.not_evaluated += made.not_evaluated
        engine.begin(made)
        kept = []
        for path, name in _files(asked.paths):
            searched = engine.search(path, name, asked.mapping, asked.since, keep=asked.keep)
            yield searched, made
            if searched.kept and not asked.since:
                kept.append(searched.kept)
        # What was searched from a day on only, `retro` looks through whole.
        engine.note(kept, until)
    if asked.retro:
        yield from _retro(asked, desk, usable, until, done)


def _retro(
    asked: Asked, desk: Desk, usable: list[Indicator], last: str, done: Hunted
) -> Iterator[tuple[Searched, Plan]]:
    """The archive, for what came since each log was looked through whole.

    By the order of intake: what was learned long ago may have been loaded today.
    """
    engine = desk.hunting
    archived = engine.archived()
    if not archived:
        raise NotFound("there is no archive yet: `accord hunt PATH` makes it")
    hunted = engine.hunted()
    with desk.views.view() as view:
        known = {mark: _still(mark, view) for mark in set(hunted.values())}
    unread: set[str] = set()
    for one in archived:
        if not one.records:
            yield broken(one.log), Plan([], [], [], [], [])
    until = {one.log: known.get(hunted.get(one.log, ""), "") for one in archived if one.records}
    for moment in sorted(set(until.values())):
        new = [one for one in usable if one.taken > moment]
        if not new:
            continue
        made = plan(new)
        done.not_evaluated += [one for one in made.not_evaluated if one not in done.not_evaluated]
        engine.begin(made)
        for log, searched_until in until.items():
            if searched_until == moment:
                searched = engine.search_again(log, asked.since)
                if searched.troubles and not searched.records:
                    unread.add(log)
                yield searched, made
    if not asked.since:
        # What could not be read is told again.
        engine.note([log for log in until if log not in unread], last)


def _still(mark: str, view: View) -> str:
    """A place in the order of intake; empty, which is its beginning, once its document is gone.

    Then its number may be another's. A mark of another form is a day, which says nothing of it.
    """
    found = _TAKEN.fullmatch(mark)
    return mark if found and view.document(found[1]) is not None else ""


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for root in paths:
        if not root.exists():
            raise NotFound(f"{root} does not exist")
        for path in walk(root):
            name = str(path.relative_to(root.parent)) if root.is_dir() else path.name
            # Names of files are bytes, which need be no text.
            yield path, os.fsencode(name).decode("utf-8", "backslashreplace")


def _account(searched: Searched, done: Hunted) -> None:
    done.files += 1
    done.records += searched.records
    done.refused += searched.refused
    if searched.format:
        done.formats[searched.format] = done.formats.get(searched.format, 0) + 1
    done.troubles += searched.troubles
    done.not_evaluated += searched.not_evaluated


def _usable(rows: Sequence[IndicatorRow], desk: Desk, now: str, done: Hunted) -> list[Indicator]:
    """The indicators that may be looked for, with the strictest that is known of their marking."""
    default = parse_tlp(desk.sharing.marking() or DEFAULT.word)
    names = {name for row in rows for name in row.unknown}
    uses = _definitions(names, desk.holdings) if names else {}
    found: list[Indicator] = []
    not_used: Counter[str] = Counter()
    for row in rows:
        marking = marking_of(row, default, uses)
        if row.revoked:
            not_used["revoked"] += 1
        elif row.state != "live":
            not_used[row.state] += 1
        elif marking.expires and marking.expires <= now:
            not_used["expired"] += 1
        elif not permits(marking, Use.OWN_LOGS):
            not_used["its marking (PAP) does not permit it"] += 1
        else:
            found.append(
                Indicator(
                    row.object, row.version, row.name, row.pattern, row.language, row.valid_from,
                    row.valid_until, row.confidence, row.revoked, marking, row.origin, row.learned,
                    row.taken,
                )
            )  # fmt: skip
    done.not_used = dict(not_used)
    return found


def marking_of(row: IndicatorRow, default: Tlp, uses: dict[str, Pap | None]) -> Marking:
    """The strictest that is known of an indicator's marking.

    `default` is the node's own; `uses` holds what definitions of markings say, where they are kept.
    """
    pap = Pap(row.pap)
    dates = {"release_at": row.release_at, "expires": row.expires}
    for name in row.unknown:
        if name not in uses:
            return msgspec.structs.replace(STRICTEST, **dates)
        pap = max(pap, uses[name] or Pap.CLEAR)
    if row.tlp is not None:
        return Marking(Tlp(row.tlp), pap, **dates)
    if row.default is not None:
        default = max(Tlp(row.default), default if row.ours else Tlp.CLEAR)
    if is_partner(row.origin):
        return msgspec.structs.replace(STRICTEST, **dates)
    return Marking(default, pap, **dates)


def _definitions(names: Collection[str], holdings: Holdings) -> dict[str, Pap | None]:
    """What the marking definitions that are kept here say of use, by identifier."""
    wanted = [name for name in names if name.startswith("marking-definition--")]
    places = newest_of(holdings.places(sorted(wanted))) if wanted else {}
    found: dict[str, Pap | None] = {}
    for name, body in holdings.objects(list(places.values())).items():
        try:
            read = read_definition(body)
        except Invalid:
            continue
        if read.known:
            found[name] = read.pap
    return found


def lists_of(views: Views) -> KnownGood:
    """The warning lists that this node keeps."""
    lists = []
    with views.view() as view:
        for digest in _shelved(view):
            one = known_good.readable(view.body(digest))
            if one is not None:
                lists.append(one)
    return KnownGood(lists)


def _shelved(view: View) -> Iterator[str]:
    offset = 0
    while True:
        rows = view.shelf(_LISTS, "", offset, _SHELF).documents
        yield from (row.digest for row in rows if row.current)
        if len(rows) < _SHELF:
            return
        offset += _SHELF


def _weighed(
    searched: Searched, made: Plan, wanted: Collection[str], weigh: Weigh, done: Hunted
) -> list[Seen]:
    """Each hit with how much it says; what sightings are made of, by indicator."""
    by_id: dict[str, list[tuple[Indicator, Hit, Weighed]]] = {}
    whole: dict[str, bool] = {}
    for hit in searched.hits:
        indicator = made.indicators[hit.number]
        weighed = weigh(hit, indicator)
        done.findings.append(_finding(hit, indicator, weighed, searched.file))
        whole[indicator.id] = whole.get(indicator.id, True) and weighed.strength in wanted
        if weighed.strength in wanted:
            by_id.setdefault(indicator.id, []).append((indicator, hit, weighed))
    return [_seen(found, searched, whole=whole[id_]) for id_, found in sorted(by_id.items())]


def _weigh(lists: KnownGood, now: str, hit: Hit, indicator: Indicator) -> Weighed:
    # What the indicator names is known to be good, or what was logged is.
    known = [lists.about(hit.kind, one) for one in dict.fromkeys((hit.told, hit.value)) if one]
    said = [one for one in known if one is not None]
    said.sort(key=lambda one: one[0])
    return known_good.weigh(
        said[0] if said else None,
        valid_from=indicator.valid_from,
        valid_until=indicator.valid_until,
        confidence=indicator.confidence,
        last=hit.last,
        now=now,
        kind=hit.kind,
    )


def _finding(hit: Hit, indicator: Indicator, weighed: Weighed, file: str) -> Finding:
    pap = indicator.marking.pap
    return Finding(
        strength=weighed.strength,
        why=weighed.why,
        indicator=indicator.id,
        name=indicator.name,
        origin=indicator.origin,
        kind=hit.kind,
        value=hit.value,
        told=hit.told,
        count=hit.count,
        first=hit.first,
        last=hit.last,
        file=file,
        record=hit.record,
        marking=indicator.marking.tlp.label + (f" {pap.label}" if pap else ""),
    )


def _seen(found: list[tuple[Indicator, Hit, Weighed]], searched: Searched, *, whole: bool) -> Seen:
    # Several origins may share one indicator: each record counts once.
    by_number: dict[int, list[Hit]] = {}
    for _, hit, _ in found:
        by_number.setdefault(hit.number, []).append(hit)
    counts = [
        searched.totals[number]
        if whole and number in searched.totals
        else sum(h.count for h in hits)
        for number, hits in by_number.items()
    ]
    hits = [hit for _, hit, _ in found]
    return Seen(
        indicator=found[0][0].id,
        log=searched.digest,
        count=max(counts),
        first=min((hit.first for hit in hits if hit.first), default=""),
        last=max((hit.last for hit in hits if hit.last), default=""),
        values=tuple(sorted({(hit.kind, hit.told) for hit in hits if hit.told})),
        marking=strictest([indicator.marking for indicator, _, _ in found]),
        kinds=tuple(sorted({hit.kind for hit in hits})),
        origins=tuple(sorted({indicator.origin for indicator, _, _ in found})),
        strength="weak" if any(one.strength == "weak" for _, _, one in found) else "strong",
    )


def _take_in(seen: Sequence[Seen], desk: Desk, now: str, done: Hunted) -> None:
    if not seen:
        return
    directory = desk.trust.directory()
    partner = directory.partner(desk.trust.me()) if directory else None
    identity = partner.identity if partner else ""
    with desk.views.view() as view:
        known = {one.object: one.count for one in view.sightings() if not one.origin}
    made: list[list[dict[str, Any]]] = []
    rules = desk.rules.rules()
    due: list[Due] = []
    for one in seen:
        objects = sightings.objects(one, identity, now)
        name = sightings.sighting_id(objects)
        if known.get(name, -1) >= one.count:
            done.same += 1
            continue
        known[name] = one.count
        done.sightings.append(name)
        made.append(objects)
        due += standing.due(rules, one, [str(thing["id"]) for thing in objects])
    if due:
        # Before they are taken in: what is interrupted in between still goes by its rule.
        desk.rules.put(due)
    for start in range(0, len(made), _AT_ONCE):
        data = sightings.bundle([thing for one in made[start : start + _AT_ONCE] for thing in one])
        loaded = load_documents([("hunt of this node", data)], desk.intake, now)
        if loaded.quarantined:
            raise Invalid(loaded.quarantined[0].reason, "sighting")
