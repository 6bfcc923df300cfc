"""What can go wrong with a feed.

FeedError
├── NotFetched    no whole answer came, or none that says yes
└── Misanswered   the answer is not what a feed of this kind gives
"""

from __future__ import annotations

from accord.core.errors import AccordError


class FeedError(AccordError):
    """Root of what can go wrong with a feed."""


class NotFetched(FeedError):
    """An address did not give a whole answer."""

    def __init__(self, reason: str, status: int = 0, wait: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        """Of the answer; 0: there was none."""
        self.wait = wait
        """Seconds that the publisher asks us to wait; 0: it does not say."""


class Misanswered(FeedError):
    """The answer is not what a feed of this kind gives."""
