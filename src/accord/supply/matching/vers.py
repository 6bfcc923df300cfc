"""Whether a version lies within a version range in one line of text (VERS).

Source: package-url/vers-spec, "Checking if a version is contained within a range".
"""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache, partial

from accord.supply.advisories.facts import Event
from accord.supply.matching import schemes
from accord.supply.matching.interval import Interval, intervals, version_key
from accord.supply.matching.versions.encoding import Unorderable
from accord.supply.products.vers import Vers, parse


def events(parsed: Vers) -> tuple[tuple[Event, ...], ...]:
    """The ranges as an `Affected` has them."""
    return tuple(
        tuple(Event(kind=kind, version=version) for kind, version in one) for one in parsed.ranges
    )


def within(text: str, version: str) -> str:
    """`inside`, `outside`, or `unorderable` where the range's order cannot tell.

    Raises:
        Invalid: the text is not a VERS range.
        TooLarge: the text is beyond bounds.

    """
    parsed, found, problems = _evaluated(text)
    key, orderable = version_key(schemes.of_ecosystem(parsed.scheme), version)
    if any(one.holds(key) for one in found):
        return "inside"
    undecided = problems or (not orderable and parsed.ranges)
    return "unorderable" if undecided else "outside"


@lru_cache(maxsize=1 << 12)
def _evaluated(text: str) -> tuple[Vers, tuple[Interval, ...], tuple[str, ...]]:
    """A range is asked about many versions."""
    parsed = parse(text)
    scheme = schemes.of_ecosystem(parsed.scheme)
    if scheme is not None:
        # Publishers do not always write constraints in the order of their versions.
        with suppress(Unorderable):
            parsed = parse(text, partial(schemes.key, scheme))
    found, problems = intervals(scheme, events(parsed), parsed.versions)
    return parsed, tuple(found), tuple(problems)
