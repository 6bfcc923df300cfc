"""The port through which a request reaches a partner, and what can go wrong on the way.

AccordError
├── Unreachable   no whole answer came: not there, not the right certificate, too slow, too large
│   └── Refused   it answered, and will not have the request: by its status
└── ClockOff      the clocks of the two nodes are too far apart to trust either
"""

from __future__ import annotations

from typing import Protocol

from accord.core.errors import AccordError
from accord.flows.exchange.messages import Request, Response
from accord.identity.partners import Partner


class Unreachable(AccordError):
    """No whole answer came back; nothing of it was looked at."""


class Refused(Unreachable):
    """The partner answered with a status that is no answer: it does not take our request."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason)
        self.status = status
        """As HTTP writes it: 401, or 302, which is never followed."""


class ClockOff(AccordError):
    """Our clock or the partner's is wrong by hours: nothing is accepted until it is set."""


class Carrier(Protocol):
    """Takes a request to a partner, signed, and brings its answer back whole."""

    def send(self, partner: Partner, request: Request) -> Response:
        """The answer of a partner, whatever its status, besides 401 and redirections.

        Raises:
            Unreachable: no whole answer came.
            Refused: it does not take our signature, or sends us elsewhere.
            ClockOff: the clocks differ by more than can be bridged.
        """
        ...
