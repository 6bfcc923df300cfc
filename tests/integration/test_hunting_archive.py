"""The archive says what it covers, and loses what is too old or too much, by a person's word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
from hunted import given, indicator, looked, zeek

from accord.flows.hunting.archive import Covered, Limits, too_much
from accord.flows.hunting.port import Kept
from accord.wiring import Node

pytest.importorskip("duckdb")

EVIL = indicator(1, "[domain-name:value = 'evil.example']")
OLD, NEW = "1577836800.5", "1704067200.5"  # 2020-01-01, 2024-01-01


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.hunting.close()
    made.engine.dispose()


def log(folder: Path, name: str, *moments: str) -> Path:
    path = folder / name
    path.write_bytes(
        zeek([(at, "10.0.0.1", "9.9.9.9", "evil.example", "-", "-", "-") for at in moments])
    )
    return path


def archived(folder: Path) -> int:
    return len(list((folder / "node" / "hunting").glob("*.parquet")))


def test_what_is_older_goes_and_the_rest_is_covered(node: Node, tmp_path: Path) -> None:
    nodes.give(node, given(EVIL))
    looked(node, log(tmp_path, "old.log", OLD, OLD), log(tmp_path, "new.log", OLD, NEW))
    assert archived(tmp_path) == 2
    kept = looked(node, limits=Limits(days=365 * 40))
    assert kept.dropped == Covered(0, 0, 0, "", "")
    done = looked(node, limits=Limits(days=_days_since_2022(node)))
    assert done.dropped is not None
    assert (done.dropped.logs, done.dropped.records, done.dropped.last[:4]) == (1, 2, "2020")
    assert done.archive is not None
    assert (done.archive.logs, done.archive.first[:4], done.archive.last[:4]) == (1, "2020", "2024")
    assert archived(tmp_path) == 1


def _days_since_2022(node: Node) -> int:
    year = int(node.clock.now()[:4])
    return (year - 2022) * 365


def test_past_its_size_the_oldest_go_first(node: Node, tmp_path: Path) -> None:
    looked(node, log(tmp_path, "new.log", NEW), log(tmp_path, "old.log", OLD))
    whole = node.hunting.archived()
    limit = max(one.size for one in whole)
    done = looked(node, limits=Limits(size=limit))
    assert done.dropped is not None
    assert (done.dropped.logs, done.dropped.first[:4]) == (1, "2020")
    assert looked(node, limits=Limits(size=0)).archive == Covered(0, 0, 0, "", "")
    assert archived(tmp_path) == 0


def test_a_log_is_never_of_later_than_it_was_kept() -> None:
    """A record that says 2999 does not keep its log for ever, and one without time counts too."""
    now = "2030-06-01T00:00:00.000000Z"
    at = "2030-01-01T00:00:00.000000Z"
    future = Kept("a", 1, 1, at, "2999-01-01T00:00:00.000000Z", at)
    timeless = Kept("b", 1, 1, "", "", at)
    fresh = Kept("c", 1, 1, at, at, now)
    assert too_much([fresh, future, timeless], Limits(days=100), now) == [
        future, timeless, fresh,
    ]  # fmt: skip
    assert too_much([fresh, future], Limits(days=200), now) == []
    assert too_much([fresh], Limits(), now) == []


def test_a_damaged_log_of_the_archive_is_told_and_stops_nothing(node: Node, tmp_path: Path) -> None:
    looked(node, log(tmp_path, "new.log", NEW))
    broken = tmp_path / "node" / "hunting" / f"{'0' * 64}.parquet"
    broken.write_bytes(b"PAR1")
    os.utime(broken, (0, 0))
    nodes.give(node, given(EVIL), "2031-01-01T00:00:00.000000Z")
    done = looked(node, retro=True)
    assert [one.file for one in done.troubles] == [f"archive {'0' * 12}"]
    assert len(done.findings) == 1
    assert done.archive is not None
    assert done.archive.records == 1
    looked(node, limits=Limits(days=365 * 40))
    assert not broken.exists()


def test_the_command(node: Node, tmp_path: Path) -> None:
    home = tmp_path / "node"
    path = log(tmp_path, "old.log", OLD)
    done = nodes.run("hunt", path, "--archive-days", "365", home=home)
    assert "Deleted from the archive: 1 logs, 1 records of 2020-01-01 to 2020-01-01" in done.stdout
    assert "The archive holds 0 logs" in done.stdout
