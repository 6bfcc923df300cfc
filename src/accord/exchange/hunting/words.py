"""Whose word made what was seen, where several give one identifier, each with a pattern of its own.

Law (makers): what was seen is as strict as every giver whose version names one of its values, or
looks for more than plain values. What this node's own version names in full is its own word alone.
Where nobody's version tells, every giver counts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from accord.exchange.hunting.plan import plan_of
from accord.exchange.hunting.sightings import observables


class Word(msgspec.Struct, frozen=True):
    """What one version of an indicator, or of anything else that was sighted, looks for."""

    name: str
    """Under which it is looked up."""
    origin: str
    pattern: str
    """As it is written; empty: it is no indicator."""
    values: frozenset[str]
    """Identifiers of the observables that it names."""
    more: bool
    """Whether it looks for more than plain values."""

    def made(self, values: Collection[str]) -> bool:
        """Whether it made something that was seen in these values, or may have."""
        return self.more or not self.values.isdisjoint(values)


class _Said(msgspec.Struct):
    pattern: str = ""
    pattern_type: str = "stix"


_said: Final = msgspec.json.Decoder(_Said).decode


def word(name: str, origin: str, body: bytes) -> Word:
    """What a version looks for; of what cannot be read nothing is known but that it may be all."""
    try:
        said = _said(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Word(name, origin, "", frozenset(), more=True)
    if not said.pattern:
        return Word(name, origin, "", frozenset(), more=False)
    made = plan_of(said.pattern, said.pattern_type)
    plain = [(one.kind, one.value) for one in made.exact] + [
        ("ip", r.text.strip()) for r in made.ranges
    ]
    named = frozenset(str(one["id"]) for kind, value in plain for one in observables(kind, value))
    return Word(name, origin, said.pattern, named, more=bool(made.rest))


def makers(words: Sequence[Word], values: Collection[str], me: str, *, told: bool) -> list[Word]:
    """Of the versions of one identifier, those that made what was seen in some values.

    `words` stand by origin, the newest version of each first. `told`: it says how often and when,
    too, of which more than these values may have been counted.
    """
    seen = frozenset(values)
    origins = {one.origin: [w for w in words if w.origin == one.origin] for one in words}
    picked = {origin: _picked(each, seen) for origin, each in origins.items()}
    own = next((one for one in picked.get(me, ()) if seen and seen <= one.values), None)
    if own is None and not seen and me in origins:
        own = origins[me][0]
    if own is None:
        return [one for each in picked.values() for one in each] or list(words)
    beyond = (one for origin, each in origins.items() if origin != me for one in each)
    return [own, *(one for one in beyond if told and _beyond(one, own, seen))]


def _picked(versions: Sequence[Word], values: frozenset[str]) -> list[Word]:
    """Of one giver the newest version that names all, or else every one that may have made it."""
    whole = next((one for one in versions if values and values <= one.values), None)
    return [one for one in versions if one.made(values)] if whole is None else [whole]


def _beyond(one: Word, own: Word, values: frozenset[str]) -> bool:
    """Whether another's version may have counted what this node's own does not look for.

    Where no value says what was seen, only the same pattern makes it the same word.
    """
    return one.pattern != own.pattern and (one.more or not values)
