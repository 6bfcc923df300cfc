"""How long it takes to choose asks of 5,000 suppliers, and to divide a saving by Shapley.

Run: python benchmarks/demand.py
SciPy, where it is installed, is given the same choice, and says how far its bound is from ours.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import TypeVar

from accord.demand.asks.choosing import Candidate, Chosen, choose
from accord.demand.price import Offer, Tier, pool

SUPPLIERS, REQUIREMENTS = 5_000, 60
CASES = {"a visit costs 3": (400.0, 3.0, False), "costs differ": (1_000.0, 2.5, True)}
"""Budget, what a visit costs, and whether asks cost more or less than one another."""
BOUND = 10.0
"""Seconds in which asks are to be chosen."""
PATIENCE = 60.0
"""Seconds that SciPy has."""
SEED = 20_261_124
PARTNERS = range(4, 13)

T = TypeVar("T")


def timed(run: Callable[[], T]) -> tuple[T, float, float]:
    """What comes out, seconds of processor time, and seconds."""
    start, began = time.process_time(), time.perf_counter()
    found = run()
    return found, time.process_time() - start, time.perf_counter() - began


def candidates(rng: random.Random, *, differ: bool) -> list[Candidate]:
    """An ask of each supplier for each requirement; few suppliers matter much, as in markets."""
    found = []
    for supplier in range(SUPPLIERS):
        size = rng.paretovariate(1.1)
        for requirement in range(REQUIREMENTS):
            worth = size * rng.random() * (1 + requirement % 7)
            cost = rng.uniform(0.5, 3.0) if differ else 1.0
            found.append(Candidate(str(supplier), str(requirement), worth, cost))
    return found


def by_scipy(asks: list[Candidate], budget: float, visit: float) -> tuple[float, float] | None:
    """What SciPy's best set is worth, and its bound; None: SciPy is not installed."""
    try:
        np, scipy, sparse = (
            importlib.import_module(name) for name in ("numpy", "scipy.optimize", "scipy.sparse")
        )
    except ImportError:
        return None
    count = len(asks)
    at = np.array([int(one.supplier) for one in asks])
    rows = np.concatenate([np.tile(np.arange(count), 2), np.full(count + SUPPLIERS, count)])
    columns = np.concatenate([np.arange(count), count + at, np.arange(count + SUPPLIERS)])
    costs = np.concatenate([[one.cost for one in asks], np.full(SUPPLIERS, visit)])
    values = np.concatenate([np.ones(count), -np.ones(count), costs])
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(count + 1, count + SUPPLIERS))
    upper = np.concatenate([np.zeros(count), [budget]])
    worth = np.concatenate([[one.worth for one in asks], np.zeros(SUPPLIERS)])
    found = scipy.milp(
        -worth, integrality=np.ones_like(worth), bounds=scipy.Bounds(0, 1),
        constraints=scipy.LinearConstraint(matrix, -np.inf, upper),
        options={"time_limit": PATIENCE},
    )  # fmt: skip
    best = 0.0 if found.x is None else float(worth @ np.round(found.x))
    limit = found.mip_dual_bound
    return best, float("inf") if limit is None else -float(limit)


def chosen(name: str, *, peer: bool) -> bool:
    """Choose, print, and tell whether it was in time and no worse than SciPy."""
    budget, visit, differ = CASES[name]
    asks = candidates(random.Random(SEED), differ=differ)
    found, used, wall = timed(lambda: choose(asks, budget, visit=visit))
    told(f"{name}: {len(asks):,} asks, {len(found.asks)} chosen", used, wall, gap(found))
    ok = wall < BOUND
    if peer:
        other, used, wall = timed(lambda: by_scipy(asks, budget, visit))
        if other is None:
            print("  SciPy is not installed: nothing to compare with")
            return ok
        worth, bound = other
        told("  scipy.optimize.milp", used, wall, f"worth {worth / found.worth:.6f} of ours")
        ok = ok and worth <= found.bound * (1 + 1e-6) and found.worth <= bound * (1 + 1e-6)
    return ok


def gap(found: Chosen) -> str:
    """How far from the best a set may be."""
    return f"gap {100 * found.gap:.6f} %"


def told(what: str, used: float, wall: float, more: str) -> None:
    """Print a line."""
    print(f"{what}: {used:.3f} s of processor time, {wall:.3f} s; {more}", flush=True)


def shared(rng: random.Random, partners: int) -> bool:
    """Divide a saving of so many partners, and tell whether the parts add up."""
    offers = []
    for _ in range(3):
        price, tiers = Fraction(rng.randrange(80_000, 100_000)), []
        for volume in (0, 5, 12, 30, 60):
            tiers.append(Tier(volume, price))
            price *= Fraction(rng.randrange(80, 98), 100)
        offers.append(Offer(tuple(tiers)))
    volumes = {f"p{number}": rng.randrange(1, 9) for number in range(partners)}

    def divided() -> tuple[Fraction, Fraction, bool]:
        found = pool(offers, volumes)
        parts = sum((one.share for one in found.parts), Fraction(0))
        return parts, found.savings[found.everyone], not found.blocking

    (parts, whole, core), used, wall = timed(divided)
    told(f"Shapley, {partners} partners", used, wall, "in the core" if core else "not in the core")
    return parts == whole


def main() -> int:
    """Run all of it; 1 where something was too slow or wrong."""
    peer = "--alone" not in sys.argv
    good = [chosen(name, peer=peer) for name in CASES]
    good += [shared(random.Random(SEED), partners) for partners in PARTNERS]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
