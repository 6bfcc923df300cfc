"""What was verified, applied: documents, envelopes, tombstones and size, in one transaction.

Law (one step): after a crash everything of a batch is there, or nothing; the size is never ahead of
what was applied.
Law (final): once its originator took an object back, nothing of it is taken again by any way.
Law (versions are immutable): a version of an object has one content; another one is refused.
Law (removal): a document goes with the last envelope that gave it, unless this node's own people
gave it too.
Law (order): what a relay passes on never stands beside what its originator gave us later, whichever
of them came first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from accord.core.digests import Digest
from accord.exchange.envelope import claimed
from accord.exchange.log.entries import SALT, Kind
from accord.flows.exchange.events import Applied, Event, Recalled
from accord.flows.exchange.following.examine import Examined, Left, Taken
from accord.flows.exchange.following.port import Copy, Follow, New, Row, Unit
from accord.flows.prepared import Known, Prepared

_STATES = {Kind.RECALL: "recalled", Kind.RETRACT: "retracted"}
_STIX = "application/stix+json"
_TAKEN_BACK = "its originator took it back"
_REPLACED = "its originator has sealed it anew since"
_GONE = {_TAKEN_BACK: "recalled", _REPLACED: "retracted"}


Named = tuple[str, str]
"""Origin and identifier of an object."""
Aside = dict[Named, list[tuple[int, Row]]]
"""Number of the log and row of entries whose refused bytes are to go, by what they name."""


class Applying(msgspec.Struct, frozen=True):
    """Into which log's account something is applied, and when."""

    follow: Follow
    me: str
    at: str
    listed: frozenset[str] = frozenset()
    """The logs of this partner that this node is given today."""


