"""Take documents in: prepare them, keep them with their facts, match what is new, and count.

Law (nothing is dropped in silence): read = new + same + quarantined, for each kind.
Law (loading twice changes nothing): a document that the node has is only counted.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Thread

import msgspec

from accord.core.archives import Sealed
from accord.core.digests import Digest
from accord.core.origins import people_source, source_of
from accord.flows import batches
from accord.flows.batches import Done, Ledger, Outcome, Piece
from accord.flows.ports import Intake
from accord.flows.prepared import Known, Prepared

_FEW = 3
"""Pieces up to which starting worker processes costs more than it gives."""
_BESIDE = 256 << 20
"""Bytes of pieces that may be in flight at a time; a larger one goes alone."""
_NOTHING = Done([])


class Giver(msgspec.Struct, frozen=True):
    """Who gives documents: this node's own people, unless it says otherwise."""

    origin: str = ""
    """As `core.origins` has it."""
    feed: str = ""
    """Name of the feed that brings them; empty: none does."""
    tlp: int | None = None
    """TLP that the feed gives what bears none; None: the node's default."""
    admits: Callable[[str], bool] | None = None
    """Whether a document of a kind is taken; None: all are."""
    until: str = ""
    """`when()` past which no document's own date may lie: one from a wrong clock would stay current
    for ever. Empty: it is not looked at."""


OURS = Giver()

Progress = Callable[[int, str], None]
"""Called with the number of documents done and the source of the last."""


class Count(msgspec.Struct):
    """What became of the documents of one kind."""

    read: int = 0
    new: int = 0
    same: int = 0
    quarantined: int = 0
    items_quarantined: int = 0
    """Single items refused within documents that were taken."""


class Quarantined(msgspec.Struct, frozen=True):
    """Something refused: where it came from, where in it, and why."""

    source: str
    place: str
    reason: str
    whole: bool
    """The document as a whole, rather than an item of it."""


class Loaded(msgspec.Struct):
    """The account of one load."""

    counts: dict[str, Count] = {}
    """By kind of document."""
    quarantined: list[Quarantined] = []
    bytes: int = 0
    digests: list[Digest] = []
    """Every document that was read, new or not, in order; only kept for small loads."""

    def of(self, kind: str) -> Count:
        """The counts of one kind, begun at nothing."""
        return self.counts.setdefault(kind, Count())

    def add(self, other: Loaded) -> None:
        """Take another account into this one."""
        for kind, count in other.counts.items():
            mine = self.of(kind)
            for name in Count.__struct_fields__:
                setattr(mine, name, getattr(mine, name) + getattr(count, name))
        self.quarantined += other.quarantined
        self.bytes += other.bytes

    @property
    def total(self) -> Count:
        """Sums over all kinds."""
        fields = Count.__struct_fields__
        return Count(*(sum(getattr(c, f) for c in self.counts.values()) for f in fields))


def load(
    paths: Iterable[Path], intake: Intake, learned: str, progress: Progress | None = None
) -> Loaded:
    """Load files, folders and archives.

    Raises:
        NotFound: a path does not exist; nothing was loaded.
        KeyboardInterrupt: stopped by a person; the pieces kept so far stay, and loading the same
            again goes on from there. No worker process is left behind.
    """
    known = intake.known()
    work = list(batches.pieces(paths))
    loaded, seen = Loaded(), set(known)
    with closing(prepared(work, known)) as pieces:
        for outcomes in pieces:
            _keep(outcomes, intake, learned, seen, loaded)
            if progress is not None:
                progress(loaded.total.read, outcomes[-1].source)
    return loaded


def load_file(  # noqa: PLR0913, PLR0917 - as `load`, with who gives it
    path: Path, source: str, intake: Intake, learned: str, giver: Giver, known: frozenset[str]
) -> Loaded:
    """Load one file, or every document of one archive, under the name of its source.

    `known` are digests that the node has, at least some of them.
    """
    work = [
        msgspec.structs.replace(piece, names=(source,) * len(piece.names))
        for piece in batches.pieces([path])
    ]
    loaded, seen = Loaded(), set(known)
    with closing(prepared(work, known)) as pieces:
        for outcomes in pieces:
            _keep(outcomes, intake, learned, seen, loaded, giver)
    return loaded


