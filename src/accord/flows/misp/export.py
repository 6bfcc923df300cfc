"""A feed for MISP of what one recipient may see, as a folder.

Law (one egress): every event and indicator in it is the body of a decision of release, and all
decisions are in the disclosure log before the first file is written.
Law (what left): the log says yes of what is in the feed, and of nothing that is not.
Law (strictest word): what another document or envelope marks more strictly is not in it.
Law (every member): what one member of an audience may not have is not in the audience's feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import msgspec

from accord.core import json
from accord.core.errors import AccordError, Invalid, NotFound
from accord.exchange.log.entries import Kind
from accord.exchange.log.entries import read as read_entry
from accord.exchange.misp import feed
from accord.exchange.misp.feed import Maker, Thing
from accord.exchange.receipts import Line
from accord.exchange.release import Circle, Decision, Subject, Way, decide
from accord.flows.exchange.answering.asked import Means
from accord.flows.exchange.answering.lines import line
from accord.flows.exchange.answering.port import Kept
from accord.flows.exchange.answering.subjects import STIX, Subjects, body_of
from accord.flows.exchange.sharing.owner import Owner, standing
from accord.flows.exchange.sharing.wanted import Holdings
from accord.flows.misp.elsewhere import Alike, Elsewhere
from accord.flows.misp.whole import Going, Whole
from accord.flows.ports import Views
from accord.identity.clients import Client
from accord.identity.markings import Marking, Tlp
from accord.identity.recipients import PUBLIC, Recipient

_KIND = "MISP event"
_AT_ONCE = 200
_BEGIN = ("", "")


class People(Protocol):
    """The clients of this node."""

    def clients(self) -> list[Client]:
        """All of them, revoked ones too."""
        ...


class Exporter(msgspec.Struct, frozen=True):
    """What an export needs of the node."""

    means: Means
    owner: Callable[[], Owner]
    people: People
    views: Views
    holdings: Holdings
    indicators: Alike


class Exported(msgspec.Struct, kw_only=True):
    """The account of an export."""

    events: int = 0
    """Events of MISP that went whole."""
    indicators: int = 0
    attributes: int = 0
    """Attributes that indicators became."""
    withheld: int = 0
    """What this recipient may not have."""
    passed_over: int = 0
    """Parts of events, and events, that are unreadable, were recalled, or bear another's name."""
    stricter: int = 0
    """Parts of events, and indicators, that are marked more strictly elsewhere."""
    no_equal: int = 0
    """Objects of other types, which a feed of MISP does not hold."""
    files: int = 0
    removed: int = 0
    """Files of an earlier export that are not in this one."""


class _For(msgspec.Struct, frozen=True):
    """Who the feed is for, and what could be in it."""

    label: str
    recipients: tuple[Recipient, ...]
    circle: Circle | None
    kept: list[Kept]


def to_audience(exporter: Exporter, name: str, folder: Path) -> Exported:
    """A feed of what every member of an audience may have of its log.

    Raises:
        NotFound: no such audience.
        AccordError: nothing may be given out at present, or the folder cannot be used.
    """
    _ready(exporter)
    exporter.means.refuse_expired()
    owner = exporter.owner()
    audience = owner.audience(name)
    members = owner.members(audience)
    if not members:
        raise Invalid(f"nobody is in the audience {name}, and an empty audience is nobody")
    circle = Circle(name, owner.me, frozenset(members), audience.everyone)
    answers = exporter.means.answers
    logs = [log for one in members for log in answers.logs(one) if log.name == name]
    since = max((log.since for log in logs), default=audience.size)
    kept: list[Kept] = []
    for first in range(since, audience.size, _AT_ONCE):
        data = answers.entries(audience.id, first, _AT_ONCE)
        entries = [read_entry(one, first + number) for number, one in enumerate(data)]
        wanted = [one.commitment for one in entries if one.kind is Kind.COMMITMENT]
        found = answers.committed(audience.id, wanted).values()
        kept += [one.kept for one in found if one.state == "live" and one.salt and one.kept]
    to = tuple(Recipient("partner", one) for one in members)
    return _export(exporter, _For(f"audience:{name}", to, circle, kept), folder)


def to_client(exporter: Exporter, name: str, folder: Path) -> Exported:
    """A feed of what a client is entitled to.

    Raises:
        NotFound: no such client, or it was revoked.
        AccordError: as `to_audience`.
    """
    _ready(exporter)
    known = {one.name: one for one in exporter.people.clients() if not one.revoked}
    if name not in known:
        listed = ", ".join(sorted(known)) or "none yet"
        raise NotFound(f"no client {name[:80]!r}; clients are: {listed}")
    to = known[name].recipient()
    return _export(exporter, _For(to.label, (to,), None, _released(exporter, to.tlp)), folder)


