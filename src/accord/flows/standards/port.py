"""What the flows of standards need of the store. Adapters raise only accord's own errors."""

from __future__ import annotations

from typing import Protocol

import msgspec

from accord.assurance.facts import Baseline, Catalogue, CatalogueItem, Mapping, Requirement


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of standards that counts on a node."""

    catalogues: tuple[Catalogue, ...] = ()
    items: tuple[CatalogueItem, ...] = ()
    mappings: tuple[Mapping, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    corrected: tuple[tuple[str, str, str], ...] = ()
    """Of each identifier that was put right: the catalogues of its document, what was found, and
    what it was made, as `catalogue#item`."""


class Standards(Protocol):
    """Standards that were loaded."""

    def loaded(self, as_of: str = "") -> Standing:
        """What this node's own people loaded and counts at a `when()`; empty: now.

        What partners and feeds of other parties brought is not theirs to say, and left out.
        """
