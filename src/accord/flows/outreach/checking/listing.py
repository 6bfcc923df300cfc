"""What enters the list of dangers, and how it leaves: two people, from what the public may see.

Law (clear): an entry's source may go to the public when it is proposed, when it is approved, and as
long as it is listed.
Law (strictest): one version of an indicator that is marked more strictly keeps all of them here.
Law (two people): nobody approves what they proposed themselves.
Law (never): what is known to be good is not listed: names of governments, public services, and
whatever stands on a warning list.
Law (an end): an entry ends with its source, and no later than 90 days after it was proposed.

Source: confidence 70 and more is *high* in STIX 2.1, appendix A.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import msgspec

from accord.core.errors import Invalid, NotFound
from accord.exchange.feeds.schedule import later
from accord.exchange.hunting.plan import plan_of
from accord.exchange.hunting.values import NORMAL
from accord.exchange.release import Subject
from accord.flows.exchange.sharing.plan import DEFAULT
from accord.flows.hunting.hunt import marking_of
from accord.flows.hunting.port import IndicatorRow
from accord.flows.outreach.alerting.egress import documents, keeps
from accord.flows.outreach.checking.breaches import Breaches, Watch
from accord.flows.outreach.checking.port import Desk, Entry, Named, State, protected
from accord.identity.markings import Tlp, parse_tlp
from accord.outreach import addresses
from accord.outreach.dangers import asking, buckets, never
from accord.outreach.dangers.buckets import Edition
from accord.outreach.dangers.model import CATEGORIES, Category, Danger, Kind, Protected

ENOUGH: Final = 70
DAYS: Final = 30
MOST_DAYS: Final = 90
MOST_REASON: Final = 500
_DAY: Final = 86_400.0
_REPORT: Final = "report:"
_KINDS: Final[dict[str, Kind]] = {
    "domain": "domain", "ip": "domain", "url": "link", "mail": "mail", "hash": "hash",
}  # fmt: skip
_GOOD: Final = {"domain": "domain", "link": "url", "mail": "mail", "hash": "hash"}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a person proposes."""

    source: str
    category: Category
    person: str
    confidence: int | None = None
    """Of the person; None: that of the source."""
    days: int = DAYS


class Proposed(msgspec.Struct, frozen=True):
    """What came of proposing."""

    entries: tuple[Entry, ...]
    left: tuple[tuple[str, str], ...]
    """What is not proposed, and why."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the public is answered from."""

    edition: Edition
    protected: tuple[Protected, ...]
    spared: frozenset[str]
    made: str
    dangers: tuple[Danger, ...] = ()
    breaches: Breaches = Breaches()


def propose(desk: Desk, wanted: Wanted) -> Proposed:
    """Propose what an indicator, or a report of the public, names.

    Raises:
        NotFound: there is no such source.
        Invalid: it may not go to the public, is not sure enough, or names nothing that fits.
    """
    _check(wanted)
    now = desk.clock.now()
    ends = later(now, wanted.days * _DAY)
    if wanted.source.startswith(_REPORT):
        values, sure = _reported(desk, wanted.source), None
    else:
        row = _row(desk, wanted.source)
        values, sure = _values(row), row.confidence
        ends = min(ends, row.valid_until or ends)
    said = [one for one in (sure, wanted.confidence) if one is not None]
    if not said:
        raise Invalid("its source says no confidence; say yours", "confidence")
    if min(said) < ENOUGH:
        raise Invalid(f"{min(said)} of 100; {ENOUGH} is enough", "confidence")
    entries, left = [], []
    good = desk.known_good()
    for kind, value in values:
        try:
            canonical = asking.canonical(kind, value)
            _check_good(good.about(*_normal(kind, canonical)) if kind in _GOOD else None)
            _check_never(kind, canonical)
        except Invalid as wrong:
            left.append((value, str(wrong)))
            continue
        made = Entry(
            kind=kind, value=canonical, category=wanted.category, source=wanted.source,
            confidence=min(said), expires=ends, proposed_by=wanted.person, proposed=now,
        )  # fmt: skip
        entries.append(made)
    kept = desk.dangers.add(entries)
    have = {(one.kind, one.value) for one in kept}
    left += [
        (one.value, "it is listed or proposed already")
        for one in entries if (one.kind, one.value) not in have
    ]  # fmt: skip
    return Proposed(tuple(kept), tuple(left))


