"""The partnership's metadata, passed on byte for byte: its signatures say whether it is good."""

from __future__ import annotations

from accord.flows.exchange.answering.asked import BRIEF, JSON, Asked, answer, not_here
from accord.flows.exchange.messages import Response


def file(asked: Asked) -> Response:
    """One file of the directory."""
    trusted = asked.means.trust.trusted()
    data = trusted.files.get(asked.rest) if trusted else None
    if data is None:
        raise not_here()
    return answer(data, JSON, BRIEF)
