"""How long the yearly report takes: 5,000 contracts, 20,000 deployments, 600 bills.

Run: python benchmarks/demand_report.py
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from accord.flows.demand.report import report
from accord.flows.load import load_documents
from accord.wiring import Node, Settings

CONTRACTS, DEPLOYMENTS, BILLS, COMPONENTS, PACKAGES = 5_000, 20_000, 600, 60, 3_000
SUPPLIERS, FUNCTIONS, AGENCIES, OPERATORS = 1_000, 120, 80, 2_000
BOUND = 5.0
"""Seconds of processor time that it may take."""
SEED = 20_261_123


def contracts(rng: random.Random) -> bytes:
    """Contracts, each with a supplier, a product and a critical function."""
    head = "contract,supplier,product,release,agency,function,spend,currency,starts,ends,notice"
    lines = ["#contracts: all", "#date: 2026-10-31", head]
    for number in range(CONTRACTS):
        product = rng.randrange(BILLS * 2)
        lines.append(
            f"C-{number},Supplier {product % SUPPLIERS} Ltd,Product {product},1,"
            f"Agency {rng.randrange(AGENCIES)},function {rng.randrange(FUNCTIONS)},"
            f"{rng.randrange(1_000, 9_000_000)},USD,2024-01-01,"
            f"{rng.randrange(2027, 2030)}-{rng.randrange(1, 13):02}-01,2026-12-31"
        )
    return "\n".join(lines).encode()


def estate(rng: random.Random) -> bytes:
    """What operators run."""
    lines = ["#estate: all", "#date: 2026-10-31", "operator,product,release,supplier"]
    for _ in range(DEPLOYMENTS):
        product, operator = rng.randrange(BILLS * 2), rng.randrange(OPERATORS)
        lines.append(f"Operator {operator},Product {product},1,Supplier {product % SUPPLIERS}")
    return "\n".join(lines).encode()


def bill(rng: random.Random, product: int) -> bytes:
    """A bill of one product."""
    some = sorted(rng.sample(range(PACKAGES), COMPONENTS))
    return json.dumps(
        {
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"component": {"type": "application", "bom-ref": "root",
                                       "name": f"Product {product}", "version": "1"}},
            "components": [
                {"type": "library", "name": f"p{one}", "version": "1",
                 "purl": f"pkg:npm/p{one}@1.{one % 7}.0"}
                for one in some
            ],
        }
    ).encode()  # fmt: skip


def main() -> int:
    """Fill a node, time the report, and compare with the bound."""
    rng = random.Random(SEED)
    documents = [("contracts.csv", contracts(rng)), ("estate.csv", estate(rng))]
    documents += [(f"{number}.cdx.json", bill(rng, number)) for number in range(BILLS)]
    with tempfile.TemporaryDirectory() as folder:
        node = Node(Settings(Path(folder)))
        node.create()
        load_documents(documents, node.intake, "2026-10-31T00:00:00.000000Z")
        exposures = node.exposures.all("")
        start, began = time.process_time(), time.perf_counter()
        found = report(node, exposures, currency="USD")
        used, wall = time.process_time() - start, time.perf_counter() - began
        node.engine.dispose()
    print(
        f"{found.contracts:,} contracts, {found.deployments:,} deployments,"
        f" {len(found.suppliers):,} suppliers, {len(found.components):,} components:"
        f" {used:.2f} s of processor time, {wall:.2f} s"
    )
    return 0 if used < BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
