"""What demand needs of the store, and what it gives to those who compute with it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from accord.demand.contracts.facts import Contract, Rate, Revenue, SupplierName
from accord.demand.suppliers.resolving import Contradiction, Entity


class KeptContract(msgspec.Struct, frozen=True):
    """A contract, with the document that holds it."""

    fact: Contract
    document: str
    """Digest."""


class KeptDeployment(msgspec.Struct, frozen=True, kw_only=True):
    """What an estate says is run."""

    operator: str
    supplier: str
    product: str
    release: str
    country: str
    sector: str
    site: str
    exposure: str
    mission: str
    bill: str
    """As the estate names it, or empty."""
    document: str
    """Digest."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of purchasing that this node's own people gave and that counts."""

    contracts: tuple[KeptContract, ...] = ()
    rates: tuple[Rate, ...] = ()
    names: tuple[SupplierName, ...] = ()
    revenues: tuple[Revenue, ...] = ()
    deployments: tuple[KeptDeployment, ...] = ()


class Billed(msgspec.Struct, frozen=True):
    """What the bills of a release name."""

    packages: frozenset[str]
    """Package URLs without version, as advisories compare them."""
    nameless: int
    """Components without a package URL."""


class Surveyed(msgspec.Struct, frozen=True):
    """What counts, with what is known of the insides of it: all of one moment."""

    known: Known
    billed: Mapping[tuple[str, str], Billed]
    """By product and release in small letters; only those with a bill of this node's own people."""


class Purchases(Protocol):
    """The store of contracts, rates and suppliers."""

    def known(self, as_of: str = "") -> Known:
        """What counts at a `when()`; empty: now."""

    def surveyed(self, as_of: str = "") -> Surveyed:
        """The same, with the bills of everything that is bought or run."""


class ContractLine(msgspec.Struct, frozen=True, kw_only=True):
    """A contract with its supplier resolved and its spend converted."""

    fact: Contract
    supplier: str
    """Key of its entity."""
    how: str
    """How the entity was found: `identifier`, `alias` or `name`."""
    spend: Decimal | None
    """A year, in the report's currency; None: see `why`."""
    why: str = ""
    """Why there is no spend: no rate, none was said, the contract is contradicted, ..."""
    disputed: bool = False
    """Whether documents that count say different things of it: nothing that it says is believed."""
    running: bool = True
    """Whether the day of the report lies within its dates."""
    document: str
    """Digest."""

    @property
    def what(self) -> str:
        """Which contract it is, for a person."""
        return f"{self.fact.agency}, contract {self.fact.contract}"


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """What is run, with its supplier resolved and what contracts say it serves."""

    operator: str
    supplier: str
    """Key of its entity; empty: nobody is named."""
    product: str
    release: str
    country: str
    sector: str
    site: str
    exposure: str
    mission: str
    functions: tuple[str, ...]
    """Critical functions of the contracts for it; empty: none is said."""
    agencies: tuple[str, ...]
    """Agencies of the contracts for it."""
    bill: str
    document: str


class NotCounted(msgspec.Struct, frozen=True, order=True):
    """Something that could not be evaluated, and why."""

    what: str
    reason: str


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What this node buys and runs, on a day, in one currency."""

    day: str
    """YYYY-MM-DD: rates up to it count."""
    currency: str
    """ISO 4217."""
    contracts: tuple[ContractLine, ...]
    """By agency and number."""
    deployments: tuple[Deployed, ...]
    entities: Mapping[str, Entity]
    """Suppliers, by key."""
    revenues: Mapping[str, tuple[Revenue, ...]]
    """By key of the entity, the newest year first."""
    contradictions: tuple[Contradiction, ...]
    not_counted: tuple[NotCounted, ...]
