"""How soon a command answers: `accord --help`, and the ranked list of a full node.

Run: python benchmarks/start.py [HOME OF A NODE]
Without a node, or with ACCORD_BENCH_NODE unset, only the help is measured.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HELP_SECONDS = 0.3
RUNS = 10
ACCORD = str(Path(sys.executable).with_name("accord"))


def run(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=False, capture_output=True)
    return time.perf_counter() - start


def forget(path: Path) -> None:
    """Ask the system to drop the file from its cache, so that the next read comes from the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> None:
    bare = statistics.median(run(sys.executable, "-c", "pass") for _ in range(RUNS))
    print(f"{'limit: Python that does nothing':40} {bare:7.3f} s   median of {RUNS}")
    took = statistics.median(run(ACCORD, "--help") for _ in range(RUNS))
    verdict = "met" if took < HELP_SECONDS else "MISSED"
    print(f"{'accord --help':40} {took:7.3f} s   target < {HELP_SECONDS} s   {verdict}")
    home = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ACCORD_BENCH_NODE", "")
    if not home:
        return
    forget(Path(home) / "accord.sqlite")
    cold = run(ACCORD, "exposures", "--home", home)
    warm = statistics.median(run(ACCORD, "exposures", "--home", home) for _ in range(3))
    print(f"{'accord exposures, file not in memory':40} {cold:7.3f} s")
    print(f"{'accord exposures, file in memory':40} {warm:7.3f} s   median of 3")


if __name__ == "__main__":
    main()
