"""What one catalogue says of another's items, as mappings.

A publisher that lists another's items beside its own does not say how they relate. Such references
intersect: they support, and satisfy nothing.
"""

from __future__ import annotations

import re
from collections import Counter

from accord.assurance.catalogues import identifiers, names
from accord.assurance.catalogues.assembling import corrected, unlike
from accord.assurance.facts import Mapping
from accord.assurance.model import SEPARATOR
from accord.core.reading import Fact, NotEvaluated

INTERSECTS = "intersects"
_LIST = re.compile(r"[,;]")


class References:
    """The references of one document, in its order, and what could not be followed."""

    def __init__(self, publisher: str, catalogue: str) -> None:
        """`publisher` is the form of the document, as `data/catalogues.yaml` names it."""
        self._publisher = publisher
        self._catalogue = catalogue
        self._found: dict[tuple[str, str], Mapping] = {}
        self._unknown: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._notes: list[NotEvaluated] = []

    def add(self, item: str, framework: str, text: str, place: str) -> None:
        """One reference of an item, or several divided by commas."""
        target = names.referred(self._publisher, framework)
        for part in filter(None, map(str.strip, _LIST.split(text))):
            if target:
                self._map(item, target, part, place)
            else:
                self._unknown[framework] += 1
                self._first.setdefault(framework, place)

    def blank(self, item: str, place: str) -> None:
        """A reference that names nothing."""
        self._notes.append(NotEvaluated(place, "a reference that names nothing", item))

    def facts(self) -> list[Fact]:
        """The mappings."""
        return list(self._found.values())

    def notes(self) -> list[NotEvaluated]:
        """What was put right, and each framework that is not here, with how often it is named."""
        reason = "refers to a catalogue whose edition is not known"
        return self._notes + [
            NotEvaluated(self._first[name], reason, name, f"{count:,} references")
            for name, count in sorted(self._unknown.items())
        ]

    def _map(self, item: str, target: str, found: str, place: str) -> None:
        try:
            written = identifiers.normal(target, found)
        except identifiers.Unlike:
            self._notes.append(unlike(place, found, target))
            return
        if written != found:
            self._notes.append(corrected(place, found, target, written))
        source = f"{self._catalogue}{SEPARATOR}{item}"
        other = f"{target}{SEPARATOR}{written}"
        self._found.setdefault(
            (source, other),
            Mapping(
                crosswalk=self._catalogue,
                source=source,
                target=other,
                relationship=INTERSECTS,
                rationale="a reference of the publisher",
                place=place,
            ),
        )