def to_public(exporter: Exporter, folder: Path) -> Exported:
    """A feed of what anybody may see.

    Raises:
        AccordError: as `to_audience`.
    """
    _ready(exporter)
    kept = _released(exporter, Tlp.CLEAR)
    return _export(exporter, _For(PUBLIC.label, (PUBLIC,), None, kept), folder)


def _ready(exporter: Exporter) -> None:
    """Nothing goes out of a node that was restored: what was recalled may be here again."""
    standing(exporter.means.trust.directory(), exporter.means.trust.me())
    why = exporter.means.answers.sealed()
    if why:
        raise AccordError(f"this node gives nothing out at present: {why}")
    exporter.means.notary.release_due()


def _released(exporter: Exporter, most: Tlp) -> list[Kept]:
    """Everything live up to a marking: objects of STIX, and events of MISP."""
    answers = exporter.means.answers
    found: list[Kept] = []
    place = _BEGIN
    while True:
        page = answers.page(int(most), place, _AT_ONCE)
        found += page
        if len(page) < _AT_ONCE:
            break
        place = page[-1].object, page[-1].version
    with exporter.views.view() as view:
        offset = 0
        while rows := view.shelf(_KIND, "", offset, _AT_ONCE).documents:
            sealed = answers.sealed_as([row.digest for row in rows], int(most))
            found += [one for listed in sealed.values() for one in listed]
            offset += len(rows)
    return [one for one in {one.id: one for one in found}.values() if one.tlp <= most]


def _export(exporter: Exporter, to: _For, folder: Path) -> Exported:
    done = Exported()
    lines: list[tuple[int, Line]] = []
    decided = list(_decided(exporter, to, lines, done))
    whole = Whole(exporter.owner(), exporter.holdings, _elsewhere(exporter, to))
    for one in decided:
        if one.kept.type == _KIND:
            whole.take(one)
        else:
            whole.ask(one)
    whole.look_up()
    gathered, left_out = _gathered(whole, decided, done)
    known_events = whole.events()
    done.events, done.passed_over = len(known_events), whole.passed_over
    # MISP takes an attribute into one event only: that which it is in already.
    told = {name for made in known_events for name in feed.names(made)}
    left = {
        marking: [one for one in listed if one["uuid"] not in told]
        for marking, listed in gathered.items()
    }
    done.attributes = sum(map(len, left.values()))
    files = feed.folder([*known_events, *feed.gathered(left, _maker(exporter), to.label)])
    left_out |= {one.kept.id for one in decided if one.kept.type == _KIND} - whole.sources()
    told_of = [one for number, line in lines for one in _told(line, number, left_out, whole)]
    done.stricter = sum(map(len, whole.stricter.values()))
    exporter.means.answers.record(told_of)
    done.files = len(files)
    done.removed = _write(folder, files)
    return done


def _gathered(
    whole: Whole, decided: Sequence[Going], done: Exported
) -> tuple[dict[Marking, list[Thing]], set[int]]:
    """The attributes of indicators by marking, and the numbers of what is left out."""
    gathered: dict[Marking, list[Thing]] = {}
    left_out: set[int] = set()
    for one in decided:
        number, marking = one.kept.id, one.marking
        if one.kept.type == _KIND:
            continue
        inside = whole.part(one)
        done.indicators += bool(inside)
        done.no_equal += not inside and number not in whole.stricter
        left_out |= set() if inside else {number}
        gathered.setdefault(Marking(marking.tlp, marking.pap), []).extend(inside)
    return gathered, left_out


def _elsewhere(exporter: Exporter, to: _For) -> Elsewhere:
    me, now = exporter.means.trust.me(), exporter.means.clock.now()

    def goes(subject: Subject) -> bool:
        every = (decide(subject, one, Way.EXPORT, to.circle, me, now) for one in to.recipients)
        return all(one.outcome == "yes" for one in every)

    return Elsewhere(exporter.owner(), exporter.holdings, exporter.indicators, goes)


