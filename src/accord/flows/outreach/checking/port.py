"""What the list of dangers needs of the store and of the rest of the node."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Literal, Protocol

import msgspec

from accord.core.clock import Clock
from accord.exchange.hunting.known_good import KnownGood
from accord.flows.hunting.port import IndicatorRow
from accord.flows.outreach.alerting.port import Desk as Alerting
from accord.flows.outreach.reporting.port import Reports
from accord.outreach.dangers.model import Category, Kind, Protected

State = Literal["proposed", "listed", "refused", "revoked"]
Settled = Literal["granted", "declined"]
STATES = ("proposed", "listed", "refused", "revoked")
SETTLED = ("granted", "declined")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody wants on the list, and what became of it."""

    id: int = 0
    kind: Kind
    value: str
    category: Category
    source: str
    """An indicator, or `report:` and its number."""
    confidence: int
    """0 to 100 (STIX 2.1, appendix A)."""
    expires: str
    state: State = "proposed"
    proposed_by: str
    proposed: str
    decided_by: str = ""
    decided: str = ""
    ended_by: str = ""
    ended: str = ""
    reason: str = ""
    """Why it was refused or revoked."""


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A name that looks are compared with, or that looks like nothing."""

    name: str
    owner: str
    """Whose it is; empty: it is spared."""
    person: str
    added: str


class Appeal(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says against an answer."""

    id: int = 0
    token: str
    """SHA-256 of the code by which its sender sees the answer."""
    kind: Kind
    value: str
    said: str
    received: str
    outcome: Literal["new", "granted", "declined"] = "new"
    answer: str = ""
    person: str = ""
    decided: str = ""


class Dangers(Protocol):
    """Where the list is kept."""

    def add(self, entries: Sequence[Entry]) -> list[Entry]:
        """Keep what is proposed; gives what was not proposed or listed already, numbered."""
        ...

    def one(self, number: int) -> Entry | None:
        """An entry by its number."""
        ...

    def all(self, states: Collection[str] = ()) -> list[Entry]:
        """Entries in some states, or all; the oldest first."""
        ...

    def move(self, before: State, entry: Entry) -> bool:
        """Keep what became of an entry; False: it is not in the state before any more."""
        ...

    def named(self) -> list[Named]:
        """The names that this node adds."""
        ...

    def name(self, named: Named) -> None:
        """Add or change a name."""
        ...

    def unname(self, name: str) -> bool:
        """Take a name out; False: it was not there."""
        ...

    def appeal(self, appeal: Appeal) -> int:
        """Keep an appeal; gives its number.

        Raises:
            Full: too many wait.
        """
        ...

    def appeals(self, outcomes: Collection[str] = ()) -> list[Appeal]:
        """Appeals with some outcomes, or all; the oldest first."""
        ...

    def appealed(self, token: str) -> Appeal | None:
        """An appeal by the hash of its code."""
        ...

    def settle(self, appeal: Appeal) -> bool:
        """Keep what was decided; False: it was decided before."""
        ...


class Desk(Protocol):
    """The parts of a node that the list needs."""

    @property
    def dangers(self) -> Dangers:
        """Where it is kept."""
        ...

    @property
    def reports(self) -> Reports:
        """What the public reported."""
        ...

    @property
    def alerting(self) -> Alerting:
        """What decides whether something may go to the public."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Random bytes, so many."""
        ...

    def indicators(self, objects: Sequence[str]) -> list[IndicatorRow]:
        """Indicators by their identifiers, of each origin the newest version."""
        ...

    def known_good(self) -> KnownGood:
        """The warning lists of this node."""
        ...


def protected(named: Sequence[Named], shipped: Sequence[Protected]) -> tuple[Protected, ...]:
    """The names that looks are compared with: shipped ones and this node's, without the spared."""
    spared = {one.name for one in named if not one.owner}
    own = [Protected(one.name, one.owner) for one in named if one.owner]
    names = {one.name for one in own} | spared
    return tuple(sorted([*own, *(one for one in shipped if one.name not in names)]))
