"""Who sealed a document: what counts by its author counts for nobody else."""

from __future__ import annotations

from accord.store.view import SqlView

_SEALED = """
SELECT d.digest, s.origin FROM {} f JOIN document d ON d.id = f.document_id
JOIN shared_document k ON k.digest = d.digest JOIN shared s ON s.id = k.shared_id
WHERE s.state IN ('live', 'held') AND (:as_of = '' OR s.learned <= :as_of)
"""


def sealers(view: SqlView, table: str) -> dict[str, frozenset[str]]:
    """Everybody who sealed each statement of a table: several may give the same bytes."""
    found: dict[str, set[str]] = {}
    for row in view.rows(_SEALED.format(table), as_of=view.as_of):
        found.setdefault(row.digest, set()).add(row.origin)
    return {digest: frozenset(names) for digest, names in found.items()}


def origins_of(view: SqlView, document: int, givers: frozenset[str]) -> tuple[str, ...]:
    """The giver that the document is kept as, which is our own people before others, then more."""
    first = view.origin(document)
    return (first, *sorted(givers - {first}))
