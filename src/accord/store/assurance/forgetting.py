"""Kept verdicts, once documents that they may rest on are erased.

Law (removal): after the next update each verdict is as if the node never had these documents.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, update

from accord.store.assurance.decided_tables import assessed, assessment
from accord.store.assurance.touching import Some, by_documents
from accord.store.schema import document
from accord.store.view import SqlView

_DUE = "0001-01-01T00:00:00.000000Z"
"""Ended by any clock."""


def resting_on(connection: Connection, documents: Sequence[int]) -> None:
    """Have the verdicts that may rest on some documents made anew; before these are erased."""
    if connection.scalar(select(func.min(assessment.c.product))) is None:
        return
    view = SqlView(connection)
    found = by_documents(view, Some(view, these=documents))
    due = update(assessment).values(until=_DUE)
    if found is None:
        connection.execute(due)
    if not found:
        return
    names = {(product.casefold(), release.casefold()) for product, release in found}
    kept = select(assessment.c.product, assessment.c.release).distinct()
    for product, release in connection.execute(kept).all():
        folded = product.casefold()
        if not names.isdisjoint({(folded, release.casefold()), (folded, "")}):
            same = (assessment.c.product == product) & (assessment.c.release == release)
            connection.execute(due.where(same))


def renumbered(connection: Connection) -> None:
    """See that a new document with the number of an erased one is noticed."""
    known = connection.scalar(select(func.max(assessed.c.document_id)))
    if known is None:
        return
    last = connection.scalar(select(func.max(document.c.id))) or 0
    if last < known:
        connection.execute(update(assessed).values(document_id=last))
