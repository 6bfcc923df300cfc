"""Make every fact anew from the kept documents.

Law (documents in, facts out): the state hash after a rebuild is the one before it, unless a
reader has learned something since.
"""

from __future__ import annotations

from collections.abc import Iterator

from accord.core.digests import Digest
from accord.flows.load import Progress
from accord.flows.ports import Intake
from accord.flows.prepare import read_into
from accord.flows.prepared import Prepared

_BATCH = 200
_BYTES = 32 << 20


def rebuild(intake: Intake, progress: Progress | None = None) -> int:
    """Drop all facts and read every document again, in one unit of work.

    Returns:
        The number of documents read.
    """
    done = 0
    with intake.rebuild() as unit:
        for batch in _batches(intake.bodies()):
            unit.refill(batch)
            done += len(batch)
            if progress is not None:
                progress(done, batch[-1].digest)
        unit.settle()
    return done


def _batches(bodies: Iterator[tuple[Digest, bytes]]) -> Iterator[list[Prepared]]:
    batch: list[Prepared] = []
    size = 0
    for name, data in bodies:
        prepared = Prepared(name, "", "unrecognised", size=len(data))
        read_into(prepared, data)
        batch.append(prepared)
        size += len(data)
        if len(batch) >= _BATCH or size > _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
