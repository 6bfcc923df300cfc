"""What was known on a day is what was printed on that day, whenever history is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import nodes
import pytest
from typer.testing import CliRunner

from accord.cli.app import app
from accord.core.digests import digest
from accord.flows.rebuild import rebuild

HISTORY = (
    ("2026-03-01", nodes.bill("Pump", "1")),
    ("2026-03-02", nodes.osv("OSV-1", fixed="1.0.0", aliases=["CVE-2026-1000"])),
    ("2026-03-03", nodes.osv("OSV-1", aliases=["CVE-2026-1000"], modified="2026-01-02T00:00:00Z")),
    ("2026-03-04", nodes.estate(("Grid", "Pump", "1", nodes.serial_of("Pump", "1")))),
    ("2026-03-05", nodes.kev("CVE-2026-1000")),
    ("2026-03-06", nodes.openvex("CVE-2026-1000", "not_affected", "pkg:npm/left-pad@1.0.0")),
    ("2026-03-07", nodes.epss({"CVE-2026-1000": 0.5})),
    ("2026-03-08", nodes.openvex("CVE-2026-1000", "affected", "pkg:npm/left-pad", author="Maker")),
    ("2026-03-09", nodes.sighting("CVE-2026-1000")),
    ("2026-03-10", nodes.osv("OSV-1", aliases=["CVE-2026-1000"], modified="2026-01-03T00:00:00Z",
                             withdrawn="2026-01-03T00:00:00Z")),
)  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True])
def test_every_day_is_replayed(*, backwards: bool, database_url: str, tmp_path: Path) -> None:
    printed = {}
    with nodes.fresh() as node:
        for day, data in HISTORY:
            nodes.give(node, [(day, data)], f"{day}T09:00:00.000000Z")
            printed[day] = nodes.listed(node)
    assert len({json.dumps(rows) for rows in printed.values()}) >= 8
    node = nodes.on(database_url, tmp_path)
    for day, data in HISTORY[:: -1 if backwards else 1]:
        nodes.give(node, [(day, data)], f"{day}T09:00:00.000000Z")
    for _ in range(2):
        for day, rows in printed.items():
            assert nodes.listed(node, f"{day}T23:59:59.999999Z") == rows, day
        assert nodes.listed(node, "2026-02-28T23:59:59.999999Z") == []
        rebuild(node.intake)


def test_first_seen_is_the_day_on_which_bill_and_advisory_were_both_known(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    for day, data in HISTORY[::-1]:
        nodes.give(node, [(day, data)], f"{day}T09:00:00.000000Z")
    (row,) = nodes.listed(node, "2026-03-09T23:59:59.999999Z")
    assert row["first_seen"] == "2026-03-03"


def test_the_words_learned_and_as_of_do_it(tmp_path: Path) -> None:
    home = tmp_path / "node"
    for day, data in HISTORY[2::-1]:
        path = tmp_path / f"{digest(data)}.json"
        path.write_bytes(data)
        done = CliRunner().invoke(app, ["load", str(path), "--learned", day, "--home", str(home)])
        assert done.exit_code == 0
    before = nodes.run("exposures", "--json", "--as-of", "2026-03-02", home=home)
    after = nodes.run("exposures", "--json", "--as-of", "2026-03-03", home=home)
    assert (json.loads(before.stdout), len(json.loads(after.stdout))) == ([], 1)
    explained = json.loads(after.stdout)[0]["id"]
    said = nodes.run("explain", explained, "--as-of", "2026-03-03", home=home)
    assert "learned 2026-03-03" in said.stdout
    unknown = nodes.run("explain", explained, "--as-of", "2026-03-02", home=home)
    assert unknown.returncode == 1
    assert nodes.run("load", home, "--learned", "never", home=home).returncode == 2


def test_a_day_is_over_at_its_end_and_a_moment_at_itself(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("b", nodes.bill())], "2026-03-01T12:00:00.000000Z")
    nodes.give(node, [("o", nodes.osv("OSV-1"))], "2026-03-01T13:00:00.000000Z")
    node.engine.dispose()
    for at, count in (
        ("2026-03-01", 1),
        ("2026-03-01T12:59:59Z", 0),
        ("2026-03-01T14:00+01:00", 1),
    ):
        done = nodes.run("exposures", "--json", "--as-of", at, home=tmp_path)
        assert len(json.loads(done.stdout)) == count, at
