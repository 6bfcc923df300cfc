"""Indicators of all documents, and sightings by what was seen: for hunting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from accord.core.origins import is_partner
from accord.flows.exchange.trust import ME
from accord.flows.hunting.port import IndicatorRow, SightingRow

_INDICATORS = """
SELECT i.object, i.pattern, i.language, i.valid_from, i.valid_until, i.confidence, i.tlp, i.pap,
       i.unknown, o.version, o.name, o.revoked, o.place, d.id, d.digest,
       d.origin, d.learned,
       s.tlp AS shared_tlp, s.pap AS shared_pap, s.release_at, s.expires, s.state,
       f.tlp AS feed_tlp, CASE WHEN f.bare = 0 AND (d.origin <> '' OR NOT EXISTS (
           SELECT 1 FROM source WHERE source.document_id = d.id
           AND substr(source.name, 1, 5) <> 'feed ' AND substr(source.name, 1, 9) <> 'exchange:'))
           THEN 0 ELSE 1 END AS ours
FROM stix_indicator i
JOIN document d ON d.id = i.document_id
JOIN stix_object o ON o.document_id = i.document_id AND o.place = i.place AND o.object = i.object
LEFT JOIN shared s ON s.object = i.object AND s.version = o.version AND s.origin = CASE
    WHEN d.origin <> '' AND substr(d.origin, 1, 5) <> 'feed:' THEN d.origin
    ELSE (SELECT value FROM setting WHERE name = :me) END
LEFT JOIN (SELECT digest, max(tlp) AS tlp, count(*) - count(tlp) AS bare FROM feed_document
           GROUP BY digest) f ON f.digest = d.digest
"""
_AT_ONCE = 500
_GIVEN = {"live", "held"}
"""States of an envelope that goes, or will go, to others."""
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


def indicators(view: _View, objects: Sequence[str] | None = None) -> list[IndicatorRow]:
    """Of each indicator the newest version within its origin; one that was revoked stays so.

    `objects` are the identifiers of those that are wanted; None: all.
    """
    rows: Sequence[Any]
    if objects is None:
        rows = view.rows(_INDICATORS, me=ME)
    else:
        rows = [row for at in range(0, len(objects), _AT_ONCE)
                for row in _some(view, objects[at : at + _AT_ONCE])]  # fmt: skip
    envelopes: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        if row.state is not None:
            envelopes.setdefault((row.object, row.origin, row.version), []).append(row)
    return [
        _indicator(row, envelopes.get((row.object, row.origin, row.version), []), final=final)
        for row, final in _newest(view, rows)
    ]


def _some(view: _View, objects: Sequence[str]) -> Sequence[Any]:
    named = {f"o{number}": one for number, one in enumerate(objects)}
    listed = ", ".join(f":{name}" for name in named)
    return view.rows(f"{_INDICATORS} WHERE i.object IN ({listed})", me=ME, **named)


def _indicator(row: Any, envelopes: Sequence[Any], *, final: bool) -> IndicatorRow:  # noqa: ANN401 - a row of the database
    """An indicator under the strictest of the envelopes in which this version is given now."""
    states = {one.state for one in envelopes}
    sealed = is_partner(row.origin)
    given = [one for one in envelopes if one.state in ({"live"} if sealed else _GIVEN)]
    said = [one.shared_tlp for one in given]
    if not sealed and row.tlp is not None:
        said.append(row.tlp)
    return IndicatorRow(
        object=row.object,
        version=row.version,
        name=row.name,
        pattern=row.pattern,
        language=row.language,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        confidence=row.confidence,
        revoked=final,
        tlp=max(said, default=row.tlp),
        pap=max(row.pap, *(one.shared_pap for one in given), 0),
        release_at=max((one.release_at for one in given), default=""),
        expires=min((one.expires for one in given if one.expires), default=""),
        state=_state(states, sealed=sealed),
        unknown=tuple(msgspec.json.decode(row.unknown, type=list[str])),
        origin=row.origin,
        learned=row.learned,
        default=row.feed_tlp,
        ours=bool(row.ours),
        taken=f"{row.id:012d} {row.digest}",
    )


def _state(states: set[str], *, sealed: bool) -> str:
    """What a partner gives no more is not used, nor what this node itself took back."""
    if not states or "live" in states or (not sealed and states & _GIVEN):
        return "live"
    if "recalled" in states:
        return "recalled"
    return min(states) if sealed else "live"


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
