"""Bring this node up to what partners have released to it: verify, apply, then acknowledge.

Law (acknowledged last): this node cosigns a checkpoint only once every entry under it is applied,
tombstones first of all; and never a smaller one than before.
Law (fail closed): of a log that contradicts itself nothing more is taken, and both statements are
kept.

Source: C2SP tlog-witness (atomic check and persist before signing; 409 on another old size).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import AccordError, NotFound
from accord.core.show import printable
from accord.exchange import acknowledgements
from accord.exchange.accept import Circumstances
from accord.exchange.acknowledgements import MAX_QUARANTINED, Acknowledgement
from accord.exchange.log import checkpoint as notes
from accord.exchange.log import names
from accord.exchange.log.merkle import Frontier
from accord.flows.exchange.carrying import Carrier, ClockOff, Refused
from accord.flows.exchange.events import Listeners
from accord.flows.exchange.following import delta, examine, notices, pull
from accord.flows.exchange.following.apply import Outcome
from accord.flows.exchange.following.delta import SplitView
from accord.flows.exchange.following.notices import Hearing
from accord.flows.exchange.following.port import Follow, Following
from accord.flows.exchange.following.pull import Pulling
from accord.flows.exchange.following.remote import Listed, Listing, Misbehaved, Remote
from accord.identity.directory.trusted import Expired, Lookup
from accord.identity.keys import Signers
from accord.identity.partners import Directory, Partner

PATIENCE = timedelta(hours=1)
"""How long a withheld envelope is left before a watching node asks for it again."""
_LINE = 500


class Trust(Protocol):
    """What sync needs of the partnership's directory."""

    def directory(self) -> Directory | None:
        """The partnership, where this node is in one."""
        ...

    def me(self) -> str:
        """Name of this node in it."""
        ...


Refresh = Callable[[Lookup], object]
"""Takes newer metadata of the partnership from a look-up of its files."""


class Means(msgspec.Struct, frozen=True):
    """What sync is done with."""

    carrier: Carrier
    following: Following
    trust: Trust
    signers: Signers
    clock: Clock
    refresh: Refresh
    listeners: Listeners = Listeners()
    workers: bool = True
    """Whether a large pull may start processes."""

    def directory(self) -> Directory:
        """The partnership.

        Raises:
            NotFound: this node is in none.
        """
        found = self.trust.directory()
        if found is None or not self.trust.me():
            raise NotFound(
                "this node is in no partnership yet; `accord partners found` begins one,"
                " `accord partners accept` joins one"
            )
        return found


class LogReport(msgspec.Struct, kw_only=True):
    """What became of one log."""

    log: str
    name: str
    """Of its audience."""
    new: int = 0
    same: int = 0
    quarantined: list[tuple[int, str]] = []
    """Index and reason."""
    withheld: int = 0
    recalled: int = 0
    applied: int = 0
    """Entries that are applied."""
    size: int = 0
    """Entries that the partner says there are."""
    acknowledged: int = 0
    """Entries up to which the partner has our word."""
    stopped: str = ""
    """Why nothing more is taken, until a person has looked at it."""
    failed: str = ""
    """What went wrong this time; it is tried again."""

    @property
    def lag(self) -> int:
        """Entries that are there and not applied here."""
        return max(0, self.size - self.applied)


class Report(msgspec.Struct, kw_only=True):
    """What became of the logs of one partner."""

    partner: str
    logs: list[LogReport] = []
    failed: str = ""
    """Why none could be looked at."""
    refused: bool = False
    """It was reached, and did not take this node's request."""
    warnings: list[str] = []
    recalled: int = 0
    """Objects that their originators took back, by notice."""
    newest: str = ""
    """Digest of the partner's last notice of recall for us."""

    @property
    def good(self) -> bool:
        """Whether everything that the partner has for us is here."""
        return not self.failed and not any(log.stopped or log.failed for log in self.logs)

    @property
    def changed(self) -> bool:
        """Whether anything is not as it was before."""
        return self.recalled > 0 or any(
            log.new or log.recalled or log.quarantined for log in self.logs
        )


