"""How fast a bill is scored by every profile, and in how much memory.

Run: python benchmarks/profiles.py [MEGABYTES]
"""

from __future__ import annotations

import resource
import sys
import time

import msgspec

from accord.flows.score import score_bill, shipped

ROUNDS = 5


def bill(components: int) -> bytes:
    """A bill in CycloneDX JSON, as scanners write it."""
    parts = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/part-{n}@1.{n}",
            "name": f"part-{n}",
            "version": f"1.{n}",
            "purl": f"pkg:pypi/part-{n}@1.{n}",
            "supplier": {"name": "Example"},
            "description": "What it does, in a sentence of the usual length for such a thing.",
            "licenses": [{"license": {"id": "MIT"}}],
            "hashes": [{"alg": "SHA-256", "content": f"{n:064x}"}],
            "externalReferences": [{"type": "vcs", "url": f"https://example.org/part-{n}"}],
            "properties": [{"name": "scanner:path", "value": f"/lib/part-{n}"}],
        }
        for n in range(components)
    ]
    graph = [{"ref": part["bom-ref"], "dependsOn": []} for part in parts]
    made = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}
    return msgspec.json.encode({**made, "components": parts, "dependencies": graph})


def main() -> None:
    shipped()
    small = bill(500)
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        score_bill(small)
        spent.append(time.process_time() - started)
    profiles = len(shipped())
    print(f"500 components by {profiles} profiles: {min(spent) * 1000:.1f} ms of processor time")
    if len(sys.argv) > 1:
        large = bill(int(sys.argv[1]) * 1_000_000 * 500 // len(small))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        started = time.process_time()
        scored = score_bill(large)
        seconds = time.process_time() - started
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{len(large) / 1e6:.0f} MB, {scored.scores[0].components:,} components: "
            f"{seconds:.1f} s,"
            f" {most:,.0f} MiB at most ({before:,.0f} MiB while the bill was made)"
        )


if __name__ == "__main__":
    main()
