"""Product statuses as affected ranges.

`known_affected` is taken as it stands. `first_affected`, `last_affected` and the fixed lists are
bounds: they are joined for each package and stream, and used where they leave one reading.
Source: CSAF 2.0, section 3.2.3.9 (product status).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.core.reading import NotEvaluated
from accord.supply.advisories.csaf.document import ProductStatus
from accord.supply.advisories.csaf.entries import Entry
from accord.supply.advisories.csaf.ranges import START
from accord.supply.advisories.facts import Affected, Event

_AFFECTED = ("known_affected", "first_affected", "last_affected")
_FIXED = ("first_fixed", "fixed", "recommended")
Range = tuple[Event, ...]
WORDED = "version range in words"
NAMELESS = "no identity"
TRAINS = "several release trains"
UNORDERABLE = "unorderable version"


class _Pile(msgspec.Struct):
    """What one vulnerability says of one package in one stream, in document order."""

    place: str
    versions: dict[str, None]
    ranges: dict[Range, None]
    first: dict[str, None]
    last: dict[str, None]
    fixed: dict[str, None]

    @property
    def affected(self) -> bool:
        """Whether the document says that anything is affected, beyond naming what is fixed."""
        return bool(self.versions or self.ranges or self.first or self.last)


class Template(msgspec.Struct, frozen=True):
    """Facts without their vulnerability: documents repeat one product status many times over."""

    affected: tuple[Affected, ...]
    """With an empty vulnerability, and a place relative to the product status."""
    not_evaluated: tuple[NotEvaluated, ...]


def template(status: ProductStatus, entries: dict[str, Entry]) -> Template:
    """What a product status says, package by package."""
    piles: dict[tuple[str, str], _Pile] = {}
    troubles: dict[tuple[str, object], NotEvaluated] = {}
    for name in (*_AFFECTED, *_FIXED):
        for at, product in enumerate(getattr(status, name)):
            entry, place = entries[product], f"/{name}/{at}"
            reason = _trouble(entry, name)
            if reason:
                about = entry.packages or entry.name
                troubles.setdefault((reason, about), NotEvaluated(place, reason, entry.name))
                continue
            for key in entry.packages:
                if key not in piles:
                    piles[key] = _Pile(place, {}, {}, {}, {}, {})
                _add(piles[key], name, entry)
    found: list[Affected] = []
    for (package, stream), pile in piles.items():
        if len(pile.last) > 1 and not pile.ranges:
            trouble = NotEvaluated(pile.place, TRAINS, package)
            troubles.setdefault((TRAINS, package), trouble)
        found += _affected(package, stream, pile)
    return Template(tuple(found), tuple(troubles.values()))


def _trouble(entry: Entry, status: str) -> str:
    """Why an entry says nothing about a range; a digest has no place in an order of versions."""
    if not entry.packages:
        return NAMELESS
    if entry.span.words:
        return WORDED
    digest = any(version.startswith("sha256:") for version in entry.span.versions)
    return UNORDERABLE if digest and status != "known_affected" else ""


def _add(pile: _Pile, status: str, entry: Entry) -> None:
    span = entry.span
    if status in _FIXED:
        pile.fixed.update(dict.fromkeys(span.versions))
        # Fixed from a version on, and never again affected, is fixed in that version.
        opened = (events[0] for events in span.ranges if len(events) == 1)
        pile.fixed.update((event.version, None) for event in opened if event != START)
        return
    if status == "known_affected" or not span.versions:
        pile.versions.update(dict.fromkeys(span.versions))
        pile.ranges.update(dict.fromkeys(span.ranges))
    elif status == "first_affected":
        pile.first.update(dict.fromkeys(span.versions))
    else:
        pile.last.update(dict.fromkeys(span.versions))


def _affected(package: str, stream: str, pile: _Pile) -> Iterator[Affected]:
    """One fact for a package in a stream, if anything of it is affected."""
    versions, ranges = dict(pile.versions), list(pile.ranges)
    if package.startswith("pkg:") and pile.fixed and ranges == [(START,)] and not versions:
        # A package that is listed as affected without a version is so until it was fixed.
        ranges = []
    if pile.first or pile.last:
        bounds, named = _bounds(pile)
        ranges += [events for events in bounds if events not in ranges]
        versions.update(dict.fromkeys(named))
    elif not ranges and not versions:
        ranges = [(START, Event("fixed", version)) for version in pile.fixed]
    if ranges or versions:
        yield Affected(
            vulnerability="",
            package=package,
            stream=stream,
            ranges=tuple(ranges),
            versions=tuple(versions),
            fixed_in=tuple(pile.fixed),
            place=pile.place,
        )


def _bounds(pile: _Pile) -> tuple[list[Range], tuple[str, ...]]:
    """Ranges between the first and last affected versions, or the versions alone.

    With one last version, or with ends enough for every beginning, the events of all trains
    make one range: its reader sorts them. Otherwise only what is named is certain.
    """
    ends = [Event("last_affected", version) for version in pile.last]
    ends = ends or [Event("fixed", version) for version in pile.fixed]
    starts = [Event("introduced", version) for version in pile.first]
    if len(starts) == len(ends) or (len(starts) <= 1 and len(ends) <= 1):
        return [(*(starts or [START]), *ends)], ()
    return [], (*pile.first, *pile.last)


def placed(found: Template, vulnerability: str, place: str) -> Iterator[Affected]:
    """The facts of a template for one vulnerability; `place` is that of its product status."""
    for fact in found.affected:
        yield Affected(
            vulnerability,
            fact.package,
            fact.stream,
            fact.ranges,
            fact.versions,
            fact.fixed_in,
            place + fact.place,
        )
