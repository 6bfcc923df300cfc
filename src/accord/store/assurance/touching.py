"""Which releases a document may change the verdict on.

Law (nothing is final): whatever a verdict rests on is a document that names its release, one that
is tied to it, one that speaks of a vulnerability that its bills hold, or one that concerns all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from accord import __version__
from accord.flows.assessing.port import Key, Mark, Touched
from accord.store.assurance.asked import ASKED
from accord.store.assurance.products import of_products
from accord.store.assurance.running import estates_naming, joined_bills, named_by_estates
from accord.store.assurance.sources import source_of, spoken_of
from accord.store.view import SqlView, texts_of
from accord.supply.matching.exposures import assemble

_OF_EVERYTHING = ("baseline", "mapping", "catalogue", "life_cycle", "standing")
"""Facts that any verdict may rest on."""
_NAMING = ("tie", "verdict", "bill", "deployment", "product_type")
"""Facts that name a release."""
_TELLING = (
    ("affected", "vulnerability"), ("known_exploited", "vulnerability"), ("vex", "vulnerability"),
    ("advisory", "vulnerability"), ("alias", "vulnerability"), ("alias", "name"),
)  # fmt: skip
"""Facts about a vulnerability, and where they name it."""
_HELD = """
SELECT DISTINCT c.document_id FROM affected a JOIN hit h ON h.affected_id = a.id
JOIN identity i ON i.version_id = h.version_id JOIN component c ON c.id = i.component_id
WHERE a.vulnerability IN ({})
"""
_DIGESTS = "SELECT digest FROM document WHERE id IN ({})"
_TIED = f"SELECT product, release FROM tie WHERE digest IN ({_DIGESTS})"  # noqa: S608 - our own words
_BILLED = "SELECT product, release FROM bill WHERE product <> '' AND document_id IN ({})"
_KEY = "DISTINCT product, release"
_CATALOGUED = "SELECT 1 FROM document WHERE subject = 'kev' AND current AND origin = '' LIMIT 1"


class Some:
    """Rows of some documents: of those past a number, of these, or of both."""

    def __init__(self, view: SqlView, these: Collection[int], *, past: int | None = None) -> None:
        self._view = view
        self._these = sorted(these)
        self._past = past

    def numbers(self) -> list[int]:
        """Their numbers."""
        query = "SELECT id FROM document WHERE id > :past"
        past = () if self._past is None else self._view.rows(query, past=self._past)
        return sorted({*self._these, *(row.id for row in past)})

    def rows(self, table: str, columns: str) -> Iterator[Any]:
        """Columns of a table's rows."""
        query = f"SELECT DISTINCT {columns} FROM {table} WHERE document_id"  # noqa: S608 - our own names
        yield from self._view.among(f"{query} IN ({{}})", self._these)
        if self._past is not None:
            yield from self._view.rows(f"{query} > :past", past=self._past)

    def any(self, table: str) -> bool:
        """Whether a table has one."""
        query = f"SELECT 1 FROM {table} WHERE document_id"  # noqa: S608 - our own names
        past = f"{query} > :past LIMIT 1"
        if self._past is not None and self._view.rows(past, past=self._past):
            return True
        return any(True for _ in self._view.among(f"{query} IN ({{}}) LIMIT 1", self._these))


def news(view: SqlView, me: str, before: Mark | None, now: str) -> bool:
    """Whether anything came, counts otherwise, or ended for all since a mark."""
    if before is None or _ended(before, now):
        return True
    return msgspec.structs.replace(_mark(view, me), until=before.until) != before


def touched(view: SqlView, me: str, before: Mark | None, now: str) -> Touched:
    """What documents that came, or count otherwise, since a mark may change; and the new mark."""
    mark = _mark(view, me)
    if before is None or before.common != mark.common or _ended(before, now):
        return Touched(everything=True, releases=frozenset(), mark=mark)
    mark = msgspec.structs.replace(mark, until=before.until)
    others = {row.document_id for row in view.rows("SELECT document_id FROM counting_otherwise")}
    found = by_documents(view, Some(view, others, past=before.document))
    return Touched(everything=found is None, releases=found or frozenset(), mark=mark)


