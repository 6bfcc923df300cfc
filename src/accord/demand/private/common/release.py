"""Shares of a result, put together when all have agreed to open it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from accord.demand.private.common.bins import DIGEST_BYTES
from accord.demand.private.errors import Inconsistent
from accord.demand.private.shape import COMPUTING, Shape


class Share(msgspec.Struct, frozen=True):
    """One computing partner's share of a result: uniform bytes without the other two."""

    partner: int
    """Whose it is, from 0 in the order of the question."""
    first: bytes
    """Part p of partner p, 16 bytes for each bin of each leader; empty beyond the first three."""
    second: bytes
    """Part p + 1."""


def share_bytes(shape: Shape) -> int:
    """Length of each part of a share."""
    return DIGEST_BYTES * 64 * shape.words * len(shape.leaders)


def release(shares: Sequence[Share], shape: Shape) -> list[bytes]:
    """The digests of the items that enough partners hold, in order.

    Raises:
        Inconsistent: shares are missing or cut, two partners' copies of one part differ, or a
            digest comes twice.
    """
    by_partner = {share.partner: share for share in shares}
    if sorted(by_partner) != list(range(COMPUTING)) or len(shares) != COMPUTING:
        raise Inconsistent(
            "a result is opened with one share of each of the first three partners; ask those"
            " whose share is missing"
        )
    for share in shares:
        if {len(share.first), len(share.second)} != {share_bytes(shape)}:
            raise Inconsistent(
                f"the share of partner {share.partner + 1} has not the length of this question's;"
                " nothing was opened. Ask that partner to send it again"
            )
    for p in range(COMPUTING):
        after = (p + 1) % COMPUTING
        if by_partner[p].second != by_partner[after].first:
            raise Inconsistent(
                f"partners {p + 1} and {after + 1} hold different copies of one share: one of them"
                " changed it. Nothing was opened; run the question again"
            )
    parts = (np.frombuffer(by_partner[p].first, "<u8") for p in range(COMPUTING))
    rows = np.bitwise_xor.reduce(list(parts)).reshape(-1, 2)
    digests = sorted(row.tobytes() for row in rows[rows.any(axis=1)].astype("<u8"))
    if len(set(digests)) != len(digests):
        raise Inconsistent(
            "an item came out twice, which the computation cannot lead to: a partner changed its"
            " share. The result is not used; run the question again"
        )
    return digests