class Outcome(msgspec.Struct):
    """What came of it."""

    new: int = 0
    """Envelopes that this node did not have."""
    same: int = 0
    """Entries whose envelope came before, by this log or another way."""
    withheld: int = 0
    recalled: int = 0
    """Entries that tombstones name, whether or not they were ever here."""
    erased: int = 0
    """Envelopes that a later one of their originator replaced here."""
    quarantined: list[tuple[int, str]] = []
    events: list[Event] = []

    def add(self, other: Outcome) -> None:
        """Take another account into this one; events are told once each, not gathered."""
        for name in ("new", "same", "withheld", "recalled", "erased"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.quarantined += other.quarantined


def take(
    unit: Unit, examined: Sequence[Examined], blobs: Mapping[int, bytes], how: Applying
) -> tuple[list[Row], Outcome]:
    """Keep what was accepted; gives what became of each entry, to be noted with the rest."""
    outcome = Outcome()
    left = [one for one in examined if isinstance(one, Left)]
    gone = _taken_back(unit, left, blobs)
    rows = [_left(one, blobs, outcome, gone) for one in left]
    taken = [one for one in examined if isinstance(one, Taken)]
    judged = _Judge(unit, taken, how)
    kept: list[Taken] = []
    for one in taken:
        refusal = judged.refusal(one)
        if refusal is None:
            kept.append(one)
            continue
        rows.append(_refused(one, refusal, blobs, outcome))
    ids = _keep(unit, kept, judged, blobs, how)
    outcome.erased = _replace(unit, kept, judged, how)
    for one in kept:
        known = judged.here(one)
        outcome.same += known
        outcome.new += not known
        rows.append(Row(one.number, "applied", shared=ids[one.digest]))
    _tell_applied(kept, judged, how, outcome)
    return rows, outcome


def _taken_back(unit: Unit, left: Sequence[Left], blobs: Mapping[int, bytes]) -> set[int]:
    """Those of what is refused that name what their originator has taken back."""
    named = {one.number: _claimed(blobs[one.number]) for one in left if one.state != "withheld"}
    final = unit.final(set(named.values())) if named else set()
    return {number for number, name in named.items() if name in final}


def _claimed(blob: bytes) -> Named:
    """The origin and object that a blob's envelope names, true or not."""
    return claimed(blob[SALT:])


def _left(one: Left, blobs: Mapping[int, bytes], outcome: Outcome, gone: Collection[int]) -> Row:
    """What is altered is quarantined by now: it was asked for twice.

    Of what was taken back no bytes are kept, whoever put it together.
    """
    if one.state == "withheld":
        outcome.withheld += 1
        return Row(one.number, "withheld", reason=one.reason)
    outcome.quarantined.append((one.number, one.reason))
    refused = None if one.number in gone else blobs[one.number]
    return Row(one.number, "quarantined", reason=one.reason, refused=refused)


def _refused(one: Taken, reason: str, blobs: Mapping[int, bytes], outcome: Outcome) -> Row:
    """What was taken back is erased rather than kept aside: that is what taking back means."""
    if reason in _GONE:
        outcome.recalled += 1
        return Row(one.number, _GONE[reason], reason=reason)
    outcome.quarantined.append((one.number, reason))
    return Row(one.number, "quarantined", reason=reason, refused=blobs[one.number])


_Version = tuple[str, str, str]


def _version(of: Copy | Taken) -> _Version:
    return of.origin, of.object, of.version


class _Judge:
    """What only the store knows: what is here, what is final, which content a version has."""

    def __init__(self, unit: Unit, taken: Sequence[Taken], how: Applying) -> None:
        self._me, self._sharer = how.me, how.follow.partner
        objects = {(one.origin, one.object) for one in taken}
        ours = {(how.me, name) for _, name in objects}
        self._final = unit.final(objects)
        self.copies = {copy.digest: copy for copy in unit.copies({one.digest for one in taken})}
        self._contents: dict[_Version, str] = {}
        self._live: dict[_Version, list[Copy]] = {}
        self._own: set[str] = set()
        for copy in unit.of_objects(objects | ours) if objects else ():
            if copy.origin == self._me:
                self._own.add(copy.object)
            if copy.state == "live":
                self._live.setdefault(_version(copy), []).append(copy)
                if copy.document:
                    self._contents[_version(copy)] = copy.document
        self._direct = unit.direct(self._rivals(taken))
        self._seen: set[str] = set()

    def _rivals(self, taken: Sequence[Taken]) -> set[int]:
        """Envelopes here of versions of which there is more than one: mostly none."""
        digests: dict[_Version, set[str]] = {}
        for one in taken:
            digests.setdefault(_version(one), set()).add(one.digest)
        return {
            copy.id
            for version, copies in self._live.items()
            if len(digests.get(version, set()) | {copy.digest for copy in copies}) > 1
            for copy in copies
        }

    def refusal(self, one: Taken) -> str | None:
        """Why an object is not taken after all, or None."""
        if (one.origin, one.object) in self._final:
            return _TAKEN_BACK
        if one.origin == self._me and one.digest not in self.copies:
            return f"not what {self._me} sealed: what originates here is only changed here"
        stix = one.media.startswith(_STIX)
        # A document is named by what it is about: others may speak of that too.
        if stix and one.origin != self._me and one.object in self._own:
            return f"it originates here: only {self._me} changes {one.object}"
        if self._outdated(one):
            return _REPLACED
        if stix and one.version:
            content = self._contents.setdefault(_version(one), one.prepared.digest)
            if content != one.prepared.digest:
                return (
                    f"another content of {one.object} in its version {one.version}:"
                    " a version never changes"
                )
        return None

    def _outdated(self, one: Taken) -> bool:
        """Whether a relay brings what its originator has replaced, as by a narrower marking."""
        copy = self.copies.get(one.digest)
        if one.origin in (self._sharer, self._me):
            return False
        others = [c for c in self._live.get(_version(one), ()) if c.digest != one.digest]
        if copy is not None and copy.state == "replaced" and others:
            return True
        if copy is not None and copy.id in self._direct:
            return False
        return any(other.id in self._direct and other.issued >= one.issued for other in others)

    def outdated_by(self, kept: Sequence[Taken]) -> set[int]:
        """Envelopes that only relays gave, and that their originator has now sealed anew."""
        latest: dict[_Version, str] = {}
        for one in kept:
            if one.origin == self._sharer:
                version = _version(one)
                latest[version] = max(one.issued, latest.get(version, ""))
        given = {one.digest for one in kept}
        return {
            copy.id
            for version, issued in latest.items()
            for copy in self._live.get(version, ())
            if copy.issued <= issued and copy.digest not in given and copy.id not in self._direct
        }

    def here(self, one: Taken) -> bool:
        """Whether an envelope came before; the second time that it is asked about, it did."""
        copy = self.copies.get(one.digest)
        known = one.digest in self._seen or (copy is not None and self.settled(copy))
        self._seen.add(one.digest)
        return known

    def settled(self, copy: Copy) -> bool:
        """Whether nothing is to be kept of it: it is here, or it is this node's own."""
        return copy.state in ("live", "held") or copy.origin == self._me


def _keep(
    unit: Unit, kept: Sequence[Taken], judged: _Judge, blobs: Mapping[int, bytes], how: Applying
) -> dict[str, int]:
    """Documents and envelopes that are new; gives the number of every envelope by its digest."""
    settled = {d: copy.id for d, copy in judged.copies.items() if judged.settled(copy)}
    new = {one.digest: one for one in kept if one.digest not in settled}
    _documents(unit, list(new.values()), how.at)
    rows = [_new(one, blobs[one.number][SALT:], how.at) for one in new.values()]
    numbers = unit.keep(rows)
    return settled | dict(zip(new, numbers, strict=True))


def _replace(unit: Unit, kept: Sequence[Taken], judged: _Judge, how: Applying) -> int:
    """Erase what was passed on before and is outdated by now; gives how many."""
    gone = judged.outdated_by(kept)
    if gone:
        unit.erase(gone, "replaced", how.at)
    return len(gone)


def _documents(unit: Unit, taken: Sequence[Taken], at: str) -> None:
    """Their contents as documents, each in the name of who sealed it."""
    documents = unit.documents
    here = set(documents.here([one.prepared.digest for one in taken]))
    fresh: dict[str, list[Prepared]] = {}
    again: dict[str, list[Known]] = {}
    for one in taken:
        prepared, origin = one.prepared, one.origin
        if prepared.digest in here:
            again.setdefault(origin, []).append(Known(prepared.digest, prepared.source))
        else:
            here.add(prepared.digest)
            fresh.setdefault(origin, []).append(prepared)
    for origin, ones in fresh.items():
        documents.take(ones, at, origin)
    for origin, known in again.items():
        documents.name(known, at, origin)


def _new(one: Taken, envelope: bytes, at: str) -> New:
    return New(
        origin=one.origin,
        object=one.object,
        version=one.version,
        type=one.type,
        media=one.media,
        digest=one.digest,
        tlp=one.tlp,
        pap=one.pap,
        release_at=one.release_at,
        expires=one.expires,
        created=one.created,
        issued=one.issued,
        refs=one.refs,
        learned=at,
        title=one.title,
        envelope=envelope,
        document=one.prepared.digest,
    )


def _tell_applied(kept: Sequence[Taken], judged: _Judge, how: Applying, outcome: Outcome) -> None:
    new = [one for one in kept if one.digest not in judged.copies]
    if new:
        objects = tuple(dict.fromkeys((one.origin, one.object) for one in new))
        documents = tuple(dict.fromkeys(Digest(one.prepared.digest) for one in new))
        event = Applied(how.follow.partner, how.follow.log, objects, documents)
        outcome.events.append(event)


def bury(unit: Unit, tombstones: Mapping[int, Kind], how: Applying) -> tuple[int, list[Event]]:
    """Apply tombstones to entries that are applied already; gives how many, and what to tell.

    A recall by the log of the originator is final; one by a relay takes its copy only.
    """
    rows = unit.entries(how.follow.id, tombstones)
    hit = [row for row in rows if row.state in ("applied", "quarantined", "withheld")]
    if not hit:
        return 0, []
    changed = [Row(row.number, _STATES[tombstones[row.number]]) for row in hit]
    unit.change(how.follow.id, changed, how.at)
    copies = unit.numbered({row.shared for row in hit if row.shared is not None})
    recalled = {row.shared for row in hit if tombstones[row.number] is Kind.RECALL}
    final = {
        (copy.origin, copy.object)
        for copy in copies
        if copy.id in recalled and copy.origin == how.follow.partner
    }
    events = [finish(unit, origin, name, how.at) for origin, name in sorted(final)]
    # What originates here is never taken away by others.
    rest = [
        copy for copy in copies if copy.origin != how.me and (copy.origin, copy.object) not in final
    ]
    gone = unit.unsupported({copy.id for copy in rest}) | _anew(unit, rest, how)
    unit.erase(gone, "replaced", how.at)
    return len(hit), events


def _anew(unit: Unit, retracted: Sequence[Copy], how: Applying) -> set[int]:
    """What its originator took out of its log and has sealed anew: no relay keeps that alive."""
    theirs = [copy for copy in retracted if copy.origin == how.follow.partner]
    out = {copy.id for copy in theirs}
    objects = {(copy.origin, copy.object) for copy in theirs}
    others = unit.of_objects(objects) if objects else []
    live = {_version(c) for c in others if c.state == "live" and c.id not in out}
    # Another of the originator's own logs does, if it is one that would tell of a change.
    return {copy.id for copy in theirs if _version(copy) in live} - unit.direct(out, how.listed)


def finish(unit: Unit, origin: str, name: str, at: str) -> Event:
    """Everything of what its originator took back goes, whoever sent it; gives what to tell.

    What connects it to something is passed on no more: it shows only where both its ends show. Of
    what this node never had of that originator nothing follows.
    """
    unit.finish(origin, name, at)
    copies = unit.of_objects([(origin, name)])
    gone = unit.erase([copy.id for copy in copies], "recalled", at)
    if copies:
        unit.retract(unit.connecting([name]), at)
    return Recalled(origin, name, gone)


def set_aside(unit: Unit, objects: Collection[Named]) -> Aside:
    """What was refused of some objects and is kept, by any log, whoever put it together."""
    found: Aside = {}
    for follow, row in unit.set_aside() if objects else ():
        name = _claimed(row.refused or b"")
        if name in objects:
            reason = f"{_TAKEN_BACK}; set aside before: {row.reason}"
            gone = Row(row.number, "recalled", reason=reason)
            found.setdefault(name, []).append((follow, gone))
    return found


def drop(unit: Unit, aside: Aside, at: str) -> None:
    """Erase what was refused of objects that their originators took back."""
    by_log: dict[int, list[Row]] = {}
    for follow, row in (one for rows in aside.values() for one in rows):
        by_log.setdefault(follow, []).append(row)
    for follow, rows in by_log.items():
        unit.change(follow, rows, at)


def dead(number: int, kind: Kind) -> Row:
    """What became of an entry that was taken back before anybody asked for it."""
    return Row(number, _STATES[kind])
