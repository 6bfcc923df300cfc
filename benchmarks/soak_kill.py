"""A load killed again and again at random moments, and a bill of a million components.

After every kill the node must be whole: rebuilding its facts from its documents changes nothing.
In the end it must be what a node is that was never killed.

    python benchmarks/soak_kill.py [kills] [components]
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from accord.flows.load import load, load_documents
from accord.flows.rebuild import rebuild
from accord.wiring import Node, Settings

TODAY = "2026-01-31T00:00:00.000000Z"


def advisory(number: int) -> bytes:
    events = [{"introduced": "0"}, {"fixed": f"{number % 9 + 1}.0.0"}]
    package = {"ecosystem": "npm", "name": f"p{number % 500}"}
    affected = [{"package": package, "ranges": [{"type": "SEMVER", "events": events}]}]
    whole = {"id": f"OSV-{number}", "modified": "2026-01-01T00:00:00Z", "affected": affected}
    return json.dumps(whole).encode()


def bill(number: int, count: int) -> bytes:
    held = [
        {"type": "library", "name": f"p{n}", "version": f"{n % 9}.{number}.{n}",
         "purl": f"pkg:npm/p{n}@{n % 9}.{number}.{n}"}
        for n in range(count)
    ]  # fmt: skip
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    return json.dumps({**head, "components": held}).encode()


def node_at(home: Path) -> Node:
    node = Node(Settings(home))
    node.create()
    return node


def killed(folder: Path, home: Path, after: float) -> bool:
    """One load that is killed; False where it was done before."""
    words = [sys.executable, "-m", "accord", "load", str(folder), "--home", str(home)]
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    done = running.poll() is not None
    if not done:
        os.kill(running.pid, signal.SIGKILL)
    running.wait()
    return not done


def soak_kills(count: int, folder: Path, place: Path) -> None:
    chosen = random.Random(time.time_ns())
    started = time.monotonic()
    expected = state_after(folder, place / "whole")
    most = time.monotonic() - started
    hits = 0
    for number in range(count):
        home = place / f"killed{number}"
        node_at(home).engine.dispose()
        hits += killed(folder, home, chosen.uniform(0.3, most))
        node = node_at(home)
        before = node.views.state_hash()
        kept = rebuild(node.intake)
        assert node.views.state_hash() == before, "the state was between documents"
        node.engine.dispose()
        assert state_after(folder, home) == expected, "not the same in the end"
        print(f"ended after {kept:,} documents: whole, and the same in the end", flush=True)
    print(f"{hits} of {count} loads were killed before they were done")


def state_after(folder: Path, home: Path) -> str:
    """What a load ends in."""
    node = node_at(home)
    load([folder], node.intake, TODAY)
    found = node.views.state_hash()
    node.engine.dispose()
    return found


def soak_size(count: int, home: Path) -> None:
    node = node_at(home)
    data = bill(0, count)
    started = time.monotonic()
    load_documents([("bill", data)], node.intake, TODAY)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"a bill of {count:,} components, {len(data) / 1e6:,.0f} MB: "
        f"{time.monotonic() - started:.0f} s, {peak:,.0f} MB of memory"
    )


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    components = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "given"
        folder.mkdir()
        for number in range(6000):
            (folder / f"{number:05}.json").write_bytes(advisory(number))
        for number in range(100):
            (folder / f"{number:05}x.json").write_bytes(bill(number, 300))
        soak_kills(kills, folder, Path(place))
        soak_size(components, Path(place) / "large")


if __name__ == "__main__":
    main()
