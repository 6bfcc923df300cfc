"""A node killed with SIGKILL again and again while it syncs with a partner's running door.

In the end it must hold what nodes hold that were never killed: facts, entries, envelopes, and
acknowledgements that are never ahead of what is applied.

    python benchmarks/soak_kill_sync.py [kills] [objects]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from killed_sync import soak


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    objects = int(sys.argv[2]) if len(sys.argv) > 2 else 4_000
    seed = time.time_ns()
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        made = soak(Path(place), kills, objects, objects // 40 * 10, seed)
        made.close()
    for moment, count in made.moments.most_common():
        print(f"{count:4} kills while: {moment}")
    inside = made.moments["transaction"]
    print(f"{kills} kills, {inside} of them inside a transaction: the same in the end")


if __name__ == "__main__":
    main()
