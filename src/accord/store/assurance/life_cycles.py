"""Whose support has ended, by the life cycles that are loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from accord.assurance.assessing.findings import Ended
from accord.store.view import SqlView, texts_of

_DISTRIBUTED = ("pkg:deb/", "pkg:rpm/", "pkg:apk/", "pkg:alpm/")
"""Whoever distributes these supports them, for longer than who wrote them."""
_REBUILT = re.compile(r"[.-]redhat-[0-9]+\Z")
"""Ends the version of a Java library that Red Hat built anew, and supports as its own."""
_CYCLES = 'SELECT document_id, product, cycle, "end", ended, packages FROM life_cycle'
_VERSIONS = """
SELECT DISTINCT c.document_id, p.name AS package, v.text, c.name FROM component c
JOIN identity i ON i.component_id = c.id AND i.how = 2
JOIN version v ON v.id = i.version_id JOIN package p ON p.id = v.package_id
WHERE c.document_id IN ({})
"""


class Cycle(msgspec.Struct, frozen=True):
    """A span of versions that is supported together."""

    cycle: str
    end: str
    """YYYY-MM-DD, or empty."""
    ended: bool
    document: int

    def over(self, day: str) -> bool:
        """Whether its support has ended by a day."""
        return self.ended or bool(self.end and self.end <= day)


class LifeCycles:
    """Every life cycle that counts."""

    def __init__(self, view: SqlView) -> None:
        self._view = view
        self._packages: dict[str, list[Cycle]] = {}
        self._products: dict[str, list[Cycle]] = {}
        for row in view.ours(_CYCLES):
            cycle = Cycle(row.cycle, row.end, bool(row.ended), row.document_id)
            self._products.setdefault(row.product, []).append(cycle)
            for package in texts_of(row.packages):
                if not package.startswith(_DISTRIBUTED):
                    self._packages.setdefault(package, []).append(cycle)

    def goes_on(self, product: str, release: str, day: str) -> bool:
        """Whether a product's own life cycle is known and not over by a day."""
        cycles = self._products.get(product.casefold().replace(" ", "-"), ())
        found = cycle_of(cycles, release)
        return found is not None and not found.over(day)

    def ended(self, days: Mapping[int, str]) -> dict[int, list[Ended]]:
        """Components, and distributions below them, whose support has ended; by bill.

        `days` are the bills, each with the day by which it has.
        """
        if not self._products:
            return {}
        bills = sorted(days)
        over = [
            (bill, name, cycle)
            for bill, name, cycle in (*self._components(bills), *self._systems(bills))
            if cycle is not None and cycle.over(days[bill])
        ]
        rows = self._view.among(
            "SELECT id, digest FROM document WHERE id IN ({})",
            sorted({cycle.document for _, _, cycle in over}),
        )
        digests = {row.id: row.digest for row in rows}
        found: dict[int, list[Ended]] = {}
        for bill, name, cycle in over:
            found.setdefault(bill, []).append(Ended(name, cycle.end, digests[cycle.document]))
        return found

    def _components(self, bills: Sequence[int]) -> Iterator[tuple[int, str, Cycle | None]]:
        for row in self._view.among(_VERSIONS, bills):
            if row.package.startswith("pkg:maven/") and _REBUILT.search(row.text):
                continue
            cycle = cycle_of(self._packages.get(row.package, ()), row.text)
            yield row.document_id, f"{row.name} {row.text}", cycle

    def _systems(self, bills: Sequence[int]) -> Iterator[tuple[int, str, Cycle | None]]:
        query = "SELECT document_id, operating_system FROM bill WHERE document_id IN ({})"
        for row in self._view.among(query, bills):
            name, _, version = row.operating_system.rpartition("-")
            cycle = cycle_of(self._products.get(name, ()), version)
            yield row.document_id, f"{name} {version}", cycle


def cycle_of(cycles: Iterable[Cycle], version: str) -> Cycle | None:
    """The cycle that a version belongs to: the longest whose parts it begins with."""
    text = version.removeprefix("v")
    fitting = [
        one
        for one in cycles
        if text == one.cycle or text.startswith((f"{one.cycle}.", f"{one.cycle}-"))
    ]
    return max(fitting, key=lambda one: len(one.cycle), default=None)
