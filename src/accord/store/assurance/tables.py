"""The tables of assurance that hold facts: they follow from documents and can be rebuilt."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, SmallInteger, Table

from accord.store.metadata import METADATA, document, key, texts

catalogue = Table(
    "catalogue",
    METADATA,
    key(),
    document(),
    *texts("catalogue", "title", "version", "publisher", "published", "format", "source", "place"),
    Index("catalogue_catalogue", "catalogue"),
)
"""`catalogue` is `ssdf@1.1`. Several documents may hold one catalogue between them."""

catalogue_item = Table(
    "catalogue_item",
    METADATA,
    key(),
    document(),
    *texts("catalogue", "item", "parent", "kind", "title", "levels", "place"),
    Index("catalogue_item_item", "catalogue", "item"),
)
"""`levels` is a JSON list of text."""

mapping = Table(
    "mapping",
    METADATA,
    key(),
    document(),
    *texts("crosswalk", "source", "target", "relationship", "rationale"),
    Column("confidence", Float, nullable=True),
    *texts("place"),
    Index("mapping_target", "target"),
)
"""Directed: `source` and `target` are `catalogue#item`."""

baseline = Table(
    "baseline",
    METADATA,
    key(),
    document(),
    *texts("baseline", "owner", "version", "since", "until", "title", "scope", "place"),
    Index("baseline_baseline", "baseline"),
)
"""`scope` is a JSON list of text."""

requirement = Table(
    "requirement",
    METADATA,
    key(),
    document(),
    *texts("baseline", "version", "requirement", "phase", "title"),
    Column("must", Boolean, nullable=False),
    *texts("items", "accepts"),
    Column("level", SmallInteger, nullable=False),
    Column("days", Integer, nullable=False),
    Column("grace", Integer, nullable=False),
    *texts("source", "place"),
    Index("requirement_baseline", "baseline", "version"),
)
"""`phase` is the requirement's group. `items` is a JSON list of lists of `catalogue#item`: every
entry is needed, of an entry any one; `accepts` a JSON list of kinds."""

FACTS = (catalogue, catalogue_item, mapping, baseline, requirement)
