"""Send what is due: each logical message once in the outbox, at least once on the wire.

Law (before the first byte): release decides anew for every batch, and its receipts are kept first.
Law (apart): a channel that fails keeps no other one waiting.
Law (bounded): a subscriber gets no more in a day than it wants; what follows an alert that it got,
and what is critical where it said so, comes all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, get_args

import msgspec

from accord.exchange.feeds.schedule import later
from accord.flows.outreach.alerting import egress
from accord.flows.outreach.alerting.port import Carrier, Channel, Desk, Due, Message, NotDelivered
from accord.outreach.alerts import model, pacing, texts
from accord.outreach.alerts.feeds import Place
from accord.outreach.alerts.model import Alert

_BATCH: Final = 20
"""Messages that may come twice where whoever sends them is stopped: no more than these."""
_DAY: Final = 24 * 3600.0
LEAVE: Final = "/alerts/leave/"
CONFIRM: Final = "/alerts/confirm/"


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What delivering needs beside the node."""

    carriers: Mapping[str, Carrier]
    place: Place
    chance: Callable[[], float]
    """From 0 up to 1."""
    sleep: Callable[[float], None]
    lease: float = 300.0
    """Seconds after which whoever sends is given up."""


class Delivered(msgspec.Struct, kw_only=True):
    """What one round did."""

    sent: int = 0
    later: int = 0
    """Tried in vain, or more than a subscriber wants in a day."""
    dead: int = 0
    kept: int = 0
    """A rule keeps them here."""
    again: int = 0
    """Begun by whoever was stopped: they may come twice."""
    notes: list[str] = []

    def add(self, other: Delivered) -> None:
        """Count another round too."""
        self.sent += other.sent
        self.later += other.later
        self.dead += other.dead
        self.kept += other.kept
        self.again += other.again
        self.notes += [one for one in other.notes if one not in self.notes]


def deliver(desk: Desk, means: Means) -> Delivered:
    """Send what is due now, by every channel that is known and not left alone."""
    done = Delivered(again=desk.outbox.give_up(desk.clock.now()))
    for channel, carrier in means.carriers.items():
        while _batch(desk, means, channel, carrier, done):
            pass
    for channel in get_args(Channel):
        if channel not in means.carriers and desk.outbox.next((channel,)):
            done.notes.append(f"{channel} is not set up here: its messages wait")
    return done


def until_empty(desk: Desk, means: Means, ahead: float = 600.0) -> Delivered:
    """Go on until nothing waits that falls due within so many seconds."""
    done = Delivered()
    while True:
        done.add(deliver(desk, means))
        now, following = desk.clock.now(), _next(desk, means)
        if not following or following > later(now, ahead):
            return done
        means.sleep(max(0.05, min(5.0, pacing.between(now, following))))


def _next(desk: Desk, means: Means) -> str:
    """When there is something to do next; empty: there is nothing."""
    resting = desk.outbox.resting()
    waits = {name: desk.outbox.next((name,)) for name in means.carriers}
    return min(
        (max(due, resting.get(name, (0, ""))[1]) for name, due in waits.items() if due), default=""
    )


def _batch(desk: Desk, means: Means, channel: str, carrier: Carrier, done: Delivered) -> bool:
    """One batch of a channel; whether there may be another."""
    now = desk.clock.now()
    if desk.outbox.resting().get(channel, (0, ""))[1] > now:
        return False
    due = desk.outbox.claim(channel, now, later(now, means.lease), _BATCH)
    if not due:
        return False
    alerts = _alerts(desk, due)
    allowed = _released(desk, due, alerts, done)
    wanted = _capped(desk, allowed, alerts, now, done)
    groups = list(_grouped(wanted))
    for number, group in enumerate(groups):
        if not _send(desk, means, carrier, group, alerts, done):
            rest = [one for after in groups[number + 1 :] for one in after]
            desk.outbox.back(rest, desk.clock.now(), "", counted=False)
            return False
    return True


def _alerts(desk: Desk, due: Iterable[Due]) -> dict[tuple[str, int], Alert]:
    return {
        (kept.alert.code, kept.alert.revision): kept.alert
        for code in {one.alert for one in due}
        for kept in desk.alerts.thread(code)
    }


def _released(
    desk: Desk, due: Sequence[Due], alerts: Mapping[tuple[str, int], Alert], done: Delivered
) -> list[Due]:
    """Those that may go, as of now; receipts for all are kept."""
    allowed: set[tuple[str, int, str]] = set()
    rules: dict[tuple[str, int, str], str] = {}
    lines = []
    for key in sorted({(one.alert, one.revision) for one in due}):
        asked = {one.recipient for one in due if (one.alert, one.revision) == key}
        for answer in egress.judge(desk, alerts[key], asked):
            lines.append(answer.line)
            rules[*key, answer.recipient] = egress.why(answer)
            if answer.given:
                allowed.add((*key, answer.recipient))
    desk.outbox.record(lines)
    found = []
    for one in due:
        asked_for = (one.alert, one.revision, one.recipient)
        if asked_for in allowed:
            found.append(one)
        else:
            desk.outbox.end([one], "kept", rules[asked_for])
            done.kept += 1
    return found


