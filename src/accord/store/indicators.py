"""Indicators of all documents, and sightings by what was seen: for hunting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from accord.flows.hunting.port import IndicatorRow, SightingRow

_INDICATORS = """
SELECT i.object, i.pattern, i.language, i.valid_from, i.valid_until, i.confidence, i.tlp, i.pap,
       i.unknown, o.version, o.name, o.revoked, d.id, d.digest, d.origin, d.learned,
       s.tlp AS shared_tlp, s.pap AS shared_pap, s.expires, s.state
FROM stix_indicator i
JOIN document d ON d.id = i.document_id
JOIN stix_object o ON o.document_id = i.document_id AND o.place = i.place AND o.object = i.object
LEFT JOIN shared s ON d.origin <> '' AND s.origin = d.origin AND s.object = i.object
                  AND s.version = o.version
"""
_SIGHTINGS = """
SELECT s.object, s.sighted, s.first_seen, s.last_seen, s.count, o.version, o.revoked, o.place,
       d.id, d.digest, d.origin
FROM stix_sighting s
JOIN document d ON d.id = s.document_id
JOIN stix_object o ON o.document_id = s.document_id AND o.place = s.place AND o.object = s.object
"""


class _View(Protocol):
    """What is asked of a view."""

    def rows(self, query: str, **values: object) -> Sequence[Any]: ...

    def learned(self, document: int) -> bool: ...

    def counts(self, document: int) -> bool: ...


def indicators(view: _View) -> list[IndicatorRow]:
    """Of each indicator the newest version within its origin; one that was revoked stays so."""
    return [
        IndicatorRow(
            object=row.object,
            version=row.version,
            name=row.name,
            pattern=row.pattern,
            language=row.language,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            confidence=row.confidence,
            revoked=final,
            tlp=row.shared_tlp if row.shared_tlp is not None else row.tlp,
            pap=max(row.shared_pap or 0, row.pap),
            expires=row.expires or "",
            state=row.state or "live",
            unknown=tuple(msgspec.json.decode(row.unknown, type=list[str])),
            origin=row.origin,
            learned=row.learned,
        )
        for row, final in _newest(view, view.rows(_INDICATORS))
    ]


def sightings(view: _View) -> list[SightingRow]:
    """Every sighting that counts, the newest version within its origin, without what is revoked."""
    return [
        SightingRow(
            object=row.object,
            sighted=row.sighted,
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            count=row.count,
            origin=row.origin,
        )
        for row, final in _newest(view, view.rows(_SIGHTINGS))
        if not final
    ]


def _newest(view: _View, rows: Sequence[Any]) -> list[tuple[Any, bool]]:
    newest: dict[tuple[str, str], Any] = {}
    final: set[tuple[str, str]] = set()
    for row in rows:
        key = (row.object, row.origin)
        if row.revoked and view.learned(row.id):
            final.add(key)
        if view.counts(row.id):
            known = newest.get(key)
            if known is None or _weight(known) < _weight(row):
                newest[key] = row
    return [(row, key in final) for key, row in sorted(newest.items(), key=lambda one: one[0])]


def _weight(row: Any) -> tuple[str, bool, str, str]:  # noqa: ANN401 - a row of the database
    return (row.version, bool(row.revoked), row.digest, row.place)
