"""Which releases a new document may change the verdict on."""

from __future__ import annotations

from collections.abc import Iterator

from accord.flows.assessing.port import Key, Touched
from accord.store.view import SqlView

_OF_EVERYTHING = ("baseline", "mapping", "catalogue", "life_cycle", "standing")
"""Facts that any verdict may rest on."""
_NAMING = ("tie", "verdict", "bill", "deployment")
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


def touched(view: SqlView) -> Touched:
    """What documents that came since assessments were last made may change."""
    newest = view.rows("SELECT max(id) AS id FROM document")[0].id or 0
    assessed = view.rows("SELECT document_id FROM assessed")
    if not assessed or newest < assessed[0].document_id:
        return Touched(everything=True, releases=frozenset(), last=newest)
    first = assessed[0].document_id
    if newest == first:
        return Touched(everything=False, releases=frozenset(), last=newest)
    if any(_new(view, table, first) for table in _OF_EVERYTHING):
        return Touched(everything=True, releases=frozenset(), last=newest)
    found = frozenset({*_named(view, first), *_holding(view, first)})
    return Touched(everything=False, releases=found, last=newest)


def _new(view: SqlView, table: str, first: int) -> bool:
    query = f"SELECT 1 FROM {table} WHERE document_id > :first LIMIT 1"  # noqa: S608 - our own names
    return bool(view.rows(query, first=first))


def _named(view: SqlView, first: int) -> Iterator[Key]:
    """Releases that a record, a bill or a statement names; a new rule concerns every statement."""
    for table in _NAMING:
        since = 0 if table == "verdict" and _new(view, "recognition", first) else first
        query = f"SELECT product, release FROM {table} WHERE document_id > :first"  # noqa: S608 - our own names
        for row in view.rows(query, first=since):
            if row.product:
                yield row.product, row.release


def _holding(view: SqlView, first: int) -> Iterator[Key]:
    """Releases with a component that has a vulnerability of which something new is said."""
    told: set[str] = set()
    for table in _TELLING:
        query = f"SELECT DISTINCT vulnerability FROM {table} WHERE document_id > :first"  # noqa: S608 - our own names
        told.update(row.vulnerability for row in view.rows(query, first=first))
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
