"""What feeds need of the network and of the store. Adapters raise only accord's own errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Literal, Protocol

import msgspec

from accord.core.origins import of_feed
from accord.exchange.feeds.schedule import Health
from accord.exchange.feeds.values import Item, Position

Trust = Literal["full", "other"]
DEFECT: Final = "defect ("
"""How the error of a reading begins that ended in a mistake within this node."""
Outcome = Literal["new", "same", "partly", "failed"]


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a feed is asked, and what its word counts. No secret is in it: only where one is."""

    every: int = 86_400
    """Seconds between two readings."""
    trust: Trust = "other"
    """`full`: as if this node's own people had given it. `other`: as another party's word, which
    raises a decision and never lowers one."""
    tlp: int | None = None
    """TLP of what bears no marking; None: the node's default."""
    internal: bool = False
    """Whether it is within this organisation's own network."""
    plain: bool = False
    """Whether it may be asked without TLS."""
    user: str = ""
    """With a secret: basic authentication under this name; empty: a bearer token."""
    secret_file: str = ""
    secret_env: str = ""
    """Where the secret is: a file, or a variable of the environment."""
    certificate: str = ""
    """File with this node's key and certificate for it, in PEM."""
    authorities: str = ""
    """File with the certificates that its server is known by, in PEM; empty: the usual ones."""

    @property
    def secret(self) -> bool:
        """Whether a secret goes with each request."""
        return bool(self.secret_file or self.secret_env)


class Feed(msgspec.Struct, frozen=True):
    """One feed and how far it was read."""

    name: str
    kind: str
    url: str
    options: Options
    added: str
    health: Health
    validators: dict[str, dict[str, str]] = {}
    """ETag and Last-Modified of what was read whole, by address."""
    position: Position = {}
    tried: str = ""
    """`when()` it was last asked."""
    good: str = ""
    """`when()` it last answered."""
    changed: str = ""
    """`when()` it last brought something new."""
    error: str = ""
    """Why the last try failed, or what was left of it; empty: it did not."""

    @property
    def origin(self) -> str:
        """Whose documents count as what it brings."""
        return "" if self.options.trust == "full" else of_feed(self.name)


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """The account of one reading."""

    feed: str
    at: str
    outcome: Outcome
    seconds: float = 0.0
    requests: int = 0
    bytes: int = 0
    """Bytes that came, decompressed."""
    read: int = 0
    new: int = 0
    same: int = 0
    quarantined: int = 0
    """Documents and items refused."""
    error: str = ""
    notes: tuple[str, ...] = ()


class Worth(msgspec.Struct, frozen=True):
    """What a feed brought, and what it was worth."""

    documents: int = 0
    """Of those that it brought, how many are here."""
    first: int = 0
    """Those that nobody had given before."""
    matched: int = 0
    """Those that an exposure rests on, or whose indicator was seen."""
    false: int = 0
    """Those withdrawn, revoked or recalled, and indicators of known-good values."""


class Access(msgspec.Struct, frozen=True):
    """How a server is spoken to; it is never printed."""

    url: str
    """Credentials go to its scheme, host and port alone."""
    internal: bool = False
    plain: bool = False
    authorization: str = ""
    """Value of the header."""
    certificate: str = ""
    authorities: str = ""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Access({self.url!r})"


class Fetched(msgspec.Struct, frozen=True):
    """An answer whose body is in a file."""

    url: str
    status: int
    headers: dict[str, str]
    size: int


class Session(Protocol):
    """Requests to one feed."""

    def fetch(self, url: str, headers: Sequence[tuple[str, str]], into: Path, most: int) -> Fetched:
        """The answer of an address, redirections followed, within so many bytes.

        Raises:
            NotFetched: none came whole, or the address may not be asked.
        """
        ...


class Fetcher(Protocol):
    """The way to publishers."""

    def open(self, access: Access) -> AbstractContextManager[Session]:
        """A session, which ends with its connections.

        Raises:
            FeedError: a certificate cannot be read.
        """
        ...


class Feeds(Protocol):
    """The feeds of this node, as they are kept."""

    def all(self) -> list[Feed]:
        """Every feed, by name."""
        ...

    def one(self, name: str) -> Feed:
        """A feed by its name.

        Raises:
            NotFound: there is none.
        """
        ...

    def add(self, feed: Feed) -> None:
        """Keep a new feed.

        Raises:
            Invalid: there is one of this name.
        """
        ...

    def remove(self, name: str) -> None:
        """Forget a feed; what it brought stays.

        Raises:
            NotFound: there is none.
        """
        ...

    def save(self, feed: Feed) -> None:
        """Keep how far a feed was read and how it does."""
        ...

    def items(self, name: str) -> dict[str, str]:
        """Revisions of the items of an index that were read, by key."""
        ...

    def read(self, name: str, items: Collection[Item]) -> None:
        """Note items as read."""
        ...

    def note(self, ran: Ran) -> None:
        """Keep the account of a reading; the oldest go."""
        ...

    def runs(self, name: str, most: int) -> list[Ran]:
        """Accounts of readings, the latest first."""
        ...

    def patterns(self, name: str, since: str) -> list[tuple[str, str]]:
        """Digest and STIX pattern of the indicators that a feed brought since a `when()`."""
        ...

    def known_good(self, name: str, found: Mapping[str, int]) -> None:
        """Note how many indicators of documents are known-good values, by digest."""
        ...

    def worth(self) -> dict[str, Worth]:
        """What each feed brought, and what it was worth."""
        ...
