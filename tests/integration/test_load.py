"""However documents come in, the node ends in one state, and says what became of each."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nodes
import pytest
from nodes import Document

from accord import scenario
from accord.flows.load import load
from accord.flows.rebuild import rebuild
from accord.wiring import Node, Settings


def zipped(documents: Iterable[Document]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in documents:
            archive.writestr(name, data)
    return packed.getvalue()


def written(documents: Iterable[Document], folder: Path) -> Path:
    for name, data in documents:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def as_folder(folder: Path) -> list[Path]:
    return [written(scenario.files(), folder / "scenario")]


def as_zip(folder: Path) -> list[Path]:
    return [written([("all.zip", zipped(scenario.files()))], folder / "in") / "all.zip"]


def as_nested_zip(folder: Path) -> list[Path]:
    documents = scenario.files()
    halves = [("one.zip", zipped(documents[:50])), ("two/two.zip", zipped(documents[50:]))]
    return [written([("all.zip", zipped(halves))], folder / "in") / "all.zip"]


def as_gzipped_files(folder: Path) -> list[Path]:
    return [written([(f"{n}.gz", gzip.compress(d)) for n, d in scenario.files()], folder / "gz")]


def as_many_small_zips(folder: Path) -> list[Path]:
    documents = scenario.files()
    cuts = range(0, len(documents), 20)
    parts = [(f"{start}.zip", zipped(documents[start : start + 20])) for start in cuts]
    return [written(parts, folder / "zips")]


def as_files_in_turn(folder: Path) -> list[Path]:
    return sorted(path for path in as_folder(folder)[0].rglob("*") if path.is_file())[::-1]


Way = Callable[[Path], list[Path]]


@pytest.fixture(scope="module")
def state() -> str:
    with nodes.fresh() as node:
        nodes.give(node, scenario.files())
        return node.views.state_hash()


@pytest.mark.parametrize(
    "way", [as_folder, as_zip, as_nested_zip, as_gzipped_files, as_files_in_turn]
)
def test_every_way_in_ends_in_the_same_state(way: Way, tmp_path: Path, state: str) -> None:
    node = nodes.new_node(tmp_path / "node")
    account = load(way(tmp_path), node.intake, nodes.TODAY)
    assert account.total.new == len(scenario.files())
    assert account.quarantined == []
    assert node.views.state_hash() == state


def test_worker_processes_end_in_the_same_state(tmp_path: Path, state: str) -> None:
    """More pieces than are done in the process itself."""
    (folder,) = as_many_small_zips(tmp_path)
    done = nodes.run("load", folder, "--json", home=tmp_path / "node")
    assert json.loads(done.stdout)["total"]["new"] == len(scenario.files())
    node = Node(Settings(tmp_path / "node"))
    assert node.views.state_hash() == state


def test_the_two_databases_hold_the_same(database_url: str, tmp_path: Path, state: str) -> None:
    shuffled = scenario.files()
    random.Random(7).shuffle(shuffled)
    node = nodes.on(database_url, tmp_path)
    for start in range(0, len(shuffled), 30):
        nodes.give(node, shuffled[start : start + 30])
    assert node.views.state_hash() == state
    with nodes.fresh() as other:
        nodes.give(other, scenario.files())
        assert nodes.listed(node) == nodes.listed(other)
        assert nodes.reasons(node) == nodes.reasons(other)


def test_documents_come_back_byte_for_byte(database_url: str, tmp_path: Path) -> None:
    strange = [
        ("bom", b"\xef\xbb\xbf" + nodes.osv("OSV-1")),
        ("crlf", b"a\r\nb\x00\xff"),
        ("", b""),
    ]
    given = [*scenario.files()[:20], *strange]
    node = nodes.on(database_url, tmp_path)
    nodes.give(node, given)
    assert sorted(data for _, data in node.intake.bodies()) == sorted(data for _, data in given)


def test_rebuild_leaves_the_state_of_each_database(database_url: str, tmp_path: Path) -> None:
    node = nodes.on(database_url, tmp_path)
    nodes.give(node, [*scenario.files(), ("bad", b'{"bomFormat": 1}'), ("unknown", b"?")])
    before, listed, gaps = node.views.state_hash(), nodes.listed(node), nodes.reasons(node)
    with node.views.view() as view:
        refused = list(view.list_documents(quarantined=True))
    assert rebuild(node.intake) == len(scenario.files()) + 2
    assert (node.views.state_hash(), nodes.listed(node)) == (before, listed)
    assert nodes.reasons(node) == gaps
    with node.views.view() as view:
        assert list(view.list_documents(quarantined=True)) == refused


def test_new_sources_of_a_known_document_are_noted(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("one", nodes.osv("OSV-1"))])
    nodes.give(node, [("two", nodes.osv("OSV-1")), ("one", nodes.osv("OSV-1"))])
    with node.views.view() as view:
        (row,) = view.list_documents(quarantined=False)
    assert row.sources == ("one", "two")


def test_a_document_twice_in_one_load_is_new_once(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    account = nodes.give(node, [("one", nodes.osv("OSV-1")), ("two", nodes.osv("OSV-1"))])
    assert (account.total.read, account.total.new, account.total.same) == (2, 1, 1)


def test_what_was_refused_is_refused_again_and_counted(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    for _ in range(2):
        account = nodes.give(node, [("bad", b"{"), ("cut.zip", b"PK\x03\x04cut")])
        total = account.total
        assert (total.read, total.new, total.same, total.quarantined) == (2, 0, 0, 2)
        assert {one.source for one in account.quarantined} == {"bad", "cut.zip"}
        assert all(one.reason for one in account.quarantined)


def test_two_loads_at_once_both_finish(database_url: str, tmp_path: Path, state: str) -> None:
    folder = as_zip(tmp_path / "given")[0]
    nodes.on(database_url, tmp_path / "node").engine.dispose()
    words = [sys.executable, "-m", "accord", "load", str(folder), "--json"]
    words += ["--home", str(tmp_path / "node")]
    words += [] if database_url.startswith("sqlite") else ["--database", database_url]
    if database_url.startswith("sqlite"):
        nodes.new_node(tmp_path / "node")
    both = [
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    accounts: list[dict[str, Any]] = []
    for one in both:
        out, err = one.communicate(timeout=60)
        assert one.returncode == 0, err.decode()
        accounts.append(json.loads(out)["total"])
    assert sum(account["new"] for account in accounts) == len(scenario.files())
    assert all(account["read"] == account["new"] + account["same"] for account in accounts)
    url = "" if database_url.startswith("sqlite") else database_url
    assert Node(Settings(tmp_path / "node", url)).views.state_hash() == state


def test_a_name_that_is_not_text_is_still_loaded(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.json"
    Path(os.fsdecode(name)).write_bytes(nodes.osv("OSV-1"))
    done = nodes.command("load", os.fsdecode(name), "--json", home=tmp_path / "node")
    assert (done.returncode, json.loads(done.stdout)["total"]["new"]) == (0, 1)
