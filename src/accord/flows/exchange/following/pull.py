"""A log brought up to date: envelopes fetched while those before are verified and applied.

Tombstones anywhere in what is new are known before any envelope is asked for. Recalls are applied
at once; the rest goes in batches, each in one transaction, outside of which everything is fetched
and verified.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

import msgspec

from accord.core.errors import AccordError, Invalid
from accord.exchange.accept import Circumstances
from accord.exchange.log import entries as log_entries
from accord.exchange.log.entries import Entry, Kind
from accord.exchange.log.merkle import leaves
from accord.flows.exchange.events import Event, Listeners
from accord.flows.exchange.following import apply, examine
from accord.flows.exchange.following.apply import Applying, Outcome
from accord.flows.exchange.following.delta import Delta
from accord.flows.exchange.following.examine import Blob, Examined, Left, Workers
from accord.flows.exchange.following.port import Follow, Following, Row
from accord.flows.exchange.following.remote import BLOBS, Remote
from accord.flows.load import without_collecting

BATCH = 2_000
"""Entries that are applied in one transaction."""
ROOM = 64 << 20
"""Bytes of envelopes in one transaction, about: it ends early when there are more."""
FEW = 3_000
"""Envelopes up to which starting worker processes costs more than it gives."""
AGAIN = 200
"""Withheld envelopes that are asked for once more in one sync."""


class Pulling(msgspec.Struct, frozen=True):
    """What a pull needs."""

    remote: Remote
    following: Following
    circumstances: Circumstances
    listeners: Listeners
    outcome: Outcome
    """What came of it so far."""
    workers: Workers | None = None
    """What a large pull may start; none: everything is looked at in this process."""


class _Plan(msgspec.Struct, frozen=True):
    """The entries of a delta, read."""

    first: int
    entries: list[bytes]
    live: list[tuple[int, bytes]]
    """Number and commitment of what is to be fetched, in order."""
    tombstones: dict[int, Kind]
    """By the entry that they name."""
    bad: dict[int, str]
    """Entries that are none, with the reason."""


class _Work(msgspec.Struct, frozen=True):
    """One pull while it goes on."""

    delta: Delta
    plan: _Plan
    pulling: Pulling


class _Batch(msgspec.Struct, frozen=True):
    """Some entries with their envelopes."""

    first: int
    end: int
    blobs: list[Blob]


def expect(entries: int, pulling: Pulling) -> None:
    """So many entries are said to be new: if they are many, begin what is to look at them.

    The processes start while the entries themselves are fetched.
    """
    if pulling.workers is not None and entries > FEW:
        pulling.workers.begin()


def pull(follow: Follow, delta: Delta, pulling: Pulling) -> None:
    """Apply what is new.

    Raises:
        FromTheFuture: the clocks differ; everything before that batch is applied, and no more.
        AccordError: the partner or the database failed; what was applied stays.
    """
    plan = _plan(follow.size, delta.entries)
    _bury(follow, plan, pulling, only=Kind.RECALL)
    if not delta.entries:
        _noted(follow, delta, pulling)
        return
    work = _Work(delta, plan, pulling)
    try:
        with closing(_examined(plan, follow, pulling)) as batches:
            for batch, examined in batches:
                follow = _apply(follow, batch, list(examined), work)
    except AccordError:
        # What was narrowed or replaced goes, even where what follows cannot be had now.
        _bury(follow, plan, pulling)
        raise


def _plan(first: int, entries: list[bytes]) -> _Plan:
    tombstones: dict[int, Kind] = {}
    found: dict[int, Entry] = {}
    bad: dict[int, str] = {}
    for number, data in enumerate(entries, first):
        try:
            entry = log_entries.read(data, number)
        except Invalid as wrong:
            bad[number] = str(wrong)
            continue
        if entry.kind is Kind.COMMITMENT:
            found[number] = entry
        elif tombstones.get(entry.target) is not Kind.RECALL:
            tombstones[entry.target] = entry.kind
    live = [(n, e.commitment) for n, e in found.items() if n not in tombstones]
    return _Plan(first, entries, live, tombstones, bad)


def _bury(follow: Follow, plan: _Plan, pulling: Pulling, only: Kind | None = None) -> None:
    """Apply tombstones for what is applied already, in a transaction of their own."""
    earlier = {
        target: kind
        for target, kind in plan.tombstones.items()
        if target < follow.size and kind is (only or kind)
    }
    if not earlier:
        return
    how = _how(follow, pulling)
    with pulling.following.unit() as unit:
        unit.still(follow)
        count, events = apply.bury(unit, earlier, how)
        unit.documents.settle()
    _told(events, pulling)
    pulling.outcome.recalled += count
    if count:
        pulling.following.scrub()


def _examined(
    plan: _Plan, follow: Follow, pulling: Pulling
) -> Generator[tuple[_Batch, Iterator[Examined]], None, None]:
    """Batches in order, each with what is found in it; a large pull looks at several at a time."""
    source = f"exchange:{follow.partner}/{follow.log}"
    batches = _batches(plan, pulling.remote, follow.log)
    if pulling.workers is None or len(plan.live) <= FEW:
        alone = examine.Alone(pulling.circumstances, source)
        for batch in batches:
            yield batch, alone.begin(batch.blobs)
        return
    with without_collecting(), ThreadPoolExecutor(1) as fetcher:
        pooled = examine.Pooled(pulling.workers.begin(), pulling.circumstances, source)
        yield from _ahead(batches, fetcher, pooled)


def _ahead(
    batches: Iterator[_Batch], fetcher: ThreadPoolExecutor, pooled: examine.Examiner
) -> Iterator[tuple[_Batch, Iterator[Examined]]]:
    """While one batch is applied, the next is looked at and the one after it is fetched."""
    waiting: deque[tuple[_Batch, Iterator[Examined]]] = deque()
    coming: Future[_Batch | None] = fetcher.submit(next, batches, None)
    while True:
        try:
            batch = coming.result()
        except AccordError:
            yield from waiting
            raise
        if batch is None:
            break
        coming = fetcher.submit(next, batches, None)
        waiting.append((batch, pooled.begin(batch.blobs)))
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting


def _batches(plan: _Plan, remote: Remote, log: str) -> Iterator[_Batch]:
    """The envelopes of some thousand entries at a time, fewer where they are large."""
    first, last = plan.first, plan.first + len(plan.entries)
    place = 0
    while first < last:
        end = min(first + BATCH, last)
        until = bisect_left(plan.live, end, key=_number)
        blobs = _fetched(plan.live[place:until], remote, log)
        place += len(blobs)
        if place < until:
            end = plan.live[place][0]
        yield _Batch(first, end, blobs)
        first = end


def _number(one: tuple[int, bytes]) -> int:
    return one[0]


def _fetched(wanted: list[tuple[int, bytes]], remote: Remote, log: str) -> list[Blob]:
    """The first of some envelopes, as many as there is room for."""
    blobs: list[Blob] = []
    size = 0
    while len(blobs) < len(wanted) and size < ROOM:
        part = wanted[len(blobs) : len(blobs) + BLOBS]
        answer = remote.blobs(log, [commitment for _, commitment in part])
        size += sum(map(len, answer))
        # A partner may cut its answer after a whole envelope: the rest is asked for again.
        asked = zip(part, answer, strict=False)
        blobs += [Blob(number, commitment, data) for (number, commitment), data in asked]
    return blobs


def _apply(follow: Follow, batch: _Batch, examined: list[Examined], work: _Work) -> Follow:
    """One batch in one transaction; gives how far the log is applied then."""
    plan, pulling = work.plan, work.pulling
    how = _how(follow, pulling)
    blobs = {blob.number: blob.data for blob in batch.blobs}
    examined = _once_more(examined, batch, blobs, follow, pulling)
    entries = plan.entries[batch.first - plan.first : batch.end - plan.first]
    frontier = follow.frontier.extend(leaves(entries))
    buried = 0
    with pulling.following.unit() as unit:
        unit.still(follow)
        rows, outcome = apply.take(unit, examined, blobs, how)
        unit.enter(follow.id, _rows(rows, batch, entries, plan), how.at)
        if batch.first == plan.first:
            earlier = {t: kind for t, kind in plan.tombstones.items() if t < plan.first}
            buried, events = apply.bury(unit, earlier, how)
            outcome.events += events
        unit.advance(follow.id, frontier, work.delta.note, how.at)
        unit.documents.settle()
    named = plan.tombstones.keys() & range(batch.first, batch.end)
    outcome.recalled += buried + len(named)
    outcome.quarantined += [
        (number, reason) for number, reason in plan.bad.items() if batch.first <= number < batch.end
    ]
    pulling.outcome.add(outcome)
    _told(outcome.events, pulling)
    if buried or outcome.erased:
        pulling.following.scrub()
    return msgspec.structs.replace(follow, frontier=frontier, checkpoint=work.delta.note)


def _once_more(
    examined: list[Examined],
    batch: _Batch,
    blobs: dict[int, bytes],
    follow: Follow,
    pulling: Pulling,
) -> list[Examined]:
    """Ask again, one by one, for what is not what the log commits to; then it is refused."""
    altered = {o.number for o in examined if isinstance(o, Left) and o.state == "altered"}
    if not altered:
        return examined
    source = f"exchange:{follow.partner}/{follow.log}"
    second: dict[int, Examined] = {}
    for blob in batch.blobs:
        if blob.number in altered:
            data = pulling.remote.blobs(follow.log, [blob.commitment])[0]
            if data:
                blobs[blob.number] = data
            again = Blob(blob.number, blob.commitment, data)
            (second[blob.number],) = examine.examine([again], pulling.circumstances, source)
    return [second.get(one.number, one) for one in examined]


def _rows(rows: list[Row], batch: _Batch, entries: list[bytes], plan: _Plan) -> list[Row]:
    """What became of every entry of a batch, in order."""
    found = {row.number: row for row in rows}
    whole: list[Row] = []
    for number, data in enumerate(entries, batch.first):
        row = found.get(number)
        if row is not None:
            row = Row(number, row.state, data[1:], row.shared, row.reason, row.refused)
        elif number in plan.bad:
            row = Row(number, "quarantined", reason=plan.bad[number], refused=data)
        elif number in plan.tombstones:
            row = apply.dead(number, plan.tombstones[number])
        else:
            row = Row(number, "tombstone")
        whole.append(row)
    return whole


def again(follow: Follow, pulling: Pulling, before: str) -> None:
    """Ask once more for some of what was withheld, if it was last asked for before a time.

    Raises:
        AccordError: the partner or the database failed.
    """
    rows = pulling.following.withheld(follow.id, before, AGAIN)
    if not rows:
        return
    wanted = [(row.number, row.commitment or b"") for row in rows]
    batch = _Batch(0, 0, _fetched(wanted, pulling.remote, follow.log))
    blobs = {blob.number: blob.data for blob in batch.blobs}
    source = f"exchange:{follow.partner}/{follow.log}"
    examined = examine.examine(batch.blobs, pulling.circumstances, source)
    examined = _once_more(examined, batch, blobs, follow, pulling)
    with pulling.following.unit() as unit:
        unit.still(follow)
        how = _how(follow, pulling)
        changed, outcome = apply.take(unit, examined, blobs, how)
        unit.change(follow.id, changed, how.at)
        unit.documents.settle()
    pulling.outcome.add(outcome)
    _told(outcome.events, pulling)
    if outcome.erased:
        pulling.following.scrub()


def _noted(follow: Follow, delta: Delta, pulling: Pulling) -> None:
    """A checkpoint that says nothing new, kept where its signature is new."""
    if delta.note == follow.checkpoint:
        return
    with pulling.following.unit() as unit:
        unit.still(follow)
        unit.advance(follow.id, follow.frontier, delta.note, pulling.circumstances.now)


def _how(follow: Follow, pulling: Pulling) -> Applying:
    known = pulling.circumstances
    return Applying(follow, known.me, known.now, pulling.remote.listed | {follow.log})


def _told(events: list[Event], pulling: Pulling) -> None:
    for event in events:
        pulling.listeners.tell(event)
