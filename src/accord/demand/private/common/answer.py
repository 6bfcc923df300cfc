"""One partner's part in a question about what is held in common, from its items to its share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from accord.demand.private.asking import chance
from accord.demand.private.asking.job import Job, Sealed
from accord.demand.private.asking.question import Question
from accord.demand.private.channel import Channel
from accord.demand.private.common.bins import Table, digest_of
from accord.demand.private.common.release import Share, release
from accord.demand.private.common.run import common
from accord.demand.private.shape import Shape, shape_of


def shape(question: Question) -> Shape:
    """The sizes of a question's computation.

    Raises:
        DoesNotFit: it cannot be computed.
    """
    return shape_of(len(question.partners), question.least, question.size)


async def answer(job: Job, channel: Channel, seed: bytes) -> Sealed:
    """Compute with the others; `seed` is 32 bytes of the system's chance, kept by nobody.

    Raises:
        DoesNotFit: this node's items do not fit; none of them was sent.
        PartnerLeft, Disagreed: a partner left, or sent what cannot be; nothing was opened.
    """
    asked = job.question
    key = await chance.key(job.me, channel, asked, job.commitments, job.chance)
    table = Table([item.encode() for item in job.items], key, shape(asked))
    share = await common(job.me, channel, table, asked.id.encode() + key, seed)
    return Sealed(key, job.items, share.first, share.second)


def opened(question: Question, parts: Sequence[bytes]) -> list[bytes]:
    """The digests that came out, from the first parts of the three that computed.

    Raises:
        Inconsistent: they give no possible answer.
    """
    shares = [
        Share(place, part, parts[(place + 1) % len(parts)]) for place, part in enumerate(parts)
    ]
    return release(shares, shape(question))


def named(sealed: Sealed, digests: Collection[bytes]) -> dict[bytes, str]:
    """The items of this node among some digests."""
    own = {digest_of(item.encode(), sealed.key): item for item in sealed.items}
    return {digest: own[digest] for digest in digests if digest in own}
