"""Release objects to an audience: into its log as commitments, no further than a marking allows.

Law (all or nothing): a batch is in the log, the tiles, the head and the rows of its envelopes, or
in none of them; sharing the same again goes on where it stopped and repeats nothing.
Law (refused is not shared): what is refused leaves no trace in any log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from accord.flows.exchange.sharing import due
from accord.flows.exchange.sharing.committing import Commit
from accord.flows.exchange.sharing.judging import Judge, Judged
from accord.flows.exchange.sharing.judging import Sharer as Judging
from accord.flows.exchange.sharing.plan import Hold, Options, Outcome, Ready
from accord.flows.exchange.sharing.port import Sealed, Waiting
from accord.flows.exchange.sharing.renewing import renew
from accord.flows.exchange.sharing.wanted import Item, Refused, Wanted, items
from accord.flows.load import without_collecting
from accord.identity.keys import Signers

BATCH = 2_000
"""Objects of one transaction."""
_BYTES = 32 << 20
"""Bytes of one transaction, about: bounds the memory that sharing takes."""

Progress = Callable[[int], None]
"""Called with the number of objects looked at so far."""


class Sharer(Judging, frozen=True):
    """An owner of audiences with what it needs to share."""

    signers: Signers


class Shared(msgspec.Struct):
    """The account of one command."""

    audience: str
    members: tuple[str, ...]
    outcomes: list[Outcome] = []
    """In the order of the objects."""

    @property
    def counts(self) -> Counter[str]:
        """How many there are of each outcome."""
        return Counter(outcome.what for outcome in self.outcomes)


def share(
    sharer: Sharer,
    wanted: Sequence[Wanted],
    audience: str,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Shared:
    """Share everything that is wanted; `wanted.find` says what names mean.

    Raises:
        NotFound: no such audience.
        Invalid: it would expire before its date of release.
        Sealed: this node signs nothing any more.
        Changed: others keep sharing the same objects; what was shared so far stays shared.
    """
    refuse_where_sealed(sharer)
    renew(sharer, lambda: sharer.signers)
    due.release_due(sharer.sharing, sharer.now)
    options = options or Options()
    options.refuse_contradictions()
    one = sharer.audience(audience)
    judge = Judge(sharer, one, options)
    commit = Commit(sharer, sharer.signers, one.name, everywhere=options.everywhere)
    shared = Shared(one.name, judge.members)
    with without_collecting():
        for batch in _batches(items(wanted, sharer.holdings)):
            judged, known = judge.batch(batch)
            shared.outcomes += commit.batch(_held(sharer, judged, one.name, options), known)
            if progress is not None:
                progress(len(shared.outcomes))
    return shared


def refuse_where_sealed(owner: Sharer) -> None:
    """A node that signs nothing any more shares and recalls nothing either.

    Raises:
        Sealed: it is one.
    """
    why = owner.sharing.sealed()
    if why:
        raise Sealed(why)


def _batches(found: Iterable[Item | Refused]) -> Iterator[list[Item | Refused]]:
    batch: list[Item | Refused] = []
    size = 0
    for item in found:
        batch.append(item)
        size += len(item.body) if isinstance(item, Item) else 0
        if len(batch) == BATCH or size > _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _held(
    sharer: Sharer, judged: Sequence[Judged], audience: str, options: Options
) -> list[Ready | Outcome]:
    """What holds personal data waits for a person; the rest is as it was."""
    held = [one for one in judged if isinstance(one, Hold)]
    words = msgspec.json.encode(options).decode()
    waiting = [_waiting(one, audience, words) for one in held]
    numbers = iter(sharer.screen.hold(waiting, sharer.now) if waiting else ())
    return [
        one.ready.outcome("held for review", review=next(numbers)) if isinstance(one, Hold) else one
        for one in judged
    ]


def _waiting(hold: Hold, audience: str, options: str) -> Waiting:
    content = hold.ready.content
    return Waiting(content.object, content.version, hold.digest, audience, options, hold.body)
