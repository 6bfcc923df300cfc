"""Kept verdicts against those that would be found, for more stories than the tests have.

    python benchmarks/soak_verdicts.py [seeds] [first]

A story that fails is printed with its seed: `play(SEED)` of `tests/kept_stories.py` tells
it again.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from kept_stories import play

SEEDS, FIRST = 1_000, 10_000


def one(seed: int) -> tuple[int, str]:
    logging.disable(logging.CRITICAL)
    try:
        play(seed)
    except AssertionError as failed:
        return seed, str(failed)
    return seed, ""


def main(seeds: int, first: int) -> int:
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        found = pool.imap_unordered(one, range(first, first + seeds), 5)
        failures = [(seed, why) for seed, why in found if why]
    for seed, why in failures:
        print(f"seed {seed}: {why}")
    print(f"{seeds:,} stories, {len(failures):,} in which a kept verdict was wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    raise SystemExit(main(*(given + [SEEDS, FIRST][len(given) :])))
