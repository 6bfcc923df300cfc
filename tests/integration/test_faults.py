"""Killed, damaged, interrupted: the state before or after, never between, and never in silence."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nodes
import pytest
import zstandard
from sqlalchemy import event, text

from accord import scenario
from accord.core.digests import Digest, digest
from accord.core.errors import AccordError
from accord.flows.prepare import prepare
from accord.flows.rebuild import rebuild
from accord.store.intake import Damaged, unpack_checked
from accord.wiring import Node, Settings

_MEMBERS = 3400
_HALVES = ("a", "b")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders, each loaded in several units of work: advisories and bills."""
    folder = tmp_path_factory.mktemp("given")
    halves = [folder / name for name in _HALVES]
    for half in halves:
        half.mkdir()
    for number in range(_MEMBERS):
        data = nodes.osv(f"OSV-{number}", f"p{number % 50}", fixed=f"{number % 7 + 1}.0.0")
        (halves[number % 2] / f"{number:05}.json").write_bytes(data)
    for number in range(40):
        held = [f"pkg:npm/p{n}@{number % 7}.5.0" for n in range(50)]
        file = halves[number % 2] / f"{number:05}x.json"
        file.write_bytes(nodes.bill(f"P{number}", "1", held))
    return folder


@pytest.fixture(scope="module")
def unkilled(many: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    home = tmp_path_factory.mktemp("whole")
    assert nodes.command("load", many, home=home).returncode == 0
    return Node(Settings(home)).views.state_hash()


def start(*words: str | Path, home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "accord", *map(str, words), "--home", str(home)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def in_group(group: int) -> list[int]:
    """Processes of a group that still live."""
    alive = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, NotADirectoryError):
            continue
        if fields and fields[2] == str(group) and fields[0] != "Z":
            alive.append(int(entry.name))
    return alive


def whole(home: Path) -> None:
    """Every document has its body, its source, and all its facts: rebuilding changes nothing."""
    node = Node(Settings(home))
    node.create()
    before = node.views.state_hash()
    with sqlite3.connect(home / "accord.sqlite") as connection:
        count = "SELECT (SELECT count(*) FROM document), (SELECT count(*) FROM body)"
        documents, bodies = connection.execute(count).fetchone()
    connection.close()
    assert documents == bodies
    assert rebuild(node.intake) == documents
    assert node.views.state_hash() == before
    node.engine.dispose()


def test_killed_at_any_moment_a_load_leaves_whole_documents_and_goes_on(
    many: Path, unkilled: str, tmp_path: Path
) -> None:
    nodes.new_node(tmp_path)
    seed = random.Random(1)
    for half in _HALVES:
        running = start("load", many / half, home=tmp_path)
        _after_something_was_kept(tmp_path, seed.uniform(0, 0.05))
        os.kill(running.pid, signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
        whole(tmp_path)
        _no_orphans(running.pid)
    assert nodes.command("load", many, home=tmp_path).returncode == 0
    assert Node(Settings(tmp_path)).views.state_hash() == unkilled


def _after_something_was_kept(home: Path, more: float) -> None:
    """Wait for the first new document of this run (or a while), then a little more."""
    before, deadline = _documents(home), time.monotonic() + 60
    while _documents(home) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(more)


def _documents(home: Path) -> int:
    connection = sqlite3.connect(home / "accord.sqlite")
    try:
        return int(connection.execute("SELECT count(*) FROM document").fetchone()[0])
    finally:
        connection.close()


def _no_orphans(group: int) -> None:
    """Worker processes end with the process that started them."""
    deadline = time.monotonic() + 10
    while in_group(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = in_group(group)
    for process in left:
        os.kill(process, signal.SIGKILL)
    assert left == []


def test_a_rebuild_killed_half_way_changes_nothing(
    many: Path, unkilled: str, tmp_path: Path
) -> None:
    assert nodes.command("load", many, home=tmp_path).returncode == 0
    running = start("rebuild", home=tmp_path)
    wal = tmp_path / "accord.sqlite-wal"
    deadline = time.monotonic() + 20
    while (not wal.exists() or wal.stat().st_size < 4096) and time.monotonic() < deadline:
        if running.poll() is not None:
            break
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert Node(Settings(tmp_path)).views.state_hash() == unkilled
    whole(tmp_path)


class Interrupted(Exception):
    """What stops a rebuild in the middle."""


def test_a_rebuild_that_fails_half_way_changes_nothing(database_url: str, tmp_path: Path) -> None:
    node = nodes.on(database_url, tmp_path)
    nodes.give(node, scenario.files())
    before, listed = node.views.state_hash(), nodes.listed(node)

    def stop(done: int, source: str) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        rebuild(node.intake, stop)
    assert (node.views.state_hash(), nodes.listed(node)) == (before, listed)
    nodes.give(node, [("more", nodes.osv("OSV-1")), ("bill", nodes.bill())])
    assert len(nodes.listed(node)) == len(listed) + 1


def test_a_load_that_fails_half_way_takes_nothing(database_url: str, tmp_path: Path) -> None:
    node = nodes.on(database_url, tmp_path)
    nodes.give(node, [("a", nodes.osv("OSV-1"))])
    before = node.views.state_hash()
    with pytest.raises(Interrupted):
        _take_and_stop(node)
    assert node.views.state_hash() == before
    assert nodes.listed(node) == []
    nodes.give(node, [("b", nodes.bill())])
    assert len(nodes.listed(node)) == 1


def _take_and_stop(node: Node) -> None:
    with node.intake.unit() as unit:
        unit.take([prepare("b", nodes.bill())], nodes.TODAY)
        unit.settle()
        raise Interrupted


def test_another_process_may_number_everything_anew_between_two_units(
    database_url: str, tmp_path: Path
) -> None:
    """A rebuild by another process: what this one remembers of packages is of no use any more."""
    one = nodes.on(database_url, tmp_path)
    nodes.give(one, [("a", nodes.osv("OSV-1")), ("b", nodes.bill())])
    with one.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE package SET id = id + 100")
        connection.exec_driver_sql("UPDATE affected SET package_id = package_id + 100")
        connection.exec_driver_sql("UPDATE version SET package_id = package_id + 100")
        connection.exec_driver_sql("UPDATE generation SET number = number + 1")
    nodes.give(one, [("c", nodes.osv("OSV-2")), ("d", nodes.bill("Meter"))])
    assert len(nodes.listed(one)) == 4
    before = one.views.state_hash()
    rebuild(Node(Settings(tmp_path, database_url)).intake)
    assert one.views.state_hash() == before


def flips(packed: bytes) -> Iterator[bytes]:
    for position in range(len(packed)):
        for bit in (0x01, 0x80):
            flipped = bytearray(packed)
            flipped[position] ^= bit
            yield bytes(flipped)


def test_any_flipped_bit_of_a_body_is_a_loud_stop() -> None:
    data = nodes.osv("OSV-1")
    packed = zstandard.ZstdCompressor(level=1).compress(data)
    for flipped in flips(packed):
        assert _unpacked(digest(data), flipped) in (data, None)


def _unpacked(name: Digest, packed: bytes) -> bytes | None:
    """The bytes, or nothing where the damage was told with the name of the document."""
    try:
        return unpack_checked(name, packed)
    except Damaged as wrong:
        return None if name in str(wrong) else b""


def test_a_damaged_body_stops_a_rebuild_and_leaves_the_facts(
    database_url: str, tmp_path: Path
) -> None:
    node = nodes.on(database_url, tmp_path)
    nodes.give(node, scenario.files())
    before = node.views.state_hash()
    _damage(node)
    with pytest.raises(Damaged, match="damaged"):
        rebuild(node.intake)
    assert node.views.state_hash() == before


def _damage(node: Node) -> None:
    with node.engine.begin() as connection:
        row = connection.execute(text("SELECT packed FROM body WHERE document_id = 60")).one()
        packed = bytearray(bytes(row.packed))
        packed[len(packed) // 2] ^= 0x10
        connection.execute(
            text("UPDATE body SET packed = :p WHERE document_id = 60"), {"p": bytes(packed)}
        )


def test_a_damaged_body_is_told_to_a_person(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, scenario.files())
    _damage(node)
    done = nodes.run("rebuild", home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("accord: document ")
    assert "restore it from a backup" in done.stderr


def test_a_damaged_database_is_told_to_a_person(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, scenario.files()[:5])
    node.engine.dispose()
    data = bytearray((tmp_path / "accord.sqlite").read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = bytes(64)
    (tmp_path / "accord.sqlite").write_bytes(data)
    for words in (["exposures"], ["rebuild"]):
        done = nodes.run(*words, home=tmp_path)
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr


def test_a_full_disk_is_told_and_nothing_is_half_kept(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, scenario.files())
    before = node.views.state_hash()
    with node.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    node.engine.dispose()

    def full(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 5}")

    event.listen(node.engine, "connect", full)
    with pytest.raises(AccordError, match="full"):
        nodes.give(node, [(f"{n}", nodes.osv(f"OSV-{n}")) for n in range(2000)])
    assert node.views.state_hash() == before


def test_a_node_that_is_not_there_is_said_with_what_to_do(tmp_path: Path) -> None:
    for words in (["exposures"], ["explain", "abc"]):
        done = nodes.run(*words, home=tmp_path / "nowhere")
        assert done.returncode == 1
        assert "accord init" in done.stderr
        assert not (tmp_path / "nowhere").exists()


def test_a_node_in_a_place_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = nodes.run("init", home=tmp_path / "file" / "node")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    shutil.rmtree(tmp_path / "file", ignore_errors=True)
