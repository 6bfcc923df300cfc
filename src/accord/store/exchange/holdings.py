"""`accord.flows.exchange.sharing.wanted.Holdings` on a database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, or_, select

from accord.core.errors import NotFound
from accord.flows.exchange.sharing.wanted import Held, Place, objects_in
from accord.store import schema
from accord.store.exchange import logs
from accord.store.exchange.brought import by_people, feeds, read_feeds
from accord.store.intake import unpack_checked

_DIGEST = re.compile(r"[0-9a-f]{6,64}", re.ASCII)
_MOST = 500
"""Names of one vulnerability, past which no more aliases are followed."""
_COLUMNS = ("digest", "kind", "subject", "edition", "title", "origin", "outcome")


class SqlHoldings:
    """The documents of this node."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def named(self, name: str) -> list[Held]:
        """Documents whose digest begins so, or that are about an advisory or vulnerability.

        Of editions of one thing those that count; a digest names whatever it names.
        """
        table = schema.document
        with self._engine.connect() as connection:
            digest = name.lower().removeprefix("sha256:")
            if _DIGEST.fullmatch(digest):
                # A range of the index, whatever the collation of the database.
                last = f"{digest}{'f' * (64 - len(digest))}"
                first = f"{digest}{'0' * (64 - len(digest))}"
                found = _documents(connection, table.c.digest.between(first, last))
                if found:
                    return found
            for which in _about(name):
                found = _counting(_documents(connection, which & _taken()))
                if found:
                    return found
        return []

    def about(self, name: str) -> list[Held]:
        """Every document about a vulnerability, an advisory of it, or what is declared the same.

        As in the explanation of a vulnerability, aliases are followed from one to the next. A
        document that no longer counts is named too: it may have been shared when it did.
        """
        table, advisory, alias = schema.document, schema.advisory, schema.alias
        with self._engine.connect() as connection:
            names = _joined(connection, {name, name.upper()})
            which = [
                table.c.subject.in_(names),
                *(
                    table.c.id.in_(select(source.c.document_id).where(column.in_(names)))
                    for source, column in (
                        (advisory, advisory.c.advisory),
                        (advisory, advisory.c.vulnerability),
                    )
                ),
                table.c.id.in_(
                    select(alias.c.document_id).where(
                        alias.c.name.in_(names), alias.c.relation == "alias"
                    )
                ),
            ]
            return _documents(connection, or_(*which))

    def held(self, digests: Sequence[str]) -> list[Held]:
        """Documents by their digests, in this order.

        Raises:
            NotFound: one is not kept here.
        """
        found: dict[str, Held] = {}
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(digests))):
                for one in _documents(
                    connection, logs.among(connection, schema.document.c.digest, chunk)
                ):
                    found[one.digest] = one
        missing = [digest for digest in digests if digest not in found]
        if missing:
            raise NotFound(f"document {missing[0][:12]} is not kept here")
        return [found[digest] for digest in dict.fromkeys(digests)]

    def editions(self, subjects: Collection[str]) -> list[Held]:
        """The documents on some subjects that count, one giver's beside another's."""
        table = schema.document
        found: list[Held] = []
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(subjects))):
                these = logs.among(connection, table.c.subject, chunk)
                found += _counting(_documents(connection, these & _taken()))
        return found

    def places(self, objects: Collection[str]) -> list[Place]:
        """Where STIX objects stand, in documents that were not quarantined."""
        table, document = schema.stix_object, schema.document
        query = select(*_columns(), table.c.object, table.c.version).join(
            document, document.c.id == table.c.document_id
        )
        query = query.where(document.c.outcome != "quarantined")
        found: list[Place] = []
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(objects))):
                these = query.where(logs.among(connection, table.c.object, chunk))
                for *held, name, version in connection.execute(these):
                    found.append(Place(name, version, _held(held)))
        return found

    def body(self, digest: str) -> bytes:
        """A document byte for byte, checked against its digest.

        Raises:
            NotFound: it is not kept here.
            Damaged: the bytes are not those that were kept.
        """
        table, bodies = schema.document, schema.body
        query = select(bodies.c.packed).join(table, table.c.id == bodies.c.document_id)
        with self._engine.connect() as connection:
            packed = connection.scalar(query.where(table.c.digest == digest))
        if packed is None:
            raise NotFound(f"document {digest[:12]} is not kept here")
        return unpack_checked(digest, packed)

    def objects(self, places: Collection[Place]) -> dict[str, bytes]:
        """The bytes of STIX objects where they stand, by identifier.

        Raises:
            NotFound: a document is not kept here any more.
        """
        by_document: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for place in places:
            by_document[place.document.digest].add((place.object, place.version))
        found: dict[str, bytes] = {}
        for digest, wanted in by_document.items():
            found |= objects_in(self.body(digest), wanted)
        return found

    def alike(self, patterns: Collection[str]) -> dict[str, set[str]]:
        """Identifiers of indicators, by the pattern of STIX that they have."""
        table = schema.stix_indicator
        query = select(table.c.pattern, table.c.object).where(table.c.language == "stix")
        found: dict[str, set[str]] = defaultdict(set)
        with self._engine.connect() as connection:
            for chunk in logs.chunks(sorted(set(patterns))):
                these = query.where(logs.among(connection, table.c.pattern, chunk))
                for pattern, name in connection.execute(these):
                    found[pattern].add(name)
        return dict(found)


