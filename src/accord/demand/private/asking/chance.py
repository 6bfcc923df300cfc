"""Everybody's chance becomes the key of a question, in the first messages of the computation.

Law (bound): each partner's chance is the one that its approval committed to, before it could know
anybody else's: no partner chooses the key, and it is fresh if one of them is honest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from accord.demand.private.asking import word
from accord.demand.private.asking.question import Question
from accord.demand.private.channel import Channel, receive_exactly
from accord.demand.private.errors import Disagreed

_PERSON = b"accord pool key"


async def key(
    me: int, channel: Channel, asked: Question, commitments: Sequence[str], chance: bytes
) -> bytes:
    """32 bytes, the same for all partners of a question; `commitments` are in their order.

    Raises:
        PartnerLeft: a partner is gone.
        Disagreed: a partner's chance is not the one that it committed to.
    """
    others = [peer for peer in range(len(asked.partners)) if peer != me]
    for peer in others:
        await channel.send(peer, chance)
    given = {me: chance}
    for peer in others:
        given[peer] = await receive_exactly(channel, peer, word.CHANCE)
        if word.commitment(asked.id, asked.partners[peer], given[peer]) != commitments[peer]:
            raise Disagreed(peer, "gave other chance to the key than its approval committed to")
    said = msgspec.msgpack.encode((asked.id, [given[peer] for peer in sorted(given)]))
    return hashlib.blake2b(said, digest_size=word.CHANCE, person=_PERSON).digest()