def _told(one: Line, number: int, left_out: set[int], whole: Whole) -> Iterator[Line]:
    """A decision as the log tells it: what release let go, and nothing came of, did not leave."""
    change = msgspec.structs.replace
    parts = whole.stricter.get(number, ())
    if one.decision == "no":
        yield one
        return
    if number in left_out:
        yield change(one, decision="no", rule="left-out", digest="")
    else:
        yield change(one, decision="redacted") if parts else one
    for name in parts:
        if name != one.object:
            yield change(one, object=name, decision="no", rule="left-out", digest="")


def _maker(exporter: Exporter) -> Maker:
    owner = exporter.owner()
    own = owner.directory.partner(owner.me)
    return Maker(own.title, own.identity.partition("--")[2]) if own else Maker(owner.me, "")


def _decided(
    exporter: Exporter, to: _For, lines: list[tuple[int, Line]], done: Exported
) -> Iterator[Going]:
    """Of each object the newest version that every recipient may have, with the decision on it."""
    means = exporter.means
    me, now = means.trust.me(), means.clock.now()

    def asker(recipient: Recipient) -> Callable[[Subject], Decision]:
        return lambda subject: decide(subject, recipient, Way.EXPORT, to.circle, me, now)

    asking = [(one, asker(one)) for one in to.recipients]
    subjects = [(one, ask, Subjects(means.around(), ask)) for one, ask in asking]
    for _, _, each in subjects:
        each.learn(to.kept)
    given: set[str] = set()
    for kept in _nearest(to.kept, me):
        if kept.object in given or not _may_hold(kept):
            continue
        envelope = means.answers.envelopes([kept.id]).get(kept.id, b"")
        if not envelope:
            continue
        body = body_of(kept, envelope)
        decisions = [(one, ask(each.of(kept, body))) for one, ask, each in subjects]
        agreed = _agreed([decision for _, decision in decisions])
        for one, decision in decisions:
            if agreed is not None or decision.outcome == "no":
                digest = sha256(decision.body).hexdigest() if agreed is not None else ""
                made = line(
                    kept, now, Way.EXPORT, one.label, decision.outcome, decision.rule, digest
                )
                lines.append((kept.id, made))
        if agreed is None:
            done.withheld += 1
            continue
        given.add(kept.object)
        if agreed.marking is not None:
            whole = frozenset({kept.digest, sha256(body).hexdigest()})
            yield Going(kept, agreed.body, agreed.marking, whole)


def _nearest(kept: Sequence[Kept], me: str) -> list[Kept]:
    """Of each object this node's own come first, then those of others by name; newest first."""
    newest = sorted(kept, key=lambda one: (one.object, one.version, one.id), reverse=True)
    return sorted(newest, key=lambda one: (one.object, one.origin != me, one.origin))


def _may_hold(kept: Kept) -> bool:
    return kept.type == _KIND or kept.media.startswith(STIX)


def _agreed(decisions: Sequence[Decision]) -> Decision | None:
    """The one decision of all; None where one says no, or they would see different bytes."""
    first = decisions[0]
    same = all(one.outcome != "no" and one.body == first.body for one in decisions)
    return first if same else None


def _write(folder: Path, files: dict[str, bytes]) -> int:
    """Write the files, the manifest last; those of an earlier feed that are no more are removed.

    Raises:
        Invalid: the folder holds something else.
        AccordError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = _before(folder)
        for name, data in files.items():
            waiting = folder / f".{name}.new"
            waiting.write_bytes(data)
            waiting.replace(folder / name)
        gone = before - files.keys()
        for name in gone:
            (folder / name).unlink(missing_ok=True)
    except OSError as wrong:
        raise AccordError(f"cannot write {folder}: {wrong.strerror}") from wrong
    return len(gone)


def check_folder(folder: Path) -> None:
    """Whether a feed may be written there, before anything is decided.

    Raises:
        Invalid: the folder holds something else than an earlier feed.
    """
    if folder.exists():
        _before(folder)


def _before(folder: Path) -> set[str]:
    """The files of an earlier feed in a folder, which is empty otherwise."""
    if not folder.is_dir():
        raise Invalid(f"{folder} is no folder")
    there = {one.name for one in folder.iterdir()}
    if not there:
        return set()
    try:
        listed = json.decode_strict((folder / feed.MANIFEST).read_bytes())
    except (OSError, Invalid):
        listed = None
    known = {f"{name}.json" for name in listed} if isinstance(listed, dict) else set()
    if listed is None or there - known - {feed.MANIFEST, feed.HASHES}:
        raise Invalid(f"{folder} holds other files than a feed; name an empty folder")
    return known | {feed.MANIFEST, feed.HASHES}