def _about(name: str) -> Iterator[ColumnElement[bool]]:
    """The ways in which a name may mean a document, the nearest first."""
    table, advisory, alias = schema.document, schema.advisory, schema.alias
    spellings = list(dict.fromkeys((name, name.upper())))
    yield table.c.subject == name
    for column in (advisory.c.advisory, advisory.c.vulnerability):
        yield table.c.id.in_(select(advisory.c.document_id).where(column.in_(spellings)))
    same = alias.c.name.in_(spellings) & (alias.c.relation == "alias")
    yield table.c.id.in_(select(alias.c.document_id).where(same))


def _joined(connection: Connection, names: Collection[str]) -> list[str]:
    """All names that declared aliases join to some, one after the other.

    An advisory about one vulnerability is one of its names; one about many makes none the same.
    """
    advisory, alias = schema.advisory, schema.alias
    about = select(advisory.c.vulnerability).where(advisory.c.advisory.in_(sorted(names)))
    only = set(connection.scalars(about))
    frontier = set(names) | (only if len(only) == 1 else set())
    same = select(alias.c.vulnerability, alias.c.name).where(alias.c.relation == "alias")
    seen: set[str] = set()
    while frontier and len(seen) < _MOST:
        now = sorted(frontier)
        seen |= frontier
        joined = or_(alias.c.name.in_(now), alias.c.vulnerability.in_(now))
        frontier = {one for row in connection.execute(same.where(joined)) for one in row} - seen
    return sorted(seen)


def _documents(connection: Connection, which: ColumnElement[bool]) -> list[Held]:
    query = select(*_columns()).where(which).order_by(schema.document.c.digest)
    return [_held(row) for row in connection.execute(query)]


def _held(row: Sequence[Any]) -> Held:
    *said, brought, current, people = row
    named: dict[str, Any] = dict(zip(_COLUMNS, said, strict=True))
    return Held(**named, feeds=read_feeds(brought), current=current, people=people)


def _counting(every: Collection[Held]) -> list[Held]:
    """Those that count, and of this node's own people the latest, whatever a feed says later."""
    ours = {
        one.subject: one
        for one in sorted(every, key=lambda one: (one.edition, one.digest))
        if one.own and one.subject
    }
    current = [one for one in every if one.current]
    later = {one.subject for one in current if not one.origin and not one.own}
    own = {one.subject for one in current if one.own}
    hidden = [
        msgspec.structs.replace(one, current=True)
        for subject, one in ours.items()
        if subject in later - own
    ]
    return current + hidden


def _taken() -> ColumnElement[bool]:
    return schema.document.c.outcome != "quarantined"


def _columns() -> list[ColumnElement[Any]]:
    """What `Held` is made of, in its order."""
    table = schema.document
    return [*(table.c[name] for name in _COLUMNS), feeds(), table.c.current, by_people()]