def load_documents(
    documents: Iterable[tuple[str, bytes]],
    intake: Intake,
    learned: str,
    giver: Giver = OURS,
    known: frozenset[str] | None = None,
) -> Loaded:
    """Load documents that are at hand as bytes, each with the name of its source."""
    known = intake.known() if known is None else known
    loaded = Loaded()
    outcomes = [
        outcome for source, data in documents for outcome in batches.work_on(source, data, known)
    ]
    _keep(outcomes, intake, learned, set(known), loaded, giver)
    return loaded


def refuse(refused: Sequence[tuple[str, str]], intake: Intake) -> Loaded:
    """Keep nothing of documents but their sources and why they were refused."""
    loaded = Loaded()
    with intake.unit() as unit:
        unit.refuse(refused)
        unit.settle()
    _count_refused(loaded, refused)
    return loaded


def prepared(work: list[Piece], known: frozenset[str]) -> Generator[list[Outcome], None, None]:
    """Each piece prepared, in order; in worker processes where there is enough to do.

    Closing it ends the workers, without waiting for what they have begun.
    """
    ledger = batches.Ledger()
    with closing(
        _alone(work, known, ledger) if len(work) <= _FEW else _pooled(work, known, ledger)
    ) as done:
        for piece, what in done:
            outcomes = ledger.settle(piece, what)
            if outcomes:
                yield outcomes


def _alone(
    work: list[Piece], known: frozenset[str], ledger: Ledger
) -> Generator[tuple[Piece, Done], None, None]:
    with batches.Shelf() as shelf:
        for piece in work:
            yield piece, _NOTHING if ledger.closed(piece) else batches.work(piece, known, shelf)