def approve(desk: Desk, number: int, person: str) -> Entry:
    """Put a proposed entry on the list.

    Raises:
        NotFound: there is none with this number.
        Invalid: it waits no longer, who proposed it approves it, or its source may not go out now.
    """
    entry = one(desk, number)
    if _folded(person) == _folded(entry.proposed_by):
        raise Invalid("somebody else than who proposed it approves it", "person")
    now = desk.clock.now()
    if entry.expires <= now:
        raise Invalid(f"it ended {entry.expires[:10]}; propose it again", "expires")
    if not entry.source.startswith(_REPORT):
        _row(desk, entry.source)
    if entry.kind in _GOOD:
        _check_good(desk.known_good().about(*_normal(entry.kind, entry.value)))
    _check_never(entry.kind, entry.value)
    return _moved(desk, "proposed", _with(entry, "listed", decided_by=person, decided=now))


def refuse(desk: Desk, number: int, person: str, reason: str) -> Entry:
    """Keep a proposed entry off the list.

    Raises:
        As `approve`.
    """
    entry, now = one(desk, number), desk.clock.now()
    changed = _with(entry, "refused", decided_by=person, decided=now, reason=_reason(reason))
    return _moved(desk, "proposed", changed)


def revoke(desk: Desk, number: int, person: str, reason: str) -> Entry:
    """Take an entry off the list, at once.

    Raises:
        NotFound: there is none with this number.
        Invalid: it is not listed.
    """
    entry, now = one(desk, number), desk.clock.now()
    changed = _with(entry, "revoked", ended_by=person, ended=now, reason=_reason(reason))
    return _moved(desk, "listed", changed)


def name(desk: Desk, text: str, owner: str, person: str) -> Named:
    """Compare looks with a name; without an owner it is spared, and looks like nothing.

    Raises:
        Invalid: it is not a name as somebody registered it.
    """
    host = asking.canonical("domain", text)
    if addresses.registrable(host) != host or addresses.is_address(host):
        raise Invalid(f"{host} is not as somebody registered it: {addresses.registrable(host)}")
    if len(owner) > MOST_REASON or "\0" in owner:
        raise Invalid(f"at most {MOST_REASON} characters", "owner")
    kept = Named(name=host, owner=owner.strip(), person=person, added=desk.clock.now())
    desk.dangers.name(kept)
    return kept


def one(desk: Desk, number: int) -> Entry:
    """An entry by its number.

    Raises:
        NotFound: there is none.
    """
    found = desk.dangers.one(number)
    if found is None:
        raise NotFound(f"no danger {number}; `accord dangers list` lists them")
    return found


def snapshot(desk: Desk, breaches: Watch | None = None) -> Snapshot:
    """What the public is answered from now: what is listed, has not ended, and whose source stands.

    `breaches` remembers what it read; without it they are read now.

    A source that was revoked, recalled or marked more strictly takes its entries with it.
    """
    now = desk.clock.now()
    listed = [one for one in desk.dangers.all(("listed",)) if one.expires > now]
    sources = sorted({one.source for one in listed if not one.source.startswith(_REPORT)})
    rows = desk.indicators(sources)
    stands = {row.object for row in rows if not _falls(row, now)}
    stands -= {row.object for row in rows if _strict(row)}
    dangers = [
        Danger(one.kind, one.value, one.category, one.expires) for one in listed
        if one.source.startswith(_REPORT) or one.source in stands
    ]  # fmt: skip
    named = desk.dangers.named()
    return Snapshot(
        edition=buckets.edition(dangers), protected=protected(named, never.SERVICES), made=now,
        dangers=tuple(sorted(set(dangers))), breaches=(breaches or Watch(desk)).now(),
        spared=frozenset(one.name for one in named if not one.owner),
    )  # fmt: skip


def _check(wanted: Wanted) -> None:
    if wanted.category not in CATEGORIES:
        raise Invalid(f"one of {', '.join(CATEGORIES)}", "category")
    if not 1 <= wanted.days <= MOST_DAYS:
        raise Invalid(f"1 to {MOST_DAYS}", "days")
    if wanted.confidence is not None and not 0 <= wanted.confidence <= 100:  # noqa: PLR2004 - of 100
        raise Invalid("0 to 100", "confidence")


def _row(desk: Desk, source: str) -> IndicatorRow:
    """The version of an indicator that the public may see.

    Raises:
        NotFound: there is no such indicator.
        Invalid: none may go out.
    """
    rows = desk.indicators([source])
    if not rows:
        raise NotFound(f"no indicator {source[:80]!r}; `accord find` finds them")
    now = desk.clock.now()
    reasons = [reason for row in rows if (reason := _strict(row))]
    for row in rows if not reasons else ():
        reason = _falls(row, now) or _kept(desk, row)
        if not reason:
            return row
        reasons.append(reason)
    raise Invalid(f"{source} does not go to the public: {reasons[0]}", "source")


