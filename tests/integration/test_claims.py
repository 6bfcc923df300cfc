"""Who runs what: estates, and bills claimed as they are loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nodes
import pytest
from nodes import Document

from accord.core.digests import digest
from accord.wiring import Node, Settings

ADVISORY: Document = ("osv", nodes.osv("OSV-1"))


def loaded(tmp_path: Path, *documents: Document) -> list[dict[str, Any]]:
    node = nodes.new_node(tmp_path)
    nodes.give(node, [ADVISORY, *documents])
    return nodes.listed(node)


def test_an_unclaimed_bill_is_matched_with_nobody_as_operator(tmp_path: Path) -> None:
    (row,) = loaded(tmp_path, ("bill", nodes.bill("Pump", "1")))
    assert (row["operator"], row["product"], row["release"]) == ("", "Pump", "1")


ESTATE_YAML = b"""\
estate: ours
date: 2026-01-01
operators:
  - operator: Grid
    country: in
    sector: energy
    sites:
      - site: North
        products:
          - product: Pump
            release: "1"
            bill: bills/pump.json
            exposure: open
            mission: very high
"""
ESTATE_CSV = b"""\
#estate: ours
#date: 2026-01-01
Operator;Country;Sector;Site;Product;Version;SBOM;System exposure;Mission impact
Grid;in;energy;North;Pump;1;bills/pump.json;open;very high
"""


@pytest.mark.parametrize("estate", [ESTATE_YAML, ESTATE_CSV], ids=["YAML", "CSV"])
@pytest.mark.parametrize(
    "source", ["bills/pump.json", "here/bills/pump.json", "all.zip!/x/bills/pump.json"]
)
def test_an_estate_names_a_bill_by_its_file(estate: bytes, source: str, tmp_path: Path) -> None:
    (row,) = loaded(tmp_path, (source, nodes.bill("Pump", "1")), ("estate", estate))
    assert [row[n] for n in ("operator", "country", "sector", "site")] == [
        "Grid", "IN", "energy", "North",
    ]  # fmt: skip
    assert not any(text.startswith(("system", "mission")) for text in row["assumed"])


@pytest.mark.parametrize("by", ["serial", "digest"])
def test_an_estate_names_a_bill_by_serial_or_digest(by: str, tmp_path: Path) -> None:
    bill = nodes.bill("Pump", "1")
    name = nodes.serial_of("Pump", "1") if by == "serial" else f"sha256:{digest(bill)}"
    (row,) = loaded(tmp_path, ("x", bill), ("e", nodes.estate(("Grid", "Pump", "1", name))))
    assert row["operator"] == "Grid"


def test_a_bill_that_is_not_here_is_reported(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("e", nodes.estate(("Grid", "Pump", "1", "pump.json")))])
    assert nodes.reasons(node) == [("bill not loaded", "Grid: Pump 1")]
    nodes.give(node, [("pump.json", nodes.bill())])
    assert nodes.reasons(node) == []


def test_two_operators_of_one_bill_have_an_exposure_each(tmp_path: Path) -> None:
    serial = nodes.serial_of("Pump", "1")
    table = nodes.estate(("Grid", "Pump", "1", serial), ("Water", "Pump", "1", serial))
    rows = loaded(tmp_path, ("b", nodes.bill()), ("e", table))
    assert sorted(row["operator"] for row in rows) == ["Grid", "Water"]
    assert len({row["id"] for row in rows}) == 2


def written(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def claimed(tmp_path: Path, bill: bytes, *words: str) -> Any:
    path = written(tmp_path, f"{digest(bill)[:8]}.json", bill)
    return nodes.run("load", path, *words, "--json", home=tmp_path / "node")


def rows_of(tmp_path: Path) -> list[dict[str, Any]]:
    node = Node(Settings(tmp_path / "node"))
    rows = nodes.listed(node)
    node.engine.dispose()
    return rows


def test_a_newer_bill_claimed_for_the_same_product_replaces_the_older(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path / "node")
    nodes.give(node, [ADVISORY])
    node.engine.dispose()
    old = nodes.bill("Pump", "1", serial=nodes.serial_of("a", "b"))
    new = nodes.bill("Pump", "1", ["pkg:npm/left-pad@1.9.0"], created="2026-01-02T00:00:00Z")
    who = ("--operator", "Grid", "--product", "Pumps of the North", "--release", "7")
    for bill in (new, old):
        assert claimed(tmp_path, bill, *who).returncode == 0
    (row,) = rows_of(tmp_path)
    assert [row[n] for n in ("operator", "product", "release", "version")] == [
        "Grid", "Pumps of the North", "7", "1.9.0",
    ]  # fmt: skip


def test_a_claim_takes_product_and_release_of_the_bill_where_none_are_given(
    tmp_path: Path,
) -> None:
    node = nodes.new_node(tmp_path / "node")
    nodes.give(node, [ADVISORY])
    node.engine.dispose()
    done = claimed(tmp_path, nodes.bill("Pump", "1"), "--operator", "Grid")
    counts = json.loads(done.stdout)["counts"]
    assert (counts["CycloneDX bill"]["new"], counts["claim"]["new"]) == (1, 1)
    again = claimed(tmp_path, nodes.bill("Pump", "1"), "--operator", "Grid")
    counts = json.loads(again.stdout)["counts"]
    assert (counts["CycloneDX bill"]["same"], counts["claim"]["same"]) == (1, 1)
    (row,) = rows_of(tmp_path)
    assert (row["operator"], row["product"], row["release"]) == ("Grid", "Pump", "1")


def test_a_claim_of_what_is_no_bill_is_wrong_usage_and_the_load_still_counts(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, "osv.json", ADVISORY[1])
    done = nodes.run("load", path, "--operator", "Grid", "--json", home=tmp_path / "node")
    assert done.returncode == 2
    assert json.loads(done.stdout)["total"]["new"] == 1
    assert "--operator" in done.stderr
    done = nodes.run("load", path, "--product", "P", home=tmp_path / "node")
    assert done.returncode == 2


def test_claims_that_are_loaded_and_made_are_counted_together(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    bill = nodes.bill("Pump", "1")
    written(folder, "bill.json", bill)
    written(folder, "claim.json", nodes.claim_of(digest(bill), "Water", "Pump"))
    done = nodes.run("load", folder, "--operator", "Grid", "--json", home=tmp_path / "node")
    assert json.loads(done.stdout)["counts"]["claim"]["read"] == 2
