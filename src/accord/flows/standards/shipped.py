"""Standards that every node has: small catalogues, baselines and crosswalks inside the package."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from accord.assurance.baselines import reader as baselines
from accord.assurance.catalogues import own
from accord.assurance.crosswalks import oscal as crosswalks
from accord.assurance.facts import Baseline, Catalogue, CatalogueItem, Mapping, Requirement
from accord.core.reading import Fact, Reading
from accord.flows.standards.port import Standing

_READERS = {
    "catalogues": own.read, "baselines": baselines.read, "crosswalks": crosswalks.read,
}  # fmt: skip


def documents() -> Iterator[tuple[str, bytes, Reading]]:
    """Each shipped document: its path, its bytes, and what it says."""
    data = files("accord.assurance") / "data"
    for folder, read in _READERS.items():
        for entry in sorted((data / folder).iterdir(), key=lambda one: one.name):
            written = entry.read_bytes()
            yield f"{folder}/{entry.name}", written, read(written)


@cache
def shipped() -> Standing:
    """Everything that is shipped, as facts."""
    facts: list[Fact] = [fact for _, _, reading in documents() for fact in reading.facts]
    return Standing(
        catalogues=tuple(fact for fact in facts if isinstance(fact, Catalogue)),
        items=tuple(fact for fact in facts if isinstance(fact, CatalogueItem)),
        mappings=tuple(fact for fact in facts if isinstance(fact, Mapping)),
        baselines=tuple(fact for fact in facts if isinstance(fact, Baseline)),
        requirements=tuple(fact for fact in facts if isinstance(fact, Requirement)),
    )
