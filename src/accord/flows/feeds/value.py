"""Weigh what a feed brought: indicators of values that are known to be good are false."""

from __future__ import annotations

from collections import Counter

from accord.exchange.hunting.known_good import KnownGood
from accord.exchange.hunting.plan import plan_of
from accord.flows.feeds.port import Feeds
from accord.flows.hunting.hunt import lists_of
from accord.flows.ports import Views


def weigh(name: str, since: str, feeds: Feeds, views: Views) -> None:
    """Count, for each document that a feed brought since a `when()`, its known-good values."""
    patterns = feeds.patterns(name, since)
    if not patterns:
        return
    lists = lists_of(views)
    found = Counter(digest for digest, pattern in patterns if _is_good(pattern, lists))
    feeds.known_good(name, found)


def _is_good(pattern: str, lists: KnownGood) -> bool:
    """Whether everything that an indicator looks for is on a list, or nobody's address."""
    made = plan_of(pattern)
    if made.rest or made.not_evaluated or not made.exact:
        return False
    said = [lists.about(one.kind, one.value) for one in made.exact]
    return all(one is not None and one[0] == "suppressed" for one in said)