def _pooled(
    work: list[Piece], known: frozenset[str], ledger: Ledger
) -> Generator[tuple[Piece, Done], None, None]:
    workers = max(1, os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(workers, context, _start_worker, (known, stop))
    queue, waiting = deque(work), deque[tuple[Piece, Future[Done] | None]]()
    with without_collecting():
        try:
            while queue or waiting:
                while queue and room(queue[0], waiting, workers + 2):
                    piece = queue.popleft()
                    waiting.append(
                        (piece, None if ledger.closed(piece) else pool.submit(_work, piece))
                    )
                piece, future = waiting[0]
                done = _NOTHING if future is None else future.result()
                waiting.popleft()
                yield piece, done
        finally:
            if waiting:
                stop.set()
            pool.shutdown(cancel_futures=True)


def room(piece: Piece, waiting: Collection[tuple[Piece, object]], most: int) -> bool:
    """Whether a piece may be begun: a huge document is prepared with nothing beside it."""
    size = piece.size + sum(other.size for other, _ in waiting)
    return not waiting or (len(waiting) < most and size <= _BESIDE)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Rows come and go by the million and hold no cycles: looking for some costs a tenth."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Worker:
    """What a worker process keeps from piece to piece."""

    known: frozenset[str] = frozenset()
    """What the parent knew when this worker process began; set once, by the pool."""
    shelf = batches.Shelf()


def _start_worker(known: frozenset[str], stop: Event) -> None:
    # An interrupt from the terminal reaches every process: the parent alone decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _Worker.known = known
    Thread(target=end_with_parent, daemon=True).start()
    Thread(target=_end_when_told, args=(stop,), daemon=True).start()
    rarely_collect()


def rarely_collect() -> None:
    """In a worker process: what it began with stays, and the rest is looked at between pieces."""
    gc.freeze()
    gc.disable()


def end_with_parent() -> None:
    """A parent that was killed tells nobody to stop: its workers would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end_when_told(stop: Event) -> None:
    """What is begun when the load is stopped would be thrown away: it is not finished first."""
    stop.wait()
    os._exit(1)


def _work(piece: Piece) -> Done:
    gc.collect(1)
    return batches.work(piece, _Worker.known, _Worker.shelf)


def _keep(  # noqa: PLR0913, PLR0917 - as `load`, with what this load has seen so far
    outcomes: list[Outcome],
    intake: Intake,
    learned: str,
    seen: set[str],
    loaded: Loaded,
    giver: Giver = OURS,
) -> None:
    """One piece in one unit of work, then into the account."""
    outcomes = [_sourced(_admitted(outcome, giver), giver) for outcome in outcomes]
    new: list[Prepared] = []
    same: list[Known] = []
    for outcome in outcomes:
        if isinstance(outcome, Sealed):
            continue
        if isinstance(outcome, Known) or outcome.digest in seen:
            same.append(Known(outcome.digest, outcome.source))
        else:
            seen.add(outcome.digest)
            new.append(outcome)
        loaded.digests.append(outcome.digest)
    sealed = [(o.source, o.reason) for o in outcomes if isinstance(o, Sealed)]
    with intake.unit() as unit:
        here = unit.here([document.digest for document in new])
        same += [Known(d.digest, d.source) for d in new if d.digest in here]
        new = [document for document in new if document.digest not in here]
        if giver.admits is not None and same:
            same, refused = _admitted_again(same, unit.kinds([one.digest for one in same]), giver)
            sealed += refused
        unit.take(new, learned, giver.origin)
        kinds = unit.name(same, learned, giver.origin) if same else {}
        if giver.feed:
            brought: dict[str, bool] = dict.fromkeys((one.digest for one in same), False)
            brought |= dict.fromkeys((one.digest for one in new), True)
            unit.bring(giver.feed, giver.tlp, learned, brought)
        unit.refuse(sealed)
        unit.settle()
    for document in new:
        _count_new(loaded, document)
    for known in same:
        _count_same(loaded, known, *kinds[known.digest])
    _count_refused(loaded, sealed)


_AHEAD = (
    "it is dated {}, ahead of time, and would take the place of all that follows; nothing of it is"
    " kept: its publisher's clock is wrong, or this node's"
)
_DATED = re.compile(r"[0-9]{4,}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NOT_FOR_IT = "{} is not what a feed of this kind brings; nothing of it is kept"


def _admitted(outcome: Outcome, giver: Giver) -> Outcome:
    """What its giver may not give is refused before anything of it is kept."""
    if not isinstance(outcome, Prepared):
        return outcome
    edition = outcome.edition
    if giver.until and edition > giver.until and _DATED.match(edition):
        return Sealed(outcome.source, _AHEAD.format(edition[:19]))
    if giver.admits is None or giver.admits(outcome.kind):
        return outcome
    why = outcome.quarantined[0][1] if outcome.quarantined else outcome.kind
    return Sealed(outcome.source, _NOT_FOR_IT.format(why))


def _sourced(outcome: Outcome, giver: Giver) -> Outcome:
    """Under a source that says who gave it."""
    said = outcome.source
    source = source_of(giver.feed, said) if giver.feed else people_source(said)
    return outcome if source == said else msgspec.structs.replace(outcome, source=source)


def _admitted_again(
    same: list[Known], kinds: dict[str, str], giver: Giver
) -> tuple[list[Known], list[tuple[str, str]]]:
    """Of documents that are here, those that the giver may give; and what it may not."""
    assert giver.admits is not None
    taken: list[Known] = []
    refused: list[tuple[str, str]] = []
    for one in same:
        kind = kinds.get(one.digest)
        if kind is None or giver.admits(kind):
            taken.append(one)
        else:
            refused.append((one.source, _NOT_FOR_IT.format(kind)))
    return taken, refused


def _count_refused(loaded: Loaded, refused: Iterable[tuple[str, str]]) -> None:
    for source, reason in refused:
        count = loaded.of("unopened")
        count.read, count.quarantined = count.read + 1, count.quarantined + 1
        loaded.quarantined.append(Quarantined(source, "", reason, whole=True))


def _count_new(loaded: Loaded, document: Prepared) -> None:
    count = loaded.of(document.kind)
    whole = document.outcome == "quarantined"
    count.read += 1
    count.new += not whole
    count.quarantined += whole
    count.items_quarantined += 0 if whole else len(document.quarantined)
    loaded.bytes += document.size
    loaded.quarantined += [
        Quarantined(document.source, place, reason, whole) for place, reason in document.quarantined
    ]


def _count_same(loaded: Loaded, document: Known, kind: str, quarantined: bool) -> None:  # noqa: FBT001 - as the store answers
    count = loaded.of(kind)
    count.read += 1
    count.same += not quarantined
    count.quarantined += quarantined
    if quarantined:
        reason = "refused before; `accord documents --quarantined` says why"
        loaded.quarantined.append(Quarantined(document.source, "", reason, whole=True))
