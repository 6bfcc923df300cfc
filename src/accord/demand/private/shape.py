"""The sizes of a computation. They follow from the question alone, never from anybody's items.

Source: bins, three places for each item and the largest load: Pinkas, Schneider, Zohner, "Scalable
private set intersection based on OT extension" (ACM TOPS, 2018).
"""

from __future__ import annotations

from math import comb

import msgspec

from accord.demand.private.errors import DoesNotFit

SIZES = (*(step * 10**power for power in range(2, 6) for step in (1, 2, 5)), 1_000_000)
"""The sizes to which sets are filled up: a partner shows only that it holds no more."""
FEWEST_PARTNERS, MOST_PARTNERS = 3, 8
FEWEST_HOLDERS = 2
COMPUTING = 3
"""The first so many partners compute; the others give their shares and wait."""
OVERFLOW = 40
"""A set has a bin with too many items with a chance of less than one in two to this power."""
_WORD = 64


class Shape(msgspec.Struct, frozen=True):
    """How many partners, how many items at most, and into how many bins they go."""

    partners: int
    """3 to 8, in the order of the question; the first three compute."""
    threshold: int
    """By how many partners an item must be held to come out."""
    size: int
    """The most items that a partner may hold."""
    third: int
    """Bins in each third; an item has one place in each third."""
    load: int
    """Entries to which every bin is filled up."""

    def __post_init__(self) -> None:
        """Refuse what cannot be computed."""
        if not FEWEST_PARTNERS <= self.partners <= MOST_PARTNERS:
            raise DoesNotFit(
                f"{self.partners} partners cannot compute together: it takes {FEWEST_PARTNERS} to"
                f" {MOST_PARTNERS}"
            )
        if not FEWEST_HOLDERS <= self.threshold <= self.partners:
            raise DoesNotFit(
                f"a threshold of {self.threshold} among {self.partners} partners shows too much or"
                f" nothing: choose {FEWEST_HOLDERS} to {self.partners}"
            )
        if not (1 <= self.size <= SIZES[-1] and 1 <= self.third <= SIZES[-1]):
            raise DoesNotFit(f"sets may have 1 to {SIZES[-1]:,} items")
        if not 1 <= self.load <= self.size:
            raise DoesNotFit("a bin has room for at least one item, and for no more than there are")

    @property
    def bins(self) -> int:
        """All bins."""
        return 3 * self.third

    @property
    def words(self) -> int:
        """Machine words that hold one bit of each bin; what is left over stays empty."""
        return -(-self.bins // _WORD)

    @property
    def leaders(self) -> range:
        """The partners that can be the first of enough holders."""
        return range(self.partners - self.threshold + 1)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Whose items are compared with whose: each leader with everyone else."""
        return [(i, j) for i in self.leaders for j in range(self.partners) if i != j]

    def follows(self, partner: int) -> bool:
        """Whether somebody else's items are compared with this partner's."""
        return any(j == partner for _, j in self.pairs)


def shape_of(partners: int, threshold: int, items: int) -> Shape:
    """The shape for sets of at most so many items, filled up to the next of `SIZES`.

    Raises:
        DoesNotFit: too many or too few partners or items, or a threshold that cannot be.
    """
    size = next((size for size in SIZES if size >= items), None)
    if size is None:
        raise DoesNotFit(f"{items:,} items are more than the {SIZES[-1]:,} that can be compared")
    third = _WORD * -(-13 * size // (10 * 3 * _WORD))
    return Shape(partners, threshold, size, third, largest_load(size, third))


def largest_load(size: int, third: int) -> int:
    """So many entries a bin needs that one of all bins overflows with a chance below 2^-40.

    Exact: the chance that some set of `load + 1` items falls into one bin is at most
    `bins * C(size, load + 1) / third ** (load + 1)`, in whole numbers, so that every node of a
    question finds the same.
    """
    for load in range(1, size):
        if (3 * third * comb(size, load + 1)) << OVERFLOW <= third ** (load + 1):
            return load
    return size