def _capped(
    desk: Desk, due: Sequence[Due], alerts: Mapping[tuple[str, int], Alert], now: str,
    done: Delivered,
) -> list[Due]:  # fmt: skip
    """Without what would be more than a subscriber wants in a day: that waits."""
    bounded = {one.subscriber for one in due if one.cap}
    if not bounded:
        return list(due)
    got = desk.outbox.recent(bounded, later(now, -_DAY))
    count = {name: len(times) for name, times in got.items()}
    digests: set[int] = set()
    found = []
    for one in due:
        critical = one.override and alerts[one.alert, one.revision].severity == model.CRITICAL
        taken = count.get(one.subscriber, 0)
        if one.cap and one.revision == 1 and not critical and taken >= one.cap:
            if one.subscriber not in digests:
                first = got.get(one.subscriber, [now])[0]
                desk.outbox.back([one], later(first, _DAY), "more than it wants in a day",
                                 counted=False)  # fmt: skip
                done.later += 1
                continue
        elif one.subscriber not in digests:
            count[one.subscriber] = taken + 1
        if one.digest:
            digests.add(one.subscriber)
        found.append(one)
    return found


def _grouped(due: Sequence[Due]) -> Iterable[list[Due]]:
    """What one message holds: of a digest everything, else each by itself."""
    digests: dict[tuple[int, str], list[Due]] = {}
    for one in due:
        if one.digest:
            digests.setdefault((one.subscriber, one.channel), []).append(one)
        else:
            yield [one]
    yield from digests.values()


def _send(  # noqa: PLR0913, PLR0917 - what a message is made of, and where it is counted
    desk: Desk, means: Means, carrier: Carrier, group: list[Due],
    alerts: Mapping[tuple[str, int], Alert], done: Delivered,
) -> bool:  # fmt: skip
    """Send one message; whether the channel may be used on."""
    channel = group[0].channel
    try:
        carrier.send(message(group, alerts, means.place))
    except NotDelivered as wrong:
        return _failed(desk, means, group, wrong, done)
    desk.outbox.sent(group, desk.clock.now())
    if desk.outbox.resting().get(channel, (0, ""))[0]:
        desk.outbox.rest(channel, 0, "", "")
    done.sent += len(group)
    means.sleep(carrier.gap)
    return True


def _failed(
    desk: Desk, means: Means, group: list[Due], wrong: NotDelivered, done: Delivered
) -> bool:
    channel, now, why = group[0].channel, desk.clock.now(), str(wrong)
    if wrong.wait is not None and not wrong.alone:
        # The provider is well, and says when it wants more: that is no failed try.
        until = later(now, min(wrong.wait, pacing.MOST_WAIT))
        desk.outbox.back(group, until, why, counted=False)
        failures = desk.outbox.resting().get(channel, (0, ""))[0]
        desk.outbox.rest(channel, failures, until, why)
        done.later += len(group)
        return False
    dead = [one for one in group if wrong.final or one.attempts >= pacing.TRIES]
    desk.outbox.end(dead, "dead", why)
    done.dead += len(dead)
    for one in group:
        if one not in dead:
            wait = max(pacing.back_off(one.attempts, means.chance()), wrong.wait or 0.0)
            desk.outbox.back([one], later(now, wait), why)
            done.later += 1
    if wrong.final or wrong.alone:
        return True
    failures = desk.outbox.resting().get(channel, (0, ""))[0] + 1
    seconds = pacing.rest(failures)
    desk.outbox.rest(channel, failures, later(now, seconds) if seconds else "", why)
    if seconds:
        done.notes.append(f"{channel} is left alone for {seconds:.0f} s: {why}")
    return not seconds


def message(group: Sequence[Due], alerts: Mapping[tuple[str, int], Alert], place: Place) -> Message:
    """What one subscriber is told: one alert, or a digest of several."""
    first = group[0]
    told = [alerts[one.alert, one.revision] for one in group]
    bodies = [texts.body(one, first.language, place.code(one.code)) for one in told]
    subjects = [texts.subject(one, first.language) for one in told]
    if len(told) == 1:
        subject, text = subjects[0], bodies[0]
    else:
        subject = f"{subjects[0]} (+{len(told) - 1})"
        pairs = zip(subjects, bodies, strict=True)
        text = "\n\n".join(f"{title}\n\n{body}" for title, body in pairs)
    named = ",".join(one.identifier for one in told)
    return Message(
        address=first.address, key=f"{named}.{first.subscriber}.{first.channel}", subject=subject,
        text=text, language=first.language, leave=f"{place.base}{LEAVE}{first.token}",
        alerts=tuple(one.identifier for one in told),
    )  # fmt: skip
