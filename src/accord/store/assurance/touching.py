"""Which releases a new document may change the verdict on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from accord.flows.assessing.port import Key, Touched
from accord.store.view import SqlView

_OF_EVERYTHING = ("baseline", "mapping", "catalogue", "life_cycle", "standing")
"""Facts that any verdict may rest on."""
_NAMING = ("tie", "verdict", "bill", "deployment", "product_type")
"""Facts that name a release."""
_TELLING = ("affected", "known_exploited", "vex", "advisory")
"""Facts about a vulnerability."""
_HELD = """
SELECT DISTINCT c.document_id FROM affected a JOIN hit h ON h.affected_id = a.id
JOIN identity i ON i.version_id = h.version_id JOIN component c ON c.id = i.component_id
WHERE a.vulnerability IN ({})
"""
_DIGESTS = "SELECT digest FROM document WHERE id IN ({})"
_NAMED_BY_BILL = (
    "SELECT product, release FROM bill WHERE product <> '' AND document_id IN ({})",
    f"SELECT product, release FROM tie WHERE digest IN ({_DIGESTS})",  # noqa: S608 - our own words
)


_EVER = "SELECT product, release FROM tie UNION SELECT product, release FROM verdict"
_KEPT = "SELECT DISTINCT product, release FROM assessment"


class Some:
    """Rows of some documents: of those past a number, or of these."""

    def __init__(self, view: SqlView, *, past: int = 0, these: Sequence[int] | None = None) -> None:
        self._view = view
        self._past = past
        self._these = these

    def rows(self, table: str, columns: str) -> Iterator[Any]:
        """Columns of a table's rows."""
        query = f"SELECT DISTINCT {columns} FROM {table} WHERE document_id"  # noqa: S608 - our own names
        if self._these is not None:
            yield from self._view.among(f"{query} IN ({{}})", self._these)
        else:
            yield from self._view.rows(f"{query} > :past", past=self._past)

    def any(self, table: str) -> bool:
        """Whether a table has one."""
        if self._these is not None:
            return any(True for _ in self.rows(table, "document_id"))
        query = f"SELECT 1 FROM {table} WHERE document_id > :past LIMIT 1"  # noqa: S608 - our own names
        return bool(self._view.rows(query, past=self._past))


def touched(view: SqlView) -> Touched:
    """What documents that came since assessments were last made may change."""
    newest = view.rows("SELECT max(id) AS id FROM document")[0].id or 0
    assessed = view.rows("SELECT document_id FROM assessed")
    if not assessed or newest < assessed[0].document_id:
        return Touched(everything=True, releases=frozenset(), last=newest)
    first = assessed[0].document_id
    if newest == first:
        return Touched(everything=False, releases=frozenset(), last=newest, news=False)
    found = by_documents(view, Some(view, past=first))
    return Touched(everything=found is None, releases=found or frozenset(), last=newest)


def concerned(view: SqlView) -> frozenset[Key]:
    """Releases that anybody asked about: with evidence, a stated verdict or a kept one.

    By names in small letters; a release that is empty stands for every one of its product.
    """
    rows = (*view.rows(_EVER), *view.rows(_KEPT))
    return frozenset((row.product.casefold(), row.release.casefold()) for row in rows)


def by_documents(view: SqlView, some: Some) -> frozenset[Key] | None:
    """The releases whose verdicts may rest on some documents; None: every one."""
    if any(some.any(table) for table in _OF_EVERYTHING):
        return None
    return frozenset({*_named(view, some), *_holding(view, some)})


def _named(view: SqlView, some: Some) -> Iterator[Key]:
    """Releases that a record, a bill or a statement names; a rule concerns every statement."""
    rules = some.any("recognition")
    for table in _NAMING:
        every = Some(view) if table == "verdict" and rules else some
        for row in every.rows(table, "product, release"):
            if row.product:
                yield row.product, row.release


def _holding(view: SqlView, some: Some) -> Iterator[Key]:
    """Releases with a component that has a vulnerability of which something is said."""
    told = {row.vulnerability for table in _TELLING for row in some.rows(table, "vulnerability")}
    if not told:
        return
    names = {name for pair in view.declared(told) for name in pair[1:]} | told
    bills = sorted({row.document_id for row in view.among(_HELD, sorted(names))})
    for query in _NAMED_BY_BILL:
        for row in view.among(query, bills):
            yield row.product, row.release
    if bills:
        # An estate may call a bill by the name of a file: what it runs is looked at with it.
        for row in view.rows("SELECT product, release FROM deployment WHERE bill <> ''"):
            yield row.product, row.release
