"""Sightings added up, by what was seen.

Law (derived data): a sum bears the strictest marking of the sightings in it and of what was seen.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from accord.core.errors import Invalid
from accord.exchange.objects import read_stix
from accord.flows.exchange.sharing.plan import DEFAULT
from accord.flows.exchange.sharing.port import Copy, Known
from accord.flows.exchange.sharing.wanted import Holdings, newest_of
from accord.flows.hunting.port import SightingRow
from accord.flows.ports import View, Views
from accord.identity.markings import Tlp, parse_tlp

_CHUNK = 500


class Shares(Protocol):
    """What is known of markings."""

    def marking(self) -> str:
        """The default colour, or empty."""

    def known(self, objects: Collection[str]) -> Known:
        """The envelopes of some objects."""


class Trust(Protocol):
    """Who this node is."""

    def me(self) -> str:
        """The name of this node as a partner, or empty."""


class Desk(Protocol):
    """The parts of a node that counting needs."""

    @property
    def trust(self) -> Trust:
        """Who this node is."""

    @property
    def views(self) -> Views:
        """What the node knows."""

    @property
    def sharing(self) -> Shares:
        """Under which markings objects are shared."""

    @property
    def holdings(self) -> Holdings:
        """Where this node's own objects stand."""


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one object, by all together."""

    sighted: str
    name: str
    count: int
    own: int
    """How often this node saw it."""
    partners: dict[str, int]
    """How often each partner says that it was seen."""
    first_seen: str
    last_seen: str
    marking: str
    """The strictest of all that is in it: `TLP:AMBER+STRICT`. So far may these numbers go."""


def tally(desk: Desk, at_most: Tlp | None = None) -> list[Tally]:
    """Everything that was seen, what was seen last first.

    A sighting that several partners pass on counts once. `at_most` leaves out what is marked more
    strictly, sightings as well as what was seen.
    """
    with desk.views.view() as view:
        rows = view.sightings()
        names = {row.sighted for row in rows}
        titles = {name: _title(view, name) for name in names}
    seen = {(row.object, row.origin) for row in rows}
    markings = _markings(seen | {(name, origin) for name in names for origin in titles[name]}, desk)
    by_object: dict[str, dict[str, SightingRow]] = {}
    of: dict[str, list[Tlp]] = {}
    for row in rows:
        tlp = markings[row.object, row.origin]
        there = [markings[row.sighted, origin] for origin in titles[row.sighted]]
        if at_most is not None and max([tlp, *there]) > at_most:
            continue
        of.setdefault(row.sighted, []).extend([tlp, *there])
        known = by_object.setdefault(row.sighted, {}).get(row.object)
        if known is None or (known.origin and not row.origin) or known.count < row.count:
            by_object[row.sighted][row.object] = row
    found = [
        _tally(name, kept, next(iter(titles[name].values()), ""), max(of[name]))
        for name, kept in by_object.items()
    ]
    return sorted(found, key=lambda one: (one.last_seen, one.sighted), reverse=True)


def _tally(sighted: str, rows: Mapping[str, SightingRow], name: str, tlp: Tlp) -> Tally:
    partners: dict[str, int] = {}
    for row in rows.values():
        if row.origin:
            partners[row.origin] = partners.get(row.origin, 0) + row.count
    return Tally(
        sighted=sighted,
        name=name,
        count=sum(row.count for row in rows.values()),
        own=sum(row.count for row in rows.values() if not row.origin),
        partners=dict(sorted(partners.items())),
        first_seen=min((r.first_seen for r in rows.values() if r.first_seen), default=""),
        last_seen=max((r.last_seen for r in rows.values() if r.last_seen), default=""),
        marking=tlp.label,
    )


def _title(view: View, name: str) -> dict[str, str]:
    """The newest name of an object, by each origin that tells of it; this node's comes first."""
    found: dict[str, str] = {}
    for one in sorted(view.stix_objects(name), key=lambda one: (one.origin, one.version)):
        found[one.origin] = one.name
    return found


def _markings(wanted: Collection[tuple[str, str]], desk: Desk) -> dict[tuple[str, str], Tlp]:
    """Of objects by their origins, the strictest TLP that is known."""
    names = sorted({name for name, _ in wanted})
    copies: dict[tuple[str, str], list[Copy]] = {}
    own: dict[str, Tlp] = {}
    default, me = parse_tlp(desk.sharing.marking() or DEFAULT.word), desk.trust.me()
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        for copy in desk.sharing.known(chunk).copies:
            copies.setdefault((copy.object, copy.origin), []).append(copy)
        places = [one for one in desk.holdings.places(chunk) if not one.document.sealed]
        for name, body in desk.holdings.objects(list(newest_of(places).values())).items():
            own[name] = _said(body, default)
    found = {}
    for name, origin in wanted:
        said = [copy.tlp for copy in copies.get((name, origin or me), ())]
        if not origin:
            said.append(own.get(name, Tlp.RED))
        found[name, origin] = Tlp(max(said, default=Tlp.RED))
    return found


def _said(body: bytes, default: Tlp) -> Tlp:
    """What an object of this node says of itself; what is not understood is the strictest."""
    try:
        content = read_stix(body)
    except Invalid:
        return Tlp.RED
    if content.unknown_markings:
        return Tlp.RED
    return content.marking.tlp if content.marking else default
