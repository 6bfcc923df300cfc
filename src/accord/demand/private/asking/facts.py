"""Facts of the pool: questions, and the words of partners on them."""

from __future__ import annotations

from accord.core.reading import Fact


class PoolQuestion(Fact, frozen=True):
    """A question that a partner proposed."""

    question: str
    """Its name, which follows from all that it says."""
    asker: str
    at: str
    said: str
    """The question itself, as a JSON object."""


class PoolWord(Fact, frozen=True):
    """What a partner said on a question."""

    question: str
    partner: str
    word: str
    """`approve`, `decline`, `release` or `end`."""
    commitment: str
    """Of an approval: to the partner's chance. SHA-256 in hexadecimal."""
    address: str
    """Of an approval: `host:port` where the partner's computation will listen."""
    certificate: str
    """Of an approval: what it will show there, in DER and base64."""
    person: str
    why: str
    at: str


class PoolShare(Fact, frozen=True):
    """A computing partner's share of an answer that everybody released; the document has it."""

    question: str
    partner: str
    other: str
    """SHA-256 of the second part, which the next of the three has sent as its first."""
    at: str