def _falls(row: IndicatorRow, now: str) -> str:
    """Why an indicator does not stand; empty: it does."""
    if row.revoked or row.state != "live":
        return "it was revoked or recalled"
    if row.release_at > now or (row.expires and row.expires <= now):
        return "it is under embargo, or its sharing ended"
    if row.valid_until and row.valid_until <= now:
        return f"it was valid until {row.valid_until[:10]}"
    return ""


def _strict(row: IndicatorRow) -> str:
    """Why a version keeps its indicator here, whoever else says that it is clear; or empty.

    An origin that revoked its version says nothing by it any more.
    """
    if row.revoked:
        return ""
    if row.unknown:
        return "it bears a marking that this node does not know"
    if row.tlp is not None and row.tlp > Tlp.CLEAR:
        return f"it is marked {Tlp(row.tlp).word}"
    return ""


def _kept(desk: Desk, row: IndicatorRow) -> str:
    """The rule by which release keeps an indicator here; empty: none."""
    alerting = desk.alerting
    (document,) = documents(alerting, (row.taken.partition(" ")[2],))
    if document is None or document.granular:
        return "its document is not understood whole, or marks parts by themselves"
    default = parse_tlp(alerting.sharing.marking() or DEFAULT.word)
    subject = Subject(
        row.object, row.version, "indicator", document.origin, marking_of(row, default, {})
    )
    return keeps(alerting, subject)


def _values(row: IndicatorRow) -> list[tuple[Kind, str]]:
    """What an indicator names, each by itself.

    Raises:
        Invalid: its pattern is no list of values.
    """
    made = plan_of(row.pattern, row.language)
    found: dict[tuple[Kind, str], None] = {}
    for exact in made.exact:
        kind = _KINDS.get(exact.kind)
        if kind is not None:
            found[kind, f"http://{exact.value}" if kind == "link" else exact.value] = None
    if not found or made.rest or made.not_evaluated:
        raise Invalid("its pattern is no list of names, links, addresses or hashes", "source")
    return list(found)


def _reported(desk: Desk, source: str) -> list[tuple[Kind, str]]:
    """The telephone numbers of a report: no indicator can name them.

    Raises:
        NotFound: there is no such report.
        Invalid: it was not found to be dangerous, or names none.
    """
    number = source.removeprefix(_REPORT)
    found = desk.reports.one(int(number)) if number.isascii() and number.isdigit() else None
    if found is None:
        raise NotFound(f"no {source[:40]!r}; `accord reports list` lists them")
    if found.outcome != "dangerous":
        raise Invalid("nobody found that report to be dangerous", "source")
    numbers: list[tuple[Kind, str]] = [
        ("phone", item.value) for item in found.said.items if item.kind == "phone"
    ]
    if not numbers:
        raise Invalid(
            "it has no telephone number; for the rest propose the indicators that were made of it",
            "source",
        )
    return numbers


def _normal(kind: str, value: str) -> tuple[str, str]:
    """A value as warning lists are asked for it."""
    if kind == "domain" and NORMAL["ip"](value):
        return "ip", NORMAL["ip"](value)
    name = _GOOD[kind]
    return name, NORMAL[name](value)


def _check_good(known: tuple[str, str] | None) -> None:
    """Raises:
    Invalid: it is on a warning list.
    """
    if known is not None and known[0] == "suppressed":
        raise Invalid(known[1], "value")


def _check_never(kind: str, value: str) -> None:
    """Raises:
    Invalid: it is never listed.
    """
    host = asking.host(kind, value)
    reason = never.why_never(host) if host else ""
    if kind == "domain":
        reason = reason or never.why_not_whole(host)
    if reason:
        raise Invalid(reason, "value")


def _with(entry: Entry, state: State, **said: str) -> Entry:
    return msgspec.structs.replace(entry, state=state, **said)


def _moved(desk: Desk, before: State, entry: Entry) -> Entry:
    if not desk.dangers.move(before, entry):
        found = one(desk, entry.id)
        raise Invalid(f"danger {entry.id} is {found.state}, not {before}")
    return entry


def _reason(text: str) -> str:
    said = text.strip()
    if not said or len(said) > MOST_REASON or "\0" in said:
        raise Invalid(f"say why, in at most {MOST_REASON} characters", "because")
    return said


def _folded(person: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", person).casefold().split())
