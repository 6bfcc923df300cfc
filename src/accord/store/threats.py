"""STIX objects of all documents: looked up by identifier, and joined around vulnerabilities.

What is asked of few vulnerabilities costs what stands around these few: rows are read from the
vulnerabilities outwards, never all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol

import msgspec

from accord.exchange.threats.joins import Held, Joins, Place, Problem, Seen
from accord.exchange.threats.links import MADE_BY, VIA, type_of
from accord.flows.ports import NoteRow, ObjectRow
from accord.supply.matching.signals import Signal

_HELD = (
    "SELECT o.id, o.object, o.version, o.name, o.revoked, o.relation, o.source, o.target,"
    " o.document_id, o.place, d.origin, d.digest"
    " FROM stix_object o JOIN document d ON d.id = o.document_id WHERE "
)
_OBJECT = _HELD + "o.object IN ({})"
_SOURCE = _HELD + "o.relation IS NOT NULL AND o.source IN ({})"
_TARGET = _HELD + "o.relation IS NOT NULL AND o.target IN ({})"
_BEARING = _HELD + "o.relation IS NOT NULL"
_NOTE = (
    "SELECT n.object, n.kind, n.title, n.created, n.answers, n.maker, n.tlp, n.place,"
    " o.version, o.revoked, d.id, d.digest, d.origin, d.learned"
    " FROM note n JOIN document d ON d.id = n.document_id"
    " JOIN stix_object o ON o.document_id = n.document_id AND o.place = n.place"
    " AND o.object = n.object"
)


class _View(Protocol):
    """What is asked of a view."""

    def rows(self, query: str, **values: object) -> Sequence[Any]: ...

    def among(self, query: str, values: Sequence[int] | Sequence[str]) -> Iterator[Any]: ...

    def learned(self, document: int) -> bool: ...

    def counts(self, document: int) -> bool: ...

    def overruled(self) -> frozenset[str]: ...


def objects(view: _View, name: str) -> list[ObjectRow]:
    """Every version of an object that was known, the newest first; what counts before the rest."""
    rows = [row for row in view.among(_OBJECT, [name]) if view.learned(row.document_id)]
    found = [
        ObjectRow(
            object=row.object,
            version=row.version,
            name=row.name,
            revoked=bool(row.revoked),
            place=row.place,
            document=row.digest,
            origin=row.origin,
            current=view.counts(row.document_id),
        )
        for row in rows
    ]
    found.sort(key=lambda one: (one.origin, one.document, one.place))
    return sorted(found, key=lambda one: (one.current, one.version), reverse=True)


def notes(view: _View, name: str = "") -> list[NoteRow]:
    """Notes between partners, the newest first: of each its newest version within its origin."""
    where = " WHERE n.object = :name OR n.answers = :name" if name else ""
    rows = view.rows(_NOTE + where, **({"name": name} if name else {}))
    newest: dict[tuple[str, str], Any] = {}
    for row in rows:
        if view.counts(row.id):
            known = newest.setdefault((row.object, row.origin), row)
            if _later(known) < _later(row):
                newest[row.object, row.origin] = row
    found = [
        NoteRow(
            object=row.object,
            kind=row.kind,
            title=row.title,
            created=row.created,
            version=row.version,
            answers=row.answers,
            maker=row.maker,
            tlp=row.tlp,
            revoked=bool(row.revoked),
            place=row.place,
            document=row.digest,
            origin=row.origin,
            learned=row.learned,
        )
        for row in newest.values()
    ]
    return sorted(found, key=lambda one: (one.created, one.object, one.origin), reverse=True)


def _later(row: Any) -> tuple[str, bool, str, str]:  # noqa: ANN401 - a row of the database
    return (row.version, bool(row.revoked), row.digest, row.place)


def signals(view: _View, names: Sequence[str]) -> dict[str, list[Signal]]:
    """Who exploits some vulnerabilities, and who saw that, by the vulnerability's name."""
    wanted = frozenset(names)
    reach = _Reach(view)
    reach.from_vulnerabilities(
        row.object for row in view.among(_NAMED, sorted(wanted)) if view.counts(row.document_id)
    )
    found: dict[str, list[Signal]] = {}
    joins = reach.joins()
    for one in joins.exploits(wanted):
        said: tuple[Any, ...] = (one.actor, one.relation, one.actor_id)
        found.setdefault(one.vulnerability, []).append(
            Signal(one.where.document, "exploits", said, one.where.place, one.origin, one.via)
        )
    for seen in joins.sightings(wanted):
        said = (seen.count, seen.id, seen.seen_by, seen.first_seen, seen.last_seen, seen.modified)
        found.setdefault(seen.vulnerability, []).append(
            Signal(seen.where.document, "sighting", said, seen.where.place, seen.origin, seen.via)
        )
    return found


