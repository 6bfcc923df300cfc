"""How fast releases are assessed: all of them from nothing, and after one new fact.

A node holds made-up releases, each with a bill of ten components, an attestation form that answers
sixty items, and the records that tie them; and
four baselines of sixty requirements. Beside it, in the same run: what reading the same claims from
the database costs without judging anything.

Run: python benchmarks/assess.py [RELEASES]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from accord.assurance.evidence import records
from accord.core.moment import Moment
from accord.flows.assessing.scores import score_new
from accord.flows.load import load_documents
from accord.wiring import Node, Settings

RELEASES, REQUIREMENTS, BASELINES = 10_000, 60, ("us", "au", "in", "jp")
AT = "2026-10-01T00:00:00.000000Z"
ITEMS = [f"bench@1#task-{number}" for number in range(REQUIREMENTS)]
TARGETS = {"all": 60.0, "one": 0.1}


def baseline(name: str) -> bytes:
    """Sixty requirements over the items of forms, each at its own level."""
    groups = ("prepare", "protect", "produce", "respond")
    return json.dumps(
        {
            "baseline": name,
            "owner": name,
            "version": "9999.1",
            "since": "2026-09-01",
            "title": f"{name}, for a benchmark",
            "requirements": [
                {
                    "id": f"r-{number}",
                    "group": groups[number % 4],
                    "title": f"requirement {number}",
                    "items": [item, [item, ITEMS[number - 1]]],
                    "level": "self-asserted" if number % 3 else "third party",
                    "days": 365,
                    "must": bool(number % 3),
                    "grace": 90,
                    "source": "made up",
                }
                for number, item in enumerate(ITEMS)
            ],
        }
    ).encode()


def bill(number: int) -> bytes:
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": AT,
                "component": {"type": "application", "name": name(number), "version": "1.0"},
            },
            "components": [
                {
                    "type": "library",
                    "name": f"part-{part}",
                    "version": f"{number % 50}.{part}",
                    "purl": f"pkg:pypi/part-{part}@{number % 50}.{part}",
                }
                for part in range(9)
            ]
            + [
                {
                    "type": "library",
                    "name": f"own-{number}",
                    "version": "1.0",
                    "purl": f"pkg:pypi/own-{number}@1.0",
                }
            ],
        }
    ).encode()


def form(number: int, *, less: int = 0) -> bytes:
    return json.dumps(
        {
            "evidence": "attestation form",
            "producer": f"Maker {number % 500}",
            "product": name(number),
            "releases": ["1.0"],
            "date": AT[:10],
            "items": [
                {"item": item, "answer": "yes", "why": f"done since {number}"}
                for item in ITEMS[: REQUIREMENTS - less]
            ],
        }
    ).encode()


def name(number: int) -> str:
    return f"Product {number:05}"


def tied(number: int, document: bytes, kind: str, at: str = AT) -> bytes:
    record = records.Evidence(
        accord="evidence",
        document=f"sha256:{sha256(document).hexdigest()}",
        product=name(number),
        release="1.0",
        kind=kind,
        issued=AT,
        person="benchmark",
        at=at,
    )
    return records.write(record)


def documents(count: int) -> Iterator[tuple[str, bytes]]:
    for number in range(count):
        for kind, made in (("bill", bill(number)), ("attestation form", form(number))):
            yield f"{kind} {number}", made
            yield f"record of {kind} {number}", tied(number, made, kind)


def advisory(package: str) -> bytes:
    """One that affects a version of one package."""
    return json.dumps(
        {
            "id": f"BENCH-{package}",
            "modified": "2026-10-02T00:00:00Z",
            "published": "2026-10-02T00:00:00Z",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": package},
                    "ranges": [
                        {"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "1.0.1"}]}
                    ],
                }
            ],
        }
    ).encode()


@contextmanager
def took(what: str, target: float = 0.0) -> Iterator[None]:
    wall, processor = time.perf_counter(), time.process_time()
    yield
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    verdict = f"  target {target:g} s: {'met' if wall < target else 'MISSED'}" if target else ""
    print(f"{what:58} {wall:8.3f} s  {processor:8.3f} s of processor{verdict}", flush=True)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        node = Node(Settings(Path(folder)))
        node.create()
        with took(f"load {count:,} releases with their evidence"):
            load_documents(
                [(f"baseline {one}", baseline(one)) for one in BASELINES], node.intake, AT
            )
            # The first word on where packages are from begins what is known of all of them.
            load_documents([("advisory", advisory("of-nobody"))], node.intake, AT)
            batch: list[tuple[str, bytes]] = []
            for one in documents(count):
                batch.append(one)
                if len(batch) == 4_000:
                    load_documents(batch, node.intake, AT)
                    batch = []
            load_documents(batch, node.intake, AT)
        with took("score their bills, once"):
            score_new(node.assessing.scores)
        with node.assessing.view() as view:
            moments = {one.key: Moment(AT) for one in view.releases()}
            with took("the limit: read their claims alone"):
                read = sum(len(some) for some in view.claims(moments).values())
        print(f"{read:,} claims")
        with took(f"assess {count:,} releases for {len(BASELINES)} buyers", TARGETS["all"]):
            first = node.reassess(every=True)
        kept = node.assessing.ledger.kept()
        verdicts = Counter(one.verdict for one in kept)
        print(f"{first.assessed:,} releases, {len(kept):,} verdicts: {dict(verdicts)}")
        other = form(7, less=1)
        new: dict[str, list[bytes]] = {
            "one new form": [other, tied(7, other, "attestation form")],
            "one new advisory about one release": [advisory("own-7")],
            "one new advisory about many": [advisory("part-0")],
        }
        for what, made in new.items():
            load_documents([(what, one) for one in made], node.intake, node.clock.now())
            with took(f"after {what}", 0.0 if "many" in what else TARGETS["one"]):
                change = node.reassess()
            print(f"{change.assessed:,} releases looked at, {len(change.events):,} changed")
        with took("after nothing new"):
            node.reassess()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RELEASES)
