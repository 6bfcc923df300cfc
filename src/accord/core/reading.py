"""What a reader makes of one document: facts, and an account of everything it could not use.

Law (nothing is dropped in silence): an item of a document ends as a fact, as a `Refused`
item, or as a `NotEvaluated` one; each names its place in the document.

Readers are pure functions of bytes. They know nothing of the store, the clock or the network,
and never look at the name of a file.
"""

from __future__ import annotations

import msgspec


class Fact(msgspec.Struct, frozen=True):
    """Root of every fact. A fact is a value that follows from one document alone."""


class Refused(msgspec.Struct, frozen=True):
    """An item of a document that breaks the rules of its format; its neighbours are kept."""

    place: str
    """JSON pointer (RFC 6901) or `line N`."""
    reason: str
    """What is wrong, for a person."""


class NotEvaluated(msgspec.Struct, frozen=True):
    """A well-formed item that cannot take part in matching, and why. A first-class outcome."""

    place: str
    """JSON pointer (RFC 6901) or `line N`."""
    reason: str
    """Why, from a small vocabulary: `no identity`, `unorderable version`, `commit range`, ..."""
    subject: str
    """What it is about: a component, a version, a statement, as the document names it."""
    name: str = ""
    """The vulnerability or product concerned, where there is one."""


class Reading(msgspec.Struct):
    """One document, read."""

    kind: str
    """What the document is, in the words of its format: `OSV advisory`, `CycloneDX bill`, ..."""
    subject: str
    """What the document is an edition of: two documents with one subject are editions of one
    thing (`osv:PYSEC-2021-335`, `cve:CVE-2021-44228`). Empty: it stands for itself alone."""
    edition: str = ""
    """Orders editions by plain text comparison: `when()` of its own date, or `numbered()` of
    its own version number. Empty: undated; undated rivals stay current side by side."""
    title: str = ""
    """One line for a person."""
    facts: list[Fact] = []
    """In document order."""
    refused: list[Refused] = []
    not_evaluated: list[NotEvaluated] = []
