"""List feeds: how fresh each is, how it does, and what it was worth."""

from __future__ import annotations

import msgspec

from accord.exchange.feeds import schedule
from accord.exchange.feeds.addresses import shown
from accord.exchange.feeds.beside import CHECKED, checked_of
from accord.flows.feeds.port import DEFECT, Feed, Feeds, Worth
from accord.identity.markings import Tlp


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One feed, for a person."""

    name: str
    kind: str
    url: str
    """Without what stands behind `?`."""
    trust: str
    tlp: str
    """Of what bears no marking; empty: the node's default."""
    internal: bool
    every: int
    """Seconds."""
    state: str
    """`new`, `good`, `failing`, `defect` (a mistake within this node), `open` (left alone after
    failures) or `trial` (due after that)."""
    failures: int
    added: str
    tried: str
    good: str
    changed: str
    due: str
    error: str
    checked: str
    """Digests and signatures beside its documents; empty: its kind has none."""
    worth: Worth


def listing(feeds: Feeds, now: str) -> list[Listed]:
    """Every feed, by name."""
    worth = feeds.worth()
    return [_listed(feed, worth.get(feed.name, Worth()), now) for feed in feeds.all()]


def _listed(feed: Feed, worth: Worth, now: str) -> Listed:
    options = feed.options
    return Listed(
        name=feed.name,
        kind=feed.kind,
        url=shown(feed.url),
        trust=options.trust,
        tlp="" if options.tlp is None else Tlp(options.tlp).word,
        internal=options.internal,
        every=options.every,
        state=_state(feed, now),
        failures=feed.health.failures,
        added=feed.added,
        tried=feed.tried,
        good=feed.good,
        changed=feed.changed,
        due=feed.health.due,
        error=feed.error,
        checked=checked_of(feed.position.get(CHECKED)).told(),
        worth=worth,
    )


def _state(feed: Feed, now: str) -> str:
    found = schedule.state(feed.health, now)
    if found != "closed":
        return "trial" if found == "half-open" else "open"
    if feed.health.failures:
        return "defect" if feed.error.startswith(DEFECT) else "failing"
    return "good" if feed.good else "new"
