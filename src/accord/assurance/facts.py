"""Facts of standards: catalogues and their items, baselines and their requirements, mappings."""

from __future__ import annotations

from accord.assurance.model import Level
from accord.core.reading import Fact


class Catalogue(Fact, frozen=True):
    """One edition of a standard, as far as one document holds it."""

    catalogue: str
    """Short name and version: `ssdf@1.1`, `ism@2025.12.9`. Items are named after it."""
    title: str
    """As its publisher writes it."""
    version: str = ""
    """As its publisher writes it."""
    publisher: str = ""
    published: str = ""
    """`when()` it was published; empty: it does not say."""
    format: str = ""
    """`OSCAL`, `CycloneDX`, `OSPS`, `P-SSCRM` or `accord`."""
    source: str = ""
    """Where a person finds the original; empty: the document itself is the original."""
    place: str = ""


class CatalogueItem(Fact, frozen=True):
    """One item of a catalogue, from a group of controls down to a single task."""

    catalogue: str
    item: str
    """Identifier within the catalogue, normalised: `PO.1.1`. The whole name of the item is
    `catalogue#item`."""
    parent: str = ""
    """Identifier of the item that holds this one; empty: none does."""
    kind: str = "item"
    """`group`, `control`, `principle`, `practice`, `task`, `requirement` or `item`."""
    title: str = ""
    """Its title, or the beginning of its text where it has none."""
    levels: tuple[str, ...] = ()
    """The publisher's levels that ask for it: `Level 1`, `maturity-2`."""
    place: str = ""


class Mapping(Fact, frozen=True):
    """One directed statement of a crosswalk: how a source item relates to a target item."""

    crosswalk: str
    """Title of the collection, or the catalogue whose own references these are."""
    source: str
    """`catalogue#item`."""
    target: str
    relationship: str
    """`equal`, `equivalent`, `superset`, `subset` or `intersects`, read from source to target."""
    rationale: str = ""
    """How it was matched: `syntactic`, `semantic`, `functional`, or in words."""
    confidence: float | None = None
    """From 0 to 1; None: it does not say."""
    place: str = ""


class Baseline(Fact, frozen=True):
    """What one buyer asks, in one version, from a day on."""

    baseline: str
    """Short name: `us`, `partnership`, or an agency's."""
    owner: str
    """The partner who alone may speak for the buyer, by its name."""
    version: str
    since: str
    """`when()` it begins to hold."""
    until: str = ""
    """`when()` it no longer holds, exclusive; empty: until a later version begins."""
    title: str = ""
    scope: tuple[str, ...] = ()
    """Product types that it is for; empty: all."""
    place: str = ""


class Requirement(Fact, frozen=True):
    """One line of a baseline: which items are wanted, and what counts as evidence of them."""

    baseline: str
    version: str
    requirement: str
    """Identifier within the baseline."""
    group: str
    """`prepare`, `protect`, `produce` or `respond`."""
    title: str
    must: bool = True
    """False: it is wanted, and its lack does not stop a decision."""
    items: tuple[tuple[str, ...], ...] = ()
    """Every entry is needed; of an entry, any one item is enough."""
    accepts: tuple[str, ...] = ()
    """Kinds of evidence; empty: any."""
    level: Level = Level.SELF_ASSERTED
    """The least level that satisfies it."""
    days: int = 0
    """How long evidence stays good, from the day it was issued; 0: until it expires."""
    grace: int = 0
    """Days in which a shortfall may be made good; 0: none."""
    source: str = ""
    """Where the law or the standard says so."""
    place: str = ""
