"""What a provider tells later of messages that it took: whether they arrived, and who leaves.

Law (late): what comes twice, late or out of order changes nothing that is settled: what arrived has
arrived, and what an update replaced is not sent again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from accord.exchange.feeds.schedule import later
from accord.flows.outreach.alerting.port import Channel, Desk, Key, NotDelivered
from accord.outreach.alerts import pacing

_KEY: Final = re.compile(
    r"([0-9A-Z]{4}-[0-9A-Z]{4}-[1-9][0-9]{0,3}(?:,[0-9A-Z]{4}-[0-9A-Z]{4}-[1-9][0-9]{0,3}){0,40})"
    r"\.([1-9][0-9]{0,17})\.([a-z]{1,20})",
    re.ASCII,
)
_STOP: Final = frozenset({
    "stop", "leave", "unsubscribe", "berhenti", "\u505c\u6b62", "\u914d\u4fe1\u505c\u6b62",
    "\u0930\u094b\u0915\u0947\u0902", "\u092c\u0902\u0926",
})  # fmt: skip
"""What ends a subscription when it is answered, in each language."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message."""

    key: str
    """As the message had it."""
    wrong: NotDelivered | None
    """None: it arrived."""


def told(desk: Desk, channel: Channel, statuses: Iterable[Status]) -> int:
    """Note what a provider told; gives how many lines of the outbox it changed."""
    now, changed = desk.clock.now(), 0
    for one in statuses:
        keys = read_key(one.key, channel)
        if one.wrong is None:
            changed += desk.outbox.arrived(keys, now)
        else:
            due = later(now, one.wrong.wait or pacing.back_off(1, 1.0))
            tries = 0 if one.wrong.final else pacing.TRIES
            changed += desk.outbox.bounced(keys, due, str(one.wrong), tries)
    return changed


def answered(desk: Desk, channel: Channel, address: str, text: str) -> bool:
    """Take what a subscriber answers; whether that subscriber left by it."""
    if " ".join(text.split()).casefold() not in _STOP:
        return False
    return desk.subscribers.leave_from(channel, address, desk.clock.now())


def read_key(key: str, channel: Channel) -> list[Key]:
    """The lines of the outbox that a message of a channel had; none: it is no key of ours."""
    match = _KEY.fullmatch(key)
    if match is None or match[3] != channel:
        return []
    names = [one.rpartition("-") for one in match[1].split(",")]
    return [(code, int(revision), int(match[2]), channel) for code, _, revision in names]
