"""What evidence needs of the store, and what assessing asks of evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import msgspec

from accord.assurance.evidence.facts import ProductType, Standing, Tie
from accord.assurance.model import Claim
from accord.core.clock import Clock
from accord.flows.ports import Intake

Release = tuple[str, str]
"""A product, and one of its releases."""


class Planned(msgspec.Struct, frozen=True):
    """What a supplier says it will do; it satisfies nothing yet."""

    item: str
    due: str
    """`when()` it is to be done; empty: it does not say."""
    issuer: str
    evidence: str
    """`sha256:` and the digest of the document that says so."""
    place: str


class LeftOut(msgspec.Struct, frozen=True):
    """Evidence that does not count at this moment, and why."""

    evidence: str
    """`sha256:` and the digest of the document."""
    kind: str
    issuer: str
    why: str
    item: str = ""
    """The one claim that is left out; empty: the whole document."""


class Proven(msgspec.Struct, frozen=True):
    """Everything that evidence says of one release, as of a moment."""

    claims: tuple[Claim, ...] = ()
    planned: tuple[Planned, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    ties: tuple[Tie, ...] = ()
    """The documents that are evidence for it, whether or not they make claims."""


NOTHING = Proven()


class Listed(msgspec.Struct, frozen=True):
    """One document that is evidence, for a person."""

    tie: Tie
    title: str
    level: str
    """How far it is believed now, in words."""
    why: str
    claims: int
    here: bool
    """Whether its document is still kept here."""


class Proofs(Protocol):
    """What is recorded of evidence. `as_of` is a `when()`; empty is now."""

    def standings(self, as_of: str = "") -> dict[str, Standing]:
        """Everybody who has, or had, a standing, by name; the ended ones say so."""

    def ties(self, product: str = "", as_of: str = "") -> list[Tie]:
        """Every record that counts, removals left out; of one product, or of all."""

    def bodies(self, product: str, *, removed: bool) -> list[tuple[Tie, bytes]]:
        """Every record that makes, or ends, evidence for a product, with the document it is about.

        What is no longer kept is left out.
        """

    def proven(
        self, wanted: Collection[Release], at: str, as_of: str = ""
    ) -> dict[Release, Proven]:
        """What evidence says of each release, believed as far as it may be at a moment.

        Evidence for every release of a product counts for each of them.
        """

    def claims(self, product: str, release: str, at: str) -> tuple[Claim, ...]:
        """The claims about one release, believed as far as they may be at a moment."""

    def listed(self, product: str, at: str) -> list[Listed]:
        """Every document that is evidence, for a person; of one product, or of all."""

    def types(self, product: str = "", as_of: str = "") -> list[ProductType]:
        """What types of product are kept, of one product or of all; not what was taken back."""

    def here(self, digests: Collection[str]) -> frozenset[str]:
        """Those of some documents, by SHA-256, that are kept here."""


class Desk(Protocol):
    """The parts of a node that evidence needs."""

    @property
    def intake(self) -> Intake:
        """The one writer."""

    @property
    def proofs(self) -> Proofs:
        """What is recorded."""

    @property
    def clock(self) -> Clock:
        """The time of the decision."""
