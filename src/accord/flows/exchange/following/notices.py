"""Notices of recall, heard from a partner: verified, acted on, and passed on to whom they concern.

Law (final): what its originator took back goes, whoever sent it, and is never taken again; a node
that was cut off or taken out of an audience meanwhile learns it from whoever it meets first.
Law (bounded): what an originator takes back that was never here fills no more than `IDLE`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from hashlib import sha256

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.show import printable
from accord.exchange import notices
from accord.exchange.accept import Circumstances
from accord.exchange.notices import Notice
from accord.flows.exchange.events import Event, Listeners
from accord.flows.exchange.following import apply
from accord.flows.exchange.following.apply import Aside, Named
from accord.flows.exchange.following.port import Following, Unit
from accord.flows.exchange.following.remote import Listing, Remote
from accord.identity.partners import Untrusted

IDLE = 256 << 20
"""Bytes that are kept of an originator's recalls of what was never here: some tens of thousands
with signatures of both kinds. They bar what a relay may still bring."""
ROUNDS = 10
"""Answers that are taken in one sync; the next one goes on from there."""
_LINE = 500
_MOST = 10
"""Warnings of one sync."""


class Hearing(msgspec.Struct, frozen=True):
    """What hearing needs."""

    remote: Remote
    following: Following
    circumstances: Circumstances
    listeners: Listeners
    warnings: list[str]
    """What is no notice is told here, the first of them."""


def hear(listing: Listing, hearing: Hearing) -> int:
    """Act on the notices that a partner has for us since we last asked it; gives how many were new.

    Asking for what follows the last one tells the partner that we have it.

    Raises:
        AccordError: the partner or the database failed; what was heard stays.
    """
    count, after = 0, hearing.following.heard(hearing.circumstances.sharer)
    if listing.recalled == "" or (listing.heard and listing.recalled == after):
        return 0
    for _ in range(ROUNDS):
        answer = hearing.remote.notices(after)
        if not answer.notices:
            break
        read = [_read(data, hearing) for data in answer.notices]
        heard = [pair for pair in read if pair is not None]
        after = sha256(answer.notices[-1]).hexdigest()
        count += _act(heard, after, hearing)
    return count


def _read(data: bytes, hearing: Hearing) -> tuple[Notice, bytes] | None:
    """A notice with its bytes, if it is its originator's word."""
    circumstances = hearing.circumstances
    try:
        notice = notices.read(data, circumstances.directory)
    except (Invalid, TooLarge, Untrusted) as wrong:
        said = f"{circumstances.sharer} passes on a notice of recall that does not count: {wrong}"
        if len(hearing.warnings) < _MOST:
            hearing.warnings.append(printable(said)[:_LINE])
        return None
    # One of our own is new to us only after this node was restored from before that recall.
    return notice, data


def _act(heard: list[tuple[Notice, bytes]], after: str, hearing: Hearing) -> int:
    """One answer in one transaction; listeners are told once it is kept."""
    circumstances, following = hearing.circumstances, hearing.following
    now, directory, me = circumstances.now, circumstances.directory, circumstances.me
    events: list[Event] = []
    with following.unit() as unit:
        named = {(notice.origin, notice.object) for notice, _ in heard}
        final = unit.final(named)
        aside = apply.set_aside(unit, named - final)
        room = _Room(unit, named - final, aside)
        apply.drop(unit, aside, now)
        for notice, data in heard:
            name = notice.origin, notice.object
            if name not in final:
                if not room.takes(name, len(data)):
                    continue
                events.append(apply.finish(unit, notice.origin, notice.object, now))
                final.add(name)
            unit.publish(notice, data, directory, me)
        unit.hear(circumstances.sharer, after)
        unit.documents.settle()
    _tell_refused(room.refused, hearing)
    if events:
        following.scrub()
    for event in events:
        hearing.listeners.tell(event)
    return len(events)


class _Room:
    """What may be kept of recalls of objects of which nothing is here: so much an originator.

    Law (here first): a recall of anything that this node has, or had, is always acted on.
    """

    def __init__(self, unit: Unit, new: Collection[Named], aside: Aside) -> None:
        self._unit = unit
        self._here = {(copy.origin, copy.object) for copy in unit.of_objects(new)} | aside.keys()
        self._idle: dict[str, int] = {}
        self.refused: Counter[str] = Counter()
        """By originator, how many were not kept."""

    def takes(self, name: Named, size: int) -> bool:
        """Whether a new one is acted on, and kept."""
        origin, object_ = name
        if name in self._here:
            return True
        if origin not in self._idle:
            self._idle[origin] = self._unit.idle(origin)
        more = self._idle[origin] + size + len(object_.encode())
        if more > IDLE:
            self.refused[origin] += 1
            return False
        self._idle[origin] = more
        return True


def _tell_refused(refused: Counter[str], hearing: Hearing) -> None:
    for origin, count in sorted(refused.items()):
        hearing.warnings.append(
            f"{count:,} notices of recall of {origin} were not kept: none is about anything that"
            f" was ever here, and the {IDLE >> 20:,} MB that are kept of such notices of one"
            f" originator are full; ask {origin} why it takes back so much"
        )
