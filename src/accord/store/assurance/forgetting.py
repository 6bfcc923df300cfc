"""Kept verdicts, once documents that they may rest on are erased, or count otherwise.

Law (removal): after the next update each verdict is as if the node never had the erased documents.
Law (otherwise): a document that is superseded, or counts again, is looked at like a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from accord.store.assurance.decided_tables import assessed, assessment, counting_otherwise
from accord.store.assurance.touching import Some, by_documents
from accord.store.schema import document, generation
from accord.store.view import SqlView

_DUE = "0001-01-01T00:00:00.000000Z"
"""Ended by any clock."""
_MANY = 500
_KNOWN = select(func.max(assessed.c.document_id))
_NEXT = select(generation.c.number + 1)
"""The generation of the node that a unit of work makes."""


def resting_on(connection: Connection, documents: Sequence[int]) -> None:
    """Have the verdicts that may rest on some documents made anew; before these are erased."""
    if connection.scalar(select(func.min(assessment.c.product))) is None:
        return
    view = SqlView(connection)
    found = by_documents(view, Some(view, documents))
    if found is None:
        forget(connection)
    if not found:
        return
    due = update(assessment).values(until=_DUE)
    names = {(product.casefold(), release.casefold()) for product, release in found}
    kept = select(assessment.c.product, assessment.c.release).distinct()
    for product, release in connection.execute(kept).all():
        folded = product.casefold()
        if not names.isdisjoint({(folded, release.casefold()), (folded, "")}):
            same = (assessment.c.product == product) & (assessment.c.release == release)
            connection.execute(due.where(same))


def forget(connection: Connection) -> None:
    """Have every verdict made anew."""
    connection.execute(delete(assessed))


def renumbered(connection: Connection) -> None:
    """See that a new document with the number of an erased one is noticed."""
    known = connection.scalar(_KNOWN)
    if known is None:
        return
    last = connection.scalar(select(func.max(document.c.id))) or 0
    if last < known:
        connection.execute(update(assessed).values(document_id=last))


def otherwise(connection: Connection, documents: Collection[int]) -> None:
    """Note that some documents count otherwise from now on; what nobody looked at is new anyway."""
    known = connection.scalar(_KNOWN) if documents else None
    these = [one for one in documents if known is not None and one <= known]
    if these:
        number = connection.scalar(_NEXT)
        rows = [{"document_id": one, "generation": number} for one in sorted(these)]
        connection.execute(insert(counting_otherwise), rows)


def sealed_otherwise(connection: Connection, digests: Collection[str]) -> None:
    """Note that some documents have a giver more, or less."""
    for chunk in _chunks(sorted(digests)):
        query = select(document.c.id).where(document.c.digest.in_(chunk))
        otherwise(connection, connection.scalars(query).all())


def _chunks(items: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _MANY):
        yield items[start : start + _MANY]
