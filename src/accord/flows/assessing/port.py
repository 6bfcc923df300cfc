"""What assessing needs of the store. Adapters raise only accord's own errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from accord.assurance.assessing.baseline import Baseline, Carrying
from accord.assurance.assessing.findings import Shipped
from accord.assurance.model import Claim
from accord.assurance.statements.facts import Recognition, Verdict
from accord.core.moment import Moment

Key = tuple[str, str]
"""Product and release."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A release that a node knows."""

    product: str
    release: str
    bills: tuple[int, ...] = ()
    """Numbers of the documents that are its bills."""
    digests: tuple[str, ...] = ()
    """Of its artefacts, each after `sha256:`; those of its bills where it has no other."""
    type: str = ""
    """Type of product; empty: unknown."""

    @property
    def key(self) -> Key:
        """Product and release."""
        return (self.product, self.release)


class StatedVerdict(msgspec.Struct, frozen=True):
    """A verdict that somebody stated."""

    fact: Verdict
    document: str
    """Digest."""
    origins: tuple[str, ...]
    """The partners that sealed it; the first is empty where this node's own people gave it."""


class StatedRule(msgspec.Struct, frozen=True):
    """What somebody recognises."""

    fact: Recognition
    document: str
    origins: tuple[str, ...]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The newest verdict of a buyer on a release, as it is kept."""

    product: str
    release: str
    buyer: str
    baseline: str
    verdict: str
    requirements: str
    """JSON object: the verdict on each."""
    until: str
    """`when()` it must be made anew at the latest; empty: nothing that it rests on ends."""
    at: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's verdict on a release, as lists show it."""

    product: str
    """The product."""
    release: str
    """Its release."""
    buyer: str
    """Short name of the buyer."""
    baseline: str
    """Version of the buyer's baseline; empty: of a day that is past, it is not kept."""
    verdict: str
    """`accept`, `accept with conditions`, `reject` or `cannot decide`."""
    until: str
    """`when()` it changes at the latest; empty: nothing ends, or it is not kept."""
    at: str
    """`when()` it was made."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict that changed."""

    at: str
    product: str
    release: str
    buyer: str
    before: str
    """Empty: it is the first."""
    after: str
    why: str


class View(Protocol):
    """What the node knows, as of one moment."""

    def releases(self, products: Collection[str] | None = None) -> list[Listed]:
        """The releases that it knows, by product and release; of some products, by any case."""

    @property
    def moment(self) -> Moment:
        """The view's own: whatever counts for every release alike was compared with it."""

    def claims(self, releases: Mapping[Key, Moment]) -> Mapping[Key, Sequence[Claim]]:
        """What evidence claims of some releases, each at a moment of its own."""

    def shipped(
        self, releases: Sequence[Listed], moments: Mapping[Key, Moment]
    ) -> Mapping[Key, Shipped]:
        """What the node knows of some releases by itself, each at a moment of its own."""

    def verdicts(self, releases: Collection[Key]) -> list[StatedVerdict]:
        """What was stated of some releases."""

    def rules(self) -> list[StatedRule]:
        """What is recognised by whom."""

    def baselines(self) -> list[Baseline]:
        """The baselines in effect, by name."""

    def kept(self, products: Collection[str] | None = None) -> list[Kept]:
        """The verdicts kept of some products, by any case, or of all."""

    def unusable(self) -> Mapping[str, str]:
        """Baselines that cannot be used, by name, and why."""

    def crosswalk(self) -> Carrying:
        """The crosswalk of everything that is loaded."""

    def conditional(self, releases: Collection[Key]) -> Mapping[tuple[str, str, str], str]:
        """Since when conditions stand, by product, release and buyer, all in small letters.

        The `when()` of the first acceptance with conditions that was kept after the last without.
        """

    def news(self, me: str, before: Mark | None) -> bool:
        """Whether anything came, counts otherwise, or ended for all since a mark."""

    def touched(self, me: str, before: Mark | None) -> Touched:
        """What came, or counts otherwise, since a mark may change on the node of this name."""

    def asked(self) -> bool:
        """Whether `concerned` names any."""

    def concerned(self, products: Collection[str] | None = None) -> frozenset[Key]:
        """Releases with evidence, a stated verdict or a kept one, in small letters; of some
        products, by any case, or of all.

        One whose release is empty stands for every release of its product.
        """


class Mark(msgspec.Struct, frozen=True):
    """What verdicts were last made of."""

    document: int
    """Number of the last document."""
    generation: int
    """Of the node; whatever counts otherwise since is of a later one."""
    common: str
    """What all verdicts have in common besides documents."""
    until: str = ""
    """`when()` all of them must be made anew at the latest; empty: nothing ends for all."""


class Touched(msgspec.Struct, frozen=True):
    """What may have changed since assessments were last brought up to date."""

    everything: bool
    """Baselines or crosswalks changed, or nothing was ever assessed."""
    releases: frozenset[Key]
    mark: Mark
    """What they would then be made of."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts that were made anew."""

    kept: Sequence[Kept] = ()
    gone: Sequence[Kept] = ()
    """Those that are kept no longer."""
    events: Sequence[Event] = ()
    mark: Mark
    """What they were made of."""


class Ledger(Protocol):
    """Where verdicts are kept, with each of their changes."""

    def kept(self) -> list[Kept]:
        """The verdicts kept, of all releases."""

    def due(self, now: str) -> frozenset[Key]:
        """Releases of which a verdict must be made anew, since something in it ended."""

    def mark(self) -> Mark | None:
        """What verdicts were last made of; None: all are to be made anew."""

    def keep(self, made: Made, before: Mark | None) -> bool:
        """Keep verdicts with their changes, and let others go; all or none.

        False: the mark is no longer the one before, for another was faster, and nothing is kept.
        """

    def standing(self) -> list[Standing]:
        """The verdicts kept, of all releases, without what was found of each requirement."""

    def latest(self, most: int, until: str = "") -> list[tuple[int, Event]]:
        """The last changes of verdicts, up to a `when()` if there is one; the newest first."""

    def events(self, product: str = "", after: int = 0) -> list[tuple[int, Event]]:
        """Changes of verdicts in order, each with its number."""


class ScoreLine(msgspec.Struct, frozen=True, array_like=True):
    """What one profile finds of one field of a bill."""

    item: str
    level: int
    issued: str
    place: str
    why: str


class Scores(Protocol):
    """Scores of bills, and the bills that have none yet."""

    def unscored(self, profiles: str) -> Sequence[str]:
        """Digests of the bills that are evidence and not scored by these profiles."""

    def body(self, digest: str) -> bytes:
        """A bill byte for byte."""

    def keep(self, digest: str, profiles: str, lines: Sequence[ScoreLine]) -> None:
        """Keep what was found of a bill."""


class Store(Protocol):
    """Opens views, and keeps verdicts."""

    def view(
        self, as_of: str = "", *, few: bool = False, now: str = ""
    ) -> AbstractContextManager[View]:
        """The node as of a `when()`; empty is now. `few` says that few releases will be asked.

        `now` is the time that dates are compared with; empty: the clock's.
        """

    @property
    def ledger(self) -> Ledger:
        """Where verdicts are kept."""

    @property
    def scores(self) -> Scores:
        """What profiles of fields find of bills."""
