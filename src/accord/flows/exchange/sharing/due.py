"""What waited for its release date goes into its log once the date has come."""

from __future__ import annotations

from accord.flows.exchange.sharing.port import Due, Sharing

_AT_ONCE = 2_000


def release_due(sharing: Sharing, now: str) -> int:
    """Append every envelope whose embargo has ended; what has expired meanwhile never goes out.

    Cheap where nothing is due, so that whoever answers partners may call it before each answer.
    Whether a partner may have it is decided once more when it is sent.

    Returns:
        The number of envelopes appended.
    """
    appended = 0
    while sharing.due(now, 1) and not sharing.sealed():
        with sharing.unit() as unit:
            due = unit.due(now, _AT_ONCE)
            gone = [one for one in due if one.expires and one.expires <= now]
            live = [one for one in due if one not in gone]
            if gone:
                unit.come(gone, "expired")
                unit.erase([one.shared for one in gone], "expired")
            unit.come(live, "live")
            for audience in sorted({one.audience for one in live}):
                unit.append(audience, _of(audience, live), now)
        appended += len(live)
    return appended


def _of(audience: str, due: list[Due]) -> list[int]:
    return [one.shared for one in due if one.audience == audience]