def problems(view: _View) -> list[Problem]:
    """Relationships and sightings that cannot be followed yet, over all documents that count."""
    reach = _Reach(view)
    reach.everything()
    return reach.joins().problems()


_NAMED = "SELECT object, document_id FROM stix_name WHERE vulnerability IN ({})"
_NAMES = "SELECT document_id, place, vulnerability FROM stix_name WHERE object IN ({}) ORDER BY id"
_SEEN = "SELECT * FROM stix_sighting WHERE sighted IN ({})"
_ALL_SEEN = "SELECT * FROM stix_sighting"


class _Reach:
    """The objects around some vulnerabilities, read step by step."""

    def __init__(self, view: _View) -> None:
        self._view = view
        self._held: dict[int, Held] = {}
        self._looked_up: set[str] = set()
        self._seen: dict[Place, Seen] = {}
        self._sightings: list[str] = []
        self._overruled: frozenset[str] | None = None

    def from_vulnerabilities(self, objects: Iterable[str]) -> None:
        """Everything by which these vulnerability objects are exploited or seen.

        Three relationships are the longest way: the first leads to a vulnerability, the others
        lead to what the first began with.
        """
        wanted = set(objects)
        if not wanted:
            return
        before = set(wanted)
        near = self._before(wanted)
        before |= near
        sighted = before | self._before(near)
        self._before({one for one in sighted if type_of(one) in VIA} - before)
        self._see(self._view.among(_SEEN, sorted(sighted)))
        self._complete()

    def everything(self) -> None:
        """Every relationship that bears on a vulnerability, and every sighting."""
        self._take(self._view.rows(_BEARING))
        self._see(self._view.rows(_ALL_SEEN))
        self._complete()

    def joins(self) -> Joins:
        """What was read, joined."""
        vulnerabilities = sorted(n for n in self._looked_up if type_of(n) == "vulnerability")
        names: dict[Place, tuple[str, ...]] = {}
        for row in self._view.among(_NAMES, vulnerabilities):
            place = Place(row.document_id, row.place)
            names[place] = (*names.get(place, ()), row.vulnerability)
        return Joins(self._held.values(), names, self._seen)

    def _before(self, objects: Collection[str]) -> set[str]:
        """What relationships lead from to these objects, and who made them."""
        ordered = sorted(objects)
        found = self._take(self._view.among(_TARGET, ordered))
        made = self._take(self._view.among(_SOURCE, ordered))
        there = {str(one.source) for one in found}
        return there | {str(one.target) for one in made if one.relation in MADE_BY}

    def _see(self, rows: Iterable[Any]) -> None:
        for row in rows:
            if self._view.counts(row.document_id):
                self._sightings.append(row.object)
                self._seen[Place(row.document_id, row.place)] = Seen(
                    row.sighted,
                    msgspec.json.decode(row.seen_by, type=tuple[str, ...]),
                    row.first_seen,
                    row.last_seen,
                    row.count,
                )

    def _complete(self) -> None:
        """All versions of whatever takes part: relationships, their ends, sightings, who saw."""
        wanted = set(self._sightings)
        for one in self._held.values():
            wanted |= {one.object, str(one.source), str(one.target)}
        for seen in self._seen.values():
            wanted |= {seen.sighted, *seen.seen_by}
        self._looked_up = wanted
        self._take(self._view.among(_OBJECT, sorted(wanted)))

    def _take(self, rows: Iterable[Any]) -> list[Held]:
        taken = []
        for row in rows:
            counts = self._view.counts(row.document_id)
            if counts or (row.revoked and self._was_revoked(row)):
                held = Held(
                    row.object, row.version, row.name, bool(row.revoked), row.relation,
                    row.source, row.target, row.origin, row.digest,
                    Place(row.document_id, row.place), counts,
                )  # fmt: skip
                self._held[row.id] = held
                taken.append(held)
        return taken

    def _was_revoked(self, row: Any) -> bool:  # noqa: ANN401 - a row of the database
        """A revocation that was superseded still holds, unless a person set it aside."""
        if not self._view.learned(row.document_id):
            return False
        if self._overruled is None:
            self._overruled = self._view.overruled()
        return row.digest not in self._overruled


def places(found: Iterable[Signal]) -> Iterator[int]:
    """Every document that some signals name."""
    for signal in found:
        yield signal.document
        yield from (where[0] for where in signal.via)
