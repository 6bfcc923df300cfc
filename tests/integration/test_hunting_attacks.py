"""What a partner, or who writes into a log, may try: the hunt goes on, and hides no hit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
from hunted import given, indicator, looked

from accord.flows.hunting.hunt import Hunted
from accord.wiring import Node

duckdb = pytest.importorskip("duckdb")

D = "evil.example"
GOOD = indicator(1, f"[domain-name:value = '{D}']", name="name")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    made = nodes.new_node(tmp_path / "node")
    yield made
    made.hunting.close()
    made.engine.dispose()


def log(folder: Path, data: str | bytes, name: str = "x.log") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def names(done: Hunted) -> set[str]:
    return {one.name for one in done.findings}


def test_a_number_of_thousands_of_digits_ends_no_hunt(node: Node, tmp_path: Path) -> None:
    bad = indicator(2, f"[a:b = 'c'] REPEATS {'9' * 5000} TIMES")
    nodes.give(node, given(GOOD, bad))
    done = looked(node, log(tmp_path, f"q {D}\n"))
    assert names(done) == {"name"}
    ((name, why),) = done.not_evaluated
    assert (name, "5,000 characters" in why) == (bad["id"], True)


def test_a_network_with_spaces_is_the_network(node: Node, tmp_path: Path) -> None:
    spaced = indicator(2, "[ipv4-addr:value = ' 5.6.0.0/16 ']", name="spaced")
    nodes.give(node, given(GOOD, spaced))
    done = looked(node, log(tmp_path, f"q {D} 5.6.7.8\n"))
    assert names(done) == {"name", "spaced"}
    assert {one.told for one in done.findings} == {D, "5.6.0.0/16"}
    assert len(done.sightings) == 2
