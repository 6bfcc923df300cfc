"""What can go wrong with a document, before any domain has looked at it.

AccordError
├── Invalid          a document breaks the rules of its format, at a place that the error names
│   ├── Unreadable   the bytes are not the format at all (not JSON, not XML, cut short)
│   └── TooLarge     a bound on size, depth, count or expansion was reached
└── NotFound         what was asked for is not on this node
"""

from __future__ import annotations


class AccordError(Exception):
    """Root of every error that accord raises on purpose; its text is meant for a person."""


class Invalid(AccordError):
    """A document, or one item of it, breaks the rules of its format."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(f"{place}: {reason}" if place else reason)
        self.reason = reason
        """What is wrong and, where it helps, what was expected."""
        self.place = place
        """Where: a JSON pointer (`/vulnerabilities/3/cve`), or `line 12`; empty for the whole."""

    def __reduce__(self) -> tuple[type[Invalid], tuple[str, str]]:
        """Keep reason and place when the error crosses a process boundary."""
        return (type(self), (self.reason, self.place))


class Unreadable(Invalid):
    """The bytes are not the format that they seem to be."""


class TooLarge(Invalid):
    """A bound was reached; nothing past it was looked at."""


class NotFound(AccordError):
    """What was asked for is not on this node."""
