"""Sightings added up, by what was seen."""

from __future__ import annotations

import msgspec

from accord.flows.hunting.port import SightingRow
from accord.flows.ports import View


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


def tally(view: View) -> list[Tally]:
    """Everything that was seen, what was seen last first.

    A sighting that several partners pass on counts once.
    """
    by_object: dict[str, dict[str, SightingRow]] = {}
    for row in view.sightings():
        known = by_object.setdefault(row.sighted, {}).get(row.object)
        if known is None or (known.origin and not row.origin) or known.count < row.count:
            by_object[row.sighted][row.object] = row
    found = []
    for sighted, rows in by_object.items():
        partners: dict[str, int] = {}
        for row in rows.values():
            if row.origin:
                partners[row.origin] = partners.get(row.origin, 0) + row.count
        objects = view.stix_objects(sighted)
        found.append(
            Tally(
                sighted=sighted,
                name=objects[0].name if objects else "",
                count=sum(row.count for row in rows.values()),
                own=sum(row.count for row in rows.values() if not row.origin),
                partners=dict(sorted(partners.items())),
                first_seen=min((r.first_seen for r in rows.values() if r.first_seen), default=""),
                last_seen=max((r.last_seen for r in rows.values() if r.last_seen), default=""),
            )
        )
    return sorted(found, key=lambda one: (one.last_seen, one.sighted), reverse=True)
