"""What answers to scanners need of the store, and of whoever decides what may be seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from accord.flows.ports import AffectedRow


class Asked(msgspec.Struct, frozen=True):
    """One package to look for, in the terms of the index."""

    package: str
    """As `Identity.package`."""
    stream: str | None
    """None: whatever the stream."""
    key: bytes | None
    """Key of its version; None: whatever the version."""


class Found(msgspec.Struct, frozen=True):
    """What one document says of one vulnerability; documents that do not count give none."""

    document: int
    digest: str
    kind: str
    origin: str
    """The partner that sealed it; empty: this node's own people gave it."""
    vulnerability: str
    advisory: str
    title: str
    published: str
    modified: str
    """`when()` it was last changed; never empty."""
    withdrawn: str
    """`when()` it was withdrawn, or empty."""

    @property
    def whole(self) -> bool:
        """Whether the document is a record of the OSV schema itself."""
        return self.kind == OSV

    @property
    def id(self) -> str:
        """The identifier under which scanners know it."""
        return self.advisory if self.whole else self.vulnerability


OSV = "OSV advisory"


class Facts(msgspec.Struct, frozen=True):
    """What documents say of one vulnerability, besides what `Found` has."""

    names: tuple[tuple[str, str], ...]
    """Name, and `alias` or `related`."""
    vectors: tuple[str, ...]
    affected: tuple[AffectedRow, ...]
    more: bool
    """Whether there are more ranges than these."""


class Advisories(Protocol):
    """Advisories by what they affect, and by what they are called."""

    def affecting(self, asked: Sequence[Asked]) -> list[Found]:
        """What affects any of these, and was not withdrawn."""
        ...

    def called(self, name: str) -> list[Found]:
        """What has an identifier, or is an alias of it, withdrawn or not."""
        ...

    def facts(self, documents: Collection[int], vulnerability: str, most: int) -> Facts:
        """What some documents say of a vulnerability; so many ranges of it at most."""
        ...

    def body(self, document: int) -> bytes:
        """A document byte for byte, checked against its digest."""
        ...


class Eyes(Protocol):
    """Through whose eyes it is looked."""

    def seen(self, found: Sequence[Found]) -> list[Found]:
        """Those that the caller may see."""
        ...

    def document(self, found: Found) -> bytes | None:
        """The bytes of a document, as they go to the caller; None: it may not have them."""
        ...

    def made(self, body: bytes, of: Sequence[Found]) -> bytes | None:
        """Bytes that were made from documents, as they go to the caller."""
        ...

    def name(self, body: bytes, of: Sequence[Found]) -> bytes | None:
        """Bytes that only name a vulnerability of these documents."""
        ...
