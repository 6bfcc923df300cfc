"""What can go wrong when partners compute together. In each case nothing was opened.

PoolError
├── NotAsked       the answer would tell too much, or the budget is spent
├── NotBegun       not everybody was there; nobody has shown anything
├── NotAble        this installation lacks what the computation needs
├── DoesNotFit     this node's items do not fit the agreed shape; nothing was sent
├── PartnerLeft    a partner is gone before the end
├── Disagreed      a partner sent what the agreed question cannot lead to
└── Inconsistent   two partners hold different copies of one share
"""

from __future__ import annotations

from accord.core.errors import AccordError


class PoolError(AccordError):
    """A computation between partners did not come to its end."""


class NotAsked(PoolError):
    """A question is refused before anything is computed."""

    def __init__(self, rule: str, reason: str, earlier: str = "") -> None:
        super().__init__(reason)
        self.rule = rule
        """`threshold`, `others`, `other-threshold`, `repeat` or `budget`."""
        self.earlier = earlier
        """The earlier question that is the reason; empty: none is."""


class NotBegun(PoolError):
    """Not everybody was there, so nobody has shown anything: it may be begun again."""


class NotAble(PoolError):
    """What the computation needs is not installed."""


class DoesNotFit(PoolError):
    """The items of this node do not fit the agreed shape; nothing was sent."""


class PartnerLeft(PoolError):
    """A partner is gone before the end; adapters raise it for every broken connection."""

    def __init__(self, peer: int) -> None:
        super().__init__(
            f"partner {peer + 1} left the computation before its end. Nothing was opened; ask for"
            " it to be run again when that partner is back"
        )
        self.peer = peer
        """Its number, from 0, in the order of the question."""

    def __reduce__(self) -> tuple[type[PartnerLeft], tuple[int]]:
        """Keep the number when the error crosses a process boundary."""
        return (type(self), (self.peer,))


class Disagreed(PoolError):
    """A partner sent what the agreed question cannot lead to."""

    def __init__(self, peer: int, reason: str) -> None:
        super().__init__(
            f"partner {peer + 1} {reason}. The computation ended and nothing was opened; compare"
            " the question and the versions of accord with that partner"
        )
        self.peer = peer
        """Its number, from 0, in the order of the question."""
        self.reason = reason
        """What it did."""

    def __reduce__(self) -> tuple[type[Disagreed], tuple[int, str]]:
        """Keep number and reason when the error crosses a process boundary."""
        return (type(self), (self.peer, self.reason))


class Inconsistent(PoolError):
    """Two partners hold different copies of one share, or the shares give no possible result."""
