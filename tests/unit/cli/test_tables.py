"""Tables on a terminal: what is asked for is shown, within 100 columns and without loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from nodes import Document, bill, estate, give, new_node, openvex, osv
from typer.testing import CliRunner

from accord.cli.app import app

LONG = "pkg:npm/left-pad@9.9.9?repository_url=https://registry.example/" + "long/" * 30


@pytest.fixture
def home(tmp_path: Path) -> Path:
    documents: list[Document] = [
        ("feed.zip!/in/bill.json", bill()),
        ("osv", osv("A-1")),
        ("vex", openvex("A-1", "not_affected", "pkg:npm/left-pad@1.0.0")),
        ("lost", openvex("A-1", "not_affected", LONG)),
        ("estate.csv", estate(("Grid", "Pump", "1", "feed.zip!/in/bill.json"))),
    ]
    node = new_node(tmp_path)
    give(node, documents)
    node.engine.dispose()
    return tmp_path


def shown(home: Path, *words: str) -> str:
    found = CliRunner().invoke(app, [*words, "--home", str(home)])
    assert found.exit_code == 0, found.output
    assert max(map(len, found.stdout.splitlines())) <= 100
    return found.stdout


def test_closed_exposures_are_listed_when_they_are_asked_for(home: Path) -> None:
    closed = shown(home, "exposures", "--status", "not_affected")
    assert "Closed by VEX or a person" in closed
    assert "left-pad 1.0.0" in closed
    assert "Grid" in closed


def test_every_column_of_a_gap_is_shown_whatever_their_lengths(home: Path) -> None:
    gaps = shown(home, "unevaluated")
    for told in ("statement matches", "A-1", "lost", "/statements/0"):
        assert told in gaps
    assert shown(home, "unevaluated", "--reason", "none such") == "No gap for 'none such'.\n"


def test_the_editions_of_documents_are_readable(home: Path) -> None:
    rows = [line.split() for line in shown(home, "documents").splitlines()]
    editions = {tuple(row[1:3]): row[-2] for row in rows if len(row) > 4}
    assert editions["CycloneDX", "bill"] == "1"
    assert editions["OSV", "advisory"] == "2026-01-01"