def sync(partner: str, means: Means, *, patient: bool = False) -> Report:
    """Bring every log of one partner up to date.

    `patient` leaves what was withheld within the last hour alone.

    Raises:
        NotFound: no such partner, or this node is in no partnership.
    """
    found = _partner(partner, means)
    report = Report(partner=partner)
    remote = Remote(means.carrier, found)
    try:
        listing = _met(remote, means)
        found = _partner(partner, means)
        _heard(listing, remote, report, means)
    except AccordError as wrong:
        report.failed, report.refused = str(wrong), isinstance(wrong, Refused)
        report.logs = [_stopped(follow) for follow in means.following.logs(partner)]
        return report
    stopped = [_stopped(one) for one in means.following.logs(partner) if one.stopped]
    if stopped:
        # Who contradicts itself in one log is believed in none, until a person has looked at it.
        report.logs = stopped
        return report
    for one in listing.logs:
        report.logs.append(_log(one, remote, found, means, patient=patient))
        if report.logs[-1].stopped:
            break
    return report


def sync_all(means: Means, *, patient: bool = False) -> list[Report]:
    """Bring the logs of every partner up to date; one that fails leaves the others alone.

    Raises:
        NotFound: this node is in no partnership.
    """
    # Whoever is asked may tell that another has left the partnership meanwhile.
    return [sync(name, means, patient=patient) for name in others(means) if name in others(means)]


def ask_directory(means: Means) -> bool:
    """Ask one partner after the other for newer metadata; tells whether one had any.

    Raises:
        NotFound: this node is in no partnership.
    """
    for name in others(means):
        try:
            if means.refresh(Remote(means.carrier, _partner(name, means)).file):
                return True
        except AccordError:
            # It is away, or says what does not hold: nothing was taken of it, the next is asked.
            continue
    return False


def others(means: Means) -> list[str]:
    """The other partners of today, by name.

    Raises:
        NotFound: this node is in no partnership.
    """
    me = means.trust.me()
    return sorted(p.name for p in means.directory().members() if p.name != me)


def _partner(name: str, means: Means) -> Partner:
    partner = means.directory().partner(name)
    if partner is None or not partner.member or name == means.trust.me():
        known = ", ".join(others(means)) or "none besides this node"
        raise NotFound(f"{name[:80]!r} is not a partner to sync with; partners are: {known}")
    return partner


def _heard(listing: Listing, remote: Remote, report: Report, means: Means) -> None:
    """Act on notices of recall first; even of a partner that is believed in nothing else.

    They are the originators' own words, whoever passes them on.
    """
    circumstances = Circumstances(
        means.directory(), means.trust.me(), report.partner, means.clock.now()
    )
    report.newest = listing.recalled
    hearing = Hearing(remote, means.following, circumstances, means.listeners, report.warnings)
    report.recalled = notices.hear(listing, hearing)


def _met(remote: Remote, means: Means) -> Listing:
    """Newer metadata of the partnership first, then the logs; what has expired here is dropped.

    It is dropped whether or not the partner is there, unless our own clock seems to be wrong.
    """
    try:
        means.refresh(remote.file)
        listing = remote.logs()
    except (ClockOff, Expired):
        raise
    except AccordError:
        _drop_lapsed(means)
        raise
    _drop_lapsed(means)
    return listing


def _drop_lapsed(means: Means) -> None:
    now = means.clock.now()
    lapsed = means.following.lapsed(now, means.trust.me())
    if lapsed:
        with means.following.unit() as unit:
            unit.erase(lapsed, "expired", now)
            unit.documents.settle()
        means.following.scrub()


def _stopped(follow: Follow) -> LogReport:
    return LogReport(
        log=follow.log,
        name=follow.name,
        applied=follow.size,
        size=follow.size,
        acknowledged=follow.cosigned,
        stopped=follow.stopped,
    )


