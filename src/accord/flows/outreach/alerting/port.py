"""What alerts need of the store, of the channels, and of the rest of the node."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Literal, Protocol

import msgspec

from accord.core.clock import Clock
from accord.core.errors import AccordError
from accord.exchange.receipts import Line
from accord.flows.assessing.port import Store
from accord.flows.exchange.sharing.wanted import Held
from accord.flows.exposures import Exposures
from accord.flows.ports import Views
from accord.identity.clients import Client
from accord.identity.markings import Marking
from accord.outreach.alerts.model import Alert, Topic
from accord.outreach.alerts.rhythm import Rhythm

Channel = Literal["mail", "telegram", "webhook", "whatsapp"]
Key = tuple[str, int, int, str]
"""Alert, revision, subscriber and channel: what makes a message once."""
State = Literal["draft", "released"]


class NotDelivered(AccordError):
    """A channel did not take a message, or nobody knows whether it did."""

    def __init__(
        self, reason: str, *, final: bool = False, alone: bool = False, wait: float | None = None
    ) -> None:
        super().__init__(reason)
        self.final = final
        """Trying again is of no use: the address is none, or wants nothing."""
        self.alone = alone
        """It concerns this address alone, and says nothing of the channel."""
        self.wait = wait
        """Seconds for which the provider wants to be left alone; None: it did not say."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is kept."""

    id: int
    alert: Alert
    state: State
    occasion: str
    """Of what it was drafted: `advisory CVE-2026-1234`."""
    person: str
    """Who drafted it; of a released one, who released it."""
    created: str


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who wants alerts by one channel."""

    channel: Channel
    address: str
    topics: tuple[Topic, ...]
    floor: int = 0
    """Place in `SEVERITIES` of the least that is wanted."""
    language: str = "en"
    rhythm: Rhythm = Rhythm()
    cap: int = 0
    """Messages a day at most; 0: any number."""
    recipient: str = "public"
    """For whom release decides: `public`, or `client:NAME`."""


class Subscribed(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as it is kept."""

    id: int
    subscriber: int
    state: str
    token: str
    """By which its subscriber leaves."""
    wanted: Subscriber


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is due to one subscriber by one channel."""

    alert: str
    revision: int
    subscriber: int
    channel: str
    attempts: int
    """This one included."""
    address: str
    language: str
    digest: bool
    override: bool
    cap: int
    recipient: str
    token: str

    @property
    def key(self) -> Key:
        """What makes it once."""
        return (self.alert, self.revision, self.subscriber, self.channel)


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the outbox, for a person."""

    alert: str
    revision: int
    subscriber: int
    channel: str
    state: str
    due: str
    attempts: int
    again: int
    at: str
    error: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel carries to one address."""

    address: str
    key: str
    """The same whenever it is sent again: a receiver may know it by it."""
    subject: str
    text: str
    language: str
    leave: str
    """Address at which one leaves by one click."""
    alerts: tuple[str, ...]
    """Identifiers of what it tells."""


class Carrier(Protocol):
    """One channel."""

    @property
    def gap(self) -> float:
        """Seconds between two messages that its provider wants at least."""

    def send(self, message: Message) -> None:
        """Give one message to the provider.

        Raises:
            NotDelivered: it did not take it.
        """


class Matched(msgspec.Struct, frozen=True):
    """What a release put into the outbox."""

    queued: int
    replaced: int
    """Earlier messages of the alert that were not sent yet, and need not be any more."""


class Alerts(Protocol):
    """Where alerts are kept. Adapters raise only `AccordError`."""

    def all(self) -> list[Kept]:
        """Every message, the newest first."""

    def thread(self, code: str) -> list[Kept]:
        """Every message of one alert, in order."""

    def draft(self, kept: Kept) -> None:
        """Keep a new draft.

        Raises:
            Invalid: its number is taken: another draft waits.
        """

    def edit(self, kept: Kept) -> None:
        """Keep a draft in place of what it was.

        Raises:
            NotFound: it is no draft any more.
        """

    def drop(self, code: str, revision: int) -> None:
        """Forget a draft.

        Raises:
            NotFound: it is no draft.
        """

    def recipients(self) -> list[str]:
        """For whom there are subscriptions, by name."""

    def rhythms(self) -> list[tuple[int, Rhythm]]:
        """When subscribers may be written to."""

    def release(
        self,
        kept: Kept,
        lines: Iterable[Line],
        allowed: Collection[str],
        dues: Sequence[tuple[int, str]],
    ) -> Matched:
        """Keep a message as released, with its receipts, and queue it: all of it or nothing.

        `allowed` are the recipients whom it may go to, `dues` when it is due by each rhythm.

        Raises:
            NotFound: it is no draft any more.
        """  # fmt: skip

    def marked(self, documents: Collection[str]) -> dict[str, list[tuple[str, Marking]]]:
        """How documents are marked where they were shared: by digest, each sealer's marking."""


