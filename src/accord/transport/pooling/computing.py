"""The questions as circuits on secret integers.

Sums cost nothing; every comparison and every product costs messages. Each step is done for many
items at once.
"""

from __future__ import annotations

import secrets
from itertools import combinations

import numpy as np
from mpyc.sectypes import SecureArray

from accord.demand.private.questions import Given, Question, Ranking, Totals
from accord.transport.pooling.engine import Engine

_STEP = 4_096
"""Items in one step, so that memory and messages stay bounded."""
Masked = list[tuple[int, int]]
"""Numbers with everybody's masks, each beside this partner's own mask."""


async def sealed(engine: Engine, question: Question, given: Given) -> Masked:
    """What comes out of a question, each number masked by everybody; `given` is limited already.

    For totals a row for each quantity: for each item 0, or its band and one. For a ranking one row:
    for each ask 0, or its place. One row after the other.
    """
    if isinstance(question, Totals):
        rows = await _Totals(engine, question).sealed(given)
    else:
        rows = await _Ranking(engine, question).sealed(given)
    return [number for row in rows for number in row]


def bits(question: Question, among: int) -> int:
    """Bits of the secret integers of a question among so many partners."""
    if isinstance(question, Totals):
        tops = [found[-1] for found in question.quantities]
        return _bits(among * max(*tops, question.agencies) + 1)
    return _bits(max(_most_counted(question, among), among * question.agencies))


class _Circuit:
    def __init__(self, engine: Engine, partners: int, agencies: int) -> None:
        self.mpc = engine.runtime
        self.integers = engine.integers
        self._partners = partners
        self._agencies = agencies

    def array(self, numbers: object) -> SecureArray:
        return self.integers.array(np.array(numbers, dtype=object))

    async def sums(self, numbers: list[tuple[int, ...]]) -> list[SecureArray]:
        """The sums over all partners of each of some rows."""
        shared = sum(self.mpc.input(self.array(numbers)))
        return [shared[i] for i in range(len(numbers))]

    def reaches(self, a: SecureArray, b: object, largest: int) -> SecureArray:
        """1 where a >= b, else 0; both lie between 0 and `largest`."""
        return 1 - self.mpc.np_sgn(a - b, l=_bits(largest), LT=True)

    def enough(self, holders: SecureArray, agencies: SecureArray) -> SecureArray:
        """1 where enough partners and agencies contribute, else 0."""
        among = len(self.mpc.parties)
        return self.reaches(holders, self._partners, among) * self.reaches(
            agencies, self._agencies, among * self._agencies
        )

    async def mask(self, *rows: SecureArray) -> list[Masked]:
        """Open each number with a random one of each partner added."""
        prime, own, opening = self.integers.field.modulus, [], []
        for row in rows:
            masks = [secrets.randbelow(prime) for _ in range(len(row))]
            added = self.integers.field.array(np.array(masks, dtype=object))
            every = self.mpc.input(self.integers.array(added))
            opening.append(self.mpc.output(row + sum(every)))
            own.append(masks)
        return [
            [(int(number) % prime, mask) for number, mask in zip(await row, masks, strict=True)]
            for row, masks in zip(opening, own, strict=True)
        ]


class _Totals(_Circuit):
    def __init__(self, engine: Engine, question: Totals) -> None:
        self._question = question
        super().__init__(engine, question.partners, question.agencies)

    async def sealed(self, given: Given) -> list[Masked]:
        result: list[Masked] = [[] for _ in self._question.quantities]
        for start in range(0, self._question.items, _STEP):
            here = slice(start, start + _STEP)
            part = Given(tuple(column[here] for column in given.numbers), given.agencies[here])
            for row, more in zip(result, await self._step(part), strict=True):
                row.extend(more)
        return result

    async def _step(self, given: Given) -> list[Masked]:
        holders = tuple(int(n > 0) for n in given.agencies)
        *totals, partners, agencies = await self.sums([*given.numbers, holders, given.agencies])
        enough = self.enough(partners, agencies)
        found = [
            self._band(total, limits)
            for total, limits in zip(totals, self._question.quantities, strict=True)
        ]
        return await self.mask(*(enough * (1 + band) for band in found))

    def _band(self, totals: SecureArray, limits: tuple[int, ...]) -> SecureArray:
        """How many limits each total reaches, by halving: which limit comes next stays secret."""
        depth = len(limits).bit_length()
        most = len(self.mpc.parties) * limits[-1]
        padded = [*limits, *[most + 1] * (2**depth - 1 - len(limits))]
        paths: list[SecureArray] = []
        band: SecureArray = 0
        for level in range(depth):
            half = 2 ** (depth - 1 - level)
            next_limits = padded[half - 1 :: 2 * half]
            if paths:
                limit = sum(path * n for path, n in zip(paths, next_limits, strict=True))
            else:
                limit = next_limits[0]
            bit = self.reaches(totals, limit, most + 1)
            band = band + bit * half
            if half > 1:
                paths = _split(paths, bit)
        return band


def _split(paths: list[SecureArray], bit: SecureArray) -> list[SecureArray]:
    """Each way goes on to the left where the bit is 0, and to the right where it is 1."""
    if not paths:
        return [1 - bit, bit]
    right = [path * bit for path in paths]
    return [way for path, on in zip(paths, right, strict=True) for way in (path - on, on)]


class _Ranking(_Circuit):
    def __init__(self, engine: Engine, question: Ranking) -> None:
        self._question = question
        self._most = _most_counted(question, len(engine.runtime.parties))
        super().__init__(engine, question.partners, question.agencies)

    async def sealed(self, given: Given) -> list[Masked]:
        """Each ask's place is how many others come before it; places past the first stay hidden.

        An ask with too few behind it counts less than any other.
        """
        count = self._question.asks
        holders = tuple(int(n > 0) for n in given.agencies)
        priority, partners, agencies = await self.sums([*given.numbers, holders, given.agencies])
        enough = self.enough(partners, agencies)
        counted = enough * (priority + 1) * count + np.arange(count - 1, -1, -1).astype(object)
        before = await self._before(counted)
        first = 1 - self.reaches(before, self._question.first, count)
        return await self.mask(enough * (first * (before + 1)))

    async def _before(self, counted: SecureArray) -> SecureArray:
        """How many others each of these different numbers is below."""
        count = self._question.asks
        field, before = self.integers.field, np.zeros(count, dtype=object)
        pairs = np.array(list(combinations(range(count), 2)))
        for start in range(0, len(pairs), _STEP):
            one, other = pairs[start : start + _STEP].T
            below = self.mpc.np_sgn(counted[one] - counted[other], l=_bits(self._most), LT=True)
            shares = (await self.mpc.gather(below)).value
            np.add.at(before, one, shares)
            np.add.at(before, other, 1 - shares)
        return self.integers.array(field.array(before))


def _most_counted(question: Ranking, among: int) -> int:
    """What is above every number by which asks are put in order."""
    return (among * question.largest + 2) * question.asks


def _bits(largest: int) -> int:
    """Bits, with the sign, of differences of numbers from 0 to `largest`."""
    return largest.bit_length() + 1
