"""How well and how fast personal data is found: recall and precision for each kind, and seconds.

The labelled texts are planted by `tests/planted.py`; the times are of one core.

Run: python benchmarks/personal.py
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import personal_scores
import planted

from accord.exchange.personal import detector

COUNT = 20_000
MEGABYTE = 1_000_000
LIMIT = 30.0
"""Microseconds for a usual object."""
HOSTILE = {
    "digits": "1",
    "signs of mail": "@",
    "halves of addresses": "a@a.",
    "spaces": " ",
    "numbers of telephones": "tel +61 2 9374 4000 ",
    "digits that are near one": "tel 123 4567 ",
    "social security numbers": "ssn 123-45-6789 ",
    "hidden signs": "a[at]",
    "words alone": "aadhaar ",
}


def usual(number: int) -> bytes:
    """About 600 bytes, as an indicator has."""
    return json.dumps(
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--00000000-0000-4000-8000-{number:012}",
            "created": "2026-11-01T00:00:00.000Z",
            "modified": "2026-11-01T00:00:00.000Z",
            "name": f"Indicator {number}",
            "description": "Seen in the mail gateway of a grid operator. " * 5,
            "pattern": f"[domain-name:value = 'host{number}.example']",
            "pattern_type": "stix",
            "valid_from": "2026-11-01T00:00:00.000Z",
        }
    ).encode()


def main() -> None:
    print(personal_scores.table(personal_scores.measured(), planted.negatives()))
    print("\nwritten by others:")
    others = planted.others_left_alone()
    print(personal_scores.table(personal_scores.measured_by_others(), others))
    bodies = [usual(number) for number in range(COUNT)]
    start = time.process_time()
    for body in bodies:
        detector.find(body)
    each = (time.process_time() - start) / COUNT * 1e6
    print(f"\nusual object of {len(bodies[0])} bytes: {each:.1f} microseconds")
    for name, unit in HOSTILE.items():
        body = json.dumps({"description": unit * (MEGABYTE // len(unit))}).encode()
        start = time.process_time()
        found = detector.find(body)
        spent = time.process_time() - start
        print(f"1 MB of {name:26} {spent:6.2f} s, {len(found):5,} finds")
    if each > LIMIT:
        sys.exit(f"{each:.1f} microseconds for a usual object are more than {LIMIT:.0f}")


if __name__ == "__main__":
    main()
