"""Standing rules: which sightings go back to which audience without a word for each.

Law (nothing by itself): a sighting goes nowhere unless a rule covers all of it: every kind of
value, every origin of its indicators, its marking and the weakest of its hits.
"""

from __future__ import annotations

from typing import Final

import msgspec

from accord.exchange.hunting.known_good import Strength
from accord.exchange.hunting.sightings import Seen
from accord.exchange.hunting.values import KINDS
from accord.identity.markings import Tlp

OWN: Final = "own"
"""In place of a partner's name: indicators of this node itself."""
SORTS: Final = (*KINDS, "pattern")
"""Kinds of what was seen: of values, and whole patterns."""
_ORDER: Final = {"suppressed": 0, "weak": 1, "strong": 2}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One standing rule, as a person made it."""

    number: int = 0
    audience: str
    kinds: tuple[str, ...] = ()
    """Names in `SORTS`; empty: every kind."""
    origins: tuple[str, ...] = ()
    """Partners whose indicators it is about, or `OWN`; empty: everybody's."""
    at_most: Tlp
    """The strictest marking that it lets go."""
    strength: Strength = "strong"
    """The weakest hit that it lets go."""
    person: str
    why: str
    made: str
    removed: str = ""
    """When it was taken out, or empty."""
    removed_by: str = ""
    removed_why: str = ""


def covers(rule: Rule, seen: Seen) -> bool:
    """Whether a sighting goes by this rule."""
    return (
        not rule.removed
        and bool(seen.kinds)
        and (not rule.kinds or set(seen.kinds) <= set(rule.kinds))
        and (not rule.origins or {one or OWN for one in seen.origins} <= set(rule.origins))
        and seen.marking.tlp <= rule.at_most
        and _ORDER[seen.strength] >= _ORDER[rule.strength]
    )