def _log(
    listed: Listed, remote: Remote, partner: Partner, means: Means, *, patient: bool
) -> LogReport:
    """One log: what is new, what was withheld, then our word for it."""
    now = means.clock.now()

    def follow() -> Follow:
        return means.following.follow(partner.name, listed.log, listed.name, now)

    report = LogReport(log=listed.log, name=listed.name, size=listed.size)
    outcome = Outcome()
    circumstances = Circumstances(means.directory(), means.trust.me(), partner.name, now)
    pulling = Pulling(remote, means.following, circumstances, means.listeners, outcome)
    try:
        # Who has not heard of its own rotation yet signs with the key of before.
        counting = msgspec.structs.replace(partner, keys=partner.counting(now))
        held = _known(listed, partner, means)
        with examine.workers() as workers:
            if means.workers:
                pulling = msgspec.structs.replace(pulling, workers=workers)
            pull.expect(listed.size - held.size, pulling)
            found = delta.fetch(remote, held, counting, circumstances.directory)
            report.size = found.point.size
            if not held.id:
                # Only now is it known that there is such a log.
                held = msgspec.structs.replace(held, id=follow().id)
            # What was fetched goes on from there, even if another process has gone on meanwhile.
            pull.pull(held, found, pulling)
        held = follow()
        pull.again(held, pulling, _earlier(now, PATIENCE) if patient else now)
        _acknowledge(held, remote, means, now)
    except SplitView as wrong:
        report.stopped = printable(str(wrong))[:_LINE]
        means.following.stop(follow(), report.stopped, wrong.ours, wrong.theirs, now)
    except AccordError as wrong:
        report.failed = str(wrong)
    return _filled(report, outcome, _known(listed, partner, means))


def _known(listed: Listed, partner: Partner, means: Means) -> Follow:
    """A log as far as it is followed; of one that is new nothing is kept yet."""
    for one in means.following.logs(partner.name):
        if one.log == listed.log:
            return one
    return Follow(
        id=0, partner=partner.name, log=listed.log, name=listed.name, frontier=Frontier(),
        checkpoint=b"", cosigned=0, stopped="",
    )  # fmt: skip


def _filled(report: LogReport, outcome: Outcome, follow: Follow) -> LogReport:
    report.new, report.same = outcome.new, outcome.same
    report.withheld, report.recalled = outcome.withheld, outcome.recalled
    report.quarantined = outcome.quarantined
    report.applied, report.acknowledged = follow.size, follow.cosigned
    return report


def _acknowledge(follow: Follow, remote: Remote, means: Means, now: str) -> None:
    """Cosign what is applied, once all of it is, and give it to the partner.

    That it is cosigned is kept before the statement leaves. Where the partner holds another old
    size than we think, it says so, and the statement is made anew from there.

    Raises:
        Misbehaved: the partner says that it has more of ours than there is.
        AccordError: it did not arrive; the next sync gives it again.
    """
    if not follow.checkpoint:
        return
    point = notes.peek(follow.checkpoint)
    unsent = means.following.unsent(follow.id)
    if follow.size < point.size or (follow.cosigned == point.size and unsent is None):
        return
    old = follow.cosigned if unsent is None else unsent
    for _ in range(2):
        means.following.cosign(follow.id, point.size, old)
        statement = _statement(follow, point, old, means, now)
        theirs = remote.acknowledge(follow.log, statement)
        if theirs is None or theirs == point.size:
            means.following.sent(follow.id)
            return
        if theirs > point.size:
            break
        old = theirs
    raise Misbehaved(
        f"{follow.partner} says that we acknowledged {theirs:,} entries of log {follow.name},"
        f" which has {point.size:,}"
    )


def _statement(follow: Follow, point: notes.Checkpoint, old: int, means: Means, now: str) -> bytes:
    name = names.key_name(means.directory().partnership, means.trust.me())
    signer = means.signers.ed25519
    refused = means.following.quarantined(follow.id, old, point.size, MAX_QUARANTINED + 1)
    word = Acknowledgement(
        log=follow.log,
        old=old,
        size=point.size,
        root=point.root.hex(),
        quarantined=acknowledgements.told(refused),
        checkpoint=notes.cosign(follow.checkpoint, name, signer, notes.posix(now)).decode(),
    )
    return acknowledgements.write(word, signer)


def _earlier(now: str, by: timedelta) -> str:
    earlier = datetime.fromisoformat(now) - by
    return f"{earlier.isoformat(timespec='microseconds')[:26]}Z"