def _ended(before: Mark, now: str) -> bool:
    return bool(before.until) and before.until <= now


def concerned(view: SqlView, products: Collection[str] | None = None) -> frozenset[Key]:
    """Releases that anybody asked about, of some products or of all.

    By names in small letters; a release that is empty stands for every one of its product.
    """
    rows = (row for table in ASKED for row in of_products(view, table, _KEY, products))
    return frozenset((row.product.casefold(), row.release.casefold()) for row in rows)


def _mark(view: SqlView, me: str) -> Mark:
    """What the node is now. This accord, its name, and whether anything lists what is exploited:
    all verdicts have these in common.
    """
    newest = view.rows("SELECT max(id) AS id FROM document")[0].id or 0
    number = view.rows("SELECT number FROM generation")[0].number
    common = [__version__, me, bool(view.rows(_CATALOGUED))]
    return Mark(newest, number, msgspec.json.encode(common).decode())


def by_documents(view: SqlView, some: Some) -> frozenset[Key] | None:
    """The releases whose verdicts may rest on some documents; None: every one."""
    if any(some.any(table) for table in _OF_EVERYTHING) or _first_of_a_source(view, some):
        return None
    return frozenset({*_named(view, some), *_holding(view, some)})


def _first_of_a_source(view: SqlView, some: Some) -> bool:
    """Whether of some source nothing else speaks: with them begins what is known of all of it."""
    rows = some.rows("affected a JOIN package p ON p.id = a.package_id", "p.name")
    sources = {source_of(row.name) for row in rows}
    these = frozenset(some.numbers()) if sources else frozenset()
    return any(not spoken_of(view, source, besides=these) for source in sorted(sources))


def _named(view: SqlView, some: Some) -> Iterator[Key]:
    """Releases that a record, a bill or a statement names; a rule concerns every statement."""
    for table in _NAMING:
        for row in some.rows(table, "product, release"):
            if row.product:
                # A bill also says who supplies its product, and so speaks for each release.
                yield row.product, "" if table == "bill" else row.release
    if some.any("recognition"):
        for row in view.rows("SELECT DISTINCT product, release FROM verdict"):
            yield row.product, row.release
    for row in view.among(_TIED, some.numbers()):
        # A record may come before the document that it is about.
        yield row.product, row.release


def _holding(view: SqlView, some: Some) -> Iterator[Key]:
    """Releases whose bills are spoken of: by themselves, by a part, by who runs them."""
    bills = {row.document_id for row in some.rows("bill", "document_id")}
    bills |= joined_bills(view, bills)
    bills |= named_by_estates(view, [row.bill for row in some.rows("deployment", "bill")])
    bills |= set(_telling(view, some)) | set(_judged(view, some))
    found: Sequence[int] = sorted(bills)
    for query in (_BILLED, _TIED):
        for row in view.among(query, found):
            yield row.product, row.release
    yield from estates_naming(view, found)


def _telling(view: SqlView, some: Some) -> Iterator[int]:
    """Bills with a component that has a vulnerability of which something is said."""
    told = {row[0] for table, column in _TELLING for row in some.rows(table, column)}
    told |= {name for row in some.rows("vex", "aliases") for name in texts_of(row.aliases)}
    if told:
        names = {name for pair in view.declared(told) for name in pair[1:]} | told
        for row in view.among(_HELD, sorted(names)):
            yield row.document_id


def _judged(view: SqlView, some: Some) -> Iterator[int]:
    """Bills with an exposure of which a person says something."""
    rows = some.rows("judgement", "kind, subject")
    wanted = {row.subject for row in rows if row.kind == "exposure"}
    if not wanted:
        return
    known = view.known()
    for one in assemble(known):
        if one.id in wanted:
            yield from (known.parts[part].document for part in one.parts)
