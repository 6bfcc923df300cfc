"""The simulated partnership, for more seeds than the tests have.

    python benchmarks/soak_simulation.py [seeds] [first]

SEEDS in the environment says how many, too. A seed that fails is printed with its trace, and
replays by its number: `pytest tests/simulation --seed N`.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from simulation.runs import Failed, counted, play
from simulation.summary import told

FIRST = 10_000
"""The tests have those before."""


def one(seed: int) -> tuple[int, Counter[str], str]:
    logging.disable(logging.CRITICAL)
    try:
        return seed, counted(play(seed)), ""
    except Failed as failed:
        return seed, Counter(), str(failed)


def main(seeds: int, first: int) -> int:
    total: Counter[str] = Counter()
    failures, start = 0, time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for seed, counts, failed in pool.imap_unordered(one, range(first, first + seeds), 5):
            total.update(counts)
            if failed:
                failures += 1
                print(f"seed {seed} failed: {failed}")
    taken = time.perf_counter() - start
    print(f"{told(total)}\n{seeds / taken:.1f} seeds a second, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    words = [int(word) for word in sys.argv[1:]]
    count = words[0] if words else int(os.environ.get("SEEDS") or 2_000)
    sys.exit(main(count, words[1] if len(words) > 1 else FIRST))
