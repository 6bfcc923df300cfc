"""The questions that secret numbers answer, what a partner gives to them, and what is opened.

Law (thresholds): nothing is opened of an item to which fewer than `partners` partners, or fewer
than `agencies` of their agencies together, contribute; that it is so is decided inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from accord.demand.private.bands import checked
from accord.demand.private.errors import DoesNotFit, Inconsistent

MOST_ITEMS = 20_000
MOST_QUANTITIES = 8
MOST_ASKS = 200
MOST_AGENCIES = 1_000
FEWEST, MOST = 3, 8
"""Partners in a question. Of two, each would learn the other's number from a sum."""


class Totals(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="totals"):
    """In which bands lie the sums of each quantity of each item?"""

    items: int
    """How many; everybody knows them, in one order."""
    quantities: tuple[tuple[int, ...], ...]
    """For each quantity the limits of its bands."""
    partners: int
    """So many partners at least contribute to an item that is opened."""
    agencies: int
    """So many agencies of all partners at least contribute to it."""

    def check(self, among: int) -> None:
        """Refuse what cannot be asked of so many partners.

        Raises:
            DoesNotFit: with the reason.
        """
        _check(among, self.partners, self.agencies)
        _between("items", self.items, 1, MOST_ITEMS)
        _between("quantities", len(self.quantities), 1, MOST_QUANTITIES)
        for found in self.quantities:
            checked(found)


class Ranking(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="ranking"):
    """In which order do the asks come that matter most to all together?"""

    asks: int
    """How many; everybody knows them, in one order, which decides between equals."""
    first: int
    """So many places are opened."""
    largest: int
    """No partner gives an ask a higher priority; what is above it counts as this."""
    partners: int
    agencies: int

    def check(self, among: int) -> None:
        """Refuse what cannot be asked of so many partners.

        Raises:
            DoesNotFit: with the reason.
        """
        _check(among, self.partners, self.agencies)
        _between("asks", self.asks, 2, MOST_ASKS)
        _between("places", self.first, 1, self.asks)
        checked((self.largest,))


Question = Totals | Ranking


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="given"):
    """What one partner gives to a question: its own numbers, which stay on its node."""

    numbers: tuple[tuple[int, ...], ...]
    """For each quantity (of a ranking: one, the priority) a number for each item."""
    agencies: tuple[int, ...]
    """For each item how many of the partner's agencies are behind its numbers."""


def limited(question: Question, given: Given) -> Given:
    """What goes into the computation: numbers no larger than what they are compared with.

    A partner's number above the last limit decides the band as the limit itself does, so that sums
    stay small; likewise for agencies.

    Raises:
        DoesNotFit: another number of items or quantities, a number below zero, or a number without
            an agency behind it.
    """
    count, tops = _shape(question)
    columns = (*given.numbers, given.agencies)
    if len(given.numbers) != len(tops) or any(len(column) != count for column in columns):
        raise DoesNotFit(f"the question is about {count:,} items and {len(tops)} numbers of each")
    if any(n < 0 for column in columns for n in column):
        raise DoesNotFit("numbers that are added up in secret are zero or more")
    for item, agencies in enumerate(given.agencies):
        if agencies == 0 and any(column[item] for column in given.numbers):
            raise DoesNotFit(f"item {item + 1} has numbers, and no agency that they come from")
    return Given(
        tuple(
            tuple(min(n, top) for n in column)
            for column, top in zip(given.numbers, tops, strict=True)
        ),
        tuple(min(n, question.agencies) for n in given.agencies),
    )


def told(question: Totals, opened: Sequence[Sequence[int]]) -> list[list[int] | None]:
    """The bands of each item by their numbers, or None for too few, from what was opened.

    For each quantity and item 0 was opened, or the number of the band and one.

    Raises:
        Inconsistent: that cannot have come out.
    """
    for column, found in zip(opened, question.quantities, strict=True):
        if len(column) != question.items or not all(0 <= n <= len(found) + 1 for n in column):
            raise Inconsistent(_ODD)
    rows = list(zip(*opened, strict=True))
    if any(0 < sum(n == 0 for n in row) < len(row) for row in rows):
        raise Inconsistent(_ODD)
    return [[n - 1 for n in row] if all(row) else None for row in rows]


def order(question: Ranking, opened: Sequence[int]) -> list[int]:
    """The first asks by their numbers, best first, from the place opened for each: 0 for none.

    Raises:
        Inconsistent: that cannot have come out.
    """
    places = {place: ask for ask, place in enumerate(opened) if place}
    if len(opened) != question.asks or len(places) != sum(place != 0 for place in opened):
        raise Inconsistent(_ODD)
    if sorted(places) != list(range(1, len(places) + 1)) or len(places) > question.first:
        raise Inconsistent(_ODD)
    return [places[place] for place in sorted(places)]


_ODD = (
    "what came out cannot be the answer: a partner's node computed something else. Nothing of it is"
    " kept; compare the versions of accord"
)


def _shape(question: Question) -> tuple[int, list[int]]:
    """How many items, and the largest number that matters, for each quantity."""
    if isinstance(question, Totals):
        return question.items, [found[-1] for found in question.quantities]
    return question.asks, [question.largest]


def _check(among: int, partners: int, agencies: int) -> None:
    _between("partners", among, FEWEST, MOST)
    _between("partners for a result", partners, 2, among)
    _between("agencies for a result", agencies, partners, MOST_AGENCIES)


def _between(what: str, number: int, lowest: int, highest: int) -> None:
    if not lowest <= number <= highest:
        raise DoesNotFit(f"{what}: {number:,} lies outside {lowest:,} to {highest:,}")
