"""The ranked list as a page shows it: filtered, counted by what each further filter would leave.

Law (counts): choosing a value leaves exactly the number of rows that stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from threading import Lock

import msgspec

from accord.core.errors import Invalid
from accord.flows.exposures import Exposures, Filters
from accord.flows.ports import Views
from accord.supply.matching import ssvc
from accord.supply.matching.exposures import OPEN, STATUSES, Exposure

FACETS = ("decision", "known_exploited", "status", "operator", "sector", "country", "supplier")
"""Filters that are offered with counts, in this order."""
YES_NO = ("yes", "no")
_ORDERED = {"decision": ssvc.DECISIONS, "status": STATUSES, "known_exploited": YES_NO}
_LOOKS_AT = {
    "advisory": ("advisory", "aliases", "advisories"),
    "component": ("component", "purl"),
}
"""What a filter looks at, where that is more than the member of its own name."""
_IN_PART = frozenset({"operator", "supplier", "product"})


class Choice(Filters, frozen=True):
    """What to keep of the list; empty keeps all, except that without a status only what is open
    is listed.
    """

    known_exploited: str = ""
    """`yes` or `no`."""

    def check(self) -> Choice:
        """The choice itself.

        Raises:
            Invalid: a value that does not exist.
        """
        super().check()
        if self.known_exploited not in ("", *YES_NO):
            raise Invalid(f"{self.known_exploited!r} is not known_exploited: use one of yes, no")
        return self

    def keep(self, exposure: Exposure) -> bool:
        """Whether an exposure passes every filter."""
        known = YES_NO[not exposure.known_exploited]
        return self.known_exploited in ("", known) and super().keep(exposure)


class Value(msgspec.Struct, frozen=True):
    """One value of a filter."""

    value: str
    """As the filter takes it."""
    count: int
    """Rows that choosing it would leave."""
    chosen: bool
    """Whether it is chosen already."""


class Facet(msgspec.Struct, frozen=True):
    """One filter, with its values."""

    name: str
    """Name of the filter."""
    chosen: str
    """The value chosen; empty: none."""
    any: int
    """Rows without this filter."""
    values: tuple[Value, ...]
    """Values that leave rows, and the one chosen."""
    more: int = 0
    """Further values, not listed."""


class Listing(msgspec.Struct, frozen=True):
    """The list after a choice."""

    rows: Sequence[Exposure]
    """What is listed, in the order in which to act."""
    candidates: Sequence[Exposure]
    """Candidates that pass the other filters; empty where a status is chosen."""
    closed: int
    """Rows that pass the other filters and are closed; 0 where a status is chosen."""
    facets: tuple[Facet, ...]


def choose(exposures: Sequence[Exposure], choice: Choice, most: int = 100) -> Listing:
    """The list after a choice; each facet names at most `most` values.

    Raises:
        Invalid: a filter names a value that does not exist.
    """
    choice.check()
    tests = dict(_tests(choice))
    passing, missing_one = _sift(exposures, tests)
    statusless = passing + missing_one.get("status", [])
    candidates = () if choice.status else [e for e in statusless if e.status == "candidate"]
    closed = 0 if choice.status else len(statusless) - len(passing) - len(candidates)
    facets = []
    for name in FACETS:
        beside = [*passing, *missing_one.get(name, ())] if name in tests else passing
        facets.append(_facet(name, getattr(choice, name), beside, most))
    return Listing(passing, candidates, closed, tuple(facets))


def _tests(choice: Choice) -> Iterator[tuple[str, Callable[[Exposure], bool]]]:
    """One test for each filter in force."""
    if not choice.status:
        yield "status", lambda e: e.status in OPEN
    for name in Choice.__struct_fields__:
        if value := getattr(choice, name):
            looks_at = attrgetter(*_LOOKS_AT.get(name, (name,)))
            yield name, _remembering(Choice(**{name: value}).keep, looks_at)


def _remembering(
    test: Callable[[Exposure], bool], looks_at: Callable[[Exposure], object]
) -> Callable[[Exposure], bool]:
    """The same test, asked once for each value that it looks at: values repeat over many rows."""
    known: dict[object, bool] = {}

    def remembered(exposure: Exposure) -> bool:
        seen = looks_at(exposure)
        answer = known.get(seen)
        if answer is None:
            answer = known[seen] = test(exposure)
        return answer

    return remembered


def _sift(
    exposures: Sequence[Exposure], tests: dict[str, Callable[[Exposure], bool]]
) -> tuple[list[Exposure], dict[str, list[Exposure]]]:
    """What passes every test, and what fails exactly one, by the name of that test.

    The lists keep the order of the whole.
    """
    passing: list[Exposure] = []
    missing: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        failed = ""
        for name, test in tests.items():
            if not test(exposure):
                if failed:
                    break
                failed = name
        else:
            (missing.setdefault(failed, []) if failed else passing).append(exposure)
    return passing, missing


def _facet(name: str, chosen: str, rows: Iterable[Exposure], most: int) -> Facet:
    found = Counter(map(attrgetter(name), rows))
    if name == "known_exploited":
        counts = Counter({("yes" if value else "no"): n for value, n in found.items()})
    else:
        counts = Counter({str(value): n for value, n in found.items() if value})
    total = _any(name, found)
    names = _sorted(name, counts)
    shown = names[:most]
    if chosen and chosen not in shown:
        shown = [chosen, *shown]
    values = tuple(
        Value(value, _leaves(name, value, counts), value == chosen)
        for value in shown
    )  # fmt: skip
    return Facet(name, chosen, total, values, len(names) - len(names[:most]))


def _any(name: str, found: Counter[object]) -> int:
    """Without a status only what is open is listed."""
    if name == "status":
        return sum(count for value, count in found.items() if value in OPEN)
    return found.total()


def _sorted(name: str, counts: Counter[str]) -> list[str]:
    if name in _ORDERED:
        return [value for value in _ORDERED[name] if value in counts]
    return sorted(counts, key=lambda value: (-counts[value], value))


def _leaves(name: str, value: str, counts: Counter[str]) -> int:
    """Operators and suppliers are found by a part of their name, other words in full."""
    wanted = value.casefold()
    if name in _IN_PART:
        return sum(count for other, count in counts.items() if wanted in other.casefold())
    return sum(count for other, count in counts.items() if wanted == other.casefold())


class Remembered(Exposures):
    """The list for many readers at once: made once a moment, and a few earlier days kept."""

    def __init__(self, views: Views, days: int = 4) -> None:
        super().__init__(views)
        self._lock = Lock()
        self._days = days
        self._earlier: dict[tuple[int, str], list[Exposure]] = {}

    def all(self, as_of: str = "") -> list[Exposure]:
        """Every exposure, in the order in which to act."""
        with self._lock:
            if not as_of:
                return super().all()
            place = (self._views.generation(), as_of)
            if place not in self._earlier:
                self._earlier[place] = super().all(as_of)
            while len(self._earlier) > self._days:
                del self._earlier[next(iter(self._earlier))]
            return self._earlier[place]
