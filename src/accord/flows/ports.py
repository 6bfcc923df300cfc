"""What the flows need of the store. Adapters raise only accord's own errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from accord.core.digests import Digest
from accord.flows.hunting.port import IndicatorRow, SightingRow
from accord.flows.prepared import Known, Prepared
from accord.supply.matching import exposures
from accord.supply.matching.signals import Signal


class Kept(Protocol):
    """One unit of work on the documents: all of it is kept, or nothing."""

    def here(self, digests: Sequence[str]) -> frozenset[str]:
        """Those that the node has by now: another process may be loading too."""

    def take(self, documents: Sequence[Prepared], learned: str, origin: str = "") -> None:
        """Keep new documents with their rows; learned is `when()` the node came to know them.

        The origin is whose they are, as `core.origins` has it; empty: this node's own people gave
        them.
        """

    def name(
        self, documents: Sequence[Known], learned: str, origin: str = ""
    ) -> dict[Digest, tuple[str, bool]]:
        """Note another source of known documents; gives the kind of each, and if quarantined.

        A document counts as learned on the earliest day that was ever given for it. Where several
        gave it, it is this node's own people's, else a feed's, else of the partner whose name is
        the smallest.
        """

    def kinds(self, digests: Sequence[str]) -> dict[str, str]:
        """The kinds of those that the node has, by digest."""

    def bring(self, feed: str, tlp: int | None, at: str, new: Mapping[str, bool]) -> None:
        """Note what a feed brought, by digest: whether nobody had given it before."""

    def refuse(self, refused: Sequence[tuple[str, str]]) -> None:
        """Note sources that were never opened, with the reason."""

    def settle(self) -> None:
        """Decide which editions are current, and match what is new. Once, at the end."""


class Intake(Protocol):
    """The one writer of documents and facts."""

    def known(self) -> frozenset[str]:
        """Digests of all documents that the node has."""

    def unit(self) -> AbstractContextManager[Kept]:
        """A unit of work."""

    def bodies(self) -> Iterator[tuple[Digest, bytes]]:
        """Every kept document, byte for byte, each checked against its digest."""

    def rebuild(self) -> AbstractContextManager[Rebuild]:
        """A unit of work that begins with no facts at all."""


class Rebuild(Protocol):
    """Facts made anew from the kept documents."""

    def refill(self, documents: Sequence[Prepared]) -> None:
        """Give documents that the node has their facts."""

    def settle(self) -> None:
        """Decide which editions are current, and match everything. Once, at the end."""


class View(Protocol):
    """What the node knows, as of one moment."""

    def known(self) -> exposures.Known:
        """Everything that exposures are made of."""

    def evidence(self, exposure: exposures.Exposure) -> Evidence:
        """The rows behind an exposure, each with its document."""

    def unevaluated(self) -> Iterator[Gap]:
        """What could not be evaluated, over all documents that count."""

    def find(self, word: str, limit: int) -> Iterator[Found]:
        """Everything whose name holds a word, case aside."""

    def list_documents(self, *, quarantined: bool) -> Iterator[DocumentRow]:
        """The documents known, in the order of intake."""

    def bills(self, digests: Sequence[str]) -> list[BillRow]:
        """The bills among some documents."""

    def rivals(self, subject: str) -> list[str]:
        """Digests of the documents about one subject that count."""

    def document(self, name: str) -> DocumentRow | None:
        """A document by its digest or the beginning of one."""

    def shelf(self, kind: str, state: str, offset: int, limit: int) -> Shelf:
        """One page of the documents of a kind and a state; empty is any."""

    def editions(self, subject: str) -> list[DocumentRow]:
        """Every document about one subject, the latest edition first."""

    def contents(self, digest: str, offset: int, limit: int) -> Contents:
        """What the facts of a document are, with one page of its components."""

    def body(self, digest: str) -> bytes:
        """A document byte for byte, checked against its digest."""

    def vulnerability(self, name: str) -> Vulnerability | None:
        """A vulnerability by any of its names, or by the identifier of an advisory."""

    def stix_objects(self, name: str) -> list[ObjectRow]:
        """Every version of a STIX object by its identifier, with where it stands.

        What counts comes first, the newest of it before the rest.
        """

    def notes(self, name: str = "") -> list[NoteRow]:
        """Notes between partners, the newest first; of one identifier, with what belongs to it."""

    def indicators(self) -> list[IndicatorRow]:
        """Of each indicator the version that counts within its origin."""

    def sightings(self) -> list[SightingRow]:
        """Every sighting that counts, the newest version within its origin."""

    def deployments(self) -> list[DeploymentRow]:
        """What estates and claims say is run, once for each bill of it."""

    def bill_summaries(self) -> list[BillSummary]:
        """Every bill that counts, without its components."""


class Views(Protocol):
    """Opens views, each of one moment."""

    def view(self, as_of: str = "") -> AbstractContextManager[View]:
        """The node as of a `when()`; empty is now."""

    def generation(self) -> int:
        """A number that changes whenever anything is taken in."""

    def state_hash(self) -> str:
        """One digest over all facts, the same for every order of loading and every database."""


class Gap(msgspec.Struct, frozen=True):
    """Something that could not be evaluated."""

    reason: str
    """From a small vocabulary: `no identity`, `unorderable version`, `matches nothing`, ..."""
    subject: str
    name: str
    place: str
    document: str
    """Digest; empty where several documents are concerned."""
    source: str
    kind: str


class Found(msgspec.Struct, frozen=True):
    """Something that a word was found in."""

    kind: str
    """`operator`, `product`, `component`, `advisory`, `vulnerability`, `actor`."""
    name: str
    detail: str
    document: str


class DocumentRow(msgspec.Struct, frozen=True):
    """A document, listed."""

    digest: str
    kind: str
    title: str
    subject: str
    edition: str
    learned: str
    size: int
    outcome: str
    current: bool
    sources: tuple[str, ...]
    quarantined: tuple[tuple[str, str], ...] = ()
    """Place and reason of what was refused in it."""
    origin: str = ""
    """The partner that sealed it; empty: this node's own people gave it."""


class ObjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a STIX object, and where it stands."""

    object: str
    version: str
    """`when()` it was modified; empty where its type has no versions."""
    name: str
    revoked: bool
    place: str
    """JSON pointer within the document; empty where the object is the document."""
    document: str
    """Digest."""
    origin: str
    """The partner that sealed the document; empty: this node's own people gave it."""
    current: bool
    """Whether the document counts."""


class NoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A note between partners: an incident, a request, an answer, a lesson or a breach."""

    object: str
    kind: str
    title: str
    created: str
    """`when()` its first version was made."""
    version: str
    """`when()` this version was made."""
    answers: str
    """Identifier of the request or incident that it belongs to, or empty."""
    maker: str
    """Identifier of the identity that made it, or empty."""
    tlp: str
    """Colour that it bears, such as `AMBER+STRICT`, or empty."""
    revoked: bool
    place: str
    document: str
    """Digest."""
    origin: str
    """The partner that sealed it; empty: this node's own people wrote it."""
    learned: str
    """`when()` this node came to know it."""


class BillRow(msgspec.Struct, frozen=True):
    """A bill, by its document."""

    digest: str
    product: str
    release: str
    created: str


class Match(msgspec.Struct, frozen=True):
    """One version within one affected interval, with the words that made them."""

    package: str
    stream: str
    scheme: str
    version: str
    how: int
    vulnerability: str
    since: str
    until: str
    since_included: bool
    until_included: bool
    fixed: str
    place: str
    advisory: str
    document: int


class Evidence(msgspec.Struct, frozen=True):
    """What an exposure rests on."""

    matches: tuple[Match, ...]
    parts: tuple[tuple[str, str, int], ...]
    """Reference, place and document of each component."""
    documents: dict[int, DocumentRow]
    """Every document that is named anywhere in the explanation."""


class BillSummary(BillRow, frozen=True, kw_only=True):
    """A bill, with who made what it describes."""

    supplier: str
    format: str


class DeploymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A release in use, by an estate or a claim."""

    operator: str
    product: str
    release: str
    supplier: str
    country: str
    sector: str
    site: str
    exposure: str
    """SSVC system exposure, or empty."""
    mission: str
    """SSVC mission impact, or empty."""
    bill: str
    """Digest of its bill; empty where it has none here."""
    document: int


class ComponentRow(msgspec.Struct, frozen=True):
    """A component, as its bill names it."""

    name: str
    version: str
    purl: str
    cpe: str
    supplier: str
    kind: str
    place: str


class Contents(msgspec.Struct, frozen=True):
    """What the facts of one document are."""

    counts: tuple[tuple[str, int], ...]
    """Sort of fact, and how many."""
    components: tuple[ComponentRow, ...]
    vulnerabilities: tuple[tuple[str, str], ...]
    """Name, and title or VEX status, of the vulnerabilities that it speaks of; the first 500."""


class Shelf(msgspec.Struct, frozen=True):
    """One page of the documents."""

    documents: tuple[DocumentRow, ...]
    count: int
    """Documents of this kind and state, on all pages."""
    kinds: dict[str, int]
    """Documents of this state by kind."""
    states: dict[str, int]
    """Documents of this kind by state."""
    unopened: tuple[tuple[str, str], ...]
    """Source and reason of what was refused before it became a document; the first 500."""
    unopened_count: int


class AdvisoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one document says a vulnerability is."""

    advisory: str
    vulnerability: str
    publisher: str
    title: str
    published: str
    """YYYY-MM-DD, or empty."""
    modified: str
    """YYYY-MM-DD, or empty."""
    withdrawn: str
    """YYYY-MM-DD, or empty: it stands."""
    place: str
    document: int


class AffectedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One interval of versions that a document names as affected."""

    vulnerability: str
    package: str
    stream: str
    scheme: str
    """Name of the order of versions; empty: there is none."""
    since: str
    """First affected version; empty: from the beginning."""
    until: str
    """Where it ends; empty: no repaired version is named."""
    since_included: bool
    until_included: bool
    fixed: str
    place: str
    document: int


class StatementRow(msgspec.Struct, frozen=True, kw_only=True):
    """A VEX statement, for a person."""

    vulnerability: str
    status: str
    products: tuple[str, ...]
    """What it speaks of; the first 20."""
    author: str
    why: str
    at: str
    """YYYY-MM-DD, or empty."""
    place: str
    document: int


class Vulnerability(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that documents say about one vulnerability."""

    name: str
    aliases: tuple[str, ...]
    related: tuple[str, ...]
    advisories: tuple[AdvisoryRow, ...]
    affected: tuple[AffectedRow, ...]
    """The first 500."""
    affected_count: int
    signals: tuple[Signal, ...]
    statements: tuple[StatementRow, ...]
    """The first 500."""
    documents: dict[int, DocumentRow]
    """Every document that is named in any of these."""