class People(Protocol):
    """Where subscribers are kept."""

    def subscribe(self, wanted: Subscriber, token: str, secret: str, expires: str, now: str) -> int:
        """Keep a subscription that waits for its confirmation; of the same address, anew.

        What is active stays so until the new one is confirmed.
        """

    def confirm(self, secret: str, now: str) -> Subscribed | None:
        """Confirm the subscription with this hash, once; None: there is none, or it expired."""

    def pending(self, secret: str, now: str) -> bool:
        """Whether a subscription waits for this hash."""

    def leave(self, token: str, now: str) -> bool:
        """End everything of the subscriber with this token; False: there is none."""

    def leave_from(self, channel: str, address: str, now: str) -> bool:
        """End everything of the subscriber with an active address; False: there is none."""

    def known(self, token: str) -> bool:
        """Whether a subscriber has this token."""

    def all(self) -> list[Subscribed]:
        """Every subscription that did not end."""


class Outbox(Protocol):
    """What waits to be sent."""

    def give_up(self, now: str) -> int:
        """Queue again what was being sent by whoever was stopped; gives how many."""

    def claim(self, channel: str, now: str, until: str, most: int) -> list[Due]:
        """Take what is due by a channel, so that nobody else does until a moment."""

    def record(self, lines: Iterable[Line]) -> None:
        """Add lines to the disclosure log; they are kept for good once this returns."""

    def recent(self, subscribers: Collection[int], since: str) -> dict[int, list[str]]:
        """When each of some subscribers was written to since a moment, the earliest first."""

    def sent(self, done: Sequence[Due], now: str) -> None:
        """Note that messages were taken by the provider."""

    def back(self, done: Sequence[Due], due: str, error: str, *, counted: bool = True) -> None:
        """Queue messages again for later; `counted`: as a try that failed."""

    def end(self, done: Sequence[Due], state: str, error: str) -> None:
        """Note that messages are not sent: `dead` or `kept`."""

    def arrived(self, keys: Sequence[Key], now: str) -> int:
        """Note that messages reached their subscribers; gives how many lines that changed."""

    def bounced(self, keys: Sequence[Key], due: str, error: str, tries: int) -> int:
        """Note that messages were taken and did not arrive; gives how many lines that changed.

        They are queued again, but those that were tried so often already, or were replaced since.
        """

    def resting(self) -> dict[str, tuple[int, str]]:
        """Of each channel that failed: how often in a row, and until when it is left alone."""

    def rest(self, channel: str, failures: int, until: str, why: str) -> None:
        """Note how a channel does."""

    def letters(self, state: str, most: int) -> list[Letter]:
        """Lines of a state, the oldest first; empty: of any."""

    def counts(self) -> dict[str, int]:
        """Lines by state."""

    def again(self, code: str, now: str) -> int:
        """Queue the dead letters of an alert anew; empty: of every one. Gives how many."""

    def next(self, channels: Sequence[str]) -> str:
        """`when()` the next line of some channels is due; empty: none waits."""


class Holdings(Protocol):
    """What alerts need of the documents of this node."""

    def held(self, digests: Sequence[str]) -> list[Held]:
        """Documents by their digests.

        Raises:
            NotFound: one is not kept here.
        """


class Shares(Protocol):
    """What alerts need of sharing."""

    def marking(self) -> str:
        """The TLP that this node gives to what bears none."""


class ClientList(Protocol):
    """Who asks this node."""

    def clients(self) -> list[Client]:
        """Every client."""


class Desk(Protocol):
    """The parts of a node that alerts need."""

    @property
    def alerts(self) -> Alerts:
        """Where alerts are kept."""

    @property
    def subscribers(self) -> People:
        """Where subscribers are kept."""

    @property
    def outbox(self) -> Outbox:
        """What waits to be sent."""

    @property
    def views(self) -> Views:
        """What the node knows."""

    @property
    def assessing(self) -> Store:
        """What is known of releases and their verdicts."""

    @property
    def exposures(self) -> Exposures:
        """The ranked list."""

    @property
    def holdings(self) -> Holdings:
        """The documents of this node."""

    @property
    def sharing(self) -> Shares:
        """How this node marks."""

    @property
    def people(self) -> ClientList:
        """Who asks this node."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def me(self) -> str:
        """The name of this node as a partner, or empty."""

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
