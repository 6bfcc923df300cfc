"""A room of the public listener: the addresses that it answers, and how much it takes.

The listener asks rooms in order which one owns an address; what nobody owns is not there.
"""

from __future__ import annotations

from typing import Protocol

from accord.flows.exchange.messages import Request, Response


class Room(Protocol):
    """One part of what the public finds."""

    @property
    def quick(self) -> bool:
        """Whether it answers from memory at once: it then has no thread and no queue."""
        ...

    def owns(self, path: str) -> bool:
        """Whether an address is one of its own; `path` is percent-encoded as sent."""
        ...

    def most(self, request: Request) -> int:
        """Bytes that the body of a POST may have; 0: it takes none. The body is not read yet."""
        ...

    def answer(self, request: Request) -> Response:
        """The answer; HEAD comes as GET."""
        ...
