"""The node's own folder and database: whose they are, what is told of them, and what is not."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import nodes
import pytest

from accord.core.errors import AccordError
from accord.core.limits import LIMITS
from accord.flows.prepare import prepare
from accord.store import database, migrate
from accord.store.view import BillNames
from accord.wiring import Node, Settings


def test_the_database_is_its_owners_alone_even_in_an_open_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    node = Node(Settings(tmp_path))
    node.create()
    nodes.give(node, [("one", nodes.osv("OSV-1"))])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("accord*")}
    assert modes
    assert {mode & 0o077 for mode in modes.values()} == {0}
    node.engine.dispose()


@pytest.mark.parametrize("name", ["q?b", "a%41b", "c#d", "with blank"])
def test_a_folders_name_is_a_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    assert nodes.run("init", home=home).returncode == 0
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (home / "accord.sqlite").stat().st_size > 0
    assert nodes.run("state-hash", home=home).returncode == 0


def test_an_address_tells_no_secret(tmp_path: Path) -> None:
    address = "postgresql://u:hidden1@127.0.0.1:1/x?password=hidden2&sslpassword=hidden3"
    with pytest.raises(AccordError) as raised:
        Node(Settings(tmp_path, address)).create()
    assert "127.0.0.1" in str(raised.value)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("address", ["postgresql://u:p@h:abc/x", "no address", "mysql://h/x"])
def test_an_address_that_is_none_is_told(tmp_path: Path, address: str) -> None:
    with pytest.raises(database.Unreachable):
        database.connect(address, tmp_path)


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "accord.sqlite") as other:
        other.execute("CREATE TABLE document (mine TEXT)")
    with pytest.raises(migrate.Foreign, match="document"):
        Node(Settings(tmp_path)).create()
    with sqlite3.connect(tmp_path / "accord.sqlite") as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("document",)]


def test_a_newer_schema_is_told_by_every_command(tmp_path: Path) -> None:
    node = nodes.new_node(tmp_path)
    node.engine.dispose()
    with sqlite3.connect(tmp_path / "accord.sqlite") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(migrate.Newer, match="upgrade accord"):
        Node(Settings(tmp_path)).open()


def test_a_text_past_the_bound_is_refused_and_a_title_is_cut() -> None:
    long = json.loads(nodes.osv("OSV-1"))
    long["summary"] = "a" * (LIMITS.text + 1)
    titled = prepare("x", json.dumps(long).encode())
    assert (titled.outcome, len(titled.title)) == ("taken", 1000)
    assert titled.rows is not None
    assert max(len(row[3]) for row in titled.rows.tables["advisory"]) == 1000
    long["affected"] = [
        {"package": {"ecosystem": "PyPI", "name": "b" * (LIMITS.text + 1)}, "versions": ["1"]}
    ]
    named = prepare("x", json.dumps(long).encode())
    assert named.outcome == "quarantined"
    assert "the limit is" in named.quarantined[0][1]


@pytest.mark.parametrize(
    "words",
    [
        ("confirm", "x", "--by", " ", "--why", "seen"),
        ("confirm", "x", "--by", "A", "--why", ""),
        ("find", os.fsdecode(b"\xff")),
        ("exposures", "--limit", "99999999999999999999"),
    ],
)
def test_slips_on_the_command_line_are_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    nodes.new_node(tmp_path).engine.dispose()
    done = nodes.run(*words, home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("named", ["bills/x.json", "x.json", "../estate/bills/x.json"])
def test_a_bill_is_found_from_nearer_and_from_farther(tmp_path: Path, named: str) -> None:
    node = nodes.new_node(tmp_path)
    for source in ("x.json", "all/bills/x.json"):
        nodes.give(node, [(source, nodes.bill("Loom", "1", ("pkg:pypi/django@1.0",)))])
    with node.engine.connect() as connection:
        held = BillNames(connection, {1})
        assert held(named) == {1}
        assert held("bills/other.json") == frozenset()
        assert held("y/xx.json") == frozenset()
    node.engine.dispose()


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_an_output_that_is_full_is_told(tmp_path: Path, form: tuple[str, ...]) -> None:
    node = nodes.new_node(tmp_path)
    nodes.give(node, [("one", nodes.osv("OSV-1")), ("bill", nodes.bill())])
    node.engine.dispose()
    full = Path("/dev/full")
    if not full.is_char_device():
        pytest.skip("there is no /dev/full on this machine")
    with full.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "accord", "exposures", *form],
            check=False, stdout=out, stderr=subprocess.PIPE, text=True, timeout=60,
            env={**os.environ, "ACCORD_HOME": str(tmp_path)},
        )  # fmt: skip
    assert done.returncode == 1
    assert "cannot write the output" in done.stderr
    assert "Traceback" not in done.stderr
