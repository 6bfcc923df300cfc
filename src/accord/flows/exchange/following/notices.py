"""Notices of recall, heard from a partner: verified, acted on, and passed on to whom they concern.

Law (final): what its originator took back goes, whoever sent it, and is never taken again; a node
that was cut off or taken out of an audience meanwhile learns it from whoever it meets first.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.show import printable
from accord.exchange import notices
from accord.exchange.accept import Circumstances
from accord.exchange.notices import Notice
from accord.flows.exchange.events import Event, Listeners
from accord.flows.exchange.following import apply
from accord.flows.exchange.following.port import Following
from accord.flows.exchange.following.remote import Listing, Remote
from accord.identity.partners import Untrusted

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
        final = unit.final({(notice.origin, notice.object) for notice, _ in heard})
        for notice, data in heard:
            if (notice.origin, notice.object) not in final:
                events.append(apply.finish(unit, notice.origin, notice.object, now))
            unit.publish(notice, data, directory, me)
        unit.hear(circumstances.sharer, after)
        unit.documents.settle()
    if events:
        following.scrub()
    for event in events:
        hearing.listeners.tell(event)
    return len(events)
